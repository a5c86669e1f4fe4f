"""From the software of a practice to the record, without another login."""

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from simulators.practice.call import read_settings
from simulators.practice.page import server

pytestmark = pytest.mark.journey


@pytest.fixture
def practice(platform) -> Iterator[str]:
    settings = read_settings(platform.var / "demo-practice.json", platform=platform.base_url)
    page = server(settings, port=0)
    threading.Thread(target=page.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{page.server_port}/"
    page.shutdown()
    page.server_close()


def opens(page: Page, practice: str, name: str) -> Page:
    page.goto(practice)
    with page.expect_popup() as opened:
        page.get_by_role("listitem").filter(has_text=name).get_by_role("button", name="Ouvrir").click()
    return opened.value


def test_a_doctor_opens_his_patient_from_his_software(visit, practice):
    doctor = visit()
    record = opens(doctor.page, practice, "ISIDORE")
    expect(record.locator(".user-name")).to_contain_text("Georges", ignore_case=True)
    expect(record.get_by_role("heading", name="ISIDORE")).to_be_visible()
    record.reload()
    expect(record.get_by_role("heading", name="ISIDORE")).to_be_visible()


def test_a_doctor_files_a_report_from_his_software_and_reads_it_here(visit, practice):
    doctor = visit()
    doctor.page.goto(practice)
    doctor.page.get_by_role("listitem").filter(has_text="ISIDORE").get_by_role(
        "button", name="déposer"
    ).click()
    expect(doctor.page.get_by_text("Le compte rendu est déposé")).to_be_visible()
    record = opens(doctor.page, practice, "ISIDORE")
    record.get_by_role("link", name="Documents").first.click()
    expect(record.get_by_text("Compte rendu de consultation").first).to_be_visible()


def test_somebody_unknown_is_prepared_with_his_traits(visit, practice):
    doctor = visit()
    page = opens(doctor.page, practice, "VAUTRIN-ESSAI")
    page.get_by_role("button", name="Préparer son dossier").click()
    expect(page.get_by_label("Nom de naissance")).to_have_value("VAUTRIN-ESSAI")
    page.get_by_role("button", name="Vérifier").click()
    expect(page.get_by_text("SOLANGE").first).to_be_visible()


def test_an_administrator_suspends_the_software_and_takes_it_back(visit, practice):
    administrator, doctor = visit("d.sauvage"), visit()
    administrator.page.goto("/partenaires/")
    administrator.page.get_by_role("link", name="Cabinet Horizon").click()
    administrator.page.get_by_role("button", name="Suspendre les appels").click()
    refused = opens(doctor.page, practice, "ISIDORE")
    expect(refused.get_by_text("n’est plus autorisé")).to_be_visible()
    administrator.page.get_by_role("button", name="Accepter les appels").click()
    expect(opens(doctor.page, practice, "ISIDORE").locator(".user-name")).to_be_visible()
