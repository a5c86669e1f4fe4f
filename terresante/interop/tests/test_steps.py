"""What a received document plans: steps offered to the organised pathway, never planned silently (MISSION D14)."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from terresante.care_plans import actions, step_actions
from terresante.care_plans.enums import LeaveReason, StepState
from terresante.care_plans.models import BillableSequence, Inclusion, PathwayChange, PlannedStep
from terresante.care_team.enums import RoleGroup
from terresante.documents.models import DocumentReference
from terresante.feed.models import FeedItem
from terresante.health_record import offered_queries
from terresante.health_record.models import OfferedLine
from terresante.health_record.offered_actions import integrate_offer, plan_offer, put_offer_aside
from terresante.interop.tests import papers
from terresante.interop.tests.test_offering import letter, send
from terresante.kernel import rls
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.models import AuditEntry
from terresante.kernel.ui.wording import long_date
from terresante.portal.tests.test_programmes import page as her_programmes
from tests.cast import login
from tests.walls import walls_down

pytestmark = pytest.mark.commits
TODO = (
    "18776-5",
    "Suites à donner",
    ("À faire", "Par qui", "Quand"),
    [("Bilan sanguin", "Infirmière à domicile", "20/03/2126"), ("Ablation des fils", "", "au 15e jour")],
)
# After any day on which a letter of these tests is written, before the last day that is taken.
SOON = timedelta(days=15)


@pytest.fixture
def claire(cast, hospital, madeleine):
    return papers.whose(cast.madeleine_record)


def steps(actor, record):
    with rls.acting(actor):
        rls.open_record(record.patient_id)
        return offered_queries.waiting(actor, record.patient_id)[1]


def titles(actor, record):
    return [one.said.title for one in steps(actor, record)]


def planned(actor, record, one, **said):
    due_on = one.offer.document.dated_on + SOON
    return plan_offer(actor, record.pk, one.offer.pk, **{"due_on": due_on, "role": RoleGroup.NURSE} | said)


def test_a_plan_of_care_is_offered_and_plans_nothing(cast, hospital, claire):
    send(hospital, papers.oru(claire, letter(claire, "1", TODO)))

    blood, threads = steps(cast.amar, cast.madeleine_record)

    assert (blood.said.title, blood.said.due_on, blood.said.role) == (
        "Bilan sanguin",
        date(2126, 3, 20),
        RoleGroup.NURSE,
    )
    assert (threads.said.title, threads.said.due_on, threads.said.role) == ("Ablation des fils", None, "")
    assert threads.said.note == "au 15e jour"
    with walls_down():
        assert not Inclusion.objects.exists() and not PlannedStep.objects.exists()
        assert OfferedLine.objects.filter(kind="etapes", state="waiting").count() == 2


def test_taken_up_it_is_a_step_of_the_plan_of_its_document(cast, hospital, claire):
    record = cast.madeleine_record
    send(hospital, papers.oru(claire, letter(claire, "1", TODO)))
    blood, threads = steps(cast.ines, record)

    first, second = planned(cast.ines, record, threads), planned(cast.amar, record, blood)

    with walls_down():
        plan = Inclusion.objects.get()
        document = blood.offer.document
        assert (plan.programme_id, plan.source_id, plan.title) == (
            None,
            document.pk,
            f"Plan de soins du {long_date(document.dated_on)}",
        )
        assert (plan.data_class, plan.author_id, plan.included_on) == (
            document.data_class,
            cast.ines.person_id,
            document.dated_on,
        )
        assert [(one.title, one.role, one.inclusion_id, one.key) for one in (first, second)] == [
            ("Ablation des fils", "nurse", plan.pk, "d1"),
            ("Bilan sanguin", "nurse", plan.pk, "d2"),
        ]
        offer = OfferedLine.objects.get(pk=threads.offer.pk)
        assert (offer.state, offer.line_id, offer.settled_by_id) == (
            "integrated",
            first.pk,
            cast.ines.person_id,
        )
        assert AuditEntry.objects.filter(action="health.integrate").count() == 2
        assert FeedItem.objects.get(object_id=plan.pk).kind == "programme_joined"
        kinds = (
            PathwayChange.objects.filter(inclusion=plan).order_by("at", "pk").values_list("kind", flat=True)
        )
        assert list(kinds) == ["included", "added", "added"]
    assert titles(cast.amar, record) == []
    with pytest.raises(Conflict):
        planned(cast.ines, record, threads)


def test_a_day_or_a_role_that_makes_no_sense_is_refused_and_plans_nothing(cast, hospital, claire):
    send(hospital, papers.oru(claire, letter(claire, "1", TODO)))
    blood = steps(cast.amar, cast.madeleine_record)[0]
    before = blood.offer.document.dated_on - timedelta(days=1)

    for wrong in ({"due_on": before}, {"due_on": date(2199, 1, 1)}, {"role": RoleGroup.SECRETARY}):
        with pytest.raises(Invalid):
            planned(cast.amar, cast.madeleine_record, blood, **wrong)

    with walls_down():
        assert not Inclusion.objects.exists()
        assert OfferedLine.objects.get(pk=blood.offer.pk).state == "waiting"


def test_only_who_writes_medical_data_in_this_circle_takes_it_up(cast, hospital, claire):
    send(hospital, papers.oru(claire, letter(claire, "1", TODO)))
    blood = steps(cast.amar, cast.madeleine_record)[0]

    for name, actor in cast.actors.items():
        if name in ("amar", "ines"):
            continue
        with pytest.raises((Refused, NotFound)):
            planned(actor, cast.madeleine_record, blood)
        with pytest.raises((Refused, NotFound)):
            put_offer_aside(actor, cast.madeleine_record.pk, blood.offer.pk, reason="Non")
    # A doctor who has his own patients, through his own record.
    with pytest.raises(NotFound):
        planned(cast.brun, cast.leon_record, blood)
    # A step is no line of a health.
    with pytest.raises(NotFound):
        integrate_offer(cast.amar, cast.madeleine_record.pk, blood.offer.pk)
    with walls_down():
        assert OfferedLine.objects.get(pk=blood.offer.pk).state == "waiting"
        assert not PlannedStep.objects.exists()


def test_it_is_read_by_no_more_than_its_document(cast, hospital, claire):
    send(hospital, papers.oru(claire, letter(claire, "1", TODO), told={"INVISIBLE_PATIENT": "Y"}))

    step = planned(cast.amar, cast.madeleine_record, steps(cast.amar, cast.madeleine_record)[0])

    with walls_down():
        plan = Inclusion.objects.get()
    for row in (plan, step):
        assert row.hidden_from_patient and row.hidden_from_representative


def test_a_later_step_is_read_by_no_more_than_its_document_of_today(cast, hospital, claire):
    """The first was taken while the person read the letter; its sender hides it from her since."""
    record = cast.madeleine_record
    send(hospital, papers.oru(claire, letter(claire, "1", TODO)))
    blood, threads = steps(cast.amar, record)
    first = planned(cast.amar, record, threads)
    with walls_down():
        DocumentReference.objects.update(hidden_from_patient=True, hidden_from_representative=True)

    second = planned(cast.amar, record, blood)

    assert (first.hidden_from_patient, second.hidden_from_patient) == (False, True)
    assert second.inclusion_id != first.inclusion_id
    with walls_down():
        assert Inclusion.objects.get(pk=second.inclusion_id).hidden_from_patient


def test_what_its_sender_masks_is_offered_to_nobody_of_the_circle(cast, hospital, claire):
    send(hospital, papers.oru(claire, letter(claire, "1", TODO), told={"MASQUE_PS": "Y"}))

    assert titles(cast.amar, cast.madeleine_record) == []
    with walls_down():
        assert OfferedLine.objects.filter(kind="etapes").count() == 2


def test_a_new_version_of_the_document_takes_back_what_nobody_answered(cast, hospital, claire):
    record = cast.madeleine_record
    send(hospital, papers.oru(claire, letter(claire, "1", TODO)))
    blood, threads = steps(cast.amar, record)
    planned(cast.amar, record, threads)
    other = ("18776-5", "Suites à donner", ("À faire", "Quand"), [("Échographie", "")])
    new = letter(claire, "2", other, replaces="1.2.250.1.999.9.1")
    send(hospital, papers.mdm(claire, "T10", new, control_id="D2"))

    assert titles(cast.amar, record) == ["Échographie"]
    with pytest.raises((Conflict, NotFound)):
        planned(cast.amar, record, blood)
    with walls_down():
        assert PlannedStep.objects.get().title == "Ablation des fils"


def test_the_same_thing_of_two_documents_is_offered_once_and_not_again_once_settled(cast, hospital, claire):
    record = cast.madeleine_record
    send(hospital, papers.oru(claire, letter(claire, "1", TODO)))
    send(hospital, papers.oru(claire, letter(claire, "2", TODO), control_id="D2"))
    blood, threads = steps(cast.amar, record)

    planned(cast.amar, record, blood)
    put_offer_aside(cast.amar, record.pk, threads.offer.pk, reason="Déjà faite à l’hôpital")

    assert titles(cast.amar, record) == []


def test_what_is_planned_already_stands_beside_and_is_not_planned_twice(cast, hospital, claire):
    record = cast.madeleine_record
    send(hospital, papers.oru(claire, letter(claire, "1", TODO)))
    threads = steps(cast.amar, record)[1]
    known = planned(cast.amar, record, threads)
    day = known.due_on
    again = ("18776-5", "Suites", ("À faire", "Quand"), [("ABLATION DES FILS", f"{day:%d/%m/%Y}")])
    later = ("18776-5", "Suites", ("À faire", "Quand"), [("Ablation des fils", "01/02/2126")])
    send(hospital, papers.oru(claire, letter(claire, "2", again), control_id="D2"))
    send(hospital, papers.oru(claire, letter(claire, "3", later), control_id="D3"))

    found = {one.said.due_on: one for one in steps(cast.amar, record) if one.said.title != "Bilan sanguin"}

    assert found[day].same.pk == known.pk
    assert (found[date(2126, 2, 1)].same, [one.pk for one in found[date(2126, 2, 1)].close]) == (
        None,
        [known.pk],
    )
    with pytest.raises(Conflict, match="déjà prévu"):
        planned(cast.amar, record, found[day], due_on=day)


def test_what_was_given_up_may_be_planned_again(cast, hospital, claire):
    record = cast.madeleine_record
    send(hospital, papers.oru(claire, letter(claire, "1", TODO)))
    threads = steps(cast.amar, record)[1]
    step = planned(cast.amar, record, threads)
    actions.leave_programme(
        cast.amar,
        record.pk,
        step.inclusion_id,
        because=LeaveReason.COMPLETED,
        on=threads.offer.document.dated_on,
    )
    again = ("18776-5", "Suites", ("À faire", "Quand"), [("Ablation des fils", f"{step.due_on:%d/%m/%Y}")])
    send(hospital, papers.oru(claire, letter(claire, "2", again), control_id="D2"))

    (new,) = [one for one in steps(cast.amar, record) if one.said.title == "Ablation des fils"]
    second = planned(cast.amar, record, new, due_on=step.due_on)

    assert second.inclusion_id != step.inclusion_id


def test_its_steps_live_as_those_of_a_programme_and_nothing_is_billed(cast, hospital, claire):
    record = cast.madeleine_record
    send(hospital, papers.oru(claire, letter(claire, "1", TODO)))
    blood, threads = steps(cast.amar, record)
    step = planned(cast.amar, record, threads)
    today = threads.offer.document.dated_on

    step_actions.do_step(cast.ines, record.pk, step.pk, on=today)
    step_actions.reopen_step(cast.ines, record.pk, step.pk, reason="Il en reste un")
    moved = step_actions.move_step(
        cast.ines, record.pk, step.pk, on=today + 2 * SOON, reason="Cicatrisation lente"
    )
    actions.leave_programme(cast.amar, record.pk, step.inclusion_id, because=LeaveReason.COMPLETED, on=today)

    assert moved.due_on == today + 2 * SOON
    with walls_down():
        assert PlannedStep.objects.get().state == StepState.CANCELLED
        assert not BillableSequence.objects.exists()
    with pytest.raises(Conflict, match="clos"):
        step_actions.assign_step(cast.amar, record.pk, step.pk, to=None)
    with pytest.raises(Conflict, match="clos"):
        planned(cast.amar, record, blood)


def test_the_pages_take_it_up_and_lead_back_to_the_document(client, cast, hospital, claire):
    record = cast.madeleine_record
    send(hospital, papers.oru(claire, letter(claire, "1", TODO)))
    threads = steps(cast.amar, record)[1]
    day = (threads.offer.document.dated_on + SOON).isoformat()
    login(client, cast.amar)
    url = reverse("health_record:plan", args=[record.pk, threads.offer.pk])

    wrong = client.post(url, {"due_on": day, "role": ""})
    assert wrong.status_code == 422 and "Choisissez qui s’en charge." in wrong.content.decode()
    assert client.get(url).status_code == 302
    client.post(url, {"due_on": day, "role": "nurse"})

    with walls_down():
        step = PlannedStep.objects.get()
    waiting = client.get(reverse("health_record:waiting", args=[record.pk])).content.decode()
    assert reverse("care_plans:step", args=[record.pk, step.pk]) in waiting
    original = reverse("documents:one", args=[record.pk, threads.offer.document_id])
    for name, key in (("inclusion", step.inclusion_id), ("step", step.pk)):
        assert original in client.get(reverse(f"care_plans:{name}", args=[record.pk, key])).content.decode()
    listed = client.get(reverse("care_plans:list", args=[record.pk])).content.decode()
    assert "Plan de soins du" in listed and "Ablation des fils" in listed
    assert "Ablation des fils" in her_programmes(client, cast.madeleine).content.decode()


def test_a_doctor_with_his_own_patients_opens_none_of_its_pages(client, cast, hospital, claire):
    send(hospital, papers.oru(claire, letter(claire, "1", TODO)))
    threads = steps(cast.amar, cast.madeleine_record)[1]
    step = planned(cast.amar, cast.madeleine_record, threads)
    login(client, cast.brun)

    for record in (cast.madeleine_record, cast.leon_record):
        url = reverse("health_record:plan", args=[record.pk, threads.offer.pk])
        assert client.post(url, {"due_on": "2126-01-01", "role": "nurse"}).status_code == 404
        assert client.get(reverse("care_plans:step", args=[record.pk, step.pk])).status_code == 404
