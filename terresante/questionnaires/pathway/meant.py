"""For whom a pathway is meant, by age, sex and criteria: how it is written, said, and whether somebody is outside."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from terresante.questionnaires.pathway.model import MeantFor

OLDEST = 130
MOST_CRITERIA, LONGEST_CRITERION = 10, 200
# What begins an expression that only a machine reads, where another software did not say its language.
MACHINE = "text/x-expression"
SEXES = {"female": "femmes", "male": "hommes"}
_BETWEEN = re.compile(r"(\d{1,3})\s*\.\.\s*(\d{1,3})")
_OF_A_MACHINE = re.compile(r"(?:text|application)/[\w.+-]+\s*:")
_COMPARED = re.compile(r"(<=|>=|<|>)\s*(\d{1,3})")


@dataclass(frozen=True, slots=True)
class Person:
    """Who would be followed: completed years, as far as her birth date is known; `sex`: "female", "male", or ""."""

    youngest: int
    oldest: int
    sex: str = ""


def ages_of(text: str) -> tuple[int | None, int | None]:
    """The lowest and the highest age, both included; None: no limit. Raises ValueError, a sentence in French."""
    said = text.strip()
    low: int | None
    high: int | None
    if not said:
        return None, None
    if found := _BETWEEN.fullmatch(said):
        low, high = int(found.group(1)), int(found.group(2))
        if low > high:
            raise ValueError(f"« {said} » : le plus jeune âge vient d’abord, écrivez {high}..{low}.")
    elif found := _COMPARED.fullmatch(said):
        low, high = _side(found.group(1), int(found.group(2)))
    else:
        raise ValueError(f"« {said[:20]} » n’est pas un âge : écrivez 0..17, >= 18 ou < 3, en années.")
    if not all(0 <= age <= OLDEST for age in (low, high) if age is not None):
        raise ValueError(f"« {said} » : un âge va de 0 à {OLDEST} ans.")
    return low, high


def _side(operator: str, age: int) -> tuple[int | None, int | None]:
    return {">=": (age, None), ">": (age + 1, None), "<=": (None, age), "<": (None, age - 1)}[operator]


def wrong_criteria(criteria: Sequence[str]) -> str:
    """What is wrong with them, "" when nothing is."""
    if len(criteria) > MOST_CRITERIA:
        return f"Il y a {len(criteria)} critères : gardez-en {MOST_CRITERIA} au plus, ceux qui décident."
    for number, one in enumerate(criteria, 1):
        if not one.strip():
            return f"Le critère {number} est vide : écrivez-le, ou retirez-le."
        if len(one) > LONGEST_CRITERION:
            return f"« {one[:30]}… » dépasse {LONGEST_CRITERION} caractères : raccourcissez ce critère."
        if _OF_A_MACHINE.match(one):
            return (
                f"« {one[:60]} » est une expression de logiciel : écrivez la phrase que confirme le professionnel, ou"
                " retirez-la."
            )
        if one in criteria[: number - 1]:
            return f"« {one} » est écrit deux fois : retirez-en un."
    return ""


def unconfirmed(meant: MeantFor, confirmed: Collection[str]) -> list[str]:
    return [one for one in meant.criteria if one not in confirmed]


def meant_for(meant: MeantFor) -> str:
    """« les personnes de moins de 18 ans », « les femmes » ; "" when anybody may be followed."""
    low, high = meant.lowest, meant.highest
    if low and high is not None:
        ages = f"de {low} à {high} ans"
    elif high is not None:
        ages = f"de moins de {high + 1} ans"
    else:
        ages = f"de {low} ans et plus" if low else ""
    if not ages and not meant.sex:
        return ""
    return f"les {SEXES.get(meant.sex, 'personnes')} {ages}".strip()


def unsuited(meant: MeantFor, person: Person) -> str:
    """Why this pathway was not made for her, or why nobody can tell; "" when it was."""
    low, high = meant.lowest or 0, OLDEST * 2 if meant.highest is None else meant.highest
    inside = [low <= age <= high for age in (person.youngest, person.oldest)]
    for_whom = f"Ce parcours est fait pour {meant_for(meant)}"
    if not any(inside):
        return f"{for_whom} : cette personne a {_age(person)}."
    if not all(inside):
        return f"{for_whom} : la date de naissance n’est pas complète ({_age(person)}), vérifiez l’âge."
    if meant.sex and not person.sex:
        return f"{for_whom} : le sexe de cette personne n’est pas connu."
    if meant.sex and meant.sex != person.sex:
        return f"{for_whom} : vérifiez qu’il convient à cette personne."
    return ""


def _age(person: Person) -> str:
    if person.youngest == person.oldest:
        return f"{person.oldest} an" if person.oldest < 2 else f"{person.oldest} ans"
    return f"{person.youngest} ou {person.oldest} ans"
