"""The pages of a record, without JavaScript: what they offer, to whom, at what cost."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from terresante.kernel.actor import Actor
from terresante.kernel.ids import new_id
from terresante.questionnaires.models import QuestionnaireResponse
from terresante.questionnaires.pathway import folder
from terresante.questionnaires.pathway_actions import load
from terresante.questionnaires.tests.factories import QUESTIONNAIRE, files
from terresante.telemonitoring.models import AnswerLink, Contact, FollowUp
from terresante.telemonitoring.tests.factories import followed, pathway, stored_follow_up
from tests.cast import client_of
from tests.walls import walls_down

pytestmark = pytest.mark.commits
SHIPPED = Path(__file__).parents[2] / "questionnaires" / "shipped"


def page(actor, view, /, *keys, query="", **posted):
    url = reverse(f"telemonitoring:{view}", args=keys)
    client = client_of(actor)
    return client.post(url, posted) if posted else client.get(f"{url}{query}")


def text_of(response):
    return response.content.decode().replace("\u00a0", " ")


def test_enrolment_from_the_first_page_to_the_code(cast, watch, sms):
    version, record = pathway(), cast.madeleine_record
    assert "Suivi d’essai" in text_of(page(cast.amar, "enrol", record.pk))

    asked = text_of(page(cast.amar, "enrol", record.pk, query=f"?parcours={version.pk}"))
    assert "Centre de télésuivi Est" in asked
    assert "non validés cliniquement" in asked
    assert "Verront ce télésuivi" in asked

    posted = {
        "parcours": version.pk,
        "id": new_id(),
        "anchor_on": timezone.localdate().isoformat(),
        "cell": watch.cell.pk,
        "respondent": "patient",
        "carer_name": "",
        "phone": "06 39 98 12 34",
    }
    wrong = page(cast.amar, "enrol", record.pk, **{**posted, "phone": "12"})
    assert wrong.status_code == 422
    preview = page(cast.amar, "enrol", record.pk, **posted, recompute="1")
    assert (preview.status_code, "Questionnaires prévus" in text_of(preview)) == (200, True)
    with walls_down():
        assert not FollowUp.objects.exists()

    done = page(cast.amar, "enrol", record.pk, **posted)

    with walls_down():
        follow_up, link = FollowUp.objects.get(), AnswerLink.objects.get()
    said = text_of(done)
    assert "Un SMS part au 06 39 98 12 34" in said
    token = said.partition('name="token" value="')[2].partition('"')[0]
    code = said.partition('name="code" value="')[2].partition('"')[0]
    assert len(code) == 6
    sheet = page(cast.amar, "notice", record.pk, follow_up.pk, token=token, code=code)
    assert b"".join(sheet.streaming_content).startswith(b"%PDF")
    assert page(cast.amar, "notice", record.pk, follow_up.pk, token=token, code="000000").status_code == 409
    assert page(cast.brun, "notice", record.pk, follow_up.pk, token=token, code=code).status_code == 404
    again = text_of(page(cast.ines, "one", record.pk, follow_up.pk))
    assert code not in again
    assert "ouvert jusqu’au" in again
    assert link.sent_to == "+33639981234"
    twice = text_of(page(cast.amar, "enrol", record.pk, query=f"?parcours={version.pk}"))
    assert "a déjà un télésuivi de ce parcours" in twice


def test_the_inclusion_questionnaire_is_answered_with_the_enrolment_and_stays_off_the_board(cast, watch):
    inclusion = json.dumps({**QUESTIONNAIRE, "name": "inclusion", "title": "À l’inclusion"})
    toml = files("avec")["pathway.toml"].replace(
        "[delays]", '[enrolment]\nquestionnaire = "inclusion"\n[delays]'
    )
    version = pathway("avec", **{"questionnaires/inclusion.json": inclusion, "pathway.toml": toml})
    posted = {
        "parcours": version.pk,
        "id": new_id(),
        "anchor_on": timezone.localdate().isoformat(),
        "cell": watch.cell.pk,
        "respondent": "operator",
    }
    record = cast.madeleine_record
    wrong = page(cast.amar, "enrol", record.pk, **posted, **{"q-temperature": "98", "q-sommeil": "bon"})
    assert wrong.status_code == 422

    done = page(cast.amar, "enrol", record.pk, **posted, **{"q-temperature": "40", "q-sommeil": "bon"})

    with walls_down():
        follow_up, answer = FollowUp.objects.get(), QuestionnaireResponse.objects.get()
    assert done.status_code == 302
    assert (follow_up.baseline, follow_up.colour) == ({"temperature": 40, "sommeil": "bon"}, "grey")
    assert (answer.follow_up_id, answer.form) == (follow_up.pk, "inclusion")


def test_the_date_of_reference_is_asked_once(cast, watch):
    """The shipped pathway asks for the day of the symptoms in its own questionnaire too."""
    version, _ = load(Actor.job("tests"), folder(SHIPPED / "covid-adulte"))
    asked = text_of(page(cast.amar, "enrol", cast.madeleine_record.pk, query=f"?parcours={version.pk}"))
    assert asked.count("Date des premiers symptômes") == 1
    posted = {
        "parcours": version.pk,
        "id": new_id(),
        "status": "testé positif",
        "anchor_on": timezone.localdate().isoformat(),
        "cell": watch.cell.pk,
        "respondent": "operator",
        "q-facteurs": "none",
        "q-bpco": "false",
        "q-oxymetre": "true",
        "q-thermometre": "true",
    }
    page(cast.amar, "enrol", cast.madeleine_record.pk, **posted)
    with walls_down():
        assert timezone.localdate().isoformat() in FollowUp.objects.get().baseline.values()


def test_pages_cost_the_same_with_forty_follow_ups_and_a_hundred_contacts(cast, watch):
    record = cast.madeleine_record
    first = followed(cast.amar, record, watch.cell).follow_up

    def cost(name, *keys):
        client = client_of(cast.amar)
        client.get(reverse(f"telemonitoring:{name}", args=keys))
        with CaptureQueriesContext(connection) as asked:
            client.get(reverse(f"telemonitoring:{name}", args=keys))
        return len(asked)

    few = cost("list", record.pk), cost("one", record.pk, first.pk)
    with walls_down():
        for _ in range(40):
            stored_follow_up(record.patient_id, record.pk, watch.cell.organization_id)
        Contact.objects.bulk_create(
            Contact(
                patient_id=record.patient_id, record=record, follow_up=first, name=f"C{n}", added_by_name="A"
            )
            for n in range(100)
        )
    assert (cost("list", record.pk), cost("one", record.pk, first.pk)) == few
    assert max(few) < 45


def test_what_is_done_to_a_follow_up_is_done_from_its_page(cast, watch):
    record = cast.madeleine_record
    follow_up = followed(cast.amar, record, watch.cell).follow_up
    keys = (record.pk, follow_up.pk)
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()

    assert page(cast.amar, "move", *keys, anchor_on=tomorrow).status_code == 302
    assert page(cast.amar, "move", *keys, anchor_on=tomorrow).status_code == 422
    assert page(cast.amar, "suspend", *keys, words="Vacances").status_code == 302
    assert page(cast.amar, "resume", *keys, sent="1").status_code == 302
    assert page(cast.amar, "add_contact", *keys, name="Paul PETIT", hides_index="on").status_code == 302
    with walls_down():
        contact = Contact.objects.get()
    assert page(cast.amar, "contact", record.pk, contact.pk, status="reached").status_code == 302
    assert "Paul PETIT" in text_of(page(cast.ines, "one", *keys))
    # The cell's nurse ends it: she is then out, and led to her own page.
    ended = page(watch.operator, "end", *keys, reason="recovered", words="")
    assert ended.url == reverse("overview:home")
    assert page(watch.operator, "one", *keys).status_code == 404
    assert "terminé" in text_of(page(cast.amar, "list", record.pk))
