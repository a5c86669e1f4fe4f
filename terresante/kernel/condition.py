import re
from collections.abc import Collection
from copy import copy
from typing import Any
from uuid import UUID

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, Func, Q, UUIDField, Value
from django.db.models.sql.compiler import SQLCompiler

# A column of the condition, or one of its values.
_PLACES = re.compile(r"(\{\d\}|%s)")


def among(column: str, keys: Collection[UUID]) -> Q:
    """`column` is one of these: one statement whatever their number, where `__in` makes one for each.

    Behind a subquery PostgreSQL estimates the same whatever it is given, hence keeps its plan.
    """
    return Q(SqlCondition("{0} = ANY (ARRAY(SELECT unnest(%s::uuid[])))", column, values=(keys,)))


class SqlCondition(Func):
    """A condition on a row as SQL: `{0}`, `{1}` are its columns, each `%s` one of `values` in order.

    For what nearly every query of a page holds: built through the ORM each time, these conditions cost more than
    PostgreSQL took to answer (docs/bench.md). `sql` is a constant of the code, never a text made of what came in.
    """

    output_field = BooleanField()

    def __init__(self, sql: str, *columns: str | Value, values: tuple[object, ...] = ()) -> None:
        super().__init__(*columns)
        self.columns = columns
        self.sql = sql
        self.values = values

    def at(self, column: str, key: UUID) -> "SqlCondition":
        """The same of rows whose `column` is `key`: what it says of that column alone is asked once, not for each."""
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


def at(condition: Q, column: str, key: UUID) -> Q:
    """`condition` of rows whose `column` is `key`, the rest of it left as it is."""
    told = copy(condition)
    told.children = [_told_at(child, column, key) for child in condition.children]
    return told


def _told_at(child: Any, column: str, key: UUID) -> Any:
    if isinstance(child, SqlCondition):
        return child.at(column, key)
    return at(child, column, key) if isinstance(child, Q) else child
