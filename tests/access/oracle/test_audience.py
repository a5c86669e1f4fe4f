"""« Qui verra ceci ? » proven: whom the panel names for a draft, members of structures one by one, are those who, once
it is saved, read it: by `access.list`, and in their pages.
"""

import itertools
import secrets
import time
from dataclasses import replace
from random import Random
from uuid import UUID

import pytest
from django.db.models import Q
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from terresante.care_team import matrix
from terresante.care_team.enums import Confidentiality, DataClass
from terresante.care_team.queries.limits import levels_open_to, limits_of, sector_of
from terresante.directory.models import PractitionerRole
from terresante.kernel import access, ports, rls
from terresante.kernel.access import Reader as Line
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import Refused
from terresante.kernel.ids import new_id
from terresante.notes.access import NOTE_READ, NOTE_WRITE
from terresante.notes.actions import NewNote, publish_note
from terresante.notes.models import Note
from terresante.notes.queries import classes_written_by
from terresante.patients.models import CareRecord
from tests.access.oracle import model
from tests.access.oracle.build import Built, build
from tests.access.oracle.model import Joins, Reader, World
from tests.access.oracle.worlds import world
from tests.walls import empty_tables, walls_down

pytestmark = pytest.mark.commits
WORLDS, LEAST, SECONDS = 30, 5, 20
DRAFTS = 3
# Each level that somebody of a sector may choose, shown to relatives or not.
LEVELS = tuple(itertools.product(Confidentiality, (False, True)))


def test_whom_the_panel_names_is_who_then_reads():
    began, seed = time.monotonic(), secrets.randbelow(10**9)
    print(f"audience seed: {seed}")  # noqa: T201 -- told on failure
    asked = 0
    for number in range(WORLDS):
        if number >= LEAST and asked and time.monotonic() - began > SECONDS:
            break
        asked += _prove(seed + number)
    assert asked


@pytest.mark.long
def test_whom_the_panel_names_is_who_then_reads_in_many_worlds():
    seed = secrets.randbelow(10**9)
    print(f"audience seed: {seed}")  # noqa: T201 -- told on failure
    assert sum(_prove(seed + number) for number in range(200)) > 100


def _prove(seed: int) -> int:
    """How many drafts were asked about; fails with the world's seed."""
    chance = Random(seed)
    empty_tables()
    built = build(world(seed))
    asked = 0
    for patient, record in enumerate(built.records):
        author = _author(built, record, chance)
        if author is None:
            continue
        with rls.acting(author, read_only=True):
            open_to = levels_open_to(sector_of(author))
        for level, is_hidden in chance.sample([each for each in LEVELS if each[0] in open_to], DRAFTS):
            note = _note(author, level, is_hidden, chance)
            named = _named(author, record, note)
            text = note.text
            try:
                publish_note(author, record.pk, note=note)
            except Refused:
                continue  # a member by consent writes no class that was not consented to
            reading = _reading(built, record, text)
            said = f"world {seed}, patient {patient}, {level}, {is_hidden}, {note.data_class}"
            # Who reads, but for those whose presence in the circle is kept from the author: nobody more, nobody less.
            assert named == reading - _kept_from_view(built, author, patient, level), said
            _check_pages(built, patient, text, reading, chance)
            asked += 1
    return asked


def _kept_from_view(built: Built, author: Actor, patient: int, level: Confidentiality) -> set[UUID]:
    """Who is there, in person or by his structure, on no ground that reads this and that the author may know of."""
    reader = next(reader for reader, actor in built.actors.items() if actor is author)
    grounds: dict[bool, set[int]] = {True: set(), False: set()}
    for key, period in _inside(built, patient).items():
        is_known = model.knows_of(built.world, reader, period, built.bringers[key])
        grounds[is_known] |= _people(built.world, period)
    rescuers = {
        one.who
        for one in model.readers(built.world)
        if one.kind == "professional"
        and model.in_emergency(built.world, one, patient)
        # An emergency reads in its own structure, and nothing that another one keeps.
        and (level != Confidentiality.STRUCTURE or one.structure == reader.structure)
    }
    hidden = grounds[False] - grounds[True] - rescuers - {reader.who}
    return {built.people[number].pk for number in hidden}


def _inside(built: Built, patient: int) -> dict[UUID, Joins]:
    """The last period of each member of today, and of those who handed her over and still read."""
    inside = {
        *model.members(built.world, patient),
        *(("who", who) for who in model.former(built.world, patient)),
    }
    last = {
        ("who", period.who) if period.who is not None else ("structure", period.structure or 0): key
        for key, period in built.periods.items()
        if period.patient == patient
    }
    return {key: built.periods[key] for member, key in last.items() if member in inside}


def _people(world: World, period: Joins) -> set[int]:
    if period.who is not None:
        return {period.who}
    return {who for who, person in enumerate(world.professionals) if period.structure in person.structures}


def _author(built: Built, record: CareRecord, chance: Random) -> Actor | None:
    found = []
    for actor in built.actors.values():
        if actor is not None and actor.kind == ActorKind.PROFESSIONAL:
            with rls.acting(actor, read_only=True):
                if access.list(actor, NOTE_WRITE, CareRecord).filter(pk=record.pk).exists():
                    found.append(actor)
    return chance.choice(found) if found else None


def _note(author: Actor, level: Confidentiality, is_hidden: bool, chance: Random) -> NewNote:
    return NewNote(
        id=new_id(),
        data_class=chance.choice(classes_written_by(author)),
        text=f"zq{new_id().hex}qz",
        level=level,
        hidden_from_representative=is_hidden,
    )


def _named(author: Actor, record: CareRecord, note: NewNote) -> set[UUID]:
    """The persons of the panel; a structure is each of its people whose profession reads this."""
    with rls.acting(author, read_only=True):
        limits = limits_of(author, note.level or Confidentiality.CIRCLE_AND_PATIENT, sector_of(author))
        if record.kept_by_id is not None:
            limits = replace(limits, private_to_id=record.kept_by_id)
        draft = replace(limits, hidden_from_representative=note.hidden_from_representative).draft(
            author, record.patient_id, note.data_class
        )
        rls.open_record(record.patient_id)
        lines = [line for line in access.audience(draft) if line.reads]
    return {key for line in lines for key in _persons(line, note.data_class)}


def _persons(line: Line, data_class: DataClass) -> set[UUID]:
    if not line.is_group:
        return {line.key}
    today = timezone.localdate()
    with walls_down():
        roles = PractitionerRole.objects.filter(
            Q(period_end__isnull=True) | Q(period_end__gt=today),
            organization_id=line.key,
            practitioner__active=True,
            period_start__lte=today,
        )
        return {role.practitioner_id for role in roles if data_class in matrix.readable(role.profession)}


def _reading(built: Built, record: CareRecord, text: str) -> set[UUID]:
    found = set()
    for actor in built.actors.values():
        if actor is None or actor.kind in (ActorKind.JOB, ActorKind.GATEWAY) or actor.person_id is None:
            continue
        with rls.acting(actor, read_only=True):
            rls.open_record(record.patient_id)
            if access.list(actor, NOTE_READ, Note).filter(text=text).exists():
                found.add(actor.person_id)
    return found


def _check_pages(built: Built, patient: int, text: str, named: set[UUID], chance: Random) -> None:
    """A person named in one of his situations reads it in one of his pages; who is not named, in none."""
    people = [reader for reader, actor in built.actors.items() if actor and reader in built.users]
    for reader in chance.sample(people, min(2, len(people))):
        actor = built.actors[reader]
        assert actor is not None
        same = [one for one, other in built.actors.items() if other and other.person_id == actor.person_id]
        shown = any(text in _page(built, one, patient) for one in same)
        assert shown == (actor.person_id in named), (reader, patient)


def _page(built: Built, reader: Reader, patient: int) -> str:
    if reader.kind == "representative" and not model.basis(built.world, reader, patient):
        return ""  # his browser would be about somebody else
    user, role_id = built.users[reader]
    client = Client()
    client.force_login(user)
    session = client.session
    if role_id is not None:
        session[ports.SITUATION_KEY] = str(role_id)
    elif reader.kind == "representative":
        session[ports.ACTING_FOR_KEY] = str(built.related[reader.who or 0, patient].pk)
    session.save()
    url = reverse("notes:list", args=[built.records[patient].pk])
    return client.get(url).content.decode()
