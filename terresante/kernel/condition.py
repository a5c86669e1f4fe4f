from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, F, Func, Q
from django.db.models.sql.compiler import SQLCompiler


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

    def __init__(self, sql: str, *columns: str, values: tuple[object, ...] = ()) -> None:
        super().__init__(*(F(column) for column in columns))
        self.sql = sql
        self.values = values

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, *_: Any, **__: Any
    ) -> tuple[str, tuple[Any, ...]]:
        columns = [compiler.compile(column)[0] for column in self.source_expressions]
        return self.sql.format(*columns), self.values
