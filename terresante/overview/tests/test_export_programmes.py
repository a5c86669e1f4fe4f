"""Programmes in the copy of a record: those its reader reads, with the steps that he reads."""

import pytest
from fhir.resources.R4B.bundle import Bundle

from terresante.care_plans import step_actions
from terresante.care_plans.models import Inclusion, PlannedStep
from terresante.care_plans.plan_actions import ReceivedPlan, ReceivedStep, plan_step
from terresante.care_plans.tests.factories import included, lead_of, published
from terresante.care_team.enums import DataClass, RoleGroup
from terresante.care_team.queries.limits import limits_on
from terresante.documents.tests.factories import filed
from terresante.overview.export import Export
from terresante.overview.paper import printed
from terresante.overview.tests.test_export import of, opened, taken_out
from tests.walls import walls_down

pytestmark = [pytest.mark.commits, pytest.mark.usefixtures("files_of_the_test")]


@pytest.fixture
def inclusion(cast):
    programme = published(lead_of(cast.colin), data_class=DataClass.MEDICAL, included_by=("physician",))
    inclusion = included(cast.amar, cast.madeleine_record, programme, days_ago=3)
    with walls_down():
        first = PlannedStep.objects.get(inclusion=inclusion, key="e1")
    step_actions.do_step(cast.amar, cast.madeleine_record.pk, first.pk, on=inclusion.included_on)
    return inclusion


def test_a_programme_goes_out_as_an_episode_and_a_plan_as_far_as_each_reads_them(client, cast, inclusion):
    for reader in (cast.amar, cast.madeleine):
        bundle, _ = opened(taken_out(client, reader, cast.madeleine_record))
        Bundle.model_validate(bundle)
        (plan,), (episode,) = of(bundle, "CarePlan"), of(bundle, "EpisodeOfCare")
        assert (plan["status"], episode["status"]) == ("active", "active")
        assert plan["supportingInfo"][0]["reference"] == f"urn:uuid:{episode['id']}"
        details = [one["detail"] for one in plan["activity"]]
        assert [one["status"] for one in details] == ["completed", "scheduled", "scheduled"]
        assert details[0]["performer"][0]["display"] == cast.amar.name
        assert details[1]["description"] == "Visite à domicile"

    bundle, _ = opened(taken_out(client, cast.samira, cast.madeleine_record))
    assert of(bundle, "CarePlan") == of(bundle, "EpisodeOfCare") == []


@pytest.fixture
def document(cast):
    """From which a step was taken."""
    document = filed(cast.amar, cast.madeleine_record)
    of = ReceivedPlan(
        document_id=document.pk,
        title=document.title,
        dated_on=document.dated_on,
        data_class=DataClass.MEDICAL,
        limits=limits_on(document),
    )
    step = ReceivedStep(title="Bilan sanguin", role=RoleGroup.NURSE, due_on=document.dated_on)
    plan_step(cast.amar, cast.madeleine_record.pk, of=of, step=step)
    return document


def test_the_plan_of_a_document_goes_out_with_it_and_without_an_episode(client, cast, document):
    bundle, _ = opened(taken_out(client, cast.amar, cast.madeleine_record))

    Bundle.model_validate(bundle)
    (plan,) = of(bundle, "CarePlan")
    assert (plan["title"], plan["status"], of(bundle, "EpisodeOfCare")) == (document.title, "active", [])
    assert plan["supportingInfo"] == [{"reference": f"urn:uuid:{document.pk}", "type": "DocumentReference"}]
    assert [one["id"] for one in of(bundle, "DocumentReference")] == [str(document.pk)]
    assert [one["detail"]["description"] for one in plan["activity"]] == ["Bilan sanguin"]
    (told,) = printed(Export(cast.amar, cast.madeleine_record.pk))["programmes"]
    assert told["title"].startswith(f"{document.title}, ") and "Bilan sanguin" in told["steps"][0]
    assert printed(Export(cast.samira, cast.madeleine_record.pk))["programmes"] == []


def test_the_paper_says_it_too_and_nothing_that_is_hidden_from_her(cast, inclusion):
    (told,) = printed(Export(cast.madeleine, cast.madeleine_record.pk))["programmes"]
    assert told["title"].startswith("Insuffisance cardiaque, ")
    assert told["steps"][0].endswith(f"par {cast.amar.name}")
    assert printed(Export(cast.samira, cast.madeleine_record.pk))["programmes"] == []
    with walls_down():
        Inclusion.objects.filter(pk=inclusion.pk).update(hidden_from_patient=True)

    assert printed(Export(cast.madeleine, cast.madeleine_record.pk))["programmes"] == []
    assert len(printed(Export(cast.amar, cast.madeleine_record.pk))["programmes"]) == 1
