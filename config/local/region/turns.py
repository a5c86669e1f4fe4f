"""Patients whom a colleague is asked to take over, and an emergency access judged, with its explanation."""

from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from config.local.region.places import Directory
from terresante.care_team.actions.hand_over import Proposal, propose_hand_over
from terresante.care_team.actions.urgent import explain_emergency, open_in_emergency, review_emergency
from terresante.care_team.enums import ReviewOutcome
from terresante.care_team.models import CareTeamParticipant
from terresante.kernel import rls

# A family doctor on leave asks the one who works next door: two of his patients, for two weeks.
_GIVER, _TAKER, _HANDED_OVER = "norbert", "kerbrat", ("isidore", "toussaint")
_LEAVE = timedelta(days=14)
_OFFICER, _OPENER, _OPENED = "fontanel", "roche", "wojcik"
_REASON = "Trouvé confus sur la voie publique, traitement et allergies inconnus."
_QUESTION = (
    "Aucun passage aux urgences n’est enregistré ce jour-là : dans quel cadre ce dossier a-t-il été ouvert ?"
)
_EXPLANATION = (
    "Amené par les pompiers sans papiers, reconnu par une bénévole de la halte ; passage enregistré après."
)
_CONCLUSION = "Le passage est retrouvé sous une identité provisoire : l’accès était nécessaire."


def ask_to_take_over(directory: Directory, patients: dict[str, UUID]) -> None:
    acting = directory.actors[_GIVER]
    giver, taker = directory.practitioners[_GIVER], directory.practitioners[_TAKER]
    with rls.acting(acting):
        periods = CareTeamParticipant.objects.filter(
            practitioner=giver,
            patient_id__in=[patients[story] for story in _HANDED_OVER],
            ended_at=None,
        )
        keys = list(periods.values_list("pk", flat=True))
    returns_on = timezone.localdate() + _LEAVE
    proposal = Proposal(giver_id=giver.pk, taker_id=taker.pk, periods=keys, returns_on=returns_on)
    propose_hand_over(acting, proposal)


def judge_an_emergency(directory: Directory, patients: dict[str, UUID]) -> None:
    """Asked about, explained, found justified: the patient reads how it ended."""
    opener, officer = directory.actors[_OPENER], directory.actors[_OFFICER]
    opened = open_in_emergency(opener, patients[_OPENED], reason=_REASON)
    review_emergency(officer, opened.pk, outcome=ReviewOutcome.TO_EXPLAIN, note=_QUESTION)
    explain_emergency(opener, opened.pk, explanation=_EXPLANATION)
    review_emergency(officer, opened.pk, outcome=ReviewOutcome.JUSTIFIED, note=_CONCLUSION)
