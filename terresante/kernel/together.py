"""Many rows in one statement.

Rows that only accompany a change (trail, outbox) are gathered and written once, at the end of what a job does in one
transaction; `insert` and `update` write rows of any model, under the caller's policies, as one JSON document:
built through the ORM value by value, a row costs Python more than it costs PostgreSQL (docs/bench.md).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from itertools import groupby
from typing import Any

import orjson
from django.db import connection
from django.db.models import Field, Model

_gathered: ContextVar[list[Model] | None] = ContextVar("rows_written_together", default=None)


def write(row: Model) -> None:
    """At once, or with the others when the caller gathers them."""
    gathered = _gathered.get()
    if gathered is None:
        insert([row])
    else:
        gathered.append(row)


@contextmanager
def written_together() -> Iterator[None]:
    """Opened inside the transaction or the savepoint whose rows it gathers: an error drops both.

    Inside another one, hands them over to it.
    """
    rows: list[Model] = []
    token = _gathered.set(rows)
    try:
        yield
    finally:
        _gathered.reset(token)
    outer = _gathered.get()
    if outer is not None:
        outer += rows
        return
    _insert_all([list(found) for _, found in groupby(sorted(rows, key=_label), key=_label)])


def insert(rows: Sequence[Model], *, or_ignore: bool = False) -> int:
    """In their order; how many entered. `or_ignore` passes over those that a unique constraint refuses."""
    if not rows:
        return 0
    statement = _insertion(type(rows[0]), or_ignore)
    with connection.cursor() as cursor:
        cursor.execute(statement, [_document(rows, adding=True)])
        return int(cursor.rowcount)


def _insert_all(kinds: Sequence[Sequence[Model]]) -> None:
    """Rows of several models in one statement: each that is waited for costs a transaction more than its rows do."""
    if len(kinds) < 2:
        for rows in kinds:
            insert(rows)
        return
    statement = _insertions(tuple(type(rows[0]) for rows in kinds))
    with connection.cursor() as cursor:
        cursor.execute(statement, [_document(rows, adding=True) for rows in kinds])


def update(rows: Sequence[Model]) -> None:
    """Every column but the key, as the rows say. Raises RuntimeError when one is gone, or out of the caller's reach."""
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(_change(type(rows[0])), [_document(rows, adding=False)])
        if cursor.rowcount != len(rows):
            raise RuntimeError(f"{cursor.rowcount} of {len(rows)} rows were changed")


def _document(rows: Sequence[Model], *, adding: bool) -> str:
    fields = _fields(type(rows[0]))
    return orjson.dumps(
        [{field.column: field.pre_save(row, adding) for field in fields} for row in rows], default=_plain
    ).decode()


def _plain(value: object) -> object:
    if isinstance(value, bytes | memoryview):
        return f"\\x{bytes(value).hex()}"
    raise TypeError(f"{type(value).__name__} has no JSON form here")


def _fields(model: type[Model]) -> "list[Field[Any, Any]]":
    return [field for field in model._meta.concrete_fields if field.editable or not field.has_db_default()]


# Names of tables and columns are our own models', quoted.
_INSERT = """
INSERT INTO {table} ({columns}) SELECT {columns}
FROM jsonb_populate_recordset(NULL::{table}, %s::jsonb) WITH ORDINALITY ORDER BY ordinality
"""
_UPDATE = """
UPDATE {table} AS known SET {changes} FROM jsonb_populate_recordset(NULL::{table}, %s::jsonb) AS said
WHERE known.{key} = said.{key}
"""


@lru_cache
def _insertion(model: type[Model], or_ignore: bool) -> str:
    table, names = _named(model)
    statement = _INSERT.format(table=table, columns=", ".join(names))
    return f"{statement} ON CONFLICT DO NOTHING" if or_ignore else statement


@lru_cache
def _insertions(models: tuple[type[Model], ...]) -> str:
    *others, last = (_insertion(model, or_ignore=False) for model in models)
    return f"WITH {', '.join(f'part_{number} AS ({one})' for number, one in enumerate(others))}{last}"


@lru_cache
def _change(model: type[Model]) -> str:
    table, names = _named(model)
    key = connection.ops.quote_name(str(model._meta.pk.column))
    changes = ", ".join(f"{name} = said.{name}" for name in names if name != key)
    return _UPDATE.format(table=table, changes=changes, key=key)


def _named(model: type[Model]) -> tuple[str, list[str]]:
    quote = connection.ops.quote_name
    return quote(model._meta.db_table), [quote(str(field.column)) for field in _fields(model)]


def _label(row: Model) -> str:
    return row._meta.label
