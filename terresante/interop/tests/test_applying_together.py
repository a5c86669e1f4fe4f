import psycopg
import pytest
from django.db import OperationalError
from django.utils import timezone

from terresante.feed.models import FeedItem
from terresante.interop.hl7v2.tests.messages import PID, PV1, ZBE
from terresante.interop.models import InboundMessage
from terresante.interop.tests import wire
from terresante.kernel.errors import Conflict
from terresante.stays.actions import apply_movement
from terresante.stays.models import Encounter, EncounterMovement
from tests.walls import walls_down

pytestmark = pytest.mark.commits


def test_an_event_without_effect_keeps_no_content(hospital, madeleine):
    wire.receive(hospital, wire.stamped("A60", pid=madeleine))
    wire.apply()

    assert wire.states() == [("ignored", "unused_event")]
    with walls_down():
        assert bytes(InboundMessage.objects.get().sealed_raw) == b""


def test_a_movement_without_visit_number_is_refused_at_the_door_and_seen(hospital, madeleine):
    parts = PV1.split("|")
    parts[19] = ""
    without_account = "|".join([*madeleine.split("|")[:18], "", *madeleine.split("|")[19:]])

    assert wire.receive(hospital, wire.stamped("A01", pid=without_account, pv1="|".join(parts))) == ["AE"]
    assert wire.states() == [("refused", "not_accepted")]


def test_a_shifted_zbe_is_read_all_the_same(hospital, madeleine):
    moment = f"{timezone.localtime():%Y%m%d%H%M%S}"
    shifted = f"ZBE|MV1^HOPITAL-T^750000222|{moment}|{moment}||INSERT|N||Urgences^^^^^^UF^^^8782||HMS"
    wire.receive(hospital, wire.stamped("A03", pid=madeleine, zbe=shifted))
    wire.apply()

    assert (wire.states(), wire.stays()) == ([("applied", "stay")], [("V1", "finished")])


def test_a_message_that_fails_stays_visible_and_stops_only_its_identity(
    cast, hospital, madeleine, monkeypatch, caplog
):
    wire.know(cast.leon_record, hospital, value="P2")
    leon = wire.person(cast.leon_record).replace("P1^", "P2^")

    def broken(actor, patient_id, **rest):
        if patient_id == cast.madeleine_record.patient_id:
            raise RuntimeError("LEROUX MADELEINE")
        return apply_movement(actor, patient_id, **rest)

    monkeypatch.setattr("terresante.interop.jobs.apply_movement", broken)
    wire.receive(
        hospital,
        wire.stamped("A01", pid=madeleine),
        wire.stamped("A03", pid=madeleine, control_id="M2"),
        wire.stamped("A01", pid=leon, control_id="M3", pv1=PV1.replace("V1^", "V2^")),
    )
    wire.apply()

    assert [state for state, _ in wire.states()] == ["failed", "held", "applied"]
    assert wire.stays() == [("V2", "in-progress")]
    assert "RuntimeError" in caplog.text
    assert "LEROUX" not in caplog.text


def test_the_same_control_id_with_other_content_is_a_new_message_flagged(hospital, madeleine):
    wire.receive(hospital, wire.stamped("A01", pid=madeleine))
    wire.receive(hospital, wire.stamped("A03", pid=madeleine, zbe=ZBE.replace("MV1", "MV2")))
    wire.apply()

    with walls_down():
        flags = list(
            InboundMessage.objects.order_by("sequence").values_list("is_control_id_reused", flat=True)
        )
    assert flags == [False, True]
    assert wire.states() == [("applied", "stay")] * 2


def test_a_secret_stay_alerts_nobody_and_is_the_hospital_s(cast, hospital, madeleine):
    parts = PV1.split("|")
    parts[16] = "Y"
    wire.receive(hospital, wire.stamped("A01", pid=madeleine, pv1="|".join(parts)))
    wire.apply()

    assert wire.told() == {("admission", False)}
    with walls_down():
        stay = Encounter.objects.get()
        assert (stay.private_to_id, stay.private_because) == (hospital.organization_id, "sender")
        assert {row.private_to_id for row in EncounterMovement.objects.all()} == {hospital.organization_id}
        assert {item.private_to_id for item in FeedItem.objects.all()} == {hospital.organization_id}


def test_an_authority_belongs_to_one_hospital(hospital):
    with pytest.raises(Conflict):
        wire.connect("Clinique du Canal", authority=wire.AUTHORITY, port=21002)


def test_what_another_process_holds_keeps_its_identity_waiting_and_no_other(cast, hospital, madeleine):
    wire.know(cast.leon_record, hospital, "P9")
    leon = wire.person(cast.leon_record, p3=PID.split("|")[3].replace("P1^", "P9^"))
    wire.receive(hospital, wire.stamped("A01", pid=madeleine))
    wire.receive(hospital, wire.stamped("A03", pid=madeleine, control_id="M2"))
    wire.receive(hospital, wire.stamped("A01", pid=leon, control_id="M3", pv1=PV1.replace("V1^", "V9^")))

    with wire.another_process() as elsewhere:
        elsewhere.execute("SELECT id FROM interop_inboundmessage WHERE control_id = 'M1' FOR UPDATE")
        assert wire.apply() == 1
    assert [state for state, _ in wire.states()] == ["received", "received", "applied"]

    assert wire.apply() == 2
    assert [state for state, _ in wire.states()] == ["applied"] * 3


def test_a_deadlock_is_nobodys_fault_and_the_message_is_applied_again(hospital, madeleine, monkeypatch):
    def deadlocked(*_, **__):
        raise OperationalError from psycopg.errors.DeadlockDetected()

    wire.receive(hospital, wire.stamped("A01", pid=madeleine))
    with monkeypatch.context() as patched:
        patched.setattr("terresante.interop.jobs.apply_movement", deadlocked)
        with pytest.raises(OperationalError):
            wire.apply()
    assert [state for state, _ in wire.states()] == ["received"]

    assert wire.apply() == 1
    assert wire.states() == [("applied", "stay")]
