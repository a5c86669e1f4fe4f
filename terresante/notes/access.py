from django.db.models import Q

from terresante.care_team.access import changes, reaches, reads_class, shares, writes_class
from terresante.kernel.access import NOBODY, Action, points_to, rule
from terresante.kernel.actor import Actor, ActorKind
from terresante.notes.enums import NOTE_CLASSES
from terresante.notes.models import Note, NoteFavourite, NoteMedia, NoteVersion
from terresante.patients.models import CareRecord

NOTE_READ = Action("note.read", "Lire les notes")
NOTE_WRITE = Action("note.write", "Écrire une note")
NOTE_LIMIT = Action("note.limit", "Changer qui lit une note")
NOTE_AMEND = Action("note.amend", "Corriger une note")
NOTE_MEDIA_OPEN = Action("note.media.open", "Voir une photo ou écouter un message d’une note")
NOTE_MEDIA_DOWNLOAD = Action("note.media.download", "Télécharger une photo d’une note")
NOTE_MEDIA_WITHDRAW = Action("note.media.withdraw", "Retirer une photo ou un message d’une note")
NOTE_STAR = Action("note.star", "Mettre une note en favori")


@rule(NOTE_READ, Note, visible=True)
def notes_shared_with(actor: Actor) -> Q:
    return shares(actor)


@rule(NOTE_READ, CareRecord)
def records_whose_notes_are_read(actor: Actor) -> Q:
    return reaches(actor) if any(reads_class(actor, name) for name in NOTE_CLASSES) else NOBODY


@rule(NOTE_WRITE, CareRecord)
def records_written_in(actor: Actor) -> Q:
    if actor.kind != ActorKind.PROFESSIONAL or not any(writes_class(actor, name) for name in NOTE_CLASSES):
        return NOBODY
    return changes(actor)


@rule(NOTE_AMEND, Note)
@rule(NOTE_LIMIT, Note)
def own_notes(actor: Actor) -> Q:
    """Its author, for the structure he signed it for, as long as he writes in the record."""
    if actor.kind != ActorKind.PROFESSIONAL or actor.person_id is None or actor.organization_id is None:
        return NOBODY
    own = Q(author_id=actor.person_id, organization_id=actor.organization_id)
    return changes(actor) & shares(actor) & own


@rule(NOTE_READ, NoteVersion)
def versions_of_notes_read(actor: Actor) -> Q:
    return _of_notes(shares(actor))


def _of_notes(notes: Q) -> Q:
    return points_to(Note, notes, by="note_id")


@rule(NOTE_READ, NoteMedia, visible=True)
def media_of_notes_read(actor: Actor) -> Q:
    return _of_notes(shares(actor))


@rule(NOTE_MEDIA_OPEN, NoteMedia)
@rule(NOTE_MEDIA_DOWNLOAD, NoteMedia)
def media_opened(actor: Actor) -> Q:
    """Not what its author withdrew, which may show somebody else: only that it was there stays known."""
    return _of_notes(shares(actor)) & Q(withdrawn_at=None)


@rule(NOTE_MEDIA_WITHDRAW, NoteMedia)
def own_media(actor: Actor) -> Q:
    return _of_notes(own_notes(actor)) & Q(withdrawn_at=None)


@rule(NOTE_STAR, NoteFavourite)
def own_favourites(actor: Actor) -> Q:
    """One's own, as long as one reaches the record."""
    return reaches(actor) & Q(user_id=actor.user_id) if actor.user_id else NOBODY
