"""« Mes documents »: what the circle shows to the person, and to who acts for her."""

import pytest

from terresante.care_team.enums import Confidentiality
from terresante.documents.actions import share_document, withdraw_document
from terresante.documents.enums import DocumentType
from terresante.documents.tests.factories import filed
from terresante.patients.enums import DelegationBasis
from tests.cast import login, represented_by
from tests.walls import walls_down

pytestmark = pytest.mark.commits
LIST = "/mon-dossier/documents/"


def page_of(client, actor, address=LIST):
    login(client, actor)
    return client.get(address)


def test_the_person_reads_what_is_shared_and_nothing_of_the_rest(client, cast):
    shown = filed(cast.amar, cast.madeleine_record, "Lettre visible")
    hidden = filed(cast.amar, cast.madeleine_record, "Lettre cachée", level=Confidentiality.CIRCLE)
    private = filed(cast.amar, cast.madeleine_record, "Lettre interne", level=Confidentiality.STRUCTURE)
    gone = filed(cast.amar, cast.madeleine_record, "Lettre retirée")
    withdraw_document(cast.amar, gone.record_id, gone.pk, reason="Erreur")
    other = filed(cast.brun, cast.leon_record, "Lettre de Léon")

    text = page_of(client, cast.madeleine).content.decode()

    assert "Lettre visible" in text
    for title in ("cachée", "interne", "retirée", "de Léon"):
        assert title not in text
    statuses = {
        row.title: page_of(client, cast.madeleine, f"{LIST}{row.pk}/").status_code
        for row in (shown, hidden, private, gone, other)
    }
    assert statuses.pop("Lettre visible") == 200
    assert statuses.pop("Lettre retirée") == 403 and set(statuses.values()) == {404}


def test_what_is_shared_appears_and_what_is_no_longer_goes(client, cast):
    row = filed(cast.amar, cast.madeleine_record, "Résultat", level=Confidentiality.CIRCLE)
    assert "Aucun document" in page_of(client, cast.madeleine).content.decode()

    share_document(cast.amar, row.record_id, row.pk, shared=True)
    assert "Résultat" in page_of(client, cast.madeleine).content.decode()
    share_document(cast.amar, row.record_id, row.pk, shared=False)
    assert "Résultat" not in page_of(client, cast.madeleine).content.decode()


def test_what_the_person_has_not_opened_yet_is_marked_for_her_alone(client, cast):
    row = filed(cast.amar, cast.madeleine_record, "Résultat", level=Confidentiality.CIRCLE_AND_PATIENT)
    with walls_down():
        guardian = represented_by(cast.madeleine_record, "Odile", DelegationBasis.GUARDIANSHIP)
    assert "Nouveau</span>" in page_of(client, cast.madeleine).content.decode()

    page_of(client, cast.madeleine, f"{LIST}{row.pk}/")
    assert "Nouveau</span>" not in page_of(client, cast.madeleine).content.decode()
    assert "Nouveau</span>" in page_of(client, guardian).content.decode()


def test_a_carer_reads_the_documents_of_what_was_opened_to_him(client, cast):
    with walls_down():
        carer = represented_by(cast.madeleine_record, "Lucie", DelegationBasis.CARER, scope=("care",))
    care = filed(cast.amar, cast.madeleine_record, "Note de transfert", type=DocumentType.TRANSFER_NOTE)
    medical = filed(cast.amar, cast.madeleine_record, "Lettre", type=DocumentType.DISCHARGE_LETTER)

    assert "Note de transfert" in page_of(client, carer).content.decode()
    assert page_of(client, carer, f"{LIST}{care.pk}/").status_code == 200
    assert page_of(client, carer, f"{LIST}{medical.pk}/").status_code == 404


def test_a_professional_has_no_such_page(client, cast):
    assert page_of(client, cast.amar).status_code == 403


def test_who_finds_nothing_is_told_where_to_go_in_words_of_his_own(client, cast):
    with walls_down():
        carer = represented_by(cast.madeleine_record, "Lucie", DelegationBasis.CARER)
    unknown = f"{LIST}{cast.leon_record.pk}/"
    for actor, address, status in (
        (cast.madeleine, unknown, 404),
        (carer, unknown, 404),
        (carer, "/mon-dossier/ma-sante/", 403),
    ):
        answer = page_of(client, actor, address)
        said = answer.content.decode().split("<main")[1].split("</main")[0]
        assert answer.status_code == status, (actor.name, address)
        assert "l’accueil" in said and "votre structure" not in said and "le patient" not in said

    answer = page_of(client, cast.amar, f"/dossiers/{cast.leon_record.pk}/")
    assert answer.status_code == 404 and "Cherchez le patient par son nom" in answer.content.decode()
