"""The pages of choices, of the SAMU, of the kept record and of the rights: who opens them, and what they do."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from terresante.care_team import actions, matrix
from terresante.care_team.actions import GivenConsent
from terresante.care_team.enums import ConsentGround, DataClass, RoleGroup
from terresante.care_team.tests.test_regime import NEWCOMER, PROOF, REASON, WHY
from terresante.directory.models import PractitionerRole
from terresante.kernel.switch_changes import change
from terresante.patients.enums import InformationSupport
from terresante.patients.models import CareRecord, Patient
from tests.cast import client_of, shared_record
from tests.walls import walls_down

pytestmark = pytest.mark.commits

TYPED = {
    "birth_name": "VAUTRIN",
    "birth_given_names": "SOLANGE",
    "birth_date": "09/06/1951",
    "sex": "F",
    "birth_place": "Lieu inconnu (99999)",
}


@pytest.fixture
def administers(cast, administrator):
    with walls_down():
        PractitionerRole.objects.filter(practitioner_id=cast.dpo.person_id).update(duties=["administrator"])
    return administrator


def right(group, data_class):
    return reverse("care_team:change_right", args=[group.value, data_class.value])


def test_rights_are_the_administrators_alone(cast):
    for actor in (cast.amar, cast.dpo, cast.identito, cast.madeleine):
        client = client_of(actor)
        for page in (
            reverse("care_team:rights"),
            reverse("care_team:change_regime"),
            right(RoleGroup.NURSE, DataClass.CARE),
        ):
            assert client.get(page).status_code == 403
            assert client.post(page, {"value": "none", "reason": WHY}).status_code in (403, 405)


def test_an_administrator_changes_a_right_says_why_and_reads_what_was_changed(administers):
    client, page = client_of(administers), right(RoleGroup.NURSE, DataClass.CARE)
    assert client.get(page).status_code == 200
    assert client.post(page, {"value": "none", "reason": "non"}).status_code == 422
    assert client.post(page, {"value": "XX", "reason": WHY}).status_code == 422
    assert client.post(page, {"value": "none", "reason": WHY}).status_code == 302

    for shown in (page, reverse("care_team:rights")):
        text = client.get(shown).content.decode()
        assert WHY in text and administers.name in text
    assert "Modifié" in client.get(reverse("care_team:rights")).content.decode()
    fixed = client.get(right(RoleGroup.SECRETARY, DataClass.MEDICAL)).content.decode()
    assert "R. 1110-2" in fixed and "ne se change pas" in fixed
    assert client.get(reverse("care_team:change_right", args=["nurse", "unknown"])).status_code == 404


def test_what_a_right_takes_away_is_gone_from_pages_at_the_next_click(cast, administers):
    nurse = client_of(cast.ines)
    page = reverse("care_team:circle", args=[cast.madeleine_record.pk])
    add = reverse("care_team:add_member", args=[cast.madeleine_record.pk])
    assert nurse.get(add).status_code == 200

    change(administers, matrix.code_of(RoleGroup.NURSE, DataClass.CIRCLE), "R", WHY)
    assert nurse.get(page).status_code == 200
    assert nurse.get(add).status_code == 403
    assert client_of(cast.amar).get(add).status_code == 200


def test_the_page_of_a_call_is_the_regulators_alone(samu):
    page = reverse("care_team:open_for_call", args=[samu.madeleine_record.patient_id])
    for actor in (samu.amar, samu.arm, samu.urgentiste, samu.madeleine):
        assert client_of(actor).get(page).status_code == 403
    client = client_of(samu.lea)
    assert "Solange" not in client.get(page).content.decode()
    assert client.post(page, {"reason": "appel"}).status_code == 422
    opened = client.post(page, {"reason": REASON})
    assert opened.status_code == 302
    assert "Appel au SAMU" in client.get(opened.headers["Location"]).content.decode()


def test_neither_door_names_the_person_of_a_kept_record(samu):
    record = actions.create_kept_record(samu.samira, traits=NEWCOMER)
    for actor, name in ((samu.lea, "open_for_call"), (samu.urgentiste, "break_glass")):
        answer = client_of(actor).get(reverse(f"care_team:{name}", args=[record.patient_id]))
        assert answer.status_code == 404
        assert "VAUTRIN" not in answer.content.decode().upper()


def test_a_coordinator_keeps_a_record_then_opens_it(cast):
    client = client_of(cast.samira)
    asked = client.post(reverse("overview:new_patient"), TYPED)
    assert "Créer un dossier non partagé" in asked.content.decode()
    assert (
        "non partagé"
        not in client_of(cast.amar).post(reverse("overview:new_patient"), TYPED).content.decode()
    )
    assert (
        client_of(cast.amar).post(reverse("overview:new_patient"), {**TYPED, "kept": "yes"}).status_code
        == 403
    )
    kept = client.post(reverse("overview:new_patient"), {**TYPED, "kept": "yes"})
    assert kept.status_code == 302

    with walls_down():
        record = CareRecord.objects.get(kept_by__isnull=False)
    page = reverse("care_team:share_kept", args=[record.pk])
    assert client.get(reverse("overview:information", args=[record.pk])).headers["Location"] == page
    assert client_of(cast.amar).get(page).status_code == 404
    shown = client.get(page).content.decode()
    assert "Une fois ouvert" in shown and "restent réservées" in shown
    wrong = {
        "given_on": "2999-01-01",
        "given_by": str(cast.samira.person_id),
        "support": InformationSupport.ORAL_WITH_NOTICE,
    }
    assert client.post(page, wrong).status_code == 422
    right_one = {**wrong, "given_on": f"{timezone.localdate()}", "given_by": str(cast.colin.person_id)}
    assert client.post(page, right_one).status_code == 302
    with walls_down():
        record.refresh_from_db()
    assert (record.is_shared, record.kept_by_id) == (True, None)


def test_the_refusal_of_any_record_is_said_on_the_page_of_a_new_patient(cast):
    client = client_of(cast.amar)
    oppose = reverse("overview:oppose_creation")
    assert client.post(oppose, {}).status_code == 422
    assert client.post(oppose, {**TYPED, "confirm": "yes", "proof": ""}).status_code == 422
    assert client.post(oppose, {**TYPED, "confirm": "yes", "proof": PROOF}).status_code == 302
    with walls_down():
        patient = Patient.objects.get(birth_name="VAUTRIN")

    asked = client.post(reverse("overview:new_patient"), TYPED).content.decode()
    assert "s’est opposée à la création" in asked
    known = {**TYPED, "known": str(patient.pk)}
    assert client.post(reverse("overview:new_patient"), known).status_code == 403
    assert (
        client.post(
            reverse("overview:allow_creation"), {**known, "confirm": "yes", "proof": PROOF}
        ).status_code
        == 302
    )
    assert client.post(reverse("overview:new_patient"), known).status_code == 302


def test_under_the_regime_of_2019_the_pages_ask_for_the_consent(cast, administers):
    change(administers, "legal_regime", "consent", WHY)
    client = client_of(cast.amar)
    create = {**TYPED, "create": "yes"}
    assert (
        "Consentement à la création" in client.post(reverse("overview:new_patient"), TYPED).content.decode()
    )
    assert client.post(reverse("overview:new_patient"), create).status_code == 422
    agreed = {"ground": "given", "consented_at": "2026-01-05", "proof": PROOF, "consent_support": "written"}
    founded = client.post(reverse("overview:new_patient"), {**create, **agreed})
    assert founded.status_code == 302
    inform = {"support": InformationSupport.ORAL_WITH_NOTICE, "given_on": "2026-01-05"}
    assert client.post(founded.headers["Location"], inform).status_code == 422
    assert client.post(founded.headers["Location"], {**inform, **agreed}).status_code == 302

    page = client.get(reverse("overview:record", args=[cast.madeleine_record.pk])).content.decode()
    assert "Consentement à recueillir" in page
    listed = client.get(reverse("care_team:to_ask")).content.decode()
    assert "Madeleine" in listed and "VAUTRIN" not in listed.upper()
    sharing = reverse("care_team:sharing_consent", args=[cast.madeleine_record.pk])
    assert client.post(sharing, {"proof": ""}).status_code == 422
    assert client.post(sharing, agreed).status_code == 302
    assert "Madeleine" not in client.get(reverse("care_team:to_ask")).content.decode()


def test_what_is_owed_to_who_could_not_be_asked_is_listed_and_recorded(cast):
    unable = GivenConsent(
        proof="coma, famille avertie", ground=ConsentGround.UNABLE, inform_by=timezone.localdate()
    )
    choice = actions.record_sharing_consent(cast.amar, cast.madeleine_record.pk, consent=unable)
    client = client_of(cast.amar)
    page = reverse("care_team:inform_later", args=[cast.madeleine_record.pk, choice.pk])
    assert "Madeleine" in client.get(reverse("care_team:to_ask")).content.decode()
    assert client_of(cast.brun).get(page).status_code == 404
    assert client.post(page, {"proof": "x"}).status_code == 422
    assert client.post(page, {"proof": "entretien au réveil"}).status_code == 302
    assert client.get(page).status_code == 404
    assert "Madeleine" not in client.get(reverse("care_team:to_ask")).content.decode()


def test_the_list_of_consents_to_ask_for_costs_the_same_with_more_records(cast, administers):
    change(administers, "legal_regime", "consent", WHY)
    client, page = client_of(cast.amar), reverse("care_team:to_ask")
    client.get(page)
    with CaptureQueriesContext(connection) as few:
        client.get(page)
    with walls_down():
        for number in range(12):
            shared_record(cast.amar, f"NOM{'ABCDEFGHIJKL'[number]}", "LOUISE", date(1951, 6, 9))
    with CaptureQueriesContext(connection) as more:
        client.get(page)

    assert len(more) == len(few)
