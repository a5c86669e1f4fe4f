"""`access.list`, `access.get` by a forged key, and the counters (wall 1): the object answers as the list does.

What an actor is listed is compiled once into one statement, then asked in each record that he opens: building each
list again in each record took most of the time of a world.
"""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any
from uuid import UUID

from django.apps import apps
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from terresante.care_team.access import (
    ACCESS_CONTEST,
    ACCESS_LOG_READ,
    CIRCLE_EDIT,
    CIRCLE_READ,
    CONSENT_EDIT,
    CONSENT_LIFT,
    OWN_CIRCLE_EDIT,
    RECORD_READ,
    RECORD_SHARE,
)
from terresante.care_team.models import LASTING, CareTeamParticipant
from terresante.care_team.queries import search_patients
from terresante.feed.queries import unread_by_tab
from terresante.kernel import access, rls, slots
from terresante.kernel.access import Action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import NotFound, Refused
from terresante.patients.models import CareRecord, Patient
from terresante.telemonitoring.alerts.access import BOARD_LIST, acts_for_cell
from terresante.telemonitoring.board.queries import Asked, Only, Scope, _page, _where, board_of
from terresante.telemonitoring.enums import FollowUpState
from terresante.telemonitoring.models import FollowUp
from tests.access.oracle import model
from tests.access.oracle.build import Built, born, called
from tests.access.oracle.decisions import Compared, Door, each, one
from tests.access.oracle.model import Reader
from tests.access.oracle.rows import ROWS
from tests.walls import walls_down

# The name of a list → what the model says of the record: its one object is the record.
Expected = Callable[[model.World, Reader, int], bool]
ON_THE_RECORD: dict[Action, Expected] = {
    RECORD_READ: lambda world, reader, patient: model.basis(world, reader, patient) != "",
    CIRCLE_EDIT: model.edits_circle,
    CONSENT_EDIT: model.edits_circle,
    RECORD_SHARE: model.edits_circle,
    ACCESS_LOG_READ: model.reads_log,
    CONSENT_LIFT: model.decides,
    OWN_CIRCLE_EDIT: model.decides,
    ACCESS_CONTEST: model.decides,
}
_IDENTITY, _CIRCLE = "the identity", "the circle"
_FOLLOWED = "telemonitoring.FollowUp"
Seen = set[tuple[str, UUID]]


class Lists:
    """Everything one actor is listed about the patients of a world, whatever record is open."""

    def __init__(self, built: Built, reader: Reader, actor: Actor) -> None:
        self.built, self.reader = built, reader
        self.sql, self.values = _together(_querysets(built, actor))

    def seen(self) -> Seen:
        if not self.sql:
            return set()
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self.values)
            return {(name, key) for name, key in cursor.fetchall()}

    def compared(self, seen: Seen, patient: int, said: str) -> Iterator[Compared]:
        """Of one patient's objects: the others' may be behind the policies of a record that is not open."""
        for name, (there, expected) in _expected(self.built, self.reader, patient).items():
            shown = {key for listed, key in seen if listed == name and key in there}
            yield each(Door.LIST, shown, expected, len(there), f"{said}{name}")


def _querysets(built: Built, actor: Actor) -> dict[str, QuerySet[Any]]:
    patients = [record.patient_id for record in built.records]
    found: dict[str, QuerySet[Any]] = {
        _on_the_record(action): access.list(actor, action, CareRecord).filter(patient_id__in=patients)
        for action in ON_THE_RECORD
    }
    found[_IDENTITY] = access.list(actor, RECORD_READ, Patient).filter(pk__in=patients)
    found[_CIRCLE] = access.list(actor, CIRCLE_READ, CareTeamParticipant).filter(patient_id__in=patients)
    for label in ROWS:
        rows = access.list(actor, reading_rule(label), apps.get_model(label))
        found[_listed(label)] = rows.filter(patient_id__in=patients)
    return found


def _together(querysets: dict[str, QuerySet[Any]]) -> tuple[str, list[Any]]:
    parts, values = [], []
    for name, queryset in querysets.items():
        try:
            sql, parameters = queryset.order_by().values_list("pk").query.sql_with_params()
        except EmptyResultSet:
            continue
        parts.append(f"SELECT %s::text, found.* FROM ({sql}) AS found")
        values += [name, *parameters]
    return " UNION ALL ".join(parts), values


def _expected(built: Built, reader: Reader, patient: int) -> dict[str, tuple[set[UUID], set[UUID]]]:
    """Name of the list → the objects there are, those that the model lets this reader be listed."""
    world, record = built.world, built.records[patient]
    found = {
        _on_the_record(action): ({record.pk}, {record.pk} if expected(world, reader, patient) else set())
        for action, expected in ON_THE_RECORD.items()
    }
    reaches = model.basis(world, reader, patient) != ""
    found[_IDENTITY] = ({record.patient_id}, {record.patient_id} if reaches else set())
    periods = {key for key, period in built.periods.items() if period.patient == patient}
    known = {key for key in periods if model.knows_of(world, reader, built.periods[key], built.bringers[key])}
    found[_CIRCLE] = (
        periods,
        known if reaches and model.reads_circle(world, reader, patient) else set(),
    )
    for label in ROWS:
        rows = [row for row in model.rows(world) if row.patient == patient and (label, row.row) in built.rows]
        found[_listed(label)] = (
            {built.rows[label, row.row] for row in rows},
            {built.rows[label, row.row] for row in rows if model.reads(world, reader, row)},
        )
    return found


def _on_the_record(action: Action) -> str:
    return f"{action.code} on the record"


def _listed(label: str) -> str:
    return f"the list of {label}"


def counters(built: Built, reader: Reader, actor: Actor, patient: int) -> Iterator[Compared]:
    """A number tells too. Each row was told as a note by nobody in particular, and nobody has read anything."""
    if not actor.user_id:
        return
    world = built.world
    readable = [
        row for row in model.rows(world) if row.patient == patient and model.reads(world, reader, row)
    ]
    for tab, counted in unread_by_tab(actor, built.records[patient].patient_id, *slots.counted).items():
        expected = len(readable) if tab == "notes" else 0
        about = f"{reader} at patient {patient}: the tab {tab} counts"
        yield Compared(
            Door.COUNTER, 1, "" if counted == expected else f"{about} {counted}, expected {expected}"
        )


def boards(built: Built, reader: Reader, actor: Actor) -> Iterator[Compared]:
    """Whatever record is open: what the cells of his structure watch, then his own patients, whoever watches them.

    Its counters step over the policies; its lines are chosen so, then read under them: each wall is asked alone.
    """
    if reader.kind != "professional":
        return
    readable = {
        built.rows[_FOLLOWED, row.row]
        for row in model.rows(built.world)
        if (_FOLLOWED, row.row) in built.rows
        and model.reads(built.world, reader, row)
        and model.reaches_unopened(built.world, reader, row.patient)
    }
    with walls_down():
        places = dict(FollowUp.objects.values_list("pk", "cell__organization_id"))
    with rls.acting(actor, read_only=True):
        for scope in Scope:
            asked, said = Asked(scope=scope), f"{reader}: the board of {scope}"
            expected = set(_on_a_board(actor, scope).values_list("pk", flat=True))
            counted = board_of(actor, asked, counters_only=True).counts[Only.ALL]
            yield one(Door.COUNTER, counted, len(expected), f"{said} counts")
            yield each(Door.LIST, _lines(actor, asked), expected, len(places), said)
            with walls_down():
                chosen = _lines(actor, asked)
            yield each(Door.LIST, chosen, expected, len(places), f"{said}, without the policies")
            if scope == Scope.NETWORK:
                watched = {key for key in readable if places[key] == actor.organization_id}
                yield each(Door.LIST, expected, watched, len(places), f"{said}, as the model has it")


def _lines(actor: Actor, asked: Asked) -> set[UUID]:
    return {UUID(key) for key, *_ in _page(_where(actor, asked), 0)}


def _on_a_board(actor: Actor, scope: Scope) -> QuerySet[FollowUp]:
    """By the rules and under the policies, row by row, as a list is asked for."""
    rows = access.list(actor, BOARD_LIST, FollowUp).filter(state=FollowUpState.ACTIVE)
    if scope == Scope.NETWORK:
        return rows.filter(acts_for_cell(actor))
    own = CareTeamParticipant.objects.filter(
        LASTING, member_id=actor.principal_id or actor.person_id, ended_at=None, suspended_at=None
    )
    return rows.filter(patient_id__in=own.values("patient_id"))


def identities_found(built: Built, reader: Reader, actor: Actor) -> Iterator[Compared]:
    """The search of the region, by its function: a kept person is found by her structure alone."""
    if reader.kind != "professional":
        return
    for patient, record in enumerate(built.records):
        with rls.acting(actor, read_only=True):
            rows = search_patients(
                born=born(built.world, patient), prefixes=[(called(built, patient), "CAMILLE")]
            )
        shown = {row.patient_id for row in rows}
        expected = {record.patient_id} if model.finds(built.world, reader, patient) else set()
        yield each(Door.SEARCH, shown, expected, 1, f"{reader} looks for patient {patient} in the region")


def one_by_one(built: Built, reader: Reader, actor: Actor, chance: Random) -> Iterator[Compared]:
    """access.get by a forged key: the object answers as the list does, and says nothing more."""
    for row in chance.sample(model.rows(built.world), min(1, len(model.rows(built.world)))):
        for label in sorted(label for label in ROWS if (label, row.row) in built.rows):
            expected = "read" if model.reads(built.world, reader, row) else "not found"
            got = _got(built, actor, label, row)
            about = f"{reader}: {label} {row.row} by its key: {got}, expected {expected}"
            yield Compared(Door.KEY, 1, "" if got == expected else about)


def _got(built: Built, actor: Actor, label: str, row: model.Writes) -> str:
    with rls.acting(actor, read_only=True):
        rls.open_record(built.records[row.patient].patient_id)
        try:
            access.get(actor, reading_rule(label), apps.get_model(label), built.rows[label, row.row])
        except NotFound:
            return "not found"
        except Refused:
            return "refused"
        return "read"


def reading_rule(label: str) -> Action:
    """The rule that says who knows of the rows of this model, found among those declared."""
    wanted = apps.get_model(label)
    return next(
        action
        for action, ruled in access.declared_rules()
        if ruled is wanted and action.code.endswith(".read")
    )
