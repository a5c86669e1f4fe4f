from django.db.models import Q

from terresante.care_team.access import changes, decides_for_patient, reaches
from terresante.kernel.access import NOBODY, Action, rule
from terresante.kernel.actor import Actor, ActorKind
from terresante.patients.models import CareRecord

SITUATION_CHOOSE = Action("situation.choose", "Choisir la structure pour laquelle on travaille")
EMERGENCY_SHEET_READ = Action("emergency_sheet.read", "Consulter la fiche d’urgence")
# A reading too, told apart: a paper then goes where no rule follows it.
EMERGENCY_SHEET_PRINT = Action("emergency_sheet.print", "Imprimer la fiche d’urgence")

# Told apart from a reading: the copy then goes where no rule follows it.
RECORD_EXPORT = Action("record.export", "Sortir une copie du dossier")

_READERS = (ActorKind.PROFESSIONAL, ActorKind.PATIENT, ActorKind.REPRESENTATIVE)


@rule(EMERGENCY_SHEET_READ, CareRecord)
@rule(EMERGENCY_SHEET_PRINT, CareRecord)
def records_with_a_sheet(actor: Actor) -> Q:
    """Whoever reads the record; each part of the sheet then says what he reads of it by its own rule."""
    return reaches(actor) if actor.kind in _READERS else NOBODY


@rule(RECORD_EXPORT, CareRecord)
def records_taken_out(actor: Actor) -> Q:
    """The person, who represents her by law, and her circle at work. An emergency reads what the moment needs, a former
    member what he handed over, a carer what was given him: none of them takes a copy away.
    """
    if decides_for_patient(actor):
        return reaches(actor)
    return changes(actor) if actor.kind == ActorKind.PROFESSIONAL else NOBODY
