"""A movement under several names: ZBE-1 repeats, one for each system (IHE ITI-31, ZBE-1 [1..*])."""

from datetime import timedelta

import pytest
from django.utils import timezone

from terresante.interop.hl7v2.tests.messages import ZBE
from terresante.interop.tests import wire
from terresante.stays.models import EncounterMovement
from tests.walls import walls_down

pytestmark = pytest.mark.commits

FIRST = "MV1^HOPITAL-T^750000222^N"


def zbe(*names, action="INSERT", original=""):
    return ZBE.replace(FIRST, "~".join(names)).replace("INSERT|N|", f"{action}|N|{original}")


def play(hospital, pid, *told):
    began = timezone.now() - timedelta(hours=2)
    raws = [
        wire.stamped(
            trigger, pid=pid, zbe=line, at=began + timedelta(minutes=number), control_id=f"N{number}"
        )
        for number, (trigger, line) in enumerate(told)
    ]
    assert wire.receive(hospital, *raws) == ["AA"] * len(raws)
    while wire.apply():
        pass
    with walls_down():
        rows = EncounterMovement.objects.order_by("occurred_at", "identifier")
        return [(row.kind, row.cancelled_at is not None) for row in rows]


def test_a_cancellation_under_its_other_name_finds_the_transfer(hospital, madeleine):
    found = play(
        hospital,
        madeleine,
        ("A01", zbe("MV1^GAM")),
        ("A02", zbe("MV2^GAM", "77^PLATEAU")),
        ("A02", zbe("MV3^GAM", "78^PLATEAU")),
        ("A12", zbe("77^PLATEAU", action="CANCEL", original="A02")),
    )

    assert found == [("admission", False), ("transfer", True), ("transfer", False)]
    assert wire.told() == {("admission", True), ("transfer", False)}


def test_the_names_are_one_movement_in_whatever_order_they_come(hospital, madeleine):
    found = play(
        hospital,
        madeleine,
        ("A01", zbe("MV1^GAM")),
        ("A21", zbe("MV2^GAM", "77^PLATEAU")),
        ("A21", zbe("77^PLATEAU", "MV2^GAM", "5^ARCHIVE")),
        ("Z99", zbe("5^ARCHIVE", action="UPDATE")),
    )

    assert found == [("admission", False), ("leave", False)]
    assert wire.states()[-1] == ("applied", "stay")


def test_a_cancellation_that_comes_first_takes_back_what_it_names_second(hospital, madeleine):
    found = play(
        hospital,
        madeleine,
        ("A01", zbe("MV1^GAM")),
        ("A52", zbe("77^PLATEAU", action="CANCEL", original="A21")),
        ("A21", zbe("MV2^GAM", "77^PLATEAU")),
    )

    assert found == [("admission", False), ("leave", True)]


def test_a_number_that_a_sender_gives_to_all_the_movements_of_a_visit_names_none(hospital, madeleine):
    """Else the second transfer would be taken for a correction of the first, and lost."""
    found = play(
        hospital,
        madeleine,
        ("A01", zbe("V1^VENUE", "MV1^GAM")),
        ("A02", zbe("V1^VENUE", "MV2^GAM")),
        ("A02", zbe("V1^VENUE", "MV3^GAM")),
    )

    assert found == [("admission", False), ("transfer", False), ("transfer", False)]


def test_two_numbers_of_one_system_are_one_movement_too(hospital, madeleine):
    found = play(
        hospital,
        madeleine,
        ("A01", zbe("MV1^GAM")),
        ("A02", zbe("MV2^GAM", "77^GAM")),
        ("A12", zbe("MV2^GAM", "77^GAM", action="CANCEL", original="A02")),
    )

    assert found == [("admission", False), ("transfer", True)]


def test_numbers_of_two_movements_in_one_are_refused_and_move_nothing(hospital, madeleine):
    found = play(
        hospital,
        madeleine,
        ("A01", zbe("MV1^GAM")),
        ("A02", zbe("MV2^GAM", "8^PLATEAU")),
        ("A02", zbe("9^PLATEAU", "MV3^GAM")),
        ("A02", zbe("MV2^GAM", "9^PLATEAU")),
    )

    assert found == [("admission", False), ("transfer", False), ("transfer", False)]
    assert wire.states()[-1] == ("refused", "unclear_correction")
