"""What a page asks once of a patient (`kernel.grounds`) changes no decision: every rule, on every row of random worlds,
says the same with it as without.
"""

import secrets
from collections.abc import Iterator

import pytest
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model

from terresante.care_team.basis import learn_grounds
from terresante.kernel import access, grounds, rls
from terresante.kernel.access import Action, Rule
from terresante.kernel.actor import Actor, ActorKind
from terresante.patients.models import CareRecord
from tests.access.oracle.build import build
from tests.access.oracle.worlds import world
from tests.walls import empty_tables

pytestmark = pytest.mark.commits
WORLDS, MANY, SPARE = 1, 40, 30


def test_what_is_learned_of_a_patient_changes_no_decision():
    _prove_worlds(WORLDS)


@pytest.mark.long
def test_what_is_learned_of_a_patient_changes_no_decision_in_many_worlds():
    _prove_worlds(MANY)


def _prove_worlds(number: int) -> None:
    seed, decided = secrets.randbelow(10**9), 0
    print(f"grounds seed: {seed}")  # noqa: T201 -- told on failure
    # In some worlds nobody reaches anybody: others are drawn.
    for played, each in enumerate(range(seed, seed + number + SPARE)):
        if played >= number and decided > 100 * number:
            break
        decided += _decided(each)
    assert decided > 100 * number


def _decided(seed: int) -> int:
    """How many rows of patients were asked about; fails with the world's seed."""
    empty_tables()
    built = build(world(seed))
    professionals = [
        actor for actor in built.actors.values() if actor and actor.kind == ActorKind.PROFESSIONAL
    ]
    return sum(_compared(actor, record, seed) for actor in professionals for record in built.records)


def _compared(actor: Actor, record: CareRecord, seed: int) -> int:
    patient_id, decided = record.patient_id, 0
    with rls.acting(actor, read_only=True):
        if not rls.open_record(patient_id):
            return 0
        asked = {(action, model): _keys(model, rule, actor, patient_id) for action, model, rule in _rules()}
        learn_grounds(actor, patient_id)
        if grounds.known(actor, patient_id) is None:  # the support desk, who is in no circle
            return 0
        for (action, model), expected in asked.items():
            told = set(access.list(actor, action, model, patient_id=patient_id).values_list("pk", flat=True))
            assert told == expected, f"world {seed}, {actor.name}, {action.code} of {model.__name__}"
            decided += len(model._default_manager.filter(patient_id=patient_id))
    return decided


def _keys(model: type[Model], rule: Rule, actor: Actor, patient_id: object) -> set[object]:
    rows = model._default_manager.filter(rule(actor), patient_id=patient_id)
    return set(rows.values_list("pk", flat=True))


def _rules() -> Iterator[tuple[Action, type[Model], Rule]]:
    for (action, model), rule in access.declared_rules().items():
        try:
            model._meta.get_field("patient")
        except FieldDoesNotExist:
            continue
        yield action, model, rule
