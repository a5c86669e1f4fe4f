"""Programmes in the copy of a record: those its reader reads, with the steps that he reads."""

import pytest
from fhir.resources.R4B.bundle import Bundle

from terresante.care_plans import step_actions
from terresante.care_plans.models import Inclusion, PlannedStep
from terresante.care_plans.tests.factories import included, lead_of, published
from terresante.care_team.enums import DataClass
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


def test_the_paper_says_it_too_and_nothing_that_is_hidden_from_her(cast, inclusion):
    (told,) = printed(Export(cast.madeleine, cast.madeleine_record.pk))["programmes"]
    assert told["title"].startswith("Insuffisance cardiaque, ")
    assert told["steps"][0].endswith(f"par {cast.amar.name}")
    assert printed(Export(cast.samira, cast.madeleine_record.pk))["programmes"] == []
    with walls_down():
        Inclusion.objects.filter(pk=inclusion.pk).update(hidden_from_patient=True)

    assert printed(Export(cast.madeleine, cast.madeleine_record.pk))["programmes"] == []
    assert len(printed(Export(cast.amar, cast.madeleine_record.pk))["programmes"]) == 1
