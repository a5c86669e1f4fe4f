"""What a programme says, as its project lead writes it (FHIR PlanDefinition): pure, kept as JSON in a version.

Delays are days of the calendar, fees cents of euro. A step counts its delay from the inclusion, or from another step.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from terresante.care_plans.enums import STEP_ROLES
from terresante.care_team.enums import RoleGroup
from terresante.kernel.ui import wording

# Departments whose number is not the beginning of their postal codes.
_CORSICA = {"2A": ("200", "201"), "2B": ("202", "206")}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedAct:
    """A step: `after` is the key of the step it is counted from, '' for the inclusion."""

    key: str
    title: str
    role: str
    delay: int
    after: str = ""
    form: str = ""

    @property
    def role_label(self) -> str:
        return str(RoleGroup(self.role).label)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A billable sequence: complete when its steps are done; `times`: how often at most in one inclusion."""

    key: str
    label: str
    steps: tuple[str, ...]
    fee: int
    times: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Criteria that the record answers by itself; `places`: departments, or postal codes of five digits."""

    age_from: int | None = None
    age_to: int | None = None
    sex: str = ""
    places: tuple[str, ...] = ()


EVERYBODY = Bounds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    summary: str = ""
    criteria: tuple[str, ...] = ()
    bounds: Bounds = EVERYBODY
    included_by: tuple[str, ...] = (
        RoleGroup.PHYSICIAN.value,
        RoleGroup.NURSE.value,
        RoleGroup.COORDINATOR.value,
    )
    steps: tuple[PlannedAct, ...] = ()
    sequences: tuple[Bundle, ...] = ()

    def step(self, key: str) -> PlannedAct | None:
        return next((step for step in self.steps if step.key == key), None)

    def sequence(self, key: str) -> Bundle | None:
        return next((sequence for sequence in self.sequences if sequence.key == key), None)

    def title_of(self, key: str) -> str:
        found = self.step(key)
        return found.title if found else ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def from_json(kept: Mapping[str, Any]) -> Definition:
    return Definition(
        summary=kept["summary"],
        criteria=tuple(kept["criteria"]),
        bounds=Bounds(**{**kept["bounds"], "places": tuple(kept["bounds"]["places"])}),
        included_by=tuple(kept["included_by"]),
        steps=tuple(PlannedAct(**step) for step in kept["steps"]),
        sequences=tuple(Bundle(**{**one, "steps": tuple(one["steps"])}) for one in kept["sequences"]),
    )


def next_key(taken: Iterable[str], letter: str) -> str:
    """Keys are counted and never given again within a version: e1, e2… of steps, s1, s2… of sequences."""
    numbers = [int(key[1:]) for key in taken if key[1:].isdigit()]
    return f"{letter}{max(numbers, default=0) + 1}"


def with_step(definition: Definition, step: PlannedAct) -> Definition:
    """Replaces the step of the same key in its place, else adds it at the end."""
    if definition.step(step.key) is None:
        return replace(definition, steps=(*definition.steps, step))
    return replace(definition, steps=tuple(step if one.key == step.key else one for one in definition.steps))


def with_sequence(definition: Definition, sequence: Bundle) -> Definition:
    if definition.sequence(sequence.key) is None:
        return replace(definition, sequences=(*definition.sequences, sequence))
    kept = tuple(sequence if one.key == sequence.key else one for one in definition.sequences)
    return replace(definition, sequences=kept)


class Part(StrEnum):
    """Of a definition, as its pages are cut."""

    GENERAL = "general"
    STEP = "step"
    SEQUENCE = "sequence"


@dataclass(frozen=True, slots=True)
class Fault:
    """What keeps a definition from being published: where, what is wrong and what to do.

    `key`: of the step or the sequence, "" of one that is missing.
    """

    part: Part
    where: str
    sentence: str
    key: str = ""

    def __str__(self) -> str:
        return f"{self.where} : {self.sentence}"


_GENERAL = "Présentation et critères"


def faults(definition: Definition) -> list[Fault]:
    """Why it cannot be published; nothing when it can."""
    found = []
    if not definition.included_by:
        found.append(Fault(Part.GENERAL, _GENERAL, "Personne ne peut inclure : choisissez au moins un rôle."))
    found += _of_bounds(definition.bounds)
    if not definition.steps:
        told = "Le programme n’a pas encore d’étape : ajoutez-en au moins une."
        found.append(Fault(Part.STEP, "Étapes", told))
    return [*found, *_of_steps(definition), *_of_sequences(definition)]


def _of_bounds(bounds: Bounds) -> Iterable[Fault]:
    if bounds.age_from is not None and bounds.age_to is not None and bounds.age_from > bounds.age_to:
        told = f"L’âge va de {bounds.age_from} à {bounds.age_to} ans, personne n’a cet âge : corrigez l’un des deux."
        yield Fault(Part.GENERAL, _GENERAL, told)


def _of_steps(definition: Definition) -> Iterable[Fault]:
    known = {step.key for step in definition.steps}
    for step in definition.steps:
        for told in _of_step(step, known):
            yield Fault(Part.STEP, f"Étape « {step.title} »", told, step.key)
    circle = cycle(definition.steps)
    if circle:
        named = " → ".join(f"« {definition.title_of(key)} »" for key in circle)
        told = (
            f"Des étapes s’attendent l’une l’autre ({named}) : comptez l’une d’elles à partir de l’inclusion."
        )
        yield Fault(Part.STEP, f"Étape « {definition.title_of(circle[0])} »", told, circle[0])


def _of_step(step: PlannedAct, known: Collection[str]) -> Iterable[str]:
    if step.role not in STEP_ROLES:
        yield f"Le rôle « {step.role} » n’existe pas : choisissez-en un de la liste."
    if step.delay < 0:
        yield f"Un délai se compte en jours à partir de 0, pas {step.delay} : corrigez-le."
    if step.after and step.after not in known:
        yield "L’étape dont elle dépend a été retirée : choisissez-en une autre."


def _of_sequences(definition: Definition) -> Iterable[Fault]:
    repeated: dict[str, str] = {}
    for sequence in definition.sequences:
        for told in _of_sequence(definition, sequence, repeated):
            yield Fault(Part.SEQUENCE, f"Séquence « {sequence.label} »", told, sequence.key)


def _of_sequence(definition: Definition, sequence: Bundle, repeated: dict[str, str]) -> Iterable[str]:
    """`repeated`: key of a step → label of the repeated sequence that has it, as it is met."""
    if not sequence.steps:
        yield "Elle n’a pas d’étape : choisissez celles qui la rendent facturable."
    for key in sequence.steps:
        if definition.step(key) is None:
            yield "Une de ses étapes a été retirée : enregistrez-la de nouveau."
        if sequence.times > 1 and repeated.setdefault(key, sequence.label) != sequence.label:
            yield (
                f"L’étape « {definition.title_of(key)} » est dans deux séquences répétées,"
                f" « {repeated[key]} » et « {sequence.label} » : laissez-la dans une seule."
            )


def cycle(steps: Iterable[PlannedAct]) -> list[str]:
    """Keys of steps that wait for one another, the first one again at the end; nothing when there are none."""
    after = {step.key: step.after for step in steps}
    for start in after:
        path = [start]
        while after.get(path[-1], ""):
            if after[path[-1]] in path:
                return [*path[path.index(after[path[-1]]) :], after[path[-1]]]
            path.append(after[path[-1]])
    return []


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What the computable criteria look at."""

    birth_date: date
    sex: str
    postal_code: str


def unmet(definition: Definition, person: Person, ticked: Collection[str], *, today: date) -> list[str]:
    """Criteria that are not met, each with its sentence."""
    found = [*_of_person(definition.bounds, person, today)]
    found += [f"Le critère « {one} » n’est pas coché." for one in definition.criteria if one not in ticked]
    return found


def _of_person(bounds: Bounds, person: Person, today: date) -> Iterable[str]:
    born, years = person.birth_date, today.year - person.birth_date.year
    age = years - ((today.month, today.day) < (born.month, born.day))
    too_young = bounds.age_from is not None and age < bounds.age_from
    too_old = bounds.age_to is not None and age > bounds.age_to
    if too_young or too_old:
        yield f"{said_age(bounds)} : la personne a {age} ans."
    if bounds.sex and person.sex != bounds.sex:
        yield f"{said_sex(bounds)}."
    if bounds.places and not person.postal_code:
        yield f"{said_places(bounds)} : l’adresse de la personne n’est pas connue, complétez-la d’abord."
    elif bounds.places and not any(_is_in(person.postal_code, place) for place in bounds.places):
        yield f"{said_places(bounds)} : le code postal de la personne est {person.postal_code}."


def _is_in(postal_code: str, place: str) -> bool:
    return postal_code.startswith(_CORSICA.get(place, (place,)))


def said_bounds(bounds: Bounds) -> list[str]:
    """The computable criteria, as the page lists them."""
    said = [said_age(bounds), said_sex(bounds), said_places(bounds)]
    return [one for one in said if one]


def said_age(bounds: Bounds) -> str:
    if bounds.age_from is not None and bounds.age_to is not None:
        return f"Entre {bounds.age_from} et {bounds.age_to} ans"
    if bounds.age_from is not None:
        return f"{bounds.age_from} ans ou plus"
    return "" if bounds.age_to is None else f"{bounds.age_to} ans au plus"


def said_sex(bounds: Bounds) -> str:
    return {"F": "Pour les femmes", "M": "Pour les hommes"}.get(bounds.sex, "")


def said_places(bounds: Bounds) -> str:
    return f"Habite dans le {' ou le '.join(bounds.places)}" if bounds.places else ""


def said_delay(definition: Definition, step: PlannedAct) -> str:
    start = f"« {definition.title_of(step.after)} »" if step.after else "l’inclusion"
    if step.delay == 0:
        return f"le jour de {start}" if not step.after else f"le même jour que {start}"
    return f"{step.delay}{wording.NBSP}{'jour' if step.delay == 1 else 'jours'} après {start}"
