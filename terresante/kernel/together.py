"""Rows that only accompany a change (trail, outbox), written once at the end of what a job does in one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import groupby

from django.db.models import Model

from terresante.kernel import compiled

_gathered: ContextVar[list[Model] | None] = ContextVar("rows_written_together", default=None)


def write(row: Model) -> None:
    """At once, or with the others when the caller gathers them."""
    gathered = _gathered.get()
    if gathered is None:
        compiled.insert(row)
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
    for _, found in groupby(sorted(rows, key=_label), key=_label):
        same = list(found)
        type(same[0])._default_manager.bulk_create(same)


def _label(row: Model) -> str:
    return row._meta.label
