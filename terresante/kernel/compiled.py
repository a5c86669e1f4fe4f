"""Querysets whose SQL is made once for each shape of question, then only given its values.

    @rows
    def notes_shown(actor: Actor, patient_id: UUID, most: int) -> QuerySet[Note]: ...

    notes_shown(actor, patient_id, 5)     a list of notes

Django builds, resolves and compiles a queryset again each time it is asked: with the access rules in it, most of a
page's time (docs/bench.md). Here the function runs once with stand-ins for keys, moments and texts (its own, or those
of a `Given`); wherever they come out among the parameters, each call puts its own. Everything else it was given (what
an actor is, numbers, members of closed lists) belongs to the shape, and so does the number of the last change of a
setting (`kernel.switches`). So the function may ask what an actor is, never which one he is; what time it is comes as
an argument or from the database. Where the page knows on which grounds the actor reaches one of the patients
(`kernel.grounds`), these belong to the shape too. In the tests every question is also built afresh and compared: for
each way of asking it, then one time in twenty.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from django.conf import settings
from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet
from django.db.models.query import ModelIterable
from django.db.models.sql.compiler import SQLCompiler

from terresante.kernel import grounds, switches
from terresante.kernel.actor import Actor
from terresante.kernel.ids import new_id
from terresante.kernel.row_maker import RowMaker

P = ParamSpec("P")
R = TypeVar("R")
# Types of an argument whose value is put into the statement at each call.
MOST_SHAPES = 500
# Building every question afresh took a third of the processor time of the tests of pages.
CHECKED_AGAIN_AFTER = 20
_GIVEN = (UUID, datetime, date, str, list)


class Given:
    """Base of a frozen dataclass that a question takes as one argument: each field counts as an argument of its own."""

    __slots__ = ()


class NotCompilable(RuntimeError):
    """A programming error: the statement holds a value that is neither an argument nor a constant of the code."""


@dataclass(frozen=True, slots=True)
class _Slot:
    """The place, among the values of a call, of one parameter of its statement."""

    place: int


@dataclass(frozen=True, slots=True)
class _Plan:
    """`compiler` is None where the rules leave no row to ask for, `maker` where the rows are of no model."""

    queryset: QuerySet[Any, Any]
    compiler: SQLCompiler | None
    sql: str
    parameters: tuple[Any, ...]
    converters: dict[int, Any]
    maker: RowMaker | None = None
    # In the tests: how often it was asked, for each way of asking it.
    calls: Counter[Hashable] = field(default_factory=Counter, compare=False)

    @property
    def counting(self) -> str:
        return f"SELECT count(*) FROM ({self.sql}) AS counted"  # noqa: S608 -- what Django made of a queryset

    def filled(self, values: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(_filled(parameter, values) for parameter in self.parameters)

    def answers(self, values: Sequence[Any]) -> list[Sequence[Any]]:
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(self.sql, self.filled(values))
            found: list[Sequence[Any]] = cursor.fetchall()
        return [self._converted(answer) for answer in found] if self.converters else found

    def _converted(self, answer: Sequence[Any]) -> list[Any]:
        row = list(answer)
        for place, (converters, expression) in self.converters.items():
            for convert in converters:
                row[place] = convert(row[place], expression, connections[DEFAULT_DB_ALIAS])
        return row


def rows(build: Callable[P, QuerySet[Any, R]]) -> Callable[P, list[R]]:
    """The rows of the queryset that `build` returns."""
    planned = _planner(build)

    @wraps(build)
    def asked(*args: P.args, **kwargs: P.kwargs) -> list[R]:
        plan, values = planned(*args, **kwargs)
        if plan.compiler is None:
            return []
        if plan.maker is not None:
            return [plan.maker.made(answer) for answer in plan.answers(values)]
        seen: Any = _Seen(plan, plan.filled(values))
        iterable: Any = plan.queryset._iterable_class  # noqa: SLF001 -- how Django makes rows of its answers
        return list(iterable(seen))

    return asked


def number(build: Callable[P, QuerySet[Any, Any]]) -> Callable[P, int]:
    """How many rows the queryset has."""
    planned = _planner(lambda *args, **kwargs: _to_count(build(*args, **kwargs)))

    @wraps(build)
    def asked(*args: P.args, **kwargs: P.kwargs) -> int:
        plan, values = planned(*args, **kwargs)
        if plan.compiler is None:
            return 0
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute(plan.counting, plan.filled(values))
            return int(cursor.fetchone()[0])

    return asked


def _to_count(queryset: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    """Keys in no order, where neither decides how many there are: two thousand wide rows were sorted to be counted."""
    query = queryset.query
    if query.combinator or query.distinct or query.group_by is not None or query.annotations:
        return queryset
    return (queryset if query.is_sliced else queryset.order_by()).values("pk")


_kept: list[dict[Hashable, _Plan]] = []


def forget() -> None:
    """Makes every statement afresh at its next use: for a test that changes what a rule says."""
    for plans in _kept:
        plans.clear()


def _planner(build: Callable[P, QuerySet[Any, Any]]) -> Callable[P, tuple[_Plan, list[Any]]]:
    plans: dict[Hashable, _Plan] = {}
    _kept.append(plans)

    def planned(*args: P.args, **kwargs: P.kwargs) -> tuple[_Plan, list[Any]]:
        values: list[Any] = []
        shape = (
            switches.version(),
            tuple(_shape(each, values) for each in args),
            *((n, _shape(v, values)) for n, v in kwargs.items()),
        )
        known = grounds.among(_actor_of(args, kwargs), values)
        plan = plans.get(shape + known)
        if plan is None:
            if len(plans) == MOST_SHAPES:
                plans.clear()
            stand_ins: list[Any] = []
            stood: Any = [_stood_in(each, stand_ins) for each in args]
            named: Any = {name: _stood_in(value, stand_ins) for name, value in kwargs.items()}
            with grounds.of(_actor_of(stood, named), {stand_ins[place]: what for place, what in known}):
                plan = plans[shape + known] = _plan(build(*stood, **named), stand_ins)
        if settings.TESTING and _is_to_check(plan, values):
            with grounds.of(_actor_of(args, kwargs), {values[place]: what for place, what in known}):
                _check(plan, values, build(*args, **kwargs))
        return plan, values

    return planned


def _actor_of(arguments: Sequence[Any], named: Mapping[str, Any]) -> Actor | None:
    return next((each for each in (*arguments, *named.values()) if isinstance(each, Actor)), None)


def _shape(argument: Any, values: list[Any]) -> Hashable:
    """What of the argument decides the statement; the rest joins `values`."""
    if isinstance(argument, Actor):
        keys = (
            argument.user_id,
            argument.person_id,
            argument.organization_id,
            argument.principal_id,
            argument.correlation_id,
        )
        values += keys
        what = (
            argument.kind,
            argument.role,
            argument.duties,
            argument.delegated,
            argument.assurance,
            argument.purpose,
            argument.channel,
        )
        return (*what, *(key is None for key in keys))
    if isinstance(argument, Given):
        return (type(argument), *(_shape(getattr(argument, name), values) for name in _names(argument)))
    if type(argument) in _GIVEN:
        values.append(argument)
        return type(argument).__name__
    constant: Hashable = argument
    return constant


def _stood_in(argument: Any, stand_ins: list[Any]) -> Any:
    """The argument with its values replaced, in the order of `_shape`."""
    if isinstance(argument, Actor):
        keys = [
            key and new_id()
            for key in (
                argument.user_id,
                argument.person_id,
                argument.organization_id,
                argument.principal_id,
                argument.correlation_id,
            )
        ]
        stand_ins += keys
        user_id, person_id, organization_id, principal_id, correlation_id = keys
        return replace(
            argument,
            name="",
            role_label="",
            organization_name="",
            on_behalf_of="",
            software="",
            user_id=user_id,
            person_id=person_id,
            organization_id=organization_id,
            principal_id=principal_id,
            correlation_id=correlation_id or argument.correlation_id,
        )
    if isinstance(argument, Given):
        asked: Any = argument
        names = _names(argument)
        return replace(asked, **{name: _stood_in(getattr(asked, name), stand_ins) for name in names})
    if type(argument) not in _GIVEN:
        return argument
    stand_ins.append(_stand_in(type(argument), len(stand_ins)))
    return stand_ins[-1]


def _names(given: Any) -> list[str]:
    return [each.name for each in fields(given)]


def _stand_in(kind: type, place: int) -> Any:
    if kind is datetime:
        return datetime(1900, 1, 1, microsecond=place, tzinfo=UTC)
    if kind is date:
        return date.fromordinal(date(1900, 1, 1).toordinal() + place)
    if kind is list:
        return [new_id()]
    return new_id() if kind is UUID else str(new_id())


def _plan(queryset: QuerySet[Any, Any], stand_ins: list[Any]) -> _Plan:
    if queryset._prefetch_related_lookups:  # type: ignore[attr-defined]  # noqa: SLF001 -- asked of nothing else
        raise NotCompilable("a compiled question prefetches nothing")
    compiler = queryset.query.get_compiler(using=DEFAULT_DB_ALIAS)
    try:
        sql, parameters = compiler.as_sql()
    except EmptyResultSet:
        return _Plan(queryset, None, "", (), {})
    kept = tuple(_slot(each, stand_ins) for each in parameters)
    selected = [column for column, *_ in compiler.select[: compiler.col_count]]
    maker = RowMaker(compiler) if queryset._iterable_class is ModelIterable else None  # noqa: SLF001 -- as above
    return _Plan(queryset, compiler, sql, kept, compiler.get_converters(selected), maker)


def _slot(parameter: Any, stand_ins: list[Any]) -> Any:
    for place, stand_in in enumerate(stand_ins):
        if stand_in is not None and type(parameter) is type(stand_in) and parameter == stand_in:
            return _Slot(place)
    if isinstance(parameter, list):
        return [_slot(each, stand_ins) for each in parameter]
    transformed = isinstance(parameter, str) and any(isinstance(s, str) and s in parameter for s in stand_ins)
    if transformed or isinstance(parameter, (UUID, date)):
        raise NotCompilable(
            f"a {type(parameter).__name__} of the statement is not an argument of its question"
        )
    return parameter


def _filled(parameter: Any, values: Sequence[Any]) -> Any:
    if type(parameter) is _Slot:
        return values[parameter.place]
    if type(parameter) is list:
        return [_filled(each, values) for each in parameter]
    return parameter


def _is_to_check(plan: _Plan, values: Sequence[Any]) -> bool:
    """Once for all the calls that a question could tell apart by its arguments; now and then without that reason."""
    way = tuple(_told_apart_by(value, values) for value in values)
    plan.calls[way] += 1
    return plan.calls[way] % CHECKED_AGAIN_AFTER == 1


def _told_apart_by(value: Any, values: Sequence[Any]) -> Hashable:
    """Identifiers are opaque: all that a question can see is which of them are the same."""
    if isinstance(value, UUID):
        return values.index(value)
    if isinstance(value, list):
        return len(value)
    return type(value).__name__ if isinstance(value, date) else value


def _check(plan: _Plan, values: Sequence[Any], afresh: QuerySet[Any, Any]) -> None:
    try:
        expected = afresh.query.get_compiler(using=DEFAULT_DB_ALIAS).as_sql()
    except EmptyResultSet:
        expected = ("", ())
    if (plan.sql, plan.filled(values)) != (expected[0], tuple(expected[1])):
        raise NotCompilable(f"the kept statement is not the one asked for:\n{plan.sql}\n{expected[0]}")


class _Seen:
    """A queryset and its query as Django's iterables see them, with the statement and the values of one call."""

    db = DEFAULT_DB_ALIAS
    _known_related_objects: dict[Any, Any] = {}

    def __init__(self, plan: _Plan, parameters: tuple[Any, ...]) -> None:
        self.query = self
        self.model = plan.queryset.model
        self.selected = plan.queryset.query.selected
        self._plan = plan
        self._parameters = parameters

    def get_compiler(self, *_: Any, **__: Any) -> SQLCompiler:
        compiler: Any = copy(self._plan.compiler)
        compiler.connection = connections[DEFAULT_DB_ALIAS]
        compiler.as_sql = lambda *_, **__: (self._plan.sql, self._parameters)
        compiler.get_converters = lambda _: self._plan.converters
        return compiler  # type: ignore[no-any-return]  # a copy of a compiler
