"""First wall: one rule per (action, model) returns a `Q`, used for the object and for the list.

    @rule(NOTE_READ, Note, visible=True)
    def notes_shared_with(actor: Actor) -> Q: ...

    access.list(actor, NOTE_READ, Note)          rows the actor may read
    access.get(actor, NOTE_AMEND, Note, pk)      the row, NotFound when invisible, Refused when visible only

Undeclared means refused. A creation is an action on the parent: `access.get(actor, NOTE_WRITE, CareRecord, pk)`.
"""

import builtins
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Case, Model, Q, QuerySet, When

from terresante.kernel.actor import Actor
from terresante.kernel.errors import NotFound, Refused

M = TypeVar("M", bound=Model)
Rule = Callable[[Actor], Q]

NOBODY = Q(pk__in=[])


_labels: dict[str, str] = {}


def label_of(code: str) -> str:
    """The French wording of an action found in the access log; its code when the action is no longer declared."""
    return _labels.get(code, code)


@dataclass(frozen=True, slots=True)
class Action:
    """What somebody does to something; `label` is the French wording of the access log."""

    code: str
    label: str

    def __post_init__(self) -> None:
        _labels[self.code] = self.label


@dataclass(frozen=True, slots=True)
class Reader:
    """One line of « Qui verra ceci ? »: a person or a structure, and why it reads, or why it does not."""

    key: UUID
    name: str
    role: str
    reads: bool
    reason: str
    is_group: bool = False


_rules: dict[tuple[Action, type[Model]], Rule] = {}
_visible_by: dict[type[Model], Rule] = {}
_audiences: dict[type[Any], Callable[[Any], builtins.list[Reader]]] = {}


def rule(action: Action, model: type[Model], *, visible: bool = False) -> Callable[[Rule], Rule]:
    """Declares who may do `action` on rows of `model`; `visible` marks the rule that says who knows of them."""

    def register(function: Rule) -> Rule:
        if (action, model) in _rules:
            raise RuntimeError(f"{action.code} on {model.__name__} is declared twice")
        _rules[action, model] = function
        if visible:
            _visible_by[model] = function
        return function

    return register


def list(actor: Actor, action: Action, model: type[M]) -> QuerySet[M]:
    declared = _rules.get((action, model))
    if declared is None:
        raise Refused(f"L’action « {action.label} » n’est ouverte à personne.")
    return model._default_manager.filter(declared(actor))


def get(
    actor: Actor,
    action: Action,
    model: type[M],
    pk: UUID,
    *,
    lock: bool = False,
    related: Sequence[str] = (),
) -> M:
    """The row itself, with the `related` rows it points to, read under their own row policies.

    Raises NotFound when the actor may not know of it, Refused when he may but not do this to it.
    """
    rows = list(actor, action, model)
    if related:
        rows = rows.select_related(*related)
    found = (rows.select_for_update(of=("self",)) if lock else rows).filter(pk=pk).first()
    if found is not None:
        return found
    visible = _visible_by.get(model)
    if visible is not None and model._default_manager.filter(visible(actor), pk=pk).exists():
        raise Refused(f"Vous pouvez voir cet élément, mais pas : {action.label.lower()}.")
    raise NotFound


def permits(actor: Actor, action: Action, row: Model) -> bool:
    declared = _rules.get((action, type(row)))
    return declared is not None and type(row)._default_manager.filter(declared(actor), pk=row.pk).exists()


def permitted(actor: Actor, row: Model, *actions: Action) -> frozenset[Action]:
    """Those of `actions` this actor may do to the row, in one query."""
    asked = {
        f"may_{number}": Case(When(_rules[action, type(row)](actor), then=True), default=False)
        for number, action in enumerate(actions)
        if (action, type(row)) in _rules
    }
    answers = type(row)._default_manager.filter(pk=row.pk).values(**asked).first() or {}
    return frozenset(actions[int(name.removeprefix("may_"))] for name, may in answers.items() if may)


def audience_of(subject: type[M] | type[Any]) -> Callable[[Callable[[Any], builtins.list[Reader]]], Any]:
    def register(function: Callable[[Any], builtins.list[Reader]]) -> Callable[[Any], builtins.list[Reader]]:
        _audiences[subject] = function
        return function

    return register


def audience(subject: object) -> builtins.list[Reader]:
    """Who will read this object or draft, answered by the same rules as access."""
    declared = _audiences.get(type(subject))
    if declared is None:
        raise Refused("Personne n’est déclaré pour lire cet élément.")
    return declared(subject)


_reasons: ContextVar[tuple[str, ...]] = ContextVar("unrestricted_reasons", default=())


@contextmanager
def unrestricted(*, reason: str) -> Iterator[None]:
    """Marks rows read without a rule: matching, projections. Row policies still hold. Every use stands in a
    house test's list.
    """
    if not reason:
        raise ValueError("unrestricted() needs a reason")
    token = _reasons.set((*_reasons.get(), reason))
    try:
        yield
    finally:
        _reasons.reset(token)


def declared_rules() -> dict[tuple[Action, type[Model]], Rule]:
    return dict(_rules)
