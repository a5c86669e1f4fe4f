"""Who includes, who makes a step go on, who is told that it is late; and what follows from it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from terresante.care_plans import actions, programme_actions, step_actions
from terresante.care_plans.access import INCLUSION_READ
from terresante.care_plans.actions import NewInclusion
from terresante.care_plans.enums import LeaveReason, StepState
from terresante.care_plans.models import (
    BillableSequence,
    Inclusion,
    PathwayChange,
    PlannedStep,
    ProgrammeVersion,
)
from terresante.care_plans.queries import late_steps, may_be_given
from terresante.care_plans.tests.factories import included, lead_of, published
from terresante.care_team.actions import NewMember, add_member
from terresante.care_team.enums import DataClass
from terresante.care_team.models import CareTeamParticipant
from terresante.care_team.queries import open_record
from terresante.directory.enums import OrganizationKind, Profession
from terresante.directory.models import Organization
from terresante.feed.models import FeedItem
from terresante.kernel import access, rls
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.models import AuditEntry, OutboxEvent
from terresante.overview.home_queries import home_of
from tests.cast import join, organization, professional
from tests.walls import walls_down

pytestmark = pytest.mark.commits


@pytest.fixture
def programme(cast):
    return published(lead_of(cast.colin))


def steps_of(inclusion):
    with walls_down():
        return {
            (one.key, one.round): one
            for one in PlannedStep.objects.filter(inclusion_id=inclusion.pk).select_related("inclusion")
        }


def act(actor, record, step, what, **said):
    with rls.acting(actor):
        return what(actor, record.pk, step.pk, **said)


def new(programme, **said):
    with walls_down():
        version = ProgrammeVersion.objects.get(programme_id=programme.pk, status="active")
    begins = {"programme_id": programme.pk, "version_id": version.pk, "ticked": version.read().criteria}
    return NewInclusion(**begins | {"included_on": timezone.localdate()} | said)


def test_only_who_the_programme_names_and_the_circle_knows_includes(cast, programme):
    """Dr Brun and Jules include their own patient, never hers; a coordinator is not named by this programme."""
    record = cast.madeleine_record
    for actor, error in (
        (cast.brun, NotFound),
        (cast.jules, NotFound),
        (cast.urgentiste, NotFound),
        (cast.colin, Refused),
        (cast.samira, Refused),
        (cast.madeleine, Refused),
    ):
        with pytest.raises(error), rls.acting(actor):
            actions.include(actor, record.pk, new=new(programme))
    included(cast.jules, cast.leon_record, programme)
    made = included(cast.ines, record, programme)

    with walls_down():
        assert Inclusion.objects.filter(patient_id=record.patient_id).get() == made
        rows = AuditEntry.objects.filter(patient_id=record.patient_id, action="inclusion.write")
        assert rows.get().detail == {"programme": str(programme.pk), "version": 1}
        assert FeedItem.objects.filter(object_id=made.pk).get().kind == "programme_joined"
        assert OutboxEvent.objects.filter(kind="PatientIncluded", patient_id=record.patient_id).count() == 1


def test_a_person_who_does_not_meet_the_criteria_is_refused_with_the_sentence(cast, programme):
    for said, sentence in (
        (
            {"ticked": ()},
            "Le critère « Hospitalisée pour insuffisance cardiaque dans les six derniers mois » n’est pas coché.",
        ),
        ({"included_on": timezone.localdate() + timedelta(days=1)}, "L’inclusion date d’aujourd’hui"),
    ):
        with pytest.raises(Invalid) as refused, rls.acting(cast.ines):
            actions.include(cast.ines, cast.madeleine_record.pk, new=new(programme, **said))
        assert sentence in refused.value.sentence
    included(cast.ines, cast.madeleine_record, programme)
    with pytest.raises(Conflict, match="déjà dans ce programme"):
        included(cast.amar, cast.madeleine_record, programme)


def test_a_new_version_leaves_running_inclusions_as_they_are(cast, programme):
    lead, first = lead_of(cast.colin), included(cast.ines, cast.madeleine_record, programme)
    with walls_down():
        seen = new(programme)
    with rls.acting(lead):
        programme_actions.start_version(lead, programme.pk)
        programme_actions.remove_sequence(lead, programme.pk, key="s2")
        programme_actions.remove_step(lead, programme.pk, key="e3")
        programme_actions.publish(lead, programme.pk)
    with pytest.raises(Conflict, match="relisez ses critères"), rls.acting(cast.jules):
        actions.include(cast.jules, cast.leon_record.pk, new=seen)
    second = included(cast.jules, cast.leon_record, programme)

    assert (len(steps_of(first)), len(steps_of(second))) == (3, 2)


def test_the_circle_reads_and_nobody_else(cast, programme):
    inclusion = included(cast.ines, cast.madeleine_record, programme)
    included(cast.jules, cast.leon_record, programme)

    def reads(actor):
        with rls.acting(actor):
            rls.open_record(inclusion.patient_id)
            rows = [
                access.list(actor, INCLUSION_READ, model, patient_id=inclusion.patient_id).exists()
                for model in (Inclusion, PlannedStep, PathwayChange)
            ]
        assert len(set(rows)) == 1, actor.name
        return rows[0]

    # A social worker does not read care; the lead of the programme is no member.
    assert {name for name, actor in cast.actors.items() if reads(actor)} == {
        "amar",
        "ines",
        "colin",
        "madeleine",
    }
    assert not reads(lead_of(cast.urgentiste))


def test_a_step_goes_on_by_the_role_that_has_it_or_by_whom_it_was_given_to(cast, programme):
    record = cast.madeleine_record
    inclusion = included(cast.ines, record, programme)
    included(cast.jules, cast.leon_record, programme)
    announced = steps_of(inclusion)["e1", 1]
    today = {"on": timezone.localdate()}
    for actor, error in (
        (cast.brun, NotFound),
        (cast.jules, NotFound),
        (cast.ines, Refused),
        (cast.madeleine, Refused),
    ):
        with pytest.raises(error):
            act(actor, record, announced, step_actions.do_step, **today)
    with pytest.raises(NotFound):
        act(cast.jules, cast.leon_record, announced, step_actions.do_step, **today)
    with pytest.raises(Invalid, match="pas dans le cercle"):
        act(cast.amar, record, announced, step_actions.assign_step, to=cast.jules.person_id)
    act(cast.amar, record, announced, step_actions.assign_step, to=cast.ines.person_id)
    with pytest.raises(Refused):
        act(cast.amar, record, announced, step_actions.do_step, **today)
    act(cast.ines, record, announced, step_actions.do_step, **today)

    with pytest.raises(Conflict, match="n’est plus à faire"):
        act(cast.ines, record, announced, step_actions.do_step, **today)
    with walls_down():
        kinds = (
            PathwayChange.objects.filter(inclusion_id=inclusion.pk)
            .order_by("at")
            .values_list("kind", flat=True)
        )
        assert list(kinds) == ["included", "assigned", "done"]


def test_who_left_the_circle_does_nothing_more(cast, programme):
    inclusion = included(cast.ines, cast.madeleine_record, programme)
    step = steps_of(inclusion)["e3", 1]
    with walls_down():
        CareTeamParticipant.objects.filter(practitioner_id=cast.ines.person_id).update(
            ended_at=timezone.now()
        )

    with pytest.raises(NotFound):
        act(cast.ines, cast.madeleine_record, step, step_actions.do_step, on=timezone.localdate())
    with rls.acting(cast.ines):
        found = late_steps(
            cast.ines, [inclusion.patient_id], today=timezone.localdate() + timedelta(days=400), most=9
        )
    assert found.lines == []


def test_a_repeated_sequence_is_complete_then_planned_again(cast, programme):
    record = cast.madeleine_record
    inclusion = included(cast.ines, record, programme, days_ago=100)
    day = timezone.localdate() - timedelta(days=10)
    act(cast.ines, record, steps_of(inclusion)["e3", 1], step_actions.do_step, on=day)
    again = steps_of(inclusion)["e3", 2]
    assert again.due_on == day + timedelta(days=90)
    with walls_down():
        row = BillableSequence.objects.get(inclusion_id=inclusion.pk)
        assert (row.label, row.fee, row.completed_on, row.round) == ("Forfait de suivi", 9000, day, 1)
    act(cast.ines, record, again, step_actions.do_step, on=timezone.localdate())

    assert ("e3", 3) not in steps_of(inclusion), "twice at most"
    with walls_down():
        assert BillableSequence.objects.filter(inclusion_id=inclusion.pk, key="s2").count() == 2


def test_a_moved_date_a_step_not_needed_and_a_mistake_say_why(cast, programme):
    record = cast.madeleine_record
    inclusion = included(cast.ines, record, programme, days_ago=20)
    first, visit = steps_of(inclusion)["e1", 1], steps_of(inclusion)["e2", 1]
    later = timezone.localdate() + timedelta(days=5)
    with pytest.raises(Invalid, match="Dites pourquoi"):
        act(cast.amar, record, first, step_actions.move_step, on=later, reason="  ")
    act(cast.amar, record, first, step_actions.move_step, on=later, reason="en vacances")
    assert steps_of(inclusion)["e2", 1].due_on == later + timedelta(days=14), (
        "what is counted from it follows"
    )
    act(cast.amar, record, first, step_actions.do_step, on=timezone.localdate())
    act(cast.ines, record, visit, step_actions.put_step_aside, reason="vue hier à l’hôpital")
    with walls_down():
        assert not BillableSequence.objects.filter(inclusion_id=inclusion.pk).exists(), (
            "put aside is not done"
        )
    act(cast.ines, record, visit, step_actions.reopen_step, reason="finalement utile")
    act(cast.ines, record, visit, step_actions.do_step, on=timezone.localdate())
    with walls_down():
        assert BillableSequence.objects.get(inclusion_id=inclusion.pk).label == "Forfait d’entrée"
    act(cast.ines, record, visit, step_actions.reopen_step, reason="mauvaise personne")

    with walls_down():
        assert not BillableSequence.objects.filter(inclusion_id=inclusion.pk).exists()
        moved = PathwayChange.objects.get(inclusion_id=inclusion.pk, kind="moved")
    assert (moved.words, moved.after_on, moved.by_name) == ("en vacances", later, cast.amar.name)


def test_who_leaves_has_nothing_late_and_keeps_what_was_done(cast, programme):
    record = cast.madeleine_record
    inclusion = included(cast.ines, record, programme, days_ago=120)
    act(cast.ines, record, steps_of(inclusion)["e3", 1], step_actions.do_step, on=timezone.localdate())
    said: dict[str, Any] = {"on": timezone.localdate(), "because": LeaveReason.WISH}
    for actor, error in ((cast.brun, NotFound), (cast.jules, NotFound), (cast.madeleine, Refused)):
        with pytest.raises(error), rls.acting(actor):
            actions.leave_programme(actor, record.pk, inclusion.pk, **said)
    with rls.acting(cast.amar):
        actions.leave_programme(cast.amar, record.pk, inclusion.pk, **said)

    states = {one.state for one in steps_of(inclusion).values()}
    assert states == {StepState.DONE, StepState.CANCELLED}
    with walls_down():
        assert BillableSequence.objects.filter(inclusion_id=inclusion.pk).count() == 1
    with pytest.raises(Conflict, match="sortie de ce programme"):
        act(cast.ines, record, steps_of(inclusion)["e3", 1], step_actions.reopen_step, reason="x")
    included(cast.ines, record, programme)


def test_late_steps_stand_on_the_home_page_of_the_circle_alone(cast, programme):
    included(cast.ines, cast.madeleine_record, programme, days_ago=120)
    included(cast.jules, cast.leon_record, programme)

    def told(actor):
        with rls.acting(actor, read_only=True):
            late = home_of(actor).late
        return [(line.step.title, line.is_mine) for line in late.lines]

    assert told(cast.ines) == [
        ("Visite à domicile", True),
        ("Bilan à trois mois", True),
        ("Consultation d’annonce", False),
    ]
    assert told(cast.amar)[0] == ("Consultation d’annonce", True)
    assert len(told(cast.colin)) == 3
    assert told(cast.samira) == told(cast.brun) == told(cast.jules) == told(cast.urgentiste) == []


def test_late_steps_are_one_bounded_question_whatever_their_number(cast, programme):
    included(cast.ines, cast.madeleine_record, programme, days_ago=120)

    def asked(patients):
        with rls.acting(cast.ines, read_only=True), CaptureQueriesContext(connection) as questions:
            found = late_steps(cast.ines, patients, today=timezone.localdate(), most=2)
        return len(questions), len(found.lines), found.more

    patient = cast.madeleine_record.patient_id
    assert asked([patient]) == asked([patient, cast.leon_record.patient_id]) == (1, 2, True)


def test_what_a_psychiatric_structure_runs_is_included_by_its_sector_alone_and_stays_there(cast):
    lead = lead_of(cast.urgentiste)
    with walls_down():
        Organization.objects.filter(name=lead.organization_name).update(is_psychiatric=True)
        join(cast.madeleine_record, practitioner_id=cast.urgentiste.person_id)
    programme = published(lead, title="VigilanS")
    with pytest.raises(Refused, match="psychiatrie"):
        included(cast.ines, cast.madeleine_record, programme)
    inclusion = included(cast.urgentiste, cast.madeleine_record, programme, days_ago=60)

    assert inclusion.sector == "psychiatry" and inclusion.data_class == DataClass.CARE
    for actor, knows in (
        (cast.urgentiste, True),
        (cast.madeleine, True),
        (cast.amar, False),
        (cast.ines, False),
    ):
        with rls.acting(actor):
            rls.open_record(inclusion.patient_id)
            assert access.list(actor, INCLUSION_READ, PlannedStep).exists() == knows, actor.name
    with rls.acting(cast.ines, read_only=True):
        assert home_of(cast.ines).late.lines == []


def test_who_is_unknown_to_the_circle_is_not_named_by_a_step_that_everybody_reads(cast, programme):
    """Odile, psychiatric nurse of the CMP, does a step of an ordinary programme; the circle's nurse reads it."""
    with walls_down():
        cmp = organization("CMP du Parc", OrganizationKind.CMP)
        odile = professional("odile", Profession.PSYCHIATRIC_NURSE, cmp)
    member = NewMember(practitioner_id=odile.person_id)
    add_member(cast.amar, cast.madeleine_record.pk, member=member)
    inclusion = included(cast.amar, cast.madeleine_record, programme, days_ago=60)
    step = next(one for (key, _), one in steps_of(inclusion).items() if key == "e2")

    act(odile, cast.madeleine_record, step, step_actions.do_step, on=timezone.localdate())

    with walls_down():
        change = PathwayChange.objects.get(step_id=step.pk, kind="done")
        unnamed = "un professionnel de l’équipe"
        assert PlannedStep.objects.get(pk=step.pk).done_by_name == unnamed
        assert (change.by_name, change.by_role, change.organization_name) == (unnamed, "", "")
        assert AuditEntry.objects.filter(actor_name=odile.name, patient_id=inclusion.patient_id).exists()


def test_a_step_that_everybody_reads_is_not_given_to_who_is_unknown_to_the_circle(cast, programme):
    with walls_down():
        cmp = organization("CMP du Parc", OrganizationKind.CMP)
        odile = professional("odile", Profession.PSYCHIATRIC_NURSE, cmp)
    member = NewMember(practitioner_id=odile.person_id)
    add_member(cast.amar, cast.madeleine_record.pk, member=member)
    inclusion = included(cast.amar, cast.madeleine_record, programme)
    step = steps_of(inclusion)["e3", 1]
    with rls.acting(cast.amar):
        open_record(cast.amar, cast.madeleine_record.pk)
        offered = {one.pk for one in may_be_given(cast.amar, step)}

    assert cast.ines.person_id in offered and odile.person_id not in offered
    for actor in (cast.amar, odile):
        with pytest.raises((Invalid, Refused)):
            act(actor, cast.madeleine_record, step, step_actions.assign_step, to=odile.person_id)
    with walls_down():
        assert not PathwayChange.objects.filter(kind="assigned").exists()
    act(cast.amar, cast.madeleine_record, step, step_actions.assign_step, to=cast.ines.person_id)
