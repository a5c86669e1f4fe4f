"""A nurse joins photographs to a note on her telephone; the person sees them; a stranger does not."""

import re
from zipfile import ZipFile

import pytest
from playwright.sync_api import FilePayload, expect

from simulators.region.pictures import photograph
from tests.journeys.shots import shot as shot_at_both

pytestmark = pytest.mark.journey


def shot(visitor, name: str) -> None:
    """At both sizes; who holds a telephone then goes on with it."""
    was = visitor.page.viewport_size
    shot_at_both(visitor, name)
    visitor.page.set_viewport_size(was)


def taken(form: str) -> FilePayload:
    return FilePayload(name=f"IMG_{form}.jpg", mimeType="image/jpeg", buffer=photograph(form))


def test_photographs_go_with_a_note_to_those_who_read_it(visit):
    nurse = visit("c.marie", phone=True)
    record = nurse.open_record("ISIDORE")
    page = nurse.page
    page.context.grant_permissions(["microphone"])  # of a device that Chromium makes up
    page.goto(f"{record}notes/nouvelle/")
    page.get_by_label("Note", exact=True).fill("Pansement refait ce soir, l’hématome se résorbe.")
    page.locator("#id_photos").set_input_files([taken("bruise")])
    page.locator("#camera").set_input_files([taken("pillbox")])
    chosen = page.locator(".photos-chosen li")
    expect(chosen).to_have_count(2)
    chosen.nth(0).get_by_label("Ce que montre la photo").fill("Hématome du bras, jauni")
    chosen.nth(1).get_by_label("Ce que montre la photo").fill("Semainier du soir")
    page.get_by_role("button", name="Enregistrer un message").click()
    expect(page.locator("[data-voice-time]")).to_have_text(re.compile("^0:0[2-9] sur 5:00$"), timeout=10_000)
    page.get_by_role("button", name="Arrêter").click()
    expect(page.locator("[data-voice-heard]")).to_be_visible()
    shot(nurse, "write")
    page.get_by_role("button", name="Enregistrer la note").locator("visible=true").first.click()
    page.wait_for_url("**/notes/")
    card = page.locator(".note-card", has_text="l’hématome se résorbe").first
    expect(card.get_by_role("img", name="Hématome du bras, jauni")).to_be_visible()
    player = card.locator("audio")
    player.evaluate("one => one.play()")
    page.wait_for_function("one => one.currentTime > 0", arg=player.element_handle())
    shot(nurse, "list")

    card.get_by_role("link", name="Semainier du soir").click()
    image = page.locator("[data-viewer-image]")
    expect(image).to_be_visible()
    assert page.evaluate("document.querySelector('[data-viewer-image]').naturalWidth") == 960
    address = page.url
    shot(nurse, "photo")

    patient = visit("p.isidore")
    patient.page.goto("/mon-dossier/notes/")
    patient.page.get_by_role("link", name="Hématome du bras, jauni").first.click()
    expect(patient.page.locator("[data-viewer-image]")).to_be_visible()
    shot(patient, "portal")

    stranger = visit("p.lemoine")
    assert stranger.page.goto(address).status == 404

    page.get_by_role("link", name=re.compile("La note")).click()
    page.get_by_role("link", name="Corriger").click()
    page.get_by_role("link", name="Retirer : Semainier du soir").click()
    shot(nurse, "withdraw")
    page.get_by_role("button", name="Retirer", exact=True).click()
    expect(page.get_by_text("Photo retirée par son auteur")).to_be_visible()
    shot(nurse, "one")
    assert patient.page.goto(f"{address}contenu/").status == 403


def test_the_timeline_narrows_is_printed_and_the_whole_record_is_taken_out(visit, tmp_path):
    doctor = visit("s.norbert")
    record = doctor.open_record("ISIDORE")
    page = doctor.page
    page.goto(f"{record}chronologie/")
    shot(doctor, "timeline")
    page.get_by_role("link", name="Afficher la suite").click()
    facts = page.locator(".timeline > li:not(.timeline-month)")
    expect(facts.nth(30)).to_be_focused()
    shown = facts.count()
    place = page.locator(".timeline a").nth(40)
    place.scroll_into_view_if_needed()
    place.click()
    page.go_back()
    expect(facts).to_have_count(shown)
    expect(page.locator(".timeline a").nth(40)).to_be_in_viewport()
    page.goto(f"{record}chronologie/")
    page.get_by_role("link", name=re.compile("^Documents")).last.click()
    page.get_by_role("link", name="1 an").click()
    expect(page.get_by_role("link", name="1 an")).to_have_attribute("aria-current", "true")
    shot(doctor, "timeline-narrowed")
    page.get_by_role("link", name="Imprimer").click()
    expect(page.get_by_role("heading", name=re.compile("Chronologie de"))).to_be_visible()
    shot(doctor, "timeline-print")

    page.goto(f"{record}copie/")
    page.get_by_role("button", name="Sortir la copie").click()
    expect(page.get_by_text("Dites pourquoi vous sortez").first).to_be_visible()
    shot(doctor, "copy-refused")
    for form, end in (("PDF à lire", "pdf"), ("Archive", "zip")):
        page.get_by_label("À la demande de la personne").check()
        page.get_by_label(form).check()
        with page.expect_download() as waited:
            page.get_by_role("button", name="Sortir la copie").click()
        assert waited.value.suggested_filename.endswith(end)
        waited.value.save_as(tmp_path / f"copy.{end}")
    with ZipFile(tmp_path / "copy.zip") as archive:
        assert any(name.startswith("documents/") for name in archive.namelist())

    patient = visit("p.isidore", phone=True)
    patient.page.goto("/mon-dossier/copie/")
    shot(patient, "portal-copy")
    with patient.page.expect_download() as waited:
        patient.page.get_by_role("button", name="Recevoir l’archive").click()
    assert waited.value.suggested_filename.endswith("zip")
