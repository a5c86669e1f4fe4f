"""What a hospital says of somebody who refuses any record, whose record is kept, or not consented to."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.utils import timezone

from terresante.care_team import actions
from terresante.care_team.actions import GivenConsent
from terresante.interop.models import InboundMessage
from terresante.interop.tests import wire
from terresante.kernel.switch_changes import change
from terresante.patients.enums import InformationSupport
from terresante.patients.models import CareRecord
from terresante.patients.traits import Traits
from tests.walls import dispatched, walls_down

pytestmark = pytest.mark.commits

# Those of the message of the tests (hl7v2/tests/messages.py).
CLAIRE = Traits(
    birth_name="ESSAI",
    birth_given_names="CLAIRE ANNE",
    birth_date=date(1956, 2, 14),
    sex="F",
    birth_place_code="77379",
)
ORAL = InformationSupport.ORAL_WITH_NOTICE


def played():
    dispatched()
    wire.apply()


def test_of_who_refuses_any_record_the_count_alone_is_kept(cast, hospital):
    actions.oppose_creation(cast.amar, traits=CLAIRE, proof="entretien du 3 mars")
    wire.receive(hospital, wire.stamped("A01"), wire.stamped("A01", pid=wire.STRANGER, control_id="M2"))
    wire.apply()

    assert wire.states() == [("opposed", "opposed"), ("no_candidate", "no_record")]
    with walls_down():
        row = InboundMessage.objects.order_by("sequence")[0]
    assert (bytes(row.sealed_raw), row.identity_keys, row.trait_keys, row.control_id) == (b"", [], [], "")


def test_a_kept_record_takes_nothing_from_a_hospital_before_it_opens(cast, hospital):
    record = actions.create_kept_record(cast.samira, traits=CLAIRE)
    wire.receive(hospital, wire.stamped("A01"))
    wire.apply()
    played()
    assert wire.states() == [("no_candidate", "no_record")]
    assert wire.stays() == []

    actions.share_record(cast.samira, record.pk, support=ORAL)
    played()
    # By traits alone, a person confirms (INTEROP.md 2): the message is in a queue, no longer aside.
    assert wire.states() == [("doubtful", "close")]


def test_under_the_regime_of_2019_a_stay_waits_for_the_consent(cast, hospital, madeleine):
    with walls_down():
        CareRecord.objects.filter(pk=cast.madeleine_record.pk).update(
            is_shared=False, information_given_at=None, information_given_by=None, information_support=""
        )
    change(
        replace(cast.dpo, duties=frozenset({"administrator"})), "legal_regime", "consent", "comité du 3 mars"
    )
    wire.receive(hospital, wire.stamped("A01", pid=madeleine))
    wire.apply()
    assert (wire.states(), wire.stays()) == ([("no_candidate", "no_record")], [])

    consent = GivenConsent(given_at=timezone.now() - timedelta(days=1), proof="formulaire signé")
    actions.share_record(cast.amar, cast.madeleine_record.pk, support=ORAL, consent=consent)
    played()
    assert (wire.states(), wire.stays()) == ([("applied", "stay")], [("V1", "in-progress")])


def test_a_record_already_open_when_the_regime_changes_still_hears_its_hospital(cast, hospital, madeleine):
    change(
        replace(cast.dpo, duties=frozenset({"administrator"})), "legal_regime", "consent", "comité du 3 mars"
    )
    wire.receive(hospital, wire.stamped("A01", pid=madeleine))
    wire.apply()

    assert wire.states() == [("applied", "stay")]
