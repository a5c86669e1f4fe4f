"""What a pathway waits for in vain: a question that nobody sees, a value that nobody asks, a colour too late."""

from collections.abc import Iterator, Sequence
from datetime import date, time, timedelta
from decimal import Decimal
from itertools import pairwise

from terresante.questionnaires.pathway import timing
from terresante.questionnaires.pathway.enabling import holds
from terresante.questionnaires.pathway.model import (
    AnswerValue,
    Condition,
    Form,
    Pathway,
    Question,
    Rule,
    Score,
    Step,
)
from terresante.questionnaires.pathway.tables import near
from terresante.questionnaires.pathway.wording import number

_ANY_DAY = date(2024, 1, 1)
# Groups of professions of the access matrix, and the structure of the cell itself.
ROLES = (
    *("physician", "nurse", "pharmacist", "paramedic", "psychologist", "social", "home_aide"),
    *("coordinator", "secretary", "guardian", "other", "cell"),
)
FILLS = ("patient", "carer", "professional")
# Minutes. A red that waits longer was written in another unit, or without knowing what waits meanwhile.
LONGEST_RED = 60


def idle(pathway: Pathway) -> Iterator[str]:
    """Of a follow-up as a whole."""
    if pathway.kind not in ("follow-up", "surgery"):
        return
    if not pathway.enrols:
        yield '[roles] : personne ne peut inclure. Écrivez par exemple enrols = ["physician", "nurse"].'


def roles_of_nobody(pathway: Pathway) -> Iterator[tuple[str, str]]:
    """(key under [roles], sentence). Alerts are the whole cell's: a role that nothing applies would be believed."""
    for role in pathway.enrols:
        if role not in ROLES:
            yield "enrols", f"« {role} » n’est le rôle de personne : {near(role, ROLES)}"
    for role in pathway.takes:
        if role != "cell":
            yield (
                "takes",
                f"« {role} » ne prendrait pas seul les alertes : elles sont à toute la cellule, qui s’organise "
                'elle-même. Écrivez takes = ["cell"].',
            )


def slow(pathway: Pathway) -> Iterator[tuple[str, str]]:
    """(key under [delays], sentence)"""
    waits = (
        ("confirm", pathway.delays.confirm, "une mesure rouge resterait « à confirmer »"),
        ("take_red", pathway.delays.take_red, "un rouge que personne ne prend resterait sans relais"),
    )
    for key, minutes, what in waits:
        if minutes > LONGEST_RED:
            yield key, f"« {key} » se compte en minutes : {what} pendant {minutes} minutes. Écrivez 10 ou 15."


def asked_before_its_time(form: Form, question: Question) -> str:
    """Questions come one by one: what waits for a later one is only met by going back."""
    order = [one.link_id for one in form.questions]
    for enablement in question.enable_when:
        for condition in enablement.conditions:
            if condition.link_id in order[order.index(question.link_id) + 1 :]:
                return (
                    f"« {question.link_id} » dépend de « {condition.link_id} », qui vient après : placez-la plus "
                    "bas, sinon elle n’est posée qu’à qui revient en arrière."
                )
    return ""


def cut_short(pathway: Pathway) -> Iterator[tuple[int, str]]:
    """Marks that come once the same questionnaire is asked again: the earlier one is then missed. (line, sentence)"""
    lines = {step.name: step.line for step in pathway.schedule}
    of_form: dict[str, list[timing.Occurrence]] = {}
    for one in timing.due(pathway, _ANY_DAY, date.min):
        of_form.setdefault(one.form, []).append(one)
    told: set[tuple[str, str]] = set()
    for occurrences in of_form.values():
        for one, following in pairwise(occurrences):
            if following.opens_at == one.opens_at:
                continue
            for name in ("remind", "grey", "orange", "red"):
                at = getattr(one, f"{name}_at")
                if at is not None and at > following.opens_at and (one.step, name) not in told:
                    told.add((one.step, name))
                    yield (
                        lines[one.step],
                        f"colonne « {name} » : « {following.step} » pose de nouveau ce questionnaire avant ce moment,"
                        " qui n’arrive donc pas. Avancez-le.",
                    )


def odd_bands(score: Score) -> Iterator[str]:
    """A value that reads in two ways, or in none."""
    bands = sorted(score.bands, key=lambda band: band.lowest)
    for one, other in pairwise(bands):
        if other.lowest <= one.highest:
            yield f"« {score.id} » : {number(other.lowest)} est dans deux tranches, la première écrite l’emporte."
        elif other.lowest - one.highest > 1:
            between = f"entre {number(one.highest)} et {number(other.lowest)}"
            yield f"« {score.id} » : {between}, aucune tranche ne dit comment lire le score."
    if bands and score.maximum is not None and bands[-1].highest < score.maximum:
        yield f"« {score.id} » : au-dessus de {number(bands[-1].highest)}, aucune tranche ne dit comment le lire."


def filled_by_nobody(step: Step) -> str:
    if step.role in FILLS:
        return ""
    return (
        f"colonne « role » : « {step.role} » sera lu « professional ». Écrivez patient, carer (un proche répond pour"
        " la personne) ou professional."
    )


def without_baseline(pathway: Pathway, rule: Rule) -> str:
    """« from baseline » of a value that the enrolment does not ask."""
    enrolment = pathway.forms.get(pathway.enrolment_questionnaire)
    asked = enrolment.question(rule.item) if enrolment is not None else None
    if asked is not None and asked.is_number:
        return ""
    where = f"« {enrolment.name} »" if enrolment is not None else "d’inclusion, qui manque sous [enrolment],"
    return (
        f"« from baseline » n’arrive jamais : le questionnaire {where} ne demande pas de nombre « {rule.item} ». "
        "Ajoutez-y cette question, avec le même linkId."
    )


def never_shown(form: Form, question: Question) -> bool:
    """Whatever is answered to the questions that it waits for, one by one."""
    together: dict[str, list[Condition]] = {}
    for enablement in question.enable_when:
        if enablement.any_of and not any(_may_hold(form, [one]) for one in enablement.conditions):
            return True
        for one in () if enablement.any_of else enablement.conditions:
            together.setdefault(one.link_id, []).append(one)
    return not all(_may_hold(form, several) for several in together.values())


def _may_hold(form: Form, several: Sequence[Condition]) -> bool:
    """All of them, on one answer to the question that they name."""
    other = form.question(several[0].link_id)
    if other is None:
        return True
    return any(all(holds(one, value) for one in several) for value in _possible(other, several))


def _possible(question: Question, several: Sequence[Condition]) -> list[AnswerValue | None]:
    """No answer, and the answers on each side of what is compared."""
    named = [one.value for one in several if one.value is not None]
    if question.kind == "boolean":
        return [None, True, False]
    if question.is_number:
        return [
            None,
            *_numbers_around(question, [Decimal(one) for one in named if isinstance(one, Decimal | int)]),
        ]
    if question.kind == "choice":
        codes = tuple(option.code for option in question.options)
        return [None, *((one,) for one in codes), codes] if question.repeats else [None, *codes]
    if question.kind == "date":
        days = [one for one in named if isinstance(one, date) and date.min < one < date.max]
        return [None, *days, *(one + timedelta(days=step) for one in days for step in (-1, 1))]
    if question.kind == "time":
        return [None, time.min, time.max, *(one for one in named if isinstance(one, time))]
    return [None, "", *(one for one in named if isinstance(one, str))]


def _numbers_around(question: Question, named: Sequence[Decimal]) -> Iterator[Decimal]:
    """Each number named, between two of them, and beyond all; those that the question accepts."""
    low = question.lowest if question.lowest is not None else min(named, default=Decimal(0)) - 1
    high = question.highest if question.highest is not None else max(named, default=Decimal(0)) + 1
    points = sorted({low, high, *(point for point in named if low <= point <= high)})
    for point in {*points, *((one + other) / 2 for one, other in pairwise(points))}:
        near_by = (
            (point.to_integral_value(), point + 1, point - 1) if question.kind == "integer" else (point,)
        )
        yield from (
            one for one in near_by if low <= one <= high and (question.kind != "integer" or one == int(one))
        )
