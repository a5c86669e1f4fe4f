"""Who reads a note: each person of the cast, through each door, and « Qui verra ceci ? » beforehand."""

from itertools import product

import pytest

from terresante.accounts.models import User
from terresante.care_team import actions as team
from terresante.care_team.enums import Basis, Confidentiality, DataClass
from terresante.care_team.models import CareTeamParticipant
from terresante.care_team.queries import open_record
from terresante.care_team.queries.limits import levels_open_to, limits_of
from terresante.feed import queries as feed
from terresante.kernel import access, rls
from terresante.kernel.actor import ActorKind
from terresante.kernel.errors import DomainError, NotFound, Refused
from terresante.notes import queries
from terresante.notes.access import NOTE_READ
from terresante.notes.actions import publish_note
from terresante.notes.enums import NOTE_CLASSES, NoteView
from terresante.notes.models import Note
from terresante.notes.tests.factories import new_note, published
from tests.cast import join
from tests.walls import walls_down

pytestmark = pytest.mark.commits

CIRCLE = {"amar", "ines", "colin", "samira", "madeleine"}


def reads_note(actor, note):
    with rls.acting(actor):
        try:
            open_record(actor, note.record_id)
            return access.get(actor, NOTE_READ, Note, note.pk).pk == note.pk
        except NotFound:
            return False


def doors(actor, note):
    """What each place that tells of notes says to this person: list, unread list, counters, timeline, news."""
    with rls.acting(actor):
        try:
            patient_id = open_record(actor, note.record_id).patient.pk
        except NotFound:
            patient_id = note.patient_id
        return (
            queries.note_page(actor, patient_id).total,
            queries.note_page(actor, patient_id, view=NoteView.UNREAD).total,
            feed.unread(actor).filter(patient_id=patient_id).count(),
            len(feed.timeline(actor, patient_id).facts),
            len(feed.news_of(actor, [patient_id])[patient_id]),
            len(feed.visit(actor, patient_id).changes.facts),
        )


def test_a_note_is_read_by_the_circle_and_by_nobody_else(cast):
    note = published(cast.amar, cast.madeleine_record, data_class=DataClass.COORDINATION)

    assert {name for name, actor in cast.actors.items() if reads_note(actor, note)} == CIRCLE


def test_a_note_is_written_by_whoever_may_write_its_class(cast):
    expected = {
        DataClass.MEDICAL: {"amar", "ines"},
        DataClass.CARE: {"amar", "ines", "colin"},
        DataClass.COORDINATION: {"amar", "ines", "colin", "samira"},
        DataClass.SOCIAL: {"colin", "samira"},
    }
    for data_class, writers in expected.items():
        written = set()
        for name, actor in cast.actors.items():
            try:
                publish_note(actor, cast.madeleine_record.pk, note=new_note(data_class=data_class))
                written.add(name)
            except (Refused, NotFound):
                continue
        assert written == writers, data_class
    with walls_down():
        assert Note.objects.count() == sum(len(writers) for writers in expected.values())


def test_a_removed_member_reads_and_writes_nothing_any_more(cast):
    note = published(cast.ines, cast.madeleine_record)
    with walls_down():
        ines = CareTeamParticipant.objects.get(practitioner_id=cast.ines.person_id)
    team.remove_member(cast.amar, cast.madeleine_record.pk, ines.pk)

    assert not reads_note(cast.ines, note)
    assert doors(cast.ines, note) == (0, 0, 0, 0, 0, 0)
    with pytest.raises(NotFound):
        publish_note(cast.ines, cast.madeleine_record.pk, note=new_note())


def test_break_glass_reads_and_cannot_write(cast):
    note = published(cast.amar, cast.madeleine_record)
    assert not reads_note(cast.urgentiste, note)
    team.open_in_emergency(
        cast.urgentiste, cast.madeleine_record.patient_id, reason="Coma, antécédents inconnus"
    )

    assert reads_note(cast.urgentiste, note)
    with pytest.raises(Refused):
        publish_note(cast.urgentiste, cast.madeleine_record.pk, note=new_note())


def test_a_social_worker_meets_a_medical_note_nowhere(cast, client):
    note = published(cast.amar, cast.madeleine_record, data_class=DataClass.MEDICAL)

    assert not reads_note(cast.samira, note)
    assert doors(cast.samira, note) == (0, 0, 0, 0, 0, 0)
    assert doors(cast.ines, note) == (1, 1, 1, 1, 1, 1)
    client.force_login(user_of(cast.samira))
    assert client.get(f"/dossiers/{note.record_id}/notes/{note.pk}/").status_code == 404
    assert "Essoufflée" not in client.get(f"/dossiers/{note.record_id}/notes/").content.decode()


def test_a_hidden_note_is_not_there_for_the_patient(cast):
    note = published(cast.amar, cast.madeleine_record, level=Confidentiality.CIRCLE)

    assert not reads_note(cast.madeleine, note)
    assert doors(cast.madeleine, note) == (0, 0, 0, 0, 0, 0)
    assert reads_note(cast.ines, note)


def test_a_note_of_a_structure_stays_in_it(cast):
    with walls_down():
        join(cast.leon_record, organization_id=cast.colin.organization_id, basis=Basis.SUPPORT)
    note = published(
        cast.colin, cast.madeleine_record, data_class=DataClass.COORDINATION, level=Confidentiality.STRUCTURE
    )

    assert {name for name, actor in cast.actors.items() if reads_note(actor, note)} == {"colin", "samira"}
    assert doors(cast.amar, note) == (0, 0, 0, 0, 0, 0)


def test_plain_sql_meets_the_walls_too(cast):
    note = published(
        cast.colin, cast.madeleine_record, data_class=DataClass.COORDINATION, level=Confidentiality.STRUCTURE
    )
    published(cast.brun, cast.leon_record)

    seen = {}
    for name, actor in cast.actors.items():
        with rls.acting(actor):
            seen[name] = set(Note.objects.values_list("pk", flat=True))

    assert {name for name, ids in seen.items() if note.pk in ids} == {"colin", "samira"}
    assert len(seen["brun"]) == 1 and not seen["amar"]


@pytest.mark.parametrize("in_person", [False, True])
def test_who_will_see_this_is_who_then_sees_it(cast, in_person):
    """For each class, level and visibility; also when a person of a member structure is a member himself."""
    if in_person:
        with walls_down():
            join(cast.madeleine_record, practitioner_id=cast.samira.person_id)
    record = cast.madeleine_record
    levels = levels_open_to("")
    for author, data_class, level in product((cast.amar, cast.colin), NOTE_CLASSES, levels):
        choices = new_note(data_class=data_class, level=level)
        with rls.acting(author):
            open_record(author, record.pk)
            draft = limits_of(author, level, "").draft(author, record.patient_id, data_class)
            promised = {reader.key for reader in access.audience(draft) if reader.reads}
        try:
            note = publish_note(author, record.pk, note=choices)
        except DomainError:
            continue
        for name, actor in cast.actors.items():
            told = actor.person_id in promised or (
                actor.kind == ActorKind.PROFESSIONAL
                and actor.organization_id in promised
                and data_class in queries_of_profession(actor)
            )
            assert reads_note(actor, note) == told, (name, choices)


def queries_of_profession(actor):
    """A structure is announced « selon la profession de chacun »."""
    social = {DataClass.COORDINATION, DataClass.SOCIAL}
    return social if actor.role_label == "Assistant de service social" else set(NOTE_CLASSES)


def user_of(actor):
    return User.objects.get(pk=actor.user_id)
