"""Pages of results: by date, by examination, one report, one curve, two dates; for professionals and for the person."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from simulators.laboratory.reports import Examinations, Result
from terresante.documents.tests.factories import filed
from terresante.interop.tests import papers, wire
from terresante.kernel.actor import Actor
from terresante.kernel.models import AuditEntry
from terresante.results.models import LabObservation
from terresante.results.tests.factories import URINE, blood, reports, results_of, sent, sugar
from terresante.terminology.actions import load_set
from tests.cast import join, login
from tests.walls import walls_down

pytestmark = pytest.mark.commits


@pytest.fixture
def claire(cast, hospital):
    wire.know(cast.madeleine_record, hospital)
    return papers.whose(cast.madeleine_record)


def url(record, rest=""):
    return f"/dossiers/{record.pk}/resultats/{rest}"


def page(client, address):
    answer = client.get(address)
    assert answer.status_code == 200, address
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_a_report_is_listed_unread_then_read(client, cast, hospital, claire):
    sent(hospital, claire, blood(), sugar())
    login(client, cast.amar)

    listed = page(client, url(cast.madeleine_record))
    assert "Hématologie, Biochimie" in listed and "Non lu" in listed
    assert "Hémoglobine 98 g/L ↓ bas" in listed.replace("\xa0", " ")
    (report,) = reports()
    shown = page(client, url(cast.madeleine_record, f"{report.pk}/")).replace("\xa0", " ")
    assert "98 g/L bas 120 à 160" in shown and "Laboratoire des Deux Rives" in shown
    assert "Lire le document d’origine" in shown
    assert "Non lu" not in page(client, url(cast.madeleine_record))
    with walls_down():
        assert AuditEntry.objects.filter(action="result.read", object_id=report.pk).count() == 1


def test_opening_the_document_reads_its_results_and_the_reverse(client, cast, hospital, claire):
    sent(hospital, claire)
    (document,) = papers.filed()
    login(client, cast.amar)
    documents = f"/dossiers/{document.record_id}/documents/"
    assert "Non lu" in page(client, documents).replace("Non lus", "")

    page(client, f"{documents}{document.pk}/")

    assert "Non lu" not in page(client, documents).replace("Non lus", "")
    assert "Non lu" not in page(client, url(cast.madeleine_record))


def test_the_tab_of_documents_counts_what_its_page_says_is_not_read(client, cast, hospital, claire):
    """Bad: a letter and a report of biology, « Documents 1 » above « Non lus 2 »."""
    sent(hospital, claire)
    filed(cast.ines, cast.madeleine_record)
    login(client, cast.amar)

    documents = page(client, f"/dossiers/{cast.madeleine_record.pk}/documents/")

    assert "Documents 2 non lus" in documents and "Non lus 2 non lus" in documents
    assert "Résultats 1 non lu" in documents


def test_a_curve_gathers_both_units_and_says_what_it_converted(client, cast, hospital, claire):
    now = timezone.now()
    sent(hospital, claire, sugar("4.9"), at=now - timedelta(days=700))
    sent(hospital, claire, sugar("0.88", "g/L"), number="2", at=now - timedelta(days=300))
    sent(hospital, claire, sugar("5.2"), number="3", at=now - timedelta(days=2))
    (latest,) = results_of(reports()[-1])
    login(client, cast.amar)

    answer = client.get(url(cast.madeleine_record, f"examens/{latest.pk}/")).content.decode()

    assert answer.count('class="chart-dot') == 3
    assert "soit 4,88\xa0mmol/L (converti)" in answer and "0,88\xa0g/L" in answer
    by_examination = page(client, url(cast.madeleine_record, "examens/"))
    assert by_examination.count("Glycémie à jeun") == 1 and "5,2" in by_examination


def test_what_a_report_recalls_is_in_the_curve_once_with_its_own_date(client, cast, hospital, claire):
    now = timezone.now()
    first, second, third = (now - timedelta(days=days) for days in (700, 300, 2))
    sent(hospital, claire, sugar("4.6"), at=second)
    (only,) = sugar("5.2").results
    midnight = timezone.localtime(second).replace(hour=0, minute=0, second=0, microsecond=0)
    known = (("4.6", "mmol/L", second), ("4.60", "mmol/L", midnight), ("0.7", "g/L", first))
    chapter = Examinations(code="18719-5", results=(replace(only, before=known),))
    sent(hospital, claire, chapter, number="2", at=third)
    sent(hospital, claire, chapter, number="3", at=now - timedelta(days=1))
    report = reports()[1]
    latest, *before = results_of(report)
    login(client, cast.amar)

    answer = client.get(url(cast.madeleine_record, f"examens/{latest.pk}/")).content.decode()

    # Two of 5.2, one of 4.6, one of 0.7 g/L: what came before has its place, and nothing stands twice.
    assert answer.count('class="chart-dot') == 4
    assert answer.count("Antériorité rappelée dans le compte rendu du") == 1
    assert "0,7\xa0g/L" in answer and "soit 3,89\xa0mmol/L" in answer
    assert [row.kind for row in before] == ["earlier"] * 3
    assert (report.total, report.out_of_range) == (1, 0)
    shown = page(client, url(cast.madeleine_record, f"{report.pk}/")).replace("\xa0", " ")
    assert shown.count("4,6 mmol/L le") == 1 and shown.count("0,7 g/L le") == 1
    by_examination = page(client, url(cast.madeleine_record, "examens/"))
    assert by_examination.count("Glycémie à jeun") == 1 and "5,2" in by_examination


def test_an_examination_without_a_name_takes_that_of_its_code(client, cast, hospital, claire):
    names = "LOINC_NUM,LONG_COMMON_NAME\n6690-2,Leucocytes [Nombre/Volume] Sang\n"
    load_set(Actor.job("tests"), content=names.encode(), file_name="fr.csv")
    bare = Result(code="6690-2", label="", value="6.4", unit="10*9/L")
    known_to_nobody = Result(code="99999-9", label="", value="1", unit="g/L")

    sent(hospital, claire, Examinations(code="18723-7", results=(bare, known_to_nobody)))

    with walls_down():
        labels = LabObservation.objects.order_by("position").values_list("label", flat=True)
        assert list(labels) == ["Leucocytes [Nombre/Volume] Sang", "99999-9"]


def test_two_dates_are_compared_on_what_they_have_in_common(client, cast, hospital, claire):
    now = timezone.now()
    sent(hospital, claire, blood("110"), at=now - timedelta(days=90))
    sent(hospital, claire, blood("98"), sugar(), number="2", at=now - timedelta(days=1))
    before, after = reports()
    login(client, cast.amar)

    shown = page(client, url(cast.madeleine_record, f"{after.pk}/comparer/?avec={before.pk}"))

    assert "2 examens en commun" in shown.replace("\xa0", " ") and "−12 g/L" in shown.replace("\xa0", " ")
    assert "1 examen n’a de résultat qu’à la seconde" in shown.replace("\xa0", " ")
    assert client.get(url(cast.madeleine_record, f"{after.pk}/comparer/?avec=x")).status_code == 404


def test_a_germ_is_shown_with_its_antibiogram_in_words(client, cast, hospital, claire):
    sent(hospital, claire, URINE)
    (report,) = reports()
    login(client, cast.ines)

    shown = page(client, url(cast.madeleine_record, f"{report.pk}/"))

    assert shown.count("Germe isolé : Escherichia coli") == 1 and shown.count("Prélèvement : urine") == 3
    assert "100 000 /mL" in shown.replace("\xa0", " ")
    assert "résistant" in shown and "sensible" in shown
    drug = next(row for row in results_of(report) if row.is_susceptibility)
    assert client.get(url(cast.madeleine_record, f"examens/{drug.pk}/")).status_code == 404


def test_the_person_reads_her_analyses_in_her_own_space(client, cast, hospital, claire):
    sent(hospital, claire, blood())
    (report,) = reports()
    login(client, cast.madeleine)

    assert "Hématologie" in page(client, reverse("portal:results"))
    shown = page(client, reverse("portal:result", args=[report.pk]))
    assert "bas" in shown and "Parlez-en avec votre médecin" in shown
    first = results_of(report)[0]
    assert "Hémoglobine" in page(client, reverse("portal:examination", args=[first.pk]))


def test_a_doctor_with_his_own_patients_finds_no_page_of_another_circle(client, cast, hospital, claire):
    wire.know(cast.leon_record, hospital, "P2")
    leon = papers.whose(cast.leon_record, ipp="P2")
    sent(hospital, claire, blood("98"))
    sent(hospital, claire, blood("99"), number="2")
    sent(hospital, leon, blood("151"), number="3")
    first, second, his = reports()
    result = results_of(first)[0]
    ends = ("", "examens/", f"{first.pk}/", f"{first.pk}/comparer/", f"examens/{result.pk}/")
    login(client, cast.brun)
    for end in ends:
        assert client.get(url(cast.madeleine_record, end)).status_code == 404, end
    # His own patient's page, with the key of a result that is not hers.
    assert client.get(url(cast.leon_record, f"{his.pk}/")).status_code == 200
    for end in (f"{first.pk}/", f"{first.pk}/comparer/", f"examens/{result.pk}/"):
        assert client.get(url(cast.leon_record, end)).status_code == 404, end
    assert client.get(url(cast.leon_record, f"{his.pk}/comparer/?avec={second.pk}")).status_code == 404
    login(client, cast.leon)
    assert client.get(reverse("portal:result", args=[first.pk])).status_code == 404
    assert client.get(reverse("portal:examination", args=[result.pk])).status_code == 404


def test_whoever_reads_both_records_gets_each_result_in_its_own(client, cast, hospital, claire):
    sent(hospital, claire, blood())
    (report,) = reports()
    with walls_down():
        join(cast.leon_record, practitioner_id=cast.amar.person_id)
    login(client, cast.amar)

    for end in (f"{report.pk}/", f"{report.pk}/comparer/", f"examens/{results_of(report)[0].pk}/"):
        assert client.get(url(cast.leon_record, end)).status_code == 404, end


def test_pages_of_results_cost_the_same_with_one_report_as_with_many(client, cast, hospital, claire):
    now = timezone.now()
    sent(hospital, claire, blood("120"), at=now - timedelta(days=100))
    login(client, cast.amar)
    (report,) = reports()
    ends = ("", "examens/", f"{report.pk}/", f"examens/{results_of(report)[0].pk}/")
    one = [_queries(client, url(cast.madeleine_record, end)) for end in ends]
    for number in range(2, 26):
        sent(hospital, claire, blood("121"), number=str(number), at=now - timedelta(days=number))

    many = [_queries(client, url(cast.madeleine_record, end)) for end in ends]

    assert many == one
    assert max(many) <= 24
    assert "1 à 20 sur 25" in page(client, url(cast.madeleine_record))
    assert "21 à 25 sur 25" in page(client, url(cast.madeleine_record, "?page=2"))


def _queries(client, address):
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert client.get(address).status_code == 200
    return len(asked)
