"""First wall: one rule per (action, model) returns a `Q`, used for the object and for the list.

    @rule(NOTE_READ, Note, visible=True)
    def notes_shared_with(actor: Actor) -> Q: ...

    access.list(actor, NOTE_READ, Note)          rows the actor may read
    access.get(actor, NOTE_AMEND, Note, pk)      the row, NotFound when invisible, Refused when visible only

Undeclared means refused. A creation is an action on the parent: `access.get(actor, NOTE_WRITE, CareRecord, pk)`.
"""

import builtins
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast
from uuid import UUID

from django.db.models import Case, Exists, Model, OuterRef, Q, QuerySet, When

from terresante.kernel import compiled, grounds
from terresante.kernel.actor import Actor
from terresante.kernel.condition import at
from terresante.kernel.errors import NotFound, Refused

M = TypeVar("M", bound=Model)
Rule = Callable[[Actor], Q]

NOBODY = Q(pk__in=[])


def points_to(model: type[Model], those: Q, *, by: str) -> Q:
    """Rows whose column `by` holds the key of one of `those`, of the same patient."""
    same_patient = {"pk": OuterRef(by), "patient_id": OuterRef("patient_id")}
    return Q(Exists(model._default_manager.filter(those, **same_patient)))


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
    # Acts for the person: a parent, a guardian, a carer.
    is_relative: bool = False


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


def list(actor: Actor, action: Action, model: type[M], *, patient_id: UUID | None = None) -> QuerySet[M]:
    """`patient_id`: the rows of one patient; what the rule says of the patient is then asked once, not for each row."""
    declared = _rules.get((action, model))
    if declared is None:
        raise Refused(f"L’action « {action.label} » n’est ouverte à personne.")
    if patient_id is None:
        return model._default_manager.filter(declared(actor))
    return model._default_manager.filter(_of(actor, declared, patient_id), patient_id=patient_id)


def _of(actor: Actor, declared: Rule, patient_id: UUID) -> Q:
    return at(declared(actor), "patient_id", patient_id, grounds.known(actor, patient_id))


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
    for found in _named(actor, action, model, pk, lock, tuple(related)):
        return cast(M, found)
    visible = _visible_by.get(model)
    if visible is not None and model._default_manager.filter(visible(actor), pk=pk).exists():
        raise Refused(f"Cette action ne vous est pas ouverte ici : {action.label.lower()}.")
    raise NotFound


@compiled.rows
def _named(
    actor: Actor, action: Action, model: type[M], pk: UUID, lock: bool, related: tuple[str, ...]
) -> QuerySet[M]:
    rows = list(actor, action, model).filter(pk=pk)
    if related:
        rows = rows.select_related(*related)
    return rows.select_for_update(of=("self",)) if lock else rows


def permits(actor: Actor, action: Action, row: Model) -> bool:
    return bool(permitted(actor, row, action))


def permitted(actor: Actor, row: Model, *actions: Action) -> frozenset[Action]:
    """Those of `actions` this actor may do to the row, in one query."""
    declared = tuple(action for action in actions if (action, type(row)) in _rules)
    patient_id = getattr(row, "patient_id", None)
    for answers in _answers(actor, type(row), row.pk, declared, patient_id) if declared else ():
        return frozenset(action for action, may in zip(declared, answers, strict=True) if may)
    return frozenset()


@compiled.rows
def _answers(
    actor: Actor, model: type[Model], pk: UUID, actions: tuple[Action, ...], patient_id: UUID | None
) -> QuerySet[Model, tuple[bool, ...]]:
    declared = [_rules[action, model] for action in actions]
    rules = [each(actor) if patient_id is None else _of(actor, each, patient_id) for each in declared]
    asked = {f"may_{number}": Case(When(rule, then=True), default=False) for number, rule in enumerate(rules)}
    rows: QuerySet[Model, tuple[bool, ...]] = model._default_manager.filter(pk=pk).annotate(**asked)
    return rows.values_list(*asked)


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


def declared_rules() -> dict[tuple[Action, type[Model]], Rule]:
    return dict(_rules)
