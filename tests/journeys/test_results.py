"""A laboratory reports: the record open on a screen says so, then the report, the curve, two dates, and the person."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from config.local.places import HOST
from simulators.hospital.client import Client
from simulators.hospital.documents import Author, oru
from simulators.hospital.page import read_people
from simulators.laboratory.reports import Examinations, Report, Result, report
from tests.journeys.shots import shot

pytestmark = pytest.mark.journey

BICETRE = Author("10000000074", "Lise", "AUBIN", "Laboratoire de Bicêtre", "940000041")
BLOOD = Examinations(
    code="18723-7",
    results=(
        Result(code="718-7", label="Hémoglobine", value="91", unit="g/L", low="115", high="150", flag="LL"),
        Result(
            code="6690-2", label="Leucocytes", value="7.2", unit="10*9/L", low="4.0", high="10.0", flag="N"
        ),
    ),
)


def reported(platform, birth_name: str) -> None:
    """Over the socket, by the hospital's own laboratory."""
    people = read_people(platform.var / "demo-hospital.json")
    person = next(each for each in people if each.birth_name == birth_name)
    now = timezone.now()
    told = Report(
        identifier="2.999.94.1.77", person=person, laboratory=BICETRE, at=now, chapters=(BLOOD,), order="B-77"
    )
    with Client(HOST, platform.mllp_port) as client:
        ack = client.send(oru((report(told),), person, control_id="LABO77", at=now))
    assert ack.is_accepted, ack.text


def test_results_arrive_on_an_open_record_and_are_followed_over_two_years(visit, platform):
    doctor = visit("s.norbert")
    record = doctor.open_record("ISIDORE")
    doctor.tab("Résultats")
    page = doctor.page
    expect(page.get_by_role("link", name="Microbiologie")).to_be_visible()
    shot(doctor, "list")

    reported(platform, "MARTIN")
    page.get_by_role("button", name="changement").click()
    first = page.locator("article.document-card").first
    expect(first).to_contain_text("Hémoglobine 91 g/L ↓↓ très bas")
    expect(first).to_contain_text("Non lu")

    first.get_by_role("link", name="Hématologie").click()
    expect(page.get_by_role("heading", name="Comparer")).to_be_visible()
    shot(doctor, "report")
    page.get_by_role("link", name="Hémoglobine").click()
    expect(page.locator(".chart-dot")).to_have_count(7)
    shot(doctor, "curve")
    page.get_by_role("link", name="Tous les examens").click()
    shot(doctor, "examinations")
    page.get_by_role("link", name="Créatinine").click()
    expect(page.get_by_text("(converti)")).to_be_visible()
    shot(doctor, "converted")

    page.goto(f"{record}resultats/")
    page.get_by_role("link", name="Microbiologie").click()
    expect(page.get_by_text("Escherichia coli").first).to_be_visible()
    shot(doctor, "germ")
    page.goto(f"{record}resultats/")
    page.get_by_role("link", name="Hématologie, Biochimie").first.click()
    page.get_by_role("button", name="Comparer les deux dates").click()
    expect(page.get_by_role("heading", name="en commun")).to_be_visible()
    shot(doctor, "compare")

    patient = visit("p.isidore")
    patient.page.goto("/mon-dossier/documents/")
    patient.page.get_by_role("link", name="Mes analyses").click()
    shot(patient, "portal-list")
    patient.page.get_by_role("link", name="Hématologie").first.click()
    shot(patient, "portal-report")
    patient.page.get_by_role("link", name="Hémoglobine", exact=True).click()
    shot(patient, "portal-curve")

    stranger = visit("y.kerbrat")  # a doctor too, with patients of his own
    answer = stranger.page.goto(f"{record}resultats/")
    assert answer is not None and answer.status == 404
