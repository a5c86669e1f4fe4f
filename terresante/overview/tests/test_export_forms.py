"""Answers to forms in the copy of a record: those its reader reads, and that were sent."""

from decimal import Decimal

import pytest
from fhir.resources.R4B.bundle import Bundle

from terresante.overview.export import Export
from terresante.overview.paper import printed
from terresante.overview.tests.test_export import of, opened, taken_out
from terresante.questionnaires.actions import save_progress
from terresante.questionnaires.tests.factories import answered, new_response, published_version

pytestmark = [pytest.mark.commits, pytest.mark.usefixtures("files_of_the_test")]


def test_answers_go_out_as_resources_of_r4_as_far_as_each_reads_them(client, cast):
    version = published_version()
    fever = {"temperature": Decimal("39.2"), "sommeil": "mauvais"}
    first = answered(cast.ines, cast.madeleine_record, version, answers=fever)
    answered(cast.amar, cast.madeleine_record, version, replaces=first.pk)
    save_progress(cast.ines, new_response(cast.madeleine_record, version))

    bundle, _ = opened(taken_out(client, cast.ines, cast.madeleine_record))

    Bundle.model_validate(bundle)
    found = {one["id"]: one for one in of(bundle, "QuestionnaireResponse")}
    assert [one["status"] for one in found.values()] == ["completed", "amended"]
    said = {item["linkId"]: item["answer"][0] for item in found[str(first.pk)]["item"]}
    assert said["temperature"]["valueQuantity"]["value"] == 39.2
    assert said["sommeil"]["valueCoding"]["code"] == "mauvais"
    told = printed(Export(cast.ines, cast.madeleine_record.pk))["forms"]
    assert len(told) == 2 and "39,2" in told[0]["answers"][0]["answer"]
    assert printed(Export(cast.samira, cast.madeleine_record.pk))["forms"] == []
    bundle, _ = opened(taken_out(client, cast.samira, cast.madeleine_record))
    assert of(bundle, "QuestionnaireResponse") == []
