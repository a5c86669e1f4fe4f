from typing import Any

import pytest
from django.apps import apps
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model

from terresante.kernel.models import OutboxEvent
from terresante.kernel.row_maker import RowMaker

OURS = [model for model in apps.get_models() if model.__module__.startswith("terresante.")]


def _both(model: type[Model], *columns: str) -> tuple[Any, Any]:
    """One answer of the database made a row by us, and by Django."""
    queryset: Any = model._base_manager.only(*columns) if columns else model._base_manager.all()
    compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
    compiler.as_sql()
    names = [column.target.attname for column, *_ in compiler.select]
    answer = tuple(object() for _ in names)
    return RowMaker(compiler).made(answer), model.from_db(DEFAULT_DB_ALIAS, names, answer)


def _held(row: Model) -> dict[str, Any]:
    state = row._state
    # What is related is kept in a dictionary made when it is first asked for.
    return {**vars(row), "_state": (type(state), state.fields_cache, vars(state))}


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_a_row_is_what_django_makes_of_the_same_answer(model: type[Model]) -> None:
    ours, theirs = _both(model)
    assert type(ours) is type(theirs) is model
    assert _held(ours) == _held(theirs)


def test_what_was_not_asked_is_deferred() -> None:
    ours, theirs = _both(OutboxEvent, "kind", "patient_id")
    assert _held(ours) == _held(theirs)
    assert ours.get_deferred_fields() == theirs.get_deferred_fields() != set()
