"""A batch is applied whole or by halves: what becomes of each message is the same, and rolls back alone."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from terresante.feed.models import FeedItem
from terresante.interop import applying, jobs
from terresante.interop.hl7v2.tests.messages import PV1, ZBE
from terresante.interop.mllp.intake import received
from terresante.interop.models import InboundMessage
from terresante.interop.tests import wire
from terresante.kernel.models import AuditEntry, OutboxEvent
from terresante.stays.actions import apply_movements
from terresante.stays.models import Encounter, EncounterMovement
from tests.cast import shared_record
from tests.walls import walls_down

pytestmark = pytest.mark.commits
PERSONS = 8


@pytest.fixture
def persons(cast, hospital):
    """The PID of each of several persons known to the hospital under P1, P2…"""
    with walls_down():
        records = [
            shared_record(cast.amar, f"ESSAI{n}", f"PRENOM{n}", date(1940 + n, 5, 6)) for n in range(PERSONS)
        ]
    for number, record in enumerate(records):
        wire.know(record, hospital, value=f"P{number + 1}")
    return [wire.person(record).replace("P1^", f"P{number + 1}^") for number, record in enumerate(records)]


def told_of(pid, number, trigger="A01", *, step=0, action="INSERT", **parts):
    """A message of the stay V<number>, its movement numbered by its step."""
    zbe = ZBE.replace("MV1", f"MV{number}-{step}").replace("INSERT", action)
    pv1 = PV1.replace("V1^", f"V{number}^")
    return wire.stamped(trigger, pid=pid, pv1=pv1, zbe=zbe, control_id=f"C{number}-{trigger}-{step}", **parts)


def everything(persons):
    """Stays of all kinds, a discharge taken back, a correction of nothing, a stranger, a visit of somebody else,
    an identity, a merge, an event of no use.
    """
    raws = [told_of(pid, number) for number, pid in enumerate(persons)]
    raws += [told_of(pid, number, "A03", step=1) for number, pid in enumerate(persons)]
    raws += [
        told_of(persons[0], 0, "A13", step=1, action="CANCEL"),
        told_of(persons[1], 1, "Z99", step=7, action="UPDATE"),
        told_of(wire.STRANGER.replace("P9^", "P99^"), 99),
        told_of(persons[2], 3, "A02", step=4),
        wire.stamped("A31", pid=persons[3], pv1=None, zbe=None, control_id="identity"),
        wire.stamped(
            "A40",
            "MRG|P77^^^HOPITAL-T&750000222&N^PI",
            pid=persons[4],
            pv1=None,
            zbe=None,
            control_id="merge",
        ),
        wire.stamped("A60", pid=persons[5], control_id="unused"),
    ]
    return raws


def rows():
    """All that was written, without the keys and moments that no two runs share."""
    with walls_down():
        control = dict(InboundMessage.objects.values_list("pk", "control_id"))
        moves = {row.pk: row for row in EncounterMovement.objects.select_related("encounter")}
        names = {key: f"{row.encounter.visit_number} {row.identifier}" for key, row in moves.items()}
        stays = {row.pk: row.visit_number for row in Encounter.objects.all()}
        items = {row.pk: names[row.object_id] for row in FeedItem.objects.filter(object_id__in=names)}
        return {
            "messages": [
                (m.control_id, m.state, m.outcome, m.patient_id, m.remarks, m.identity_keys, m.trait_keys)
                for m in InboundMessage.objects.order_by("sequence")
            ],
            "stays": _comparable(Encounter, {}),
            "movements": _comparable(
                EncounterMovement, {"encounter_id": stays, "message_id": control, "cancelled_by": control}
            ),
            "facts": _comparable(FeedItem, {"object_id": names}),
            "trail": sorted(
                (
                    e.action,
                    str(e.patient_id),
                    e.actor_name,
                    e.object_type,
                    str(stays.get(e.object_id) if e.object_id else None),
                    control.get(e.correlation_id, ""),
                    str(sorted((k, v) for k, v in e.detail.items() if k != "movement")),
                )
                for e in AuditEntry.objects.filter(correlation_id__in=control)
            ),
            "events": sorted(
                (
                    e.kind,
                    str(e.patient_id),
                    e.payload["kind"],
                    items.get(_object(e), "withdrawn"),
                    control[e.correlation_id],
                )
                for e in OutboxEvent.objects.filter(kind="StayAlerted")
            ),
        }


def _object(event):
    return UUID(event.payload["object_id"])


def _translated(names, value):
    return names.get(value, value) if names else value


def _comparable(model, translated):
    fields = [f.attname for f in model._meta.concrete_fields if f.attname not in ("id", "recorded_at")]
    if model is EncounterMovement:
        fields.append("recorded_at")
    return sorted(
        str([(name, _translated(translated.get(name, {}), getattr(row, name))) for name in fields])
        for row in model.objects.all()
        if model is not FeedItem or row.object_id in translated["object_id"]
    )


def played(hospital, raws, *, at_a_time, monkeypatch):
    """What the messages leave when so many are applied together; then all of it is taken back."""
    now = timezone.now()
    monkeypatch.setattr(jobs, "_TOGETHER", at_a_time)
    with transaction.atomic():
        wire.store().keep([received(str(hospital.pk), raw) for raw in raws])
        while wire.apply(clock=lambda: now):
            pass
        found = rows()
        transaction.set_rollback(True)
    return found


def test_together_or_one_by_one_the_rows_are_the_same(hospital, persons, monkeypatch):
    raws = everything(persons)

    apart = played(hospital, raws, at_a_time=1, monkeypatch=monkeypatch)
    together = played(hospital, raws, at_a_time=200, monkeypatch=monkeypatch)

    assert together == apart
    outcomes = {outcome for _, _, outcome, *_ in together["messages"]}
    assert outcomes == {
        "stay",
        "unclear_correction",
        "no_record",
        "visit_of_another",
        "identity_updated",
        "identifier_replaced",
        "unused_event",
    }
    assert len(together["events"]) > PERSONS


def test_one_message_that_fails_among_many_rolls_back_alone(hospital, persons, monkeypatch):
    def poisoned(actor, reports, **rest):
        found = apply_movements(actor, reports, **rest)
        if "V5" in {report.movement.visit_number for report in reports}:
            raise RuntimeError
        return found

    monkeypatch.setattr(applying, "apply_movements", poisoned)
    wire.receive(hospital, *(told_of(pid, number) for number, pid in enumerate(persons)))

    assert wire.apply() == PERSONS
    assert [state for state, _ in wire.states()] == ["applied"] * 5 + ["failed"] + ["applied"] * 2
    assert [number for number, _ in wire.stays()] == ["V0", "V1", "V2", "V3", "V4", "V6", "V7"]
    with walls_down():
        assert AuditEntry.objects.filter(action="stay.report").count() == PERSONS - 1
        assert OutboxEvent.objects.filter(kind="StayAlerted").count() == PERSONS - 1
        assert FeedItem.objects.count() == PERSONS - 1


def test_a_batch_that_is_cut_off_leaves_nothing_and_is_applied_once(hospital, persons, monkeypatch):
    """The connection is lost after everything was written, before the commit."""
    wire.receive(hospital, *(told_of(pid, number) for number, pid in enumerate(persons)))

    def lost(*_):
        raise OperationalError

    with monkeypatch.context() as patched:
        patched.setattr(jobs, "_write", lost)
        with pytest.raises(OperationalError):
            wire.apply()
    with walls_down():
        assert not Encounter.objects.exists()
        assert not FeedItem.objects.exists()
        assert not AuditEntry.objects.filter(action="stay.report").exists()
        assert not OutboxEvent.objects.filter(kind="StayAlerted").exists()

    assert wire.apply() == PERSONS
    assert wire.apply() == 0
    with walls_down():
        assert EncounterMovement.objects.count() == PERSONS
        assert OutboxEvent.objects.filter(kind="StayAlerted").count() == PERSONS


def test_the_messages_of_one_identity_keep_their_order_among_those_of_others(hospital, persons):
    at = timezone.now() - timedelta(hours=3)
    steps = [("A01", 0), ("A02", 1), ("A03", 2)]
    raws = [
        told_of(pid, number, trigger, step=step, at=at + timedelta(hours=step))
        for trigger, step in steps
        for number, pid in enumerate(persons)
    ]
    wire.receive(hospital, *raws)
    wire.apply()

    assert wire.stays() == [(f"V{number}", "finished") for number in range(PERSONS)]
    with walls_down():
        trail = AuditEntry.objects.filter(action="stay.report").order_by("at", "id")
        for patient_id in set(trail.values_list("patient_id", flat=True)):
            told = [entry.detail["trigger"] for entry in trail.filter(patient_id=patient_id)]
            assert told == ["A01", "A02", "A03"]


def test_two_hospitals_that_speak_of_one_person_are_applied_one_after_the_other(cast, hospital, madeleine):
    other = wire.connect("Clinique des Essais", authority="750000333", port=21002)
    wire.know(cast.madeleine_record, other, value="Q1")
    elsewhere = madeleine.replace("P1^", "Q1^").replace("750000222", "750000333")
    wire.receive(hospital, told_of(madeleine, 1))
    wire.receive(other, told_of(elsewhere, 2))

    assert wire.apply() == 2
    assert wire.states() == [("applied", "stay")] * 2
    assert wire.stays() == [("V1", "in-progress"), ("V2", "in-progress")]


def test_a_batch_costs_the_same_statements_however_large(hospital, persons, django_assert_max_num_queries):
    def cost(*numbers):
        wire.receive(hospital, *(told_of(persons[number], number) for number in numbers))
        with django_assert_max_num_queries(60) as counted:
            wire.apply()
        return len(counted)

    one, many = cost(0), cost(1, 2, 3, 4, 5, 6, 7)

    assert connection.vendor == "postgresql"
    assert many <= one + 2


@pytest.mark.long
def test_ten_thousand_duplicates_are_applied_once(hospital, persons):
    raws = [told_of(pid, number) for number, pid in enumerate(persons)]
    for _ in range(10):
        wire.receive(hospital, *raws * (1000 // PERSONS))

    assert wire.apply() == PERSONS
    with walls_down():
        assert EncounterMovement.objects.count() == PERSONS
        assert AuditEntry.objects.filter(action="stay.report").count() == PERSONS
