import re
from collections.abc import Callable, Collection
from copy import copy
from typing import Any
from uuid import UUID

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, Field, Func, Q, UUIDField, Value
from django.db.models.sql.compiler import SQLCompiler

# A column of the condition, or one of its values.
_PLACES = re.compile(r"(\{\d\}|%s)")


def among(column: str, keys: Collection[UUID] | Collection[str]) -> Q:
    """`column` is one of these: one statement whatever their number, where `__in` makes one for each.

    Behind a subquery PostgreSQL estimates the same whatever it is given, hence keeps its plan.
    """
    return Q(SqlCondition("{0} = ANY (ARRAY(SELECT unnest(%s::uuid[])))", column, values=(keys,)))


class SqlCondition(Func):
    """A condition on a row as SQL: `{0}`, `{1}` are its columns, each `%s` one of `values` in order.

    For what nearly every query of a page holds: built through the ORM each time, these conditions cost more than
    PostgreSQL took to answer (docs/bench.md). `sql` is a constant of the code, never a text made of what came in.
    `settled` says the same of a patient of whom the page already knows (`kernel.grounds`).
    """

    output_field: "Field[Any, Any]" = BooleanField()

    def __init__(
        self,
        sql: str,
        *columns: str | Value,
        values: tuple[object, ...] = (),
        settled: Callable[[Any], Q | None] | None = None,
    ) -> None:
        super().__init__(*columns)
        self.columns = columns
        self.sql = sql
        self.values = values
        self.settled = settled

    def at(self, column: str, key: UUID, ground: Any = None) -> "SqlCondition | Q":
        """The same of rows whose `column` is `key`: what it says of that column alone is asked once, not for each.

        Not even once where `ground`, what is known of that key, answers (`settled`: None where it does not).
        """
        if ground is not None and self.settled is not None and self.columns[0] == column:
            told = self.settled(ground)
            if told is not None:
                return told
        given = Value(key, output_field=UUIDField())
        columns = (given if each == column else each for each in self.columns)
        return SqlCondition(self.sql, *columns, values=self.values)

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, *_: Any, **__: Any
    ) -> tuple[str, tuple[Any, ...]]:
        columns = [compiler.compile(column) for column in self.source_expressions]
        values, sql, parameters = iter(self.values), "", []
        for part in _PLACES.split(self.sql):
            if part == "%s":
                parameters.append(next(values))
            elif _PLACES.fullmatch(part):
                part, own = columns[int(part[1:-1])]
                parameters += own
            sql += part
        return sql, tuple(parameters)


EVERY = Q(SqlCondition("TRUE"))
NONE = Q(SqlCondition("FALSE"))


def at(condition: Q, column: str, key: UUID, ground: Any = None) -> Q:
    """`condition` of rows whose `column` is `key`, of whom `ground` is known; the rest of it left as it is."""
    told = copy(condition)
    told.children = [_told_at(child, column, key, ground) for child in condition.children]
    return told


def _told_at(child: Any, column: str, key: UUID, ground: Any) -> Any:
    if isinstance(child, SqlCondition):
        return child.at(column, key, ground)
    return at(child, column, key, ground) if isinstance(child, Q) else child
