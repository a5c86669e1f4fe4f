"""Every event of IHE PAM France after an admission: what becomes of the stay, what is told, what rings."""

from datetime import timedelta

import pytest
from django.utils import timezone

from terresante.interop.hl7v2.tests.messages import PV1, ZBE
from terresante.interop.hl7v2.triggers import TRIGGERS
from terresante.interop.tests import wire
from terresante.kernel.models import OutboxEvent
from tests.walls import walls_down

pytestmark = pytest.mark.commits

IN, AWAY, OUT, NOT_COME = "in-progress", "onleave", "finished", "cancelled"
ADMITTED = {("admission", True)}
NEXT = ZBE.replace("MV1", "MV2")
BACK = NEXT.replace("INSERT", "CANCEL")
EMERGENCY, CONSULTATION = PV1.replace("|1|I|", "|1|E|"), PV1.replace("|1|I|", "|1|O|")

# Event: (ZBE, PV1), state of the stay, what is told (and whether it is an alert), what rings.
EXPECTED = {
    "A02": ((NEXT, PV1), IN, ADMITTED | {("transfer", False)}, []),
    "A03": ((NEXT, PV1), OUT, {("admission", False), ("discharge", True)}, ["discharge"]),
    "A05": ((NEXT, PV1), IN, ADMITTED, []),
    "A06": ((NEXT, PV1), IN, ADMITTED, ["admission"]),
    "A07": ((NEXT, CONSULTATION), IN, {("admission", False)}, []),
    "A11": ((ZBE.replace("INSERT", "CANCEL"), PV1), NOT_COME, set(), []),
    "A12": ((BACK, PV1), IN, ADMITTED, []),
    "A13": (
        (BACK, PV1),
        IN,
        {("admission", False), ("discharge_cancelled", True)},
        ["discharge_cancelled"],
    ),
    "A14": ((NEXT, PV1), IN, ADMITTED, []),
    "A15": ((NEXT, PV1), IN, ADMITTED, []),
    "A16": ((NEXT, PV1), IN, ADMITTED, []),
    "A21": ((NEXT, PV1), AWAY, ADMITTED | {("leave", False)}, []),
    "A22": ((NEXT, PV1), IN, ADMITTED, []),
    "A25": ((BACK, PV1), IN, ADMITTED, []),
    "A26": ((BACK, PV1), IN, ADMITTED, []),
    "A27": ((BACK, PV1), IN, ADMITTED, []),
    "A38": ((BACK, PV1), IN, ADMITTED, []),
    "A52": ((BACK, PV1), IN, ADMITTED, []),
    "A53": ((BACK, PV1), AWAY, ADMITTED, []),
    "A54": ((NEXT, PV1), IN, ADMITTED, []),
    "A55": ((BACK, PV1), IN, ADMITTED, []),
    "Z80": ((NEXT, PV1), IN, ADMITTED | {("transfer", False)}, []),
    "Z81": ((BACK, PV1), IN, ADMITTED, []),
    "Z84": ((NEXT, PV1), IN, ADMITTED | {("transfer", False)}, []),
    "Z85": ((BACK, PV1), IN, ADMITTED, []),
    "Z99": ((ZBE.replace("INSERT|N|", "UPDATE|N|A01"), PV1), IN, ADMITTED, []),
}
# The entries have tests of their own below.
ENTRIES = {"A01", "A04"}


def rung():
    with walls_down():
        events = OutboxEvent.objects.filter(kind="StayAlerted").order_by("created_at", "id")
        return [event.payload["kind"] for event in events]


@pytest.fixture
def admitted(hospital, madeleine):
    at = timezone.now() - timedelta(hours=2)
    wire.receive(hospital, wire.stamped("A01", pid=madeleine, at=at, control_id="M0"))
    wire.apply()
    assert (wire.stays(), rung()) == ([("V1", IN)], ["admission"])
    return madeleine


def test_every_movement_of_the_profile_is_in_the_table():
    movements = {code for code, trigger in TRIGGERS.items() if trigger.action is not None}
    assert movements == set(EXPECTED) | ENTRIES


@pytest.mark.parametrize("trigger", EXPECTED)
def test_a_movement_after_an_admission(hospital, admitted, trigger):
    (zbe, pv1), status, told, rings = EXPECTED[trigger]

    assert wire.receive(hospital, wire.stamped(trigger, pid=admitted, zbe=zbe, pv1=pv1)) == ["AA"]
    wire.apply()

    assert wire.states()[-1] == ("applied", "stay")
    assert wire.stays() == [("V1", status)]
    assert wire.told() == told
    assert rung() == ["admission", *rings]


@pytest.mark.parametrize(
    ("trigger", "pv1", "told"),
    [
        ("A01", PV1, {("admission", True)}),
        ("A01", EMERGENCY, {("emergency_visit", True)}),
        ("A04", EMERGENCY, {("emergency_visit", True)}),
        ("A04", CONSULTATION, set()),
        ("A04", PV1, set()),
    ],
)
def test_an_entry(hospital, madeleine, trigger, pv1, told):
    assert wire.receive(hospital, wire.stamped(trigger, pid=madeleine, pv1=pv1)) == ["AA"]
    wire.apply()

    assert (wire.stays(), wire.told()) == ([("V1", IN)], told)
    assert rung() == [kind for kind, _ in told]


@pytest.mark.parametrize(
    ("original", "status", "told"),
    [
        ("A01", NOT_COME, set()),
        ("A03", IN, {("admission", False), ("discharge_cancelled", True)}),
        ("A21", IN, ADMITTED),
    ],
)
def test_a_correction_may_take_back_a_movement(hospital, admitted, original, status, told):
    taken_back = ZBE if original == "A01" else NEXT
    messages = [wire.stamped(original, pid=admitted, zbe=taken_back)] if original != "A01" else []
    undone = taken_back.replace("INSERT|N|", f"CANCEL|Y|{original}")
    messages.append(wire.stamped("Z99", pid=admitted, zbe=undone, control_id="M2"))
    wire.receive(hospital, *messages)
    wire.apply()

    assert (wire.stays(), wire.told()) == ([("V1", status)], told)


def test_events_without_use_are_accepted_and_change_nothing(hospital, admitted):
    unused = [code for code, found in TRIGGERS.items() if not found.is_used]
    raws = [wire.stamped(code, pid=admitted, zbe=NEXT, control_id=f"U{code}") for code in unused]

    assert wire.receive(hospital, *raws) == ["AA"] * len(unused)
    wire.apply()

    assert wire.states()[1:] == [("ignored", "unused_event")] * len(unused)
    assert (wire.stays(), wire.told(), rung()) == ([("V1", IN)], ADMITTED, ["admission"])


@pytest.mark.parametrize("trigger", ["A08", "A28", "A31"])
def test_an_identity_message_touches_no_stay(hospital, admitted, trigger):
    assert wire.receive(hospital, wire.stamped(trigger, pid=admitted, zbe=None)) == ["AA"]
    wire.apply()

    assert wire.states()[-1][0] == "applied"
    assert (wire.stays(), wire.told(), rung()) == ([("V1", IN)], ADMITTED, ["admission"])


def test_a_visit_given_to_another_person_waits_for_a_person(hospital, admitted):
    moved = wire.stamped("A44", "MRG|P5^^^HOPITAL-T&750000222&N^PI||D1", pid=admitted, zbe=None)

    assert wire.receive(hospital, moved) == ["AA"]
    wire.apply()
    assert wire.states()[-1] == ("doubtful", "account_moved")


def test_a_stay_come_through_the_emergency_ward_days_before_still_rings(hospital, madeleine):
    """PV1-44 is the arrival in the emergency ward, ZBE-2 the admission."""
    days_ago = f"{timezone.localtime() - timedelta(days=3):%Y%m%d%H%M%S}"
    came = PV1.replace("20250311085500", days_ago)
    wire.receive(hospital, wire.stamped("A01", pid=madeleine, pv1=came))
    wire.apply()

    assert rung() == ["admission"]


@pytest.mark.parametrize(
    ("first", "zbe", "status", "told"),
    [
        ("A11", ZBE.replace("INSERT", "CANCEL"), NOT_COME, set()),
        ("A03", NEXT, OUT, {("admission", False), ("discharge", True)}),
    ],
)
def test_what_comes_before_its_admission(hospital, madeleine, first, zbe, status, told):
    early = timezone.now() - timedelta(hours=1)
    wire.receive(
        hospital,
        wire.stamped(first, pid=madeleine, zbe=zbe),
        wire.stamped("A01", pid=madeleine, at=early, control_id="M2"),
    )
    wire.apply()

    assert wire.states() == [("applied", "stay")] * 2
    assert (wire.stays(), wire.told()) == ([("V1", status)], told)
    assert "admission" not in rung()


def test_a_person_in_two_hospitals_has_two_stays_and_two_alerts(cast, hospital, admitted):
    other = wire.connect("Clinique du Canal", authority="750000333", port=21002)
    wire.know(cast.madeleine_record, other)
    elsewhere = admitted.replace("750000222", "750000333")
    wire.receive(other, wire.stamped("A01", pid=elsewhere))
    wire.apply()

    assert wire.stays() == [("V1", IN)] * 2
    assert rung() == ["admission"] * 2


def test_a_late_movement_enters_the_timeline_and_rings_nowhere(hospital, madeleine):
    late = timezone.now() - timedelta(hours=25)
    wire.receive(hospital, wire.stamped("A01", pid=madeleine, at=late))
    wire.apply()

    assert (wire.told(), rung()) == ({("admission", False)}, [])


def test_a_death_is_told_instead_of_the_way_home(hospital, admitted):
    wire.receive(hospital, wire.stamped("A03", "ZFM|8|9||", pid=admitted, zbe=NEXT))
    wire.apply()

    assert wire.told() == {("admission", False), ("death", True)}
    assert rung() == ["admission", "death"]
