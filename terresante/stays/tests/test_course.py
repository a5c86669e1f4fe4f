from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terresante.feed.models import FeedItem
from terresante.kernel.models import OutboxEvent
from terresante.stays.enums import MovementAction
from terresante.stays.models import Encounter, EncounterMovement
from terresante.stays.tests.reports import NOW, Hospital, cancelled, movement
from tests.cast import assemble
from tests.walls import empty_tables, walls_down

pytestmark = pytest.mark.commits


@pytest.fixture
def hospital(cast):
    return Hospital(cast.madeleine_record)


def facts():
    with walls_down():
        return {(item.kind, item.is_alert) for item in FeedItem.objects.all()}


def alerts():
    with walls_down():
        return [
            event.payload["kind"]
            for event in OutboxEvent.objects.filter(kind="StayAlerted").order_by("created_at", "id")
        ]


def refreshed():
    """How often the screens that show the stay were told to ask again, without anybody called."""
    with walls_down():
        return OutboxEvent.objects.filter(kind="StayChanged").count()


def stay():
    with walls_down():
        return Encounter.objects.select_related("organization").get()


def test_an_admission_opens_a_stay_and_alerts(hospital):
    hospital.reports(movement("admission"))

    found = stay()
    assert (found.status, found.unit_name, found.started_at) == (
        "in-progress",
        "Cardiologie",
        NOW - timedelta(hours=3),
    )
    assert facts() == {("admission", True)}
    assert alerts() == ["admission"]


def test_the_same_movement_told_twice_changes_nothing(hospital):
    for _ in range(2):
        hospital.reports(movement("admission"))

    assert alerts() == ["admission"]
    with walls_down():
        assert EncounterMovement.objects.count() == 1


def test_a_discharge_ends_the_stay_and_is_the_alert_that_remains(hospital):
    hospital.reports(movement("admission"))
    hospital.reports(movement("discharge", hours=2, destination="domicile"))

    assert (stay().status, stay().destination) == ("finished", "domicile")
    assert facts() == {("admission", False), ("discharge", True)}


def test_a_cancelled_discharge_says_so_and_the_person_is_still_there(hospital):
    hospital.reports(movement("admission"))
    hospital.reports(movement("discharge", hours=1))
    hospital.reports(cancelled("discharge", hours=2))

    assert (stay().status, stay().ended_at) == ("in-progress", None)
    assert facts() == {("admission", False), ("discharge_cancelled", True)}


def test_a_cancelled_admission_takes_everything_back(hospital):
    hospital.reports(movement("admission"))
    hospital.reports(movement("transfer", hours=1, trigger="A02"))
    hospital.reports(cancelled("admission", hours=2))

    assert stay().status == "cancelled"
    assert facts() == set()


def test_screens_hear_of_what_rings_nowhere_and_of_what_is_taken_back(hospital):
    hospital.reports(movement("admission"))
    assert (alerts(), refreshed()) == (["admission"], 0)

    hospital.reports(movement("transfer", hours=1, trigger="A02"))
    hospital.reports(movement("leave", hours=1.2, trigger="A21"))
    hospital.reports(movement("return", hours=1.4, trigger="A22"))
    hospital.reports(cancelled("transfer", hours=1.6, trigger="A12"))
    assert (alerts(), refreshed()) == (["admission"], 4)

    hospital.reports(cancelled("admission", hours=2, trigger="A11"))
    assert (alerts(), refreshed()) == (["admission"], 5)


def test_an_admission_is_taken_back_even_under_another_movement_number(hospital):
    hospital.reports(movement("admission"))
    hospital.reports(cancelled("admission", hours=1, identifier="another"))

    assert stay().status == "cancelled"


def test_a_registration_is_taken_back_by_an_a11(hospital):
    hospital.reports(movement("registration", class_code="E", identifier="7"))
    hospital.reports(cancelled("admission", hours=1, identifier="7"))

    assert stay().status == "cancelled"
    assert facts() == set()


def test_a_cancellation_that_comes_first_makes_its_event_born_cancelled(hospital):
    hospital.reports(cancelled("admission", hours=1))
    hospital.reports(movement("admission"))

    assert stay().status == "cancelled"
    assert facts() == set()
    assert alerts() == []


def test_a_discharge_before_its_admission_makes_a_stay_whose_end_is_known(hospital):
    hospital.reports(movement("discharge", hours=2, admitted_at=NOW - timedelta(hours=3)))
    hospital.reports(movement("admission"))

    found = stay()
    assert (found.status, found.started_at, found.ended_at) == (
        "finished",
        NOW - timedelta(hours=3),
        NOW - timedelta(hours=1),
    )
    assert alerts() == ["discharge"]


def test_a_correction_is_silent(hospital):
    hospital.reports(movement("admission"))
    hospital.reports(movement("admission", hours=-1, recorded=1, action=MovementAction.UPDATE, trigger="Z99"))

    assert stay().started_at == NOW - timedelta(hours=4)
    assert facts() == {("admission", True)}
    assert alerts() == ["admission"]


def test_a_correction_without_its_original_event_corrects_the_movement_of_its_number(hospital):
    hospital.reports(movement("admission"))
    correction = movement("admission", hours=-2, recorded=1, action=MovementAction.UPDATE, trigger="Z99")
    hospital.reports(
        type(correction)(**{n: getattr(correction, n) for n in correction.__slots__} | {"kind": None})
    )

    assert stay().started_at == NOW - timedelta(hours=5)


def test_a_correction_that_makes_a_consultation_an_emergency_rings_nowhere(hospital):
    hospital.reports(movement("registration", class_code="O", trigger="A04"))
    hospital.reports(
        movement("registration", class_code="E", recorded=1, action=MovementAction.UPDATE, trigger="Z99")
    )

    assert alerts() == []


def test_a_correction_that_makes_a_way_home_a_death_is_told(hospital):
    hospital.reports(movement("admission"))
    hospital.reports(movement("discharge", hours=1, trigger="A03"))
    hospital.reports(
        movement("discharge", hours=1, recorded=2, action=MovementAction.UPDATE, trigger="Z99", is_death=True)
    )

    assert facts() == {("admission", False), ("death", True)}
    assert alerts() == ["admission", "discharge", "death"]


def test_a_correction_that_comes_alone_is_silent_until_its_movement_comes(hospital):
    hospital.reports(movement("admission", recorded=1, action=MovementAction.UPDATE, trigger="Z99"))
    assert (stay().status, facts(), alerts()) == ("in-progress", {("admission", False)}, [])

    hospital.reports(movement("admission"))
    assert (facts(), alerts()) == ({("admission", True)}, ["admission"])


@pytest.mark.parametrize("kind", ["admission", "discharge"])
def test_what_is_inserted_after_the_fact_rings_nowhere(hospital, kind):
    hospital.reports(movement(kind, is_historic=True))

    assert (facts(), alerts()) == ({(kind, False)}, [])


def test_a_discharge_is_taken_back_even_under_another_movement_number(hospital):
    hospital.reports(movement("admission"))
    hospital.reports(movement("discharge", hours=1))
    hospital.reports(cancelled("discharge", hours=2, identifier="another"))

    assert stay().status == "in-progress"
    assert facts() == {("admission", False), ("discharge_cancelled", True)}


def test_a_transfer_is_taken_back_by_its_number_only(hospital):
    hospital.reports(movement("admission"))
    hospital.reports(movement("transfer", hours=1, unit_code="", unit_name="Chirurgie"))
    hospital.reports(cancelled("transfer", hours=2, identifier="another"))

    assert stay().unit_name == "Chirurgie"


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("transfer", "in-progress"),
        ("discharge", "in-progress"),
        ("leave", "in-progress"),
        ("return", "onleave"),
        ("attending_change", "in-progress"),
        ("pending_discharge", "in-progress"),
        ("admission", "cancelled"),
        ("preadmission", "cancelled"),
    ],
)
def test_taking_back_what_was_never_told_says_whether_the_person_is_there(hospital, kind, status):
    hospital.reports(cancelled(kind, hours=1, admitted_at=NOW - timedelta(hours=9)))

    found = stay()
    assert (found.status, found.class_code, found.unit_name) == (status, "I", "Cardiologie")
    assert found.started_at == NOW - timedelta(hours=9) or kind == "preadmission"


def test_a_discharge_taken_back_before_it_comes_is_told_once(hospital):
    hospital.reports(movement("admission"))
    hospital.reports(cancelled("discharge", hours=2))
    assert alerts() == ["admission", "discharge_cancelled"]

    hospital.reports(movement("discharge", hours=1))
    assert stay().status == "in-progress"
    assert facts() == {("admission", False), ("discharge_cancelled", True)}
    assert alerts() == ["admission", "discharge_cancelled"]


def test_a_discharge_told_again_under_its_number_after_it_was_taken_back_happened(hospital):
    hospital.reports(movement("admission"))
    hospital.reports(movement("discharge", hours=1))
    hospital.reports(cancelled("discharge", hours=1.5))
    hospital.reports(movement("discharge", hours=2))

    assert (stay().status, facts()) == ("finished", {("admission", False), ("discharge", True)})
    assert alerts() == ["admission", "discharge", "discharge_cancelled", "discharge"]

    hospital.reports(cancelled("discharge", hours=2.5))
    hospital.reports(movement("discharge", hours=1))  # an old copy is no new word
    assert stay().status == "in-progress"


def test_a_discharge_and_its_cancellation_without_the_admission_leave_the_person_there(hospital):
    hospital.reports(movement("discharge", hours=1))
    hospital.reports(cancelled("discharge", hours=2))

    assert stay().status == "in-progress"
    assert facts() == {("discharge_cancelled", True)}


def test_a_preadmission_is_taken_back_even_under_another_movement_number(hospital):
    hospital.reports(movement("preadmission", hours=-1))
    hospital.reports(cancelled("preadmission", hours=1, identifier="another"))

    assert (stay().status, facts()) == ("cancelled", set())


def test_who_becomes_an_outpatient_is_no_longer_said_to_be_in_hospital(hospital):
    hospital.reports(movement("admission"))
    hospital.reports(movement("to_outpatient", hours=1, class_code="O", trigger="A07"))
    assert (stay().class_code, facts()) == ("O", {("admission", False)})

    hospital.reports(cancelled("to_outpatient", hours=2, trigger="A06"))
    assert (stay().class_code, facts()) == ("I", {("admission", True)})


def test_a_movement_a_day_old_enters_the_timeline_without_alert(hospital):
    hospital.reports(movement("admission", hours=-25))

    assert facts() == {("admission", False)}
    assert alerts() == []


def test_a_death_has_its_own_alert_and_no_way_home(hospital):
    hospital.reports(movement("admission"))
    hospital.reports(movement("discharge", hours=1, is_death=True, destination="domicile"))

    assert stay().is_deceased
    assert facts() == {("admission", False), ("death", True)}


@pytest.mark.parametrize(
    ("kind", "class_code", "expected"),
    [
        ("admission", "I", {("admission", True)}),
        ("to_inpatient", "I", {("admission", True)}),
        ("registration", "E", {("emergency_visit", True)}),
        ("registration", "O", set()),
        ("admission", "R", set()),
        ("discharge", "O", set()),
    ],
)
def test_only_hospital_and_emergency_alert(hospital, kind, class_code, expected):
    hospital.reports(movement(kind, class_code=class_code))

    assert facts() == expected


def test_an_emergency_visit_that_becomes_a_stay_leaves_one_alert(hospital):
    hospital.reports(movement("registration", class_code="E"))
    hospital.reports(movement("to_inpatient", hours=1))

    assert facts() == {("emergency_visit", False), ("admission", True)}


def test_a_preadmission_is_planned_until_the_person_comes(hospital):
    hospital.reports(movement("preadmission", hours=-1))
    assert (stay().status, facts()) == ("planned", {("planned_stay", False)})

    hospital.reports(movement("admission"))
    assert (stay().status, facts()) == ("in-progress", {("admission", True)})


def test_a_leave_and_the_return_from_it(hospital):
    hospital.reports(movement("admission", hours=-2))
    hospital.reports(movement("leave"))
    assert stay().status == "onleave"

    hospital.reports(movement("return", hours=1))
    assert stay().status == "in-progress"


def test_movements_without_numbers_are_taken_back_in_turn(hospital):
    hospital.reports(movement("admission", identifier=""))
    hospital.reports(movement("transfer", hours=1, identifier="", unit_code="", unit_name="Chirurgie"))
    assert stay().unit_name == "Chirurgie"

    hospital.reports(cancelled("transfer", hours=2, identifier=""))
    assert stay().unit_name == "Cardiologie"


STEPS = [
    movement("preadmission", hours=-5, trigger="A05"),
    movement("admission"),
    movement("transfer", hours=0.5, trigger="A02", unit_code="", unit_name="Chirurgie"),
    movement(
        "transfer", hours=0.6, recorded=0.7, trigger="Z99", action=MovementAction.UPDATE, unit_code="4411"
    ),
    movement("transfer", hours=0.8, trigger="A02", identifier="T2", unit_code="6001"),
    movement("leave", hours=1, trigger="A21"),
    movement("return", hours=1.5, trigger="A22"),
    movement("discharge", hours=2, trigger="A03"),
    cancelled("preadmission", hours=-4, trigger="A38"),
    cancelled("admission", hours=0.4, trigger="A11", identifier="of its own"),
    cancelled("transfer", hours=0.9, trigger="A12", identifier="T2"),
    cancelled("return", hours=1.6, trigger="A53"),
    cancelled("discharge", hours=2.2, trigger="A13"),
    movement("discharge", hours=2.5, trigger="A03", identifier="D2", is_death=True),
    movement("admission", recorded=0.3, trigger="Z99", action=MovementAction.UPDATE),
    cancelled("discharge", hours=2.6, trigger="A13", identifier="of its own"),
    cancelled("leave", hours=2.7, trigger="A52", identifier="never told"),
]


@settings(max_examples=12, deadline=None)
@given(st.data())
def test_any_order_gives_the_same_stay_and_the_same_feed(data):
    chosen = data.draw(st.lists(st.sampled_from(range(len(STEPS))), unique=True, min_size=2))
    shuffled = data.draw(st.permutations(chosen))

    assert _after(shuffled) == _after(sorted(chosen))


def _after(order):
    """The end of a stay of its own; each run has its own hospital and person."""
    empty_tables()
    from_scratch = assemble_hospital()
    for step in order:
        from_scratch.reports(STEPS[step])
    with walls_down():
        row = Encounter.objects.values(
            "status", "class_code", "started_at", "ended_at", "unit_name", "is_deceased", "private_because"
        ).get()
        names = dict(EncounterMovement.objects.values_list("pk", "identifier"))
        told = {
            (item.kind, names[item.object_id], item.occurred_at, item.is_alert, bool(item.private_to_id))
            for item in FeedItem.objects.all()
        }
    return row, told


def assemble_hospital():
    return Hospital(assemble().madeleine_record)
