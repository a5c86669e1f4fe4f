"""One decision: one reader, at one door, about one object; the platform's answer beside the model's."""

from collections import Counter
from collections.abc import Hashable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import StrEnum


class Door(StrEnum):
    OPENING = "ouverture"
    SQL = "SQL simple"
    LIST = "liste"
    KEY = "clé forgée"
    COUNTER = "compteur"
    PAGE = "page"
    SEARCH = "recherche"
    DOWNLOAD = "téléchargement"
    LIVE = "direct"
    INTERFACE = "FHIR"


@dataclass(frozen=True, slots=True)
class Compared:
    """`decisions` objects asked about at one door; `difference` says what is not as the model has it, or nothing."""

    door: Door
    decisions: int
    difference: str = ""


def one(door: Door, got: object, expected: object, about: str) -> Compared:
    return Compared(door, 1, "" if got == expected else f"{about}: {got!r}, expected {expected!r}")


def each(
    door: Door, seen: AbstractSet[Hashable], expected: AbstractSet[Hashable], among: int, about: str
) -> Compared:
    """`among`: how many objects there are, shown or not. Nothing to see is one decision all the same."""
    too_many, missing = seen - expected, expected - seen
    said = [f"{len(too_many)} too many" if too_many else "", f"{len(missing)} missing" if missing else ""]
    told = ", ".join(part for part in said if part)
    difference = f"{about}: {len(seen)} shown, expected {len(expected)} ({told})" if told else ""
    return Compared(door, max(among, 1), difference)


@dataclass
class Tally:
    """What a run has asked. Rows by plain SQL come by thousands: they are counted apart, and make no number rounder."""

    worlds: int = 0
    by_door: Counter[Door] = field(default_factory=Counter)

    def read(self, compared: Iterable[Compared]) -> list[str]:
        """Counts, and returns the differences."""
        differences = []
        for each_one in compared:
            self.by_door[each_one.door] += each_one.decisions
            if each_one.difference:
                differences.append(each_one.difference)
        return differences

    @property
    def decisions(self) -> int:
        return self.by_door.total() - self.by_door[Door.SQL]

    @property
    def least(self) -> int:
        """Decisions at the door that was asked least."""
        return min(self.by_door[door] for door in Door)

    def __str__(self) -> str:
        doors = ", ".join(f"{door} {self.by_door[door]}" for door in Door)
        return f"{self.worlds} mondes, {self.decisions} décisions ({doors})"
