"""How much two identities look like one person, trait by trait, with the reason of each point (pure).

Points are weights of evidence, tuned on `bench/duplicates.py`'s first seed and measured on another. They propose, they
never link: `links_by_itself` does not look at them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from terresante.patients.enums import Sex
from terresante.patients.traits import UNKNOWN_PLACE

# From here on a pair is shown to a person.
PROPOSED = 48
_CLASSES = str.maketrans("BFPVCGJKQSXZDTLMNR", "111122222222334556", "AEIOUYHW' -")
_SOUND = 4
# Names that already agree better than that are not tried the other way round.
_SWAPPED = 12


class Verdict(StrEnum):
    SAME = "identique"
    CLOSE = "proche"
    DIFFERENT = "différent"
    UNKNOWN = "inconnu"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """The traits of one identity as they are compared: names normalised."""

    name: str
    used: str
    given: str
    birth_date: date
    is_lunar: bool
    sex: str
    place: str
    ins: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One trait: what it says, why when it is not plain, and what it weighs."""

    trait: str
    verdict: Verdict
    points: int
    because: str = ""


@dataclass(frozen=True, slots=True)
class Likeness:
    lines: tuple[Line, ...]
    # The same names under both, so that one is easily taken for the other.
    is_homonymy: bool

    @property
    def points(self) -> int:
        return sum(line.points for line in self.lines)

    @property
    def threshold(self) -> int:
        return PROPOSED

    @property
    def is_proposed(self) -> bool:
        return self.points >= PROPOSED


def compare(one: Sides, other: Sides) -> Likeness:
    name, given = _name(one, other), _given(one, other)
    if name.points + given.points < _SWAPPED and (swapped := _swapped(one, other)) is not None:
        name, given = swapped
    lines = [name, given, _birth(one, other), _sex(one, other), _place(one, other)]
    if one.ins and other.ins:
        lines.append(_ins(one, other))
    return Likeness(tuple(lines), _first(one.given) == _first(other.given) and one.name == other.name)


def links_by_itself(one: Sides, other: Sides) -> bool:
    """INTEROP.md 2: the same matricule and every strict trait the same; whatever the points say, nothing less."""
    return (
        bool(one.ins)
        and one.ins == other.ins
        and one.name == other.name
        and _first(one.given) == _first(other.given)
        and one.birth_date == other.birth_date
        and one.sex == other.sex != Sex.UNKNOWN
        and one.place == other.place != UNKNOWN_PLACE
    )


def sound(word: str) -> str:
    """Consonants by family, doubled ones once; the twin of SQL's `name_sound` (a test compares them)."""
    kept = word.translate(_CLASSES)
    once = "".join(sign for place, sign in enumerate(kept) if place == 0 or kept[place - 1] != sign)
    return once[:_SOUND] or word[:1]


def _name(one: Sides, other: Sides) -> Line:
    if one.name == other.name:
        return Line("Nom", Verdict.SAME, 24)
    if other.name in (one.used, one.name) or one.name == other.used:
        return Line("Nom", Verdict.CLOSE, 24, "nom de naissance de l’une, nom utilisé de l’autre")
    found = _closest(
        [name for name in (one.name, one.used) if name], [name for name in (other.name, other.used) if name]
    )
    if found is not None:
        return Line("Nom", Verdict.CLOSE, *found)
    may_marry = Sex.FEMALE in (one.sex, other.sex)
    return Line("Nom", Verdict.DIFFERENT, -4 if may_marry else -10)


def _given(one: Sides, other: Sides) -> Line:
    mine, theirs = one.given.split(" "), other.given.split(" ")
    if mine[0] == theirs[0]:
        return Line("Prénoms", Verdict.SAME, 20)
    if mine[0] in theirs or theirs[0] in mine:
        return Line("Prénoms", Verdict.CLOSE, 8, "le premier de l’une est un autre prénom de l’autre")
    found = _closest([mine[0]], [theirs[0]])
    if found is not None:
        return Line("Prénoms", Verdict.CLOSE, max(found[0] - 2, 4), found[1])
    return Line("Prénoms", Verdict.DIFFERENT, -24)


def _closest(mine: Sequence[str], theirs: Sequence[str]) -> tuple[int, str] | None:
    """The best reason two spellings have to be the same name; points for a family name."""
    found = [reason for one in mine for other in theirs if (reason := _spelled_alike(one, other))]
    return max(found, default=None)


def _spelled_alike(one: str, other: str) -> tuple[int, str] | None:
    if _joined(one) == _joined(other):
        return 22, "espace ou trait d’union"
    parts, others = _parts(one), _parts(other)
    if (len(parts) > 1 or len(others) > 1) and (set(parts) <= set(others) or set(others) <= set(parts)):
        return 16, "une partie du nom composé"
    shorter = min(len(one), len(other))
    apart = _edits(one, other)
    if apart == 1:
        return (14, "une lettre de différence") if shorter > 3 else (8, "une lettre de différence")
    if apart == 2 and shorter > 5:
        return 8, "deux lettres de différence"
    if sound(one) == sound(other) and apart <= 3:
        return 8, "même prononciation"
    return None


def _birth(one: Sides, other: Sides) -> Line:
    mine, theirs = one.birth_date, other.birth_date
    if mine == theirs:
        return Line("Date de naissance", Verdict.SAME, 28)
    close = _dates_alike(mine, theirs, is_lunar=one.is_lunar or other.is_lunar)
    if close is not None:
        return Line("Date de naissance", Verdict.CLOSE, *close)
    return Line("Date de naissance", Verdict.DIFFERENT, -30)


def _dates_alike(mine: date, theirs: date, *, is_lunar: bool) -> tuple[int, str] | None:
    if mine.year == theirs.year and (mine.day, mine.month) == (theirs.month, theirs.day):
        return 16, "jour et mois inversés"
    if is_lunar and mine.year == theirs.year:
        return 14, "jour ou mois inconnu"
    differing = sum(a != b for a, b in zip(f"{mine:%d%m%Y}", f"{theirs:%d%m%Y}", strict=True))
    if differing == 1:
        return 14, "un chiffre de différence"
    if differing == 2 and sorted(f"{mine:%d%m%Y}") == sorted(f"{theirs:%d%m%Y}"):
        return 8, "deux chiffres inversés"
    return None


def _sex(one: Sides, other: Sides) -> Line:
    if Sex.UNKNOWN in (one.sex, other.sex):
        return Line("Sexe", Verdict.UNKNOWN, 0)
    if one.sex == other.sex:
        return Line("Sexe", Verdict.SAME, 2)
    return Line("Sexe", Verdict.DIFFERENT, -6)


def _place(one: Sides, other: Sides) -> Line:
    if UNKNOWN_PLACE in (one.place, other.place):
        return Line("Lieu de naissance", Verdict.UNKNOWN, 0)
    if one.place == other.place:
        return Line("Lieu de naissance", Verdict.SAME, 16)
    if one.place[:2] == other.place[:2]:
        return Line("Lieu de naissance", Verdict.CLOSE, -4, "même département")
    return Line("Lieu de naissance", Verdict.DIFFERENT, -9)


def _ins(one: Sides, other: Sides) -> Line:
    if one.ins == other.ins:
        return Line("Matricule INS", Verdict.SAME, 40)
    return Line("Matricule INS", Verdict.DIFFERENT, -8)


def _swapped(one: Sides, other: Sides) -> tuple[Line, Line] | None:
    """The name of each where the given name of the other stands, one letter allowed."""
    points = []
    for name, given in ((one.name, _first(other.given)), (other.name, _first(one.given))):
        found = (18, "") if name == given else _spelled_alike(name, given)
        if found is None:
            return None
        points.append(max(found[0] - 4, 6))
    return (
        Line("Nom", Verdict.CLOSE, points[0], "nom et prénom inversés"),
        Line("Prénoms", Verdict.CLOSE, points[1], "nom et prénom inversés"),
    )


def _first(given: str) -> str:
    return given.split(" ")[0]


def _joined(name: str) -> str:
    return "".join(_parts(name))


def _parts(name: str) -> list[str]:
    return name.replace("-", " ").replace("'", " ").split()


def _edits(one: str, other: str) -> int:
    """Letters added, dropped, replaced, or two neighbours exchanged; 9 when the lengths alone say many."""
    if abs(len(one) - len(other)) > 3:
        return 9
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, mine in enumerate(one, start=1):
        two_before, before, row = before, row, [i]
        for j, theirs in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (mine != theirs))
            if i > 1 and j > 1 and mine == other[j - 2] and one[i - 2] == theirs:
                cost = min(cost, two_before[j - 2] + 1)
            row.append(cost)
    return row[-1]


def best(asked: Sides, candidates: Collection[Sides]) -> list[tuple[int, Likeness]]:
    """(place among the candidates, likeness) of those to propose, the likeliest first."""
    compared = [(place, compare(asked, one)) for place, one in enumerate(candidates)]
    return sorted(
        ((place, found) for place, found in compared if found.is_proposed), key=lambda pair: -pair[1].points
    )
