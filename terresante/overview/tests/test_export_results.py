"""Results of biology in the copy of a record: those its reader reads, as resources of R4."""

import pytest
from django.utils import timezone
from fhir.resources.R4B.bundle import Bundle

from simulators.laboratory.reports import discrete
from terresante.interop.tests import papers, wire
from terresante.overview.export import Export
from terresante.overview.paper import printed
from terresante.overview.tests.test_export import of, opened, taken_out
from terresante.results.tests.factories import URINE, blood, sent, sugar

pytestmark = [pytest.mark.commits, pytest.mark.usefixtures("files_of_the_test")]


@pytest.fixture
def claire(cast):
    hospital = wire.connect()
    wire.know(cast.madeleine_record, hospital)
    claire = papers.whose(cast.madeleine_record)
    sent(hospital, claire, blood("98"), URINE)
    sent(hospital, claire, blood("104"), number="2", replaces="1.2.250.1.999.8.1", status="C")
    raw = discrete(claire, control_id="Z1", at=timezone.now(), chapters=(sugar(),))
    assert wire.receive(hospital, raw) == ["AA"]
    wire.apply()
    return claire


def test_results_in_force_go_out_as_resources_of_r4(client, cast, claire):
    bundle, _ = opened(taken_out(client, cast.ines, cast.madeleine_record))

    Bundle.model_validate(bundle)
    reports = of(bundle, "DiagnosticReport")
    measured = {one["code"]["text"]: one for one in of(bundle, "Observation")}
    assert sorted(one["code"]["text"] for one in reports) == ["Biochimie", "Hématologie"]
    assert sum(len(one["result"]) for one in reports) == len(measured) == 3
    haemoglobin = measured["Hémoglobine"]
    assert haemoglobin["valueQuantity"] == {
        "value": 104.0,
        "unit": "g/L",
        "system": "http://unitsofmeasure.org",
        "code": "g/L",
    }
    assert haemoglobin["referenceRange"][0]["low"] == {"value": 120.0}
    assert haemoglobin["interpretation"][0]["text"] == "bas"


def test_the_paper_says_them_too_with_their_range_to_who_reads_them(cast, claire):
    record = cast.madeleine_record

    (blood_told,) = [
        one for one in printed(Export(cast.ines, record.pk))["results"] if one["title"].startswith("Héma")
    ]
    haemoglobin = next(line for line in blood_told["lines"] if line["label"] == "Hémoglobine")
    assert (haemoglobin["value"], haemoglobin["range"]) == ("104\u00a0g/L (bas)", "120 à 160")
    assert printed(Export(cast.samira, record.pk))["results"] == []


def test_who_reads_no_medical_data_takes_none_out(client, cast, claire):
    bundle, _ = opened(taken_out(client, cast.samira, cast.madeleine_record))

    assert of(bundle, "DiagnosticReport") == [] == of(bundle, "Observation")
