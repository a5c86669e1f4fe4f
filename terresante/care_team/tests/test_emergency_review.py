"""What becomes of an emergency access: examined with an outcome, explained, told to the patient (MISSION B8)."""

from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.utils import timezone

from terresante.care_team.actions.urgent import (
    explain_emergency,
    give_back_emergency,
    open_in_emergency,
    review_emergency,
)
from terresante.care_team.enums import Consequence, ReviewOutcome
from terresante.care_team.models import EmergencyAccess
from terresante.care_team.queries.urgent import emergency_counts
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.events import restore
from terresante.kernel.models import AuditEntry, OutboundMessage, OutboxEvent
from terresante.notes.tests.factories import published
from terresante.notifications.handlers import ask_who_opened, tell_of_review
from tests.cast import login
from tests.walls import walls_down

pytestmark = pytest.mark.commits

REASON = "Coma, antécédents inconnus"
SAID = "Le passage aux urgences est attesté."


def told_to(handler, events):
    handler(events)


@pytest.fixture
def opened(cast):
    """Madeleine's, by the emergency doctor; Dr Brun has opened one of his own, of the same profession."""
    open_in_emergency(cast.brun, cast.madeleine_record.patient_id, reason=REASON)
    return open_in_emergency(cast.urgentiste, cast.madeleine_record.patient_id, reason=REASON)


def stored(access):
    with walls_down():
        return EmergencyAccess.objects.get(pk=access.pk)


def conclude(actor, access, outcome=ReviewOutcome.JUSTIFIED, consequence=None, note=SAID):
    return review_emergency(actor, access.pk, outcome=outcome, note=note, consequence=consequence)


def page(client, actor, url, **posted):
    login(client, actor)
    return client.post(url, posted, follow=True) if posted else client.get(url)


@pytest.mark.parametrize("name", ["amar", "urgentiste", "brun", "identito", "colin", "madeleine"])
def test_only_the_privacy_officer_examines(cast, opened, name, client):
    with pytest.raises((NotFound, Refused)):
        conclude(cast.actors[name], opened)
    assert page(client, cast.actors[name], "/acces-en-urgence/").status_code == 403
    with pytest.raises(DatabaseError, match="permission denied"), rls.acting(cast.amar):
        rls.open_record(opened.patient_id)
        EmergencyAccess.objects.filter(pk=opened.pk).update(outcome="justified", expires_at=opened.opened_at)
    assert stored(opened).outcome == ""


def test_the_officer_never_sees_what_the_record_holds(cast, opened, client):
    note = published(cast.amar, cast.madeleine_record, "Essoufflée au moindre effort")
    for url in ("/acces-en-urgence/", f"/acces-en-urgence/{opened.pk}/examen/"):
        shown = page(client, cast.dpo, url).content.decode()
        assert "LEROUX" not in shown and "MADELEINE" not in shown.upper() and "Essoufflée" not in shown
    assert page(client, cast.dpo, f"/dossiers/{note.record_id}/").status_code == 404


def test_an_unjustified_access_needs_what_follows_it(cast, opened):
    with pytest.raises(Invalid):
        conclude(cast.dpo, opened, ReviewOutcome.UNJUSTIFIED)
    conclude(cast.dpo, opened, ReviewOutcome.UNJUSTIFIED, Consequence.REPORTED)
    assert stored(opened).consequence == Consequence.REPORTED
    with pytest.raises(Conflict):
        conclude(cast.dpo, opened)
    with walls_down():
        row = AuditEntry.objects.get(action="break_glass.review")
    assert row.detail == {"outcome": "unjustified", "consequence": "reported"}


def test_the_professional_is_asked_answers_and_the_officer_concludes(cast, opened):
    conclude(
        cast.dpo, opened, ReviewOutcome.TO_EXPLAIN, note="Aucun passage aux urgences ce jour-là : pourquoi ?"
    )
    assert stored(opened).reviewed_at is None and stored(opened).awaits_explanation
    with pytest.raises(NotFound):
        explain_emergency(cast.brun, opened.pk, explanation="Ce n’était pas moi, mais je réponds.")

    explain_emergency(cast.urgentiste, opened.pk, explanation="Régulation téléphonique, patiente non venue.")

    assert stored(opened).explanation.startswith("Régulation") and not stored(opened).awaits_explanation
    with pytest.raises(Conflict):
        explain_emergency(cast.urgentiste, opened.pk, explanation="Et je change d’avis ensuite.")
    conclude(cast.dpo, opened)
    assert stored(opened).outcome == ReviewOutcome.JUSTIFIED


def test_nobody_answers_what_is_not_asked(cast, opened):
    with pytest.raises(Conflict):
        explain_emergency(cast.urgentiste, opened.pk, explanation="Je m’explique avant qu’on me le demande.")


def test_who_lost_emergency_access_opens_no_other_until_it_is_given_back(cast, opened):
    conclude(cast.dpo, opened, ReviewOutcome.UNJUSTIFIED, Consequence.WITHDRAWN)
    with pytest.raises(Refused):
        open_in_emergency(cast.urgentiste, cast.leon_record.patient_id, reason=REASON)
    with pytest.raises(DatabaseError, match="permission denied"), walls_down():
        EmergencyAccess.objects.create(
            patient_id=cast.leon_record.patient_id,
            practitioner_id=cast.urgentiste.person_id,
            organization_id=cast.urgentiste.organization_id,
            user_id=cast.urgentiste.user_id,
            reason=REASON,
            expires_at=timezone.now() + timedelta(hours=1),
        )
    # Another's right is his own.
    open_in_emergency(cast.ines, cast.leon_record.patient_id, reason=REASON)

    with pytest.raises((NotFound, Refused)):
        give_back_emergency(cast.urgentiste, opened.pk)
    give_back_emergency(cast.dpo, opened.pk)
    open_in_emergency(cast.urgentiste, cast.leon_record.patient_id, reason=REASON)


def test_what_waits_too_long_is_shown_late_and_counted_by_structure(cast, opened, client):
    with walls_down():
        EmergencyAccess.objects.filter(pk=opened.pk).update(
            opened_at=timezone.now() - timedelta(days=8),
            expires_at=timezone.now() - timedelta(days=7, hours=21),
        )
    conclude(cast.dpo, next_one(cast, opened))

    shown = page(client, cast.dpo, "/acces-en-urgence/").content.decode()

    assert "En retard" in shown and "1\u00a0accès attend" in shown
    with rls.acting(cast.dpo):
        counts = emergency_counts(cast.dpo, since=timezone.now() - timedelta(days=30))
    told = {row.structure: (row.total, row.waiting, row.justified, row.unjustified) for row in counts}
    assert told == {"Hôpital Saint-Martin": (1, 1, 0, 0), "Cabinet du Canal": (1, 0, 1, 0)}


def next_one(cast, opened):
    with walls_down():
        return EmergencyAccess.objects.exclude(pk=opened.pk).get(practitioner_id=cast.brun.person_id)


def test_the_patient_reads_the_outcome_in_plain_words(cast, opened, client):
    assert (
        "vérifie que c’était nécessaire"
        in page(client, cast.madeleine, "/mon-dossier/acces/").content.decode()
    )
    conclude(cast.dpo, opened, ReviewOutcome.UNJUSTIFIED, Consequence.WITHDRAWN)
    shown = page(client, cast.madeleine, "/mon-dossier/acces/").content.decode()
    assert "n’était pas nécessaire" in shown and "ne peut plus ouvrir" in shown


def test_question_and_outcome_are_told_by_e_mail_without_a_word_of_them(cast, opened):
    conclude(cast.dpo, opened, ReviewOutcome.TO_EXPLAIN)
    conclude(cast.dpo, opened)
    with walls_down():
        asked = OutboxEvent.objects.get(kind="EmergencyExplanationAsked")
        ended = OutboxEvent.objects.get(kind="EmergencyReviewed")
    with rls.acting(Actor.job("tests")):
        told_to(ask_who_opened, [restore(asked)])
        told_to(tell_of_review, [restore(ended)])
    with walls_down():
        told = set(OutboundMessage.objects.values_list("recipient", flat=True))
    assert "urgentiste@example.org" in told and "madeleine@example.org" in told
    assert "brun@example.org" not in told and "ines@example.org" not in told


def test_the_professional_finds_the_question_and_answers_on_his_page(cast, opened, client):
    conclude(cast.dpo, opened, ReviewOutcome.TO_EXPLAIN, note="Pourquoi ce dossier ce jour-là ?")
    assert "Pourquoi ce dossier" in page(client, cast.urgentiste, "/mes-acces-en-urgence/").content.decode()
    assert "Pourquoi ce dossier" not in page(client, cast.brun, "/mes-acces-en-urgence/").content.decode()
    url = f"/mes-acces-en-urgence/{opened.pk}/"
    assert page(client, cast.brun, url).status_code == 404
    answer = page(client, cast.urgentiste, url, explanation="Patiente amenée inconsciente par les pompiers.")
    assert "Votre explication est transmise" in answer.content.decode()


def test_the_officer_concludes_on_his_page(cast, opened, client):
    url = f"/acces-en-urgence/{opened.pk}/examen/"
    missing = page(client, cast.dpo, url, outcome="unjustified", note=SAID, consequence="")
    assert missing.status_code == 422 and "quelle suite" in missing.content.decode()
    done = page(
        client, cast.dpo, url, outcome="unjustified", note=SAID, consequence="withdrawn"
    ).content.decode()
    assert "Injustifié" in done and "retiré" in done
    given = page(client, cast.dpo, f"/acces-en-urgence/{opened.pk}/rendre/", any="1").content.decode()
    assert "de nouveau ouvrir" in given
