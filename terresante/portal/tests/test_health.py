"""« Ma santé »: what the person reads of hers, what she says of it, and who may say it for her."""

import pytest
from django.db import connection

from terresante.care_team.enums import Confidentiality
from terresante.feed.models import FeedItem
from terresante.health_record.actions import judge_line
from terresante.health_record.enums import Verification
from terresante.health_record.models import AllergyIntolerance, CareDirective, Observation
from terresante.health_record.tests.factories import added, allergy, declared, directive
from terresante.kernel import rls
from terresante.kernel.models import AuditEntry
from terresante.patients.enums import DelegationBasis
from tests.cast import login, represented_by
from tests.walls import dispatched, walls_down

pytestmark = pytest.mark.commits
HOME = "/mon-dossier/ma-sante/"
SAID = {
    "allergies": {
        "substance": "Arachide",
        "category": "food",
        "reaction": "Visage gonflé",
        "criticality": "high",
    },
    "mesures": {"code": "85354-9", "value": "128", "low_value": "75", "effective_at": "2026-11-20T08:30"},
    "directives": {"text": "Pas d’acharnement", "kept_at": "Dans le buffet", "decided_on": "2026-01-05"},
}


def test_the_person_says_an_allergy_a_measure_and_her_directives(client, cast):
    login(client, cast.madeleine)
    for kind, sent in SAID.items():
        assert client.get(f"{HOME}{kind}/").status_code == 200
        assert client.post(f"{HOME}{kind}/", sent).status_code == 302, kind

    page = client.get(HOME).content.decode()

    for said in ("Arachide", "128/75\u00a0mmHg", "Pas d’acharnement", "Dans le buffet", "Dit par vous"):
        assert said in page
    assert page.count("Pas encore confirmé") == 3
    with walls_down():
        lines = [model.objects.get() for model in (AllergyIntolerance, Observation, CareDirective)]
        assert {line.verification_status for line in lines} == {"unconfirmed"}
        assert AuditEntry.objects.filter(action="health.declare", user_id=cast.madeleine.user_id).count() == 3


def test_what_cannot_be_is_said_in_her_words_and_writes_nothing(client, cast):
    login(client, cast.madeleine)

    for kind, wrong in (
        ("mesures", {**SAID["mesures"], "value": "1280"}),
        ("mesures", {**SAID["mesures"], "low_value": ""}),
        ("mesures", {**SAID["mesures"], "value": "beaucoup"}),
        ("allergies", {**SAID["allergies"], "substance": " "}),
        ("directives", {**SAID["directives"], "decided_on": "2199-01-01"}),
    ):
        assert client.post(f"{HOME}{kind}/", wrong).status_code == 422, wrong
    assert client.get(f"{HOME}vaccinations/").status_code == 404
    with walls_down():
        assert not Observation.objects.exists() and not AllergyIntolerance.objects.exists()


def test_who_represents_her_says_it_in_her_record_and_a_carer_neither_says_nor_reads(client, cast):
    with walls_down():
        guardian = represented_by(cast.madeleine_record, "Odile", DelegationBasis.GUARDIANSHIP)
        carer = represented_by(cast.madeleine_record, "Paul", DelegationBasis.CARER)
    added(cast.amar, cast.madeleine_record)
    login(client, guardian)
    assert client.post(f"{HOME}allergies/", SAID["allergies"]).status_code == 302
    assert "Dit par Odile" in client.get(HOME).content.decode()
    with walls_down():
        line = AllergyIntolerance.objects.get(substance="Arachide")
    assert (line.patient_id, line.origin) == (cast.madeleine_record.patient_id, "representative")

    login(client, carer)
    assert client.get(HOME).status_code == 403
    assert client.post(f"{HOME}allergies/", {**SAID["allergies"], "substance": "Iode"}).status_code == 403


def test_she_reads_what_is_shown_to_her_and_nobody_else_s(client, cast):
    added(cast.amar, cast.madeleine_record)
    added(cast.amar, cast.madeleine_record, directive(), level=Confidentiality.CIRCLE)
    added(cast.brun, cast.leon_record, allergy("Latex"))
    login(client, cast.madeleine)

    page = client.get(HOME).content.decode()

    assert "Pénicilline" in page and "Ne pas réanimer" not in page and "Latex" not in page
    login(client, cast.leon)
    page = client.get(HOME).content.decode()
    assert "Latex" in page and "Pénicilline" not in page


def test_a_professional_has_no_page_of_his_own_health(client, cast):
    login(client, cast.amar)

    assert client.get(HOME).status_code == 403
    assert client.post(f"{HOME}allergies/", SAID["allergies"]).status_code == 403


def line_of(substance):
    with walls_down():
        return AllergyIntolerance.objects.get(substance=substance, is_current=True)


def test_she_takes_back_what_nobody_has_vouched_for_and_nothing_else(client, cast):
    said = declared(cast.madeleine, cast.madeleine_record, allergy("Arachide"))
    kept = declared(cast.madeleine, cast.madeleine_record, allergy("Latex"))
    dispatched()
    judge_line(cast.amar, kept.record_id, kept.pk, model=AllergyIntolerance, verdict=Verification.CONFIRMED)
    login(client, cast.madeleine)
    page = client.get(HOME).content.decode()
    assert page.count("Retirer<") == 1

    client.post(f"{HOME}allergies/{said.pk}/retirer/")
    client.post(f"{HOME}allergies/{line_of('Latex').pk}/retirer/")
    dispatched()

    assert "Arachide" not in client.get(HOME).content.decode()
    taken, confirmed = line_of("Arachide"), line_of("Latex")
    assert (taken.verification_status, taken.version, taken.author_id) == ("entered-in-error", 2, None)
    assert (taken.replaces_id, taken.set_id, confirmed.verification_status) == (said.pk, said.pk, "confirmed")
    with walls_down():
        assert not FeedItem.objects.filter(object_id=said.pk).exists()
        assert AuditEntry.objects.filter(action="health.take_back", object_id=said.pk).count() == 1


def test_nobody_takes_back_what_another_said(client, cast):
    with walls_down():
        guardian = represented_by(cast.madeleine_record, "Odile", DelegationBasis.GUARDIANSHIP)
        carer = represented_by(cast.madeleine_record, "Paul", DelegationBasis.CARER)
    hers = declared(cast.madeleine, cast.madeleine_record, allergy("Arachide"))

    for actor in (cast.leon, guardian, carer, cast.amar):
        login(client, actor)
        client.post(f"{HOME}allergies/{hers.pk}/retirer/")
        # By SQL of one's own too, in the record that one may open.
        with rls.acting(actor), connection.cursor() as cursor:
            rls.open_record(hers.patient_id)
            cursor.execute("SELECT take_back_declaration('allergies', %s, 'x', 'y')", [hers.pk])
            assert cursor.fetchone() == (None,), actor.name
    assert line_of("Arachide").pk == hers.pk
