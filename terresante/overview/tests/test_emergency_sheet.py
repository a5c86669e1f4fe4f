"""One page for tonight: who reads it, what it says, what its paper and its code give away."""

import pytest
import segno
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from terresante.care_team import actions as team
from terresante.care_team.actions.relatives import NewRelative, save_relative
from terresante.care_team.enums import Confidentiality
from terresante.care_team.queries import open_record
from terresante.directory.models import Practitioner
from terresante.health_record.enums import DirectiveKind
from terresante.health_record.said import SaidCondition
from terresante.health_record.tests.factories import added, allergy, declared, directive, weight
from terresante.home_care.tests.factories import said as said_of_home
from terresante.home_care.tests.factories import told as way_in
from terresante.kernel import printing, rls
from terresante.kernel.models import AuditEntry
from terresante.kernel.tests.test_printing import pages
from terresante.overview import sheet_queries
from terresante.patients.enums import DelegationBasis, Relationship
from tests.cast import login, represented_by
from tests.walls import walls_down

pytestmark = pytest.mark.commits


def url(record, rest=""):
    return f"/dossiers/{record.pk}/fiche-urgence/{rest}"


@pytest.fixture
def jeanne(cast):
    relative = NewRelative(
        name="Jeanne LEROUX",
        relationship=Relationship.CHILD,
        phone="0612345678",
        is_person_to_warn=True,
        is_trusted_person=True,
    )
    return save_relative(cast.amar, cast.madeleine_record.pk, relative=relative)


@pytest.mark.parametrize("page", ["", "imprimer/"])
def test_the_sheet_is_that_of_the_circle_and_of_nobody_else(client, cast, page):
    for name, status in (
        ("amar", 200),
        ("ines", 200),
        ("samira", 200),
        ("brun", 404),
        ("jules", 404),
        ("dpo", 404),
    ):
        login(client, cast.actors[name])
        assert client.get(url(cast.madeleine_record, page)).status_code == status, name
    # Each of the refused has a sheet of his own to read.
    login(client, cast.brun)
    assert client.get(url(cast.leon_record, page)).status_code == 200


def test_it_says_whom_to_warn_and_whom_to_call(client, cast, jeanne):
    with walls_down():
        Practitioner.objects.filter(pk=cast.amar.person_id).update(phone="0145000000")
    login(client, cast.ines)

    page = client.get(url(cast.madeleine_record)).content.decode()

    assert "Jeanne LEROUX" in page and "personne de confiance" in page and "tel:0612345678" in page
    assert page.index("Médecin traitant") < page.index("DAC Est") and "tel:0145000000" in page


def test_the_paper_is_a_pdf_that_names_nobody_outside_and_its_print_is_traced(client, cast, jeanne):
    login(client, cast.ines)

    answer = client.get(url(cast.madeleine_record, "imprimer/"))

    assert answer.headers["Content-Type"] == "application/pdf"
    assert "no-store" in answer.headers["Cache-Control"]
    assert b"".join(answer.streaming_content).startswith(b"%PDF-")
    assert "LEROUX" not in answer.headers["Content-Disposition"].upper()
    with walls_down():
        traced = AuditEntry.objects.get(action="emergency_sheet.print", user_id=cast.ines.user_id)
    assert traced.patient_id == cast.madeleine_record.patient_id


def test_its_code_holds_one_address_that_opens_nothing_without_login(client, cast):
    address = f"{settings.BASE_URL}{url(cast.madeleine_record)}"
    with rls.acting(cast.ines):
        opened = open_record(cast.ines, cast.madeleine_record.pk)
        told = sheet_queries.printed(cast.ines, sheet_queries.emergency_sheet(cast.ines, opened), opened)

    assert told["qr"] == segno.make(address, error="m", micro=False).svg_inline(border=0)
    asked = client.get(url(cast.madeleine_record))
    assert asked.status_code == 302 and asked.headers["Location"].startswith("/connexion/")


def test_who_opened_the_record_in_emergency_prints_it_and_the_log_says_so(client, cast, jeanne):
    login(client, cast.urgentiste)
    assert client.get(url(cast.madeleine_record)).status_code == 404
    team.open_in_emergency(
        cast.urgentiste, cast.madeleine_record.patient_id, reason="Coma, contacts inconnus"
    )

    assert "Jeanne LEROUX" in client.get(url(cast.madeleine_record)).content.decode()
    assert client.get(url(cast.madeleine_record, "imprimer/")).status_code == 200
    with walls_down():
        entry = AuditEntry.objects.get(action="emergency_sheet.print")
    assert entry.purpose == "break_glass"


def test_the_patient_prints_her_own_and_a_relative_hers_alone(client, cast, jeanne):
    with walls_down():
        mother = represented_by(cast.leon_record, "Odile", DelegationBasis.GUARDIANSHIP)
    for actor, name in ((cast.madeleine, "Madeleine"), (mother, "Leon")):
        login(client, actor)
        page = client.get("/mon-dossier/fiche-urgence/").content.decode()
        assert name in page and ("Jeanne LEROUX" in page) == (actor is cast.madeleine)
        printed = client.get("/mon-dossier/fiche-urgence/imprimer/")
        assert b"".join(printed.streaming_content).startswith(b"%PDF-")
    login(client, mother)
    assert client.get(url(cast.madeleine_record)).status_code == 404


def test_a_profession_that_reads_no_medical_data_is_told_what_is_left_out(client, cast):
    for name, told in (("ines", False), ("samira", True)):
        login(client, cast.actors[name])
        page = client.get(url(cast.madeleine_record)).content.decode()
        assert ("directives et mesures n’y sont pas" in page) == told, name


def test_limits_of_care_then_allergies_come_first_with_who_said_them(client, cast, jeanne):
    added(cast.amar, cast.madeleine_record, directive())
    added(cast.amar, cast.madeleine_record, allergy())
    added(cast.amar, cast.madeleine_record, allergy("Iode"), level=Confidentiality.MYSELF)
    added(cast.ines, cast.madeleine_record, weight("61.4"))
    declared(cast.madeleine, cast.madeleine_record, allergy("Arachide"))
    login(client, cast.ines)

    page = client.get(url(cast.madeleine_record)).content.decode().split("<main")[1]

    places = [page.index(said) for said in ("Ne pas réanimer", "Pénicilline", "Jeanne LEROUX", "DAC Est")]
    assert places == sorted(places)
    assert "Arachide (déclaré, non confirmé)" in page and "61,4\u00a0kg" in page
    assert "Aucun traitement n’est inscrit" in page and "Iode" not in page
    login(client, cast.samira)
    page = client.get(url(cast.madeleine_record)).content.decode()
    assert "Pénicilline" not in page and "Ne pas réanimer" not in page and "Jeanne LEROUX" in page


def test_a_full_record_fits_on_one_page(cast, jeanne):
    for said in (
        *(allergy(f"Produit {number}", reaction="Œdème du visage") for number in range(4)),
        directive(),
        directive(DirectiveKind.ADVANCE_DIRECTIVES, text="Rester chez moi. " * 8, kept_at="Chez sa fille"),
        *(SaidCondition(name=f"Maladie chronique {number}", onset_year=2019) for number in range(6)),
        weight(),
    ):
        added(cast.amar, cast.madeleine_record, said)
    way = {
        "building_name": "C",
        "interphone": "LEROUX",
        "elevator": "Escalier B",
        "key_box": "À gauche, 1937",
    }
    said_of_home(cast.madeleine, cast.madeleine_record, way_in(**way, animal="Un chien, dans la cuisine"))
    with rls.acting(cast.ines):
        opened = open_record(cast.ines, cast.madeleine_record.pk)
        sheet = sheet_queries.emergency_sheet(cast.ines, opened)
        told = sheet_queries.printed(cast.ines, sheet, opened)
    told["parts"][-1]["lines"] *= 3

    assert len(told["parts"][-1]["lines"]) > sheet_queries.MOST_MEMBERS
    assert pages(printing.pdf("overview/emergency_sheet.typ", told, title="Fiche")) == 1


def test_a_circle_too_long_for_one_page_says_so(cast):
    with walls_down():
        member = cast.madeleine_record.participants.get(practitioner_id=cast.ines.person_id)
    rows = sheet_queries.members_to_call([member] * (sheet_queries.MOST_MEMBERS + 3))

    assert len(rows) == sheet_queries.MOST_MEMBERS + 1 and rows[-1].text == "Et 3\u00a0autres dans le cercle."


def test_the_sheet_costs_a_bounded_number_of_queries(cast, jeanne):
    with rls.acting(cast.ines), CaptureQueriesContext(connection) as asked:
        opened = open_record(cast.ines, cast.madeleine_record.pk)
        sheet_queries.emergency_sheet(cast.ines, opened)

    assert len(asked) <= 18
