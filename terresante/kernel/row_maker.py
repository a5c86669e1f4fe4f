"""Makes rows of a model of what the database answers, for a question asked many times (`kernel.compiled`)."""

from collections.abc import Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model
from django.db.models.base import ModelState
from django.db.models.fields.related_descriptors import ForeignKeyDeferredAttribute
from django.db.models.query import get_related_populators
from django.db.models.query_utils import DeferredAttribute


class RowMaker:
    """Of one question. Django's `ModelIterable` works all this out again at each call."""

    def __init__(self, compiler: Any) -> None:
        told, select = compiler.klass_info, compiler.select
        columns = told["select_fields"]
        self._model: type[Model] = told["model"]
        self._own = slice(columns[0], columns[-1] + 1)
        self._names = tuple(column.target.attname for column, *_ in select[self._own])
        self._is_plain = _is_plain(self._model, self._names)
        self._related = get_related_populators(told, select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]  # stubs of 6.1
        self._annotated = tuple((compiler.annotation_col_map or {}).items())

    def made(self, answer: Sequence[Any]) -> Any:
        values = answer[self._own]
        row = (
            self._filled(values)
            if self._is_plain
            else self._model.from_db(DEFAULT_DB_ALIAS, self._names, values)
        )
        for related in self._related:
            related.populate(answer, row)
        for name, place in self._annotated:
            setattr(row, name, answer[place])
        return row

    def _filled(self, values: Sequence[Any]) -> Model:
        """As `from_db` leaves it. Column by column, Django takes eight times as long (docs/bench.md)."""
        row = self._model.__new__(self._model)
        row.__dict__.update(zip(self._names, values, strict=True))
        state = row._state = ModelState()  # noqa: SLF001 -- what Django keeps beside the columns of a row
        state.adding, state.db = False, DEFAULT_DB_ALIAS
        return row


def _is_plain(model: type[Model], names: Sequence[str]) -> bool:
    """Reading a row sets its columns' own attributes and nothing else. Nobody listens: tests/house/test_sources.py."""
    own: Any = model
    return (
        own.__init__ is Model.__init__
        and own.__new__ is object.__new__
        and own.from_db.__func__ is Model.from_db.__func__  # type: ignore[attr-defined]  # a class method has it
        and all(
            type(getattr(model, name)) in (DeferredAttribute, ForeignKeyDeferredAttribute) for name in names
        )
    )
