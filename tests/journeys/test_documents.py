import re
from base64 import b64encode
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, expect

from simulators.region.model import Moment, Paper
from simulators.region.papers import pdf, trace
from tests.journeys.shots import shot_as_it_is as shot

pytestmark = pytest.mark.journey

BOTH = pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])


def letter(title: str, pages: int = 1) -> FilePayload:
    text = "\n".join(["Passage de la cardiologie ce matin."] * (38 * pages - 10))
    paper = Paper(
        at=Moment(days=0, hour=8, minute=0), author="", type="", title=title, text=text, signature="Dr Essai"
    )
    return FilePayload(name=f"{title}.pdf", mimeType="application/pdf", buffer=pdf(paper))


def to_the_form(visitor, name: str = "ISIDORE") -> str:
    record = visitor.open_record(name)
    visitor.tab("Documents")
    visitor.page.locator("a:visible", has_text="Déposer un document").first.click()
    expect(visitor.page.get_by_role("heading", name="Qui verra ceci ?")).to_be_visible()
    return record


@BOTH
def test_a_doctor_files_several_files_and_reads_one_up_to_four_hundred_per_cent(visit, phone):
    doctor = visit("a.georges", phone=phone)
    to_the_form(doctor, "LE GOFF")
    page = doctor.page
    title = f"Compte rendu {'mobile' if phone else 'bureau'}"
    photo = FilePayload(name=f"tracé {phone}.png", mimeType="image/png", buffer=trace(1000 + phone))
    page.locator("#id_sent").set_input_files([letter(title, pages=2)])
    if phone:
        page.locator("#camera").set_input_files([photo])
    else:
        drops(page, photo)
    expect(page.locator(".uploads li")).to_have_count(2)
    page.get_by_label("Type de document").select_option("11506-3")
    # The panel follows the type: a carer's report is read by the home aide, a medical letter is not.
    seen = page.locator("#audience .rows-people").first
    expect(seen).to_contain_text("OUATTARA")
    shot(doctor, "add")
    page.get_by_role("button", name="Déposer", exact=True).locator("visible=true").first.click()
    page.wait_for_url("**/documents/")
    shot(doctor, "list")

    page.get_by_role("link", name=title).click()
    number = page.locator("[data-viewer-page]")
    expect(number).to_have_text("Page 1 sur 2", timeout=20_000)
    expect(page.locator(".viewer-words")).to_contain_text("Passage de la cardiologie", timeout=20_000)
    page.get_by_role("button", name="Page suivante").click()
    expect(number).to_have_text("Page 2 sur 2")
    for _ in range(8):
        page.get_by_role("button", name="Agrandir").click()
    expect(page.get_by_text("400 %")).to_be_visible()
    page.get_by_role("button", name="Ajuster").click()
    expect(page.get_by_text("100 %")).to_be_visible()
    shot(doctor, "one")

    page.locator("a:visible", has_text="Tous les documents").first.click()
    page.get_by_label("Rechercher dans les documents").fill("traces")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name=title)).to_have_count(0)
    shot(doctor, "found")
    page.get_by_role("link", name=re.compile(f"tracé {phone}")).click()
    image = page.locator("[data-viewer-image]")
    expect(image).to_be_visible()
    before = image.bounding_box()
    stage = page.locator("[data-viewer-stage]")
    if phone:
        pinches_then_drags(page, stage)
    else:
        stage.focus()
        for _ in range(8):
            page.keyboard.press("+")
        expect(page.get_by_text("400 %")).to_be_visible()
        holds_and_moves(page, stage)
    assert image.bounding_box()["width"] > 3.9 * before["width"]
    shot(doctor, "image")


def drops(page, file):
    """As a hand lets go of a file over the form."""
    carried = page.evaluate_handle(
        """async ({ name, type, content }) => {
          const carried = new DataTransfer();
          const bytes = Uint8Array.from(atob(content), (sign) => sign.charCodeAt(0));
          carried.items.add(new File([bytes], name, { type }));
          return carried;
        }""",
        {"name": file["name"], "type": file["mimeType"], "content": b64encode(file["buffer"]).decode()},
    )
    page.dispatch_event("[data-drop]", "drop", {"dataTransfer": carried})


def holds_and_moves(page, stage):
    """With the mouse, what is larger than the stage."""
    box = stage.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + 60
    before = stage.evaluate("stage => stage.scrollLeft")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 100, y, steps=4)
    page.mouse.up()
    page.mouse.move(x, y)
    assert stage.evaluate("stage => stage.scrollLeft") == pytest.approx(before + 100, abs=2)


def pinches_then_drags(page, stage):
    """Two fingers part around the middle, which stays under them; then one moves what is larger than the stage."""
    box = stage.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + 60
    touches = page.context.new_cdp_session(page)

    def touch(kind, *points):
        held = [{"x": at, "y": y, "id": number} for number, at in enumerate(points)]
        touches.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": held})

    touch("touchStart", x - 20, x + 20)
    for apart in range(30, 111, 10):
        touch("touchMove", x - apart, x + apart)
    touch("touchEnd")
    expect(page.get_by_text("400 %")).to_be_visible()
    middle = stage.evaluate("stage => (stage.scrollLeft + stage.clientWidth / 2) / stage.scrollWidth")
    assert 0.45 < middle < 0.55

    before = stage.evaluate("stage => stage.scrollLeft")
    touch("touchStart", x)
    for moved in range(10, 101, 10):
        touch("touchMove", x - moved)
    touch("touchEnd")
    page.wait_for_function(
        "([stage, from]) => stage.scrollLeft > from + 50", arg=[stage.element_handle(), before]
    )


def test_a_disguised_file_is_refused_beside_its_name_and_the_other_goes_in(visit):
    nurse = visit("c.marie")
    to_the_form(nurse)
    page = nurse.page
    program = FilePayload(name="facture.pdf", mimeType="application/pdf", buffer=b"MZ\x90")
    page.locator("#id_sent").set_input_files([program, letter("Courrier sain")])
    page.get_by_label("Type de document").select_option("18761-7")
    page.get_by_role("button", name="Déposer", exact=True).locator("visible=true").first.click()

    expect(page.locator(".uploads li.is-refused")).to_contain_text("page ou un programme")
    expect(page.locator(".uploads li").nth(1)).to_contain_text("Au dossier")
    assert nurse.axe() == []


def test_a_document_is_shared_with_the_person_then_replaced_and_a_stranger_finds_nothing(visit):
    doctor = visit("s.norbert")
    record = doctor.open_record("ISIDORE")
    doctor.tab("Documents")
    page = doctor.page
    page.get_by_role("link", name="Biologie : bilan martial").click()
    address = page.url
    patient = visit("p.isidore", phone=True)
    patient.page.goto("/mon-dossier/documents/")
    expect(patient.page.get_by_role("link", name="Synthèse médicale")).to_be_visible()
    expect(patient.page.get_by_role("link", name="Biologie : bilan martial")).to_have_count(0)
    page.get_by_role("link", name="Partager avec la personne").click()
    shot(doctor, "share")
    page.get_by_role("button", name="Partager", exact=True).click()
    expect(doctor.toasts().first).to_contain_text("est maintenant visible")

    patient.page.reload()
    shot(patient, "portal-list")
    patient.page.get_by_role("link", name="Biologie : bilan martial").click()
    expect(patient.page.locator(".viewer-words")).to_contain_text("Ferritine", timeout=20_000)
    shot(patient, "portal-one")

    page.get_by_role("link", name="Remplacer").click()
    page.locator("#id_sent").set_input_files([letter("Bilan corrigé")])
    shot(doctor, "replace")
    page.get_by_role("button", name="Remplacer").locator("visible=true").first.click()
    expect(page.get_by_text("Version 2").first).to_be_visible()
    shot(doctor, "versions")
    page.get_by_role("link", name="Retirer (erreur)").click()
    shot(doctor, "withdraw")

    stranger = visit("y.kerbrat")  # a doctor too, with patients of his own
    answer = stranger.page.goto(address)
    assert answer is not None and answer.status == 404
    answer = stranger.page.goto(f"{record}documents/")
    assert answer is not None and answer.status == 404


def test_without_javascript_a_document_is_filed_and_downloaded(visit):
    nurse = visit("c.marie", javascript=False)
    to_the_form(nurse)
    page = nurse.page
    page.locator("#id_sent").set_input_files([letter("Sans JavaScript")])
    page.get_by_label("Type de document").select_option("18761-7")
    page.get_by_role("button", name="Recalculer qui verra le document").click()
    expect(page.get_by_role("heading", name="Verront le document")).to_be_visible()
    page.locator("#id_sent").set_input_files([letter("Sans JavaScript")])
    page.get_by_role("button", name="Déposer", exact=True).locator("visible=true").first.click()
    page.get_by_role("link", name="Sans JavaScript").click()
    expect(page.get_by_text("L’aperçu demande JavaScript")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Télécharger").click()
    assert download.value.suggested_filename == "Sans JavaScript.pdf"


def test_a_report_that_a_laboratory_sent_is_read_by_section_on_a_desk_and_a_phone(visit):
    doctor = visit("s.norbert")
    doctor.open_record("ISIDORE")
    doctor.tab("Documents")
    page = doctor.page
    page.get_by_role("link", name="Hémogramme et ionogramme").click()
    expect(page.get_by_role("heading", name="Hématologie")).to_be_visible()
    expect(page.get_by_role("cell", name="104 g/L (bas)")).to_be_visible()
    expect(page.get_by_text("Validé par")).to_be_visible()
    shot(doctor, "received")

    with page.expect_download() as download:
        page.get_by_role("link", name="Télécharger l’original").click()
    assert b"ClinicalDocument" in Path(download.value.path()).read_bytes()
    page.set_viewport_size({"width": 390, "height": 844})
    shot(doctor, "received")
