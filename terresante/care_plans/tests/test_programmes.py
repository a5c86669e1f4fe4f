"""What the project leads of the structure in charge see and do, through their screens; and who is refused there."""

import json
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from terresante.accounts.models import User
from terresante.care_plans import programme_actions, step_actions
from terresante.care_plans.models import (
    BillableSequence,
    InvoiceBatch,
    PlannedStep,
    Programme,
    ProgrammeVersion,
)
from terresante.care_plans.tests.factories import CRITERION, included, lead_of, published
from terresante.directory.models import PractitionerRole
from terresante.kernel import rls
from terresante.kernel.errors import Conflict, NotFound, Refused
from terresante.kernel.models import AuditEntry
from terresante.kernel.ui.wording import french
from terresante.questionnaires.tests.factories import QUESTIONNAIRE, published_version
from tests.walls import walls_down

pytestmark = pytest.mark.commits
ROOT = "/administration/programmes/"


def login(client, actor, *, leads=True):
    with walls_down():
        duties = ["programme_lead"] if leads else []
        PractitionerRole.objects.filter(practitioner_id=actor.person_id).update(duties=duties)
    client.force_login(User.objects.get(pk=actor.user_id))


def step_done(actor, record, inclusion, key, day):
    with walls_down():
        step = PlannedStep.objects.get(inclusion_id=inclusion.pk, key=key, round=1)
    with rls.acting(actor):
        step_actions.do_step(actor, record.pk, step.pk, on=day)


@pytest.fixture
def billed(cast):
    """A programme of DAC Est, in which Madeleine and Léon are; one sequence of hers is complete."""
    programme = published(lead_of(cast.colin), title="=Cœur")
    hers = included(cast.ines, cast.madeleine_record, programme, days_ago=100)
    included(cast.jules, cast.leon_record, programme, days_ago=10)
    step_done(cast.ines, cast.madeleine_record, hers, "e3", timezone.localdate() - timedelta(days=5))
    return programme, hers


def test_a_lead_of_another_structure_a_colleague_and_an_administrator_reach_nothing(client, cast, billed):
    """Samira works in the structure in charge without the duty; Dr Brun leads his own programme elsewhere."""
    programme, hers = billed
    other = published(lead_of(cast.brun))
    with rls.acting(lead_of(cast.colin)):
        batch = programme_actions.invoice(lead_of(cast.colin), programme.pk, until=timezone.localdate())
    pages = (
        *("", "general/", "etapes/", "etapes/e1/", "sequences/s1/", "facturation/"),
        *("facturation/sequences.csv", "facturation/inclusions.csv", f"facturation/{batch.pk}.csv"),
    )
    for actor, leads in (
        (cast.brun, True),
        (cast.samira, False),
        (cast.ines, False),
        (cast.madeleine, False),
    ):
        login(client, actor, leads=leads) if actor is not cast.madeleine else client.force_login(
            User.objects.get(pk=actor.user_id)
        )
        for page in pages:
            answer = client.get(f"{ROOT}{programme.pk}/{page}")
            assert answer.status_code in (403, 404), (actor.name, page)
            assert hers.reference not in answer.content.decode()
        assert client.post(f"{ROOT}{programme.pk}/publier/").status_code in (403, 404)
        assert client.post(f"{ROOT}{programme.pk}/facturation/", {"until": "2026-01-01"}).status_code in (
            403,
            404,
        )
    login(client, cast.brun)
    assert client.get(f"{ROOT}{other.pk}/facturation/").status_code == 200
    assert client.get(f"{ROOT}{other.pk}/facturation/{batch.pk}.csv").status_code == 404
    lists = client.get(ROOT).content.decode()
    assert "Insuffisance cardiaque" in lists and "Cœur" not in lists


def test_a_programme_is_written_in_screens_published_and_kept(client, cast):
    login(client, cast.colin)
    general = {
        "title": "Insuffisance cardiaque",
        "legal_ground": "article_51",
        "data_class": "care",
        "criteria": f"{CRITERION}\n\n",
        "age_from": "18 ans",
        "places": "94, 75013",
        "included_by": ["nurse", "physician"],
    }
    made = client.post(f"{ROOT}nouveau/", general, follow=True)
    programme = Programme.objects.get()
    here = f"{ROOT}{programme.pk}/"
    assert "n’a pas encore d’étape" in made.content.decode()
    for step in (
        {"title": "Annonce", "role": "physician", "delay": "7", "after": ""},
        {"title": "Visite", "role": "nurse", "delay": "14", "after": "e1"},
    ):
        assert client.post(f"{here}etapes/", step).status_code == 302
    looped = client.post(
        f"{here}etapes/e1/", {"title": "Annonce", "role": "physician", "delay": "7", "after": "e2"}
    )
    assert looped.status_code == 422 and french("« Visite » → « Annonce »") in looped.content.decode()
    kept = client.post(f"{here}etapes/e1/", {"remove": "1"})
    assert kept.status_code == 422 and french("l’étape « Visite »") in kept.content.decode()
    sequence = {"label": "Forfait", "steps": ["e1", "e2"], "fee": "150,50", "times": "1"}
    uncounted = client.post(f"{here}sequences/", {**sequence, "times": ""}).content.decode()
    assert "Donnez un nombre de fois" in uncounted and "Ce champ est obligatoire" not in uncounted
    assert client.post(f"{here}sequences/", sequence).status_code == 302
    shown = client.post(f"{here}publier/", follow=True).content.decode()

    assert (
        "La version 1 est en vigueur" in shown
        and "150,50" in shown
        and "14\u00a0jours après « Annonce »" in shown
    )
    version = ProgrammeVersion.objects.get()
    assert version.read().bounds.places == ("94", "75013") and version.published_by_name == cast.colin.name
    assert client.get(f"{here}etapes/e1/").status_code == 409, "a published version changes no more"
    assert client.post(f"{here}version/").status_code == 302
    assert client.post(f"{here}version/").status_code == 409
    with walls_down():
        trail = AuditEntry.objects.filter(
            action="programme.manage", object_id=programme.pk, detail__has_key="what"
        )
        assert {row.detail["what"] for row in trail} >= {"created", "step", "sequence", "published", "draft"}


def test_a_programme_that_is_not_published_says_each_fault_with_the_page_where_it_is_mended(client, cast):
    login(client, cast.colin)
    general = {"title": "Cœur", "legal_ground": "none", "data_class": "care", "included_by": ["nurse"]}
    client.post(f"{ROOT}nouveau/", general)
    programme = Programme.objects.get()
    here = f"{ROOT}{programme.pk}/"
    with walls_down():
        version = ProgrammeVersion.objects.get()
        version.definition |= {
            "included_by": [],
            "steps": [
                {"key": "e2", "title": "Visite", "role": "nurse", "delay": 2, "after": "e1", "form": ""}
            ],
            "sequences": [{"key": "s1", "label": "Forfait", "steps": ["e1"], "fee": 100, "times": 1}],
        }
        version.save()

    refused = client.post(f"{here}publier/")
    page = refused.content.decode()

    assert refused.status_code == 422
    assert french("Le programme n’est pas publié : 3 points sont à corriger.") in page
    for address, where in (
        ("general/", "Présentation et critères"),
        ("etapes/e2/", "Étape « Visite »"),
        ("sequences/s1/", "Séquence « Forfait »"),
    ):
        assert f'<li><p class="mb-0"><a href="{here}{address}">{french(where)}</a>' in page.replace(
            where, french(where)
        ), where
        assert client.get(f"{here}{address}").status_code == 200
    with walls_down():
        assert ProgrammeVersion.objects.get().status == "draft"


def test_each_sequence_is_billed_in_one_batch_however_often_it_is_exported(client, cast, billed):
    programme, hers = billed
    login(client, cast.colin)
    here = f"{ROOT}{programme.pk}/facturation/"
    page = client.get(here).content.decode()
    assert hers.reference in page and "1\u00a0séquence attend" in page and "LEROUX" not in page
    today = timezone.localdate()
    assert client.post(here, {"until": (today + timedelta(days=1)).isoformat()}).status_code == 422
    assert client.post(here, {"until": today.isoformat()}).status_code == 302
    again = client.post(here, {"until": today.isoformat()})
    assert again.status_code == 422 and "Aucune séquence complète" in again.content.decode()
    step_done(cast.amar, cast.madeleine_record, hers, "e1", today)
    step_done(cast.ines, cast.madeleine_record, hers, "e2", today)
    assert client.post(here, {"until": today.isoformat()}).status_code == 302

    first, second = InvoiceBatch.objects.order_by("number")
    assert [(one.number, one.sequences, one.total) for one in (first, second)] == [
        (1, 1, 9000),
        (2, 1, 15050),
    ]
    files = [client.get(f"{here}{one.pk}.csv").content.decode() for one in (first, second, first)]
    assert files[0] == files[2] and hers.reference in files[0]
    assert files[0].splitlines()[1].split(";")[2:] == [
        *("Forfait de suivi", "1", f"{today - timedelta(days=5):%d/%m/%Y}", "90,00", "1")
    ]
    assert "Forfait d’entrée;1" in files[1] and "Forfait de suivi" not in files[1]
    whole = client.get(f"{here}sequences.csv?du=2000-01-01&au={today}").content.decode()
    assert whole.startswith("\ufeff") and len(whole.splitlines()) == 3 and ";'=Cœur;" in whole
    inclusions = client.get(f"{here}inclusions.csv?du=2000-01-01&au={today}").content.decode()
    assert len(inclusions.splitlines()) == 3 and "LEROUX" not in inclusions
    with walls_down():
        assert AuditEntry.objects.filter(action="sequence.invoice", detail__batch=1).count() == 1
        assert AuditEntry.objects.filter(action="sequence.export").count() == 5


def test_what_is_billed_is_not_done_again(cast, billed):
    programme, hers = billed
    lead = lead_of(cast.colin)
    with rls.acting(lead):
        programme_actions.invoice(lead, programme.pk, until=timezone.localdate())
    with walls_down():
        step = PlannedStep.objects.get(inclusion_id=hers.pk, key="e3", round=1)

    with pytest.raises(Conflict, match="déjà facturée"), rls.acting(cast.ines):
        step_actions.reopen_step(cast.ines, cast.madeleine_record.pk, step.pk, reason="erreur")
    with walls_down():
        assert BillableSequence.objects.get(inclusion_id=hers.pk).batch is not None


def test_the_duty_holds_for_the_structure_one_works_in(cast, billed):
    programme, _ = billed
    elsewhere = lead_of(cast.brun)
    for act in (programme_actions.publish, programme_actions.start_version):
        with pytest.raises((Refused, NotFound)), rls.acting(elsewhere):
            act(elsewhere, programme.pk)
    with pytest.raises((Refused, NotFound)), rls.acting(elsewhere):
        programme_actions.invoice(elsewhere, programme.pk, until=timezone.localdate())


def test_a_step_leads_straight_to_its_form_or_to_those_of_its_pathway(client, cast, billed):
    _, hers = billed
    one = published_version("un-seul")
    several = published_version(
        "plusieurs", **{"questionnaires/autre.json": json.dumps(QUESTIONNAIRE | {"title": "Autre"})}
    )
    published_version("ailleurs")
    with walls_down():
        step = PlannedStep.objects.get(inclusion_id=hers.pk, key="e2")
    login(client, cast.ines, leads=False)
    record = cast.madeleine_record.pk

    def leads_to(code):
        with walls_down():
            PlannedStep.objects.filter(pk=step.pk).update(form=code)
        page = client.get(reverse("care_plans:step", args=[record, step.pk])).content.decode()
        (address,) = re.findall(r'Formulaire</dt><dd><a href="([^"]+)"', page)
        return address

    assert leads_to("un-seul") == reverse("questionnaires:fill", args=[record, one.pk, "quotidien"])
    choice = leads_to("plusieurs")
    assert choice == f"{reverse('questionnaires:choose', args=[record])}?parcours=plusieurs"
    shown = client.get(choice).content.decode()
    assert str(several.pk) in shown and str(one.pk) not in shown


def test_the_pages_of_the_record_include_show_and_refuse(client, cast, billed):
    _, hers = billed
    other = published(lead_of(cast.brun), title="Diabète")
    login(client, cast.ines, leads=False)
    here = f"/dossiers/{cast.madeleine_record.pk}/parcours-organise/"
    shown = client.get(here).content.decode()
    assert "En retard" in shown and "Diabète" in shown
    version = ProgrammeVersion.objects.get(programme_id=other.pk)
    sent = {"version_id": version.pk, "included_on": timezone.localdate().isoformat()}
    refused = client.post(f"{here}inclure/{other.pk}/", sent)
    assert refused.status_code == 422 and "Cochez chaque critère vérifié" in refused.content.decode()
    assert "Je vérifie que</legend>" in refused.content.decode()
    assert client.post(f"{here}inclure/{other.pk}/", sent | {"criteria": ["0"]}).status_code == 302
    page = client.get(f"{here}{hers.pk}/").content.decode()
    assert hers.reference in page and "Forfait de suivi" in page and "Fait aujourd’hui" not in page
    with walls_down():
        step = PlannedStep.objects.get(inclusion_id=hers.pk, key="e2")
    form = client.post(f"{here}etapes/{step.pk}/", {"act": "move", "move-on": "2027-01-01"})
    assert form.status_code == 422 and "Dites pourquoi" in form.content.decode()
    moved = {"act": "move", "move-on": "2027-01-01", "move-reason": "en cure"}
    assert "en cure" in client.post(f"{here}etapes/{step.pk}/", moved, follow=True).content.decode()
    with walls_down():
        foreign = PlannedStep.objects.get(record_id=cast.leon_record.pk, key="e1")
    for address in (f"{here}etapes/{foreign.pk}/", f"{here}{foreign.inclusion_id}/"):
        assert client.get(address).status_code == 404
    login(client, cast.brun, leads=False)
    for address in (here, f"{here}{hers.pk}/", f"{here}etapes/{step.pk}/", f"{here}inclure/{other.pk}/"):
        assert client.get(address).status_code == 404
