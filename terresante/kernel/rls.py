"""Second wall: the context that PostgreSQL's row policies read. The only file that sets it (house test).

Every value is transaction-local: a session-level setting would leak to the next user of a pooled connection
(STACK.md 4). Leaving `acting` puts the outer context back, also when the caller joined a transaction.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from terresante.kernel import grounds, sql
from terresante.kernel.actor import Actor

KEYS = (
    "app.kind",
    "app.user",
    "app.person",
    "app.organization",
    "app.duties",
    "app.principal",
    "app.open_record",
    "app.write_record",
    "app.open_records",
)
_SETTINGS = ", ".join(f"set_config('{key}', %s, true)" for key in KEYS)
_SET = "SELECT " + _SETTINGS
# The number of the last change of a setting comes along: `kernel.switches` asks nothing more.
_SET_AND_LOOK = "SELECT (SELECT coalesce(max(number), 0) FROM kernel_switchchange), " + _SETTINGS  # noqa: S608 -- our own names
# `SET TRANSACTION READ ONLY` in the same statement: it may always be narrowed, never widened again. And the position of
# the stream before the page has read anything: what is numbered while it reads comes to it again, and is never missed.
_SET_READ_ONLY = f"{_SET_AND_LOOK}, set_config('transaction_read_only', 'on', true), last_event_position()"
_NOBODY = ("",) * len(KEYS)
_NOTHING_OPEN = ("", "", "")
# The patient and who acts for him write through listed functions and narrow policies only (care_team's migrations).
READ_ONLY_BASES = ("", "break_glass", "former", "patient", "representative", "carer")


@dataclass(frozen=True, slots=True)
class _Context:
    """`values` of the keys, in their order: the actor's rights, then the records he has open."""

    values: tuple[str, ...]

    @property
    def rights(self) -> tuple[str, ...]:
        return self.values[: -len(_NOTHING_OPEN)]


_current: ContextVar[_Context | None] = ContextVar("rls_context", default=None)


@dataclass(frozen=True, slots=True)
class _Seen:
    """As the transaction began: the number of the last change of a setting; of a page, the position of the stream."""

    switches: int | None = None
    position: int | None = None


_seen: ContextVar[_Seen] = ContextVar("seen_as_it_began", default=_Seen())  # noqa: B039 -- frozen


def let_go() -> None:
    """Gives the connection back to its pool while somebody's network is waited for; what asks again takes another."""
    if not connection.in_atomic_block:
        connection.close()


@contextmanager
def acting(actor: Actor, *, read_only: bool = False) -> Iterator[None]:
    """Opens a transaction, or joins the caller's, in which rows are those of this actor.

    `read_only` holds for a transaction opened here; it cannot narrow one that is already running.
    """
    outer = _current.get() if connection.in_atomic_block else None
    if outer is not None and outer.rights == _rights(actor):
        yield
        return
    joined = connection.in_atomic_block
    with transaction.atomic():
        reads_page = read_only and not joined
        looked = _apply(_values(actor), _SET_READ_ONLY if reads_page else _SET_AND_LOOK)
        token = _current.set(_Context(_values(actor)))
        seen = _seen.set(_Seen(looked[0], looked[-1] if reads_page else _seen.get().position))
        try:
            with grounds.page(actor, reads=read_only):
                yield
        finally:
            _current.reset(token)
            _seen.reset(seen)
        if joined and not connection.needs_rollback:
            _apply(outer.values if outer else _NOBODY)


def switches_seen() -> int | None:
    """The number of the last change of a setting when this transaction began; None outside `acting`."""
    return _seen.get().switches


def position_seen() -> int | None:
    """The position of the stream before the page under way read anything; None where no page is read."""
    return _seen.get().position


def note_switches(number: int) -> None:
    """The settings were read since: this transaction has seen them up to this change."""
    if _seen.get().switches is not None:
        _seen.set(replace(_seen.get(), switches=number))


def open_record(patient_id: UUID) -> str:
    """The basis on which the current actor may open this patient's record, '' when there is none.

    Checked and set by the SQL function of the same name (care_team's migrations): a closed list of bases.
    """
    basis = str(sql.value("SELECT coalesce(open_record(%s), '')", patient_id))
    _remember_open_record(str(patient_id) if basis else "", writable=basis not in READ_ONLY_BASES)
    return basis


def found_record(patient_id: UUID) -> bool:
    """Opens an identity that has no record yet, so that one can be founded; False when it has one."""
    founded = bool(sql.value("SELECT found_record(%s)", patient_id))
    _remember_open_record(str(patient_id) if founded else "", writable=founded)
    return founded


def open_records(patient_ids: Collection[UUID]) -> set[UUID]:
    """For a gateway or a job that works on many persons at once: those of them that are open from now on, and no other.

    Each is checked as `open_record` would, by the SQL function of the same name; anybody else opens none.
    """
    opened = set(sql.value("SELECT open_records(%s::uuid[])", list(patient_ids)))
    _remember("app.open_records", f"{{{','.join(map(str, opened))}}}")
    return opened


def _remember_open_record(patient_id: str, *, writable: bool) -> None:
    _remember("app.open_record", patient_id)
    _remember("app.write_record", patient_id if writable else "")


def _remember(key: str, value: str) -> None:
    context = _current.get()
    if context is not None:
        index = KEYS.index(key)
        _current.set(_Context((*context.values[:index], value, *context.values[index + 1 :])))


def _values(actor: Actor) -> tuple[str, ...]:
    return _rights(actor) + _NOTHING_OPEN


def _rights(actor: Actor) -> tuple[str, ...]:
    return (
        actor.kind.value,
        str(actor.user_id or ""),
        str(actor.person_id or ""),
        str(actor.organization_id or ""),
        ",".join(sorted(actor.duties)),
        str(actor.principal_id or ""),
    )


def _apply(values: tuple[str, ...], statement: str = _SET) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()  # type: ignore[no-any-return]  # one row, always
