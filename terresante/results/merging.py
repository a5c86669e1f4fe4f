"""Which result of a report each one of a later message is about (HL7 v2.5, 7.4.2: OBX-3, OBX-4, OBX-14). Pure."""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from terresante.results.actions import NewResult
from terresante.results.enums import ResultKind


class Place(NamedTuple):
    """What tells a result from the others of its report: its code (or name), its chapter, its sub-identifier, and the
    hour that it says itself. `corrects`: it may say another hour than the one it corrects, or takes back. `waits`: it
    is announced, its value is still to come.
    """

    key: str
    chapter: str = ""
    sub: str = ""
    at: datetime | None = None
    corrects: bool = False
    waits: bool = False


class Merge(NamedTuple):
    """By the rank of what stood: what takes its place, None for nothing; and what is new."""

    answers: Mapping[int, NewResult | None]
    new: Sequence[NewResult]


# One less than their columns: what is cut ends by a mark.
_CODE, _LABEL, _CHAPTER = 59, 199, 39
_ORDER = 60
# Of the column where it is kept.
SUB_LENGTH = 120
Said = Sequence[tuple[Place, NewResult | None]]
_Of = Callable[[Place, datetime | None], Hashable]


def key_of(code: str, label: str) -> str:
    """The same of what is sent as of what stands, whose texts are on one line and cut to their columns."""
    return plain(code)[:_CODE] or plain(label.casefold())[:_LABEL]


def plain(said: str) -> str:
    return " ".join(said.replace("\x00", "").split())


def under_order(number: str) -> str:
    """How the sub-identifiers begin of what came by an order of this number."""
    return f"{plain(number)[:_ORDER]}/"


def sub_under(number: str, sub: str) -> str:
    """The sub-identifier of a result that came by an order of this number."""
    return f"{under_order(number)}{sub}"[:SUB_LENGTH]


def is_of(result: NewResult, numbers: Sequence[str]) -> bool:
    """Whether it came by one of these orders, which follow from a result of its report."""
    return any(result.sub_identifier.startswith(under_order(number)) for number in numbers)


def merge(kept: Sequence[NewResult], said: Said, *, by_chapter: bool) -> Merge:
    """Each of `said` (None: taken back) is about one of `kept` at most, the surest first: its sub-identifier and its
    hour, one of them, then its code alone when it says no hour, when it corrects the only one there is, or when it is
    the value that one was waiting for.

    Another hour, or another sub-identifier, of the same code is a result of its own.
    """
    standing = [_place_of(each) for each in kept]
    pairs = _Pairs(standing, said, by_chapter)
    pairs.join(lambda p, at: (p.sub, at), lambda p, at: (p.sub, at) if at else None)
    pairs.join(
        lambda p, at: p.sub or None,
        lambda p, at: p.sub if p.sub and (pairs.tells_apart(p) or not p.at) else None,
    )
    pairs.join(lambda p, at: at, lambda p, at: at if not p.sub else None)
    pairs.join(lambda p, at: at if not p.sub else None, lambda p, at: at if p.sub else None)
    pairs.join(lambda p, at: True, lambda p, at: True if not (p.sub or p.at) else None)
    pairs.join(lambda p, at: True if not p.sub else None, lambda p, at: True if p.sub and not p.at else None)
    pairs.join(lambda p, at: True, lambda p, at: True if p.corrects and not p.sub else None, alone=True)
    pairs.join(
        lambda p, at: True if not p.sub else None,
        lambda p, at: True if p.corrects and p.sub else None,
        alone=True,
    )
    pairs.join(lambda p, at: (p.sub,) if p.waits else None, lambda p, at: None if p.corrects else (p.sub,))
    answers = {rank: said[number][1] for number, rank in pairs.found.items()}
    answers |= dict.fromkeys(pairs.said_with_others(), None)
    new = [
        result for number, (_, result) in enumerate(said) if result is not None and number not in pairs.found
    ]
    return Merge(answers, new)


class _Pairs:
    def __init__(self, standing: Sequence[Place], said: Said, by_chapter: bool) -> None:
        self._standing, self._said, self._by_chapter = standing, said, by_chapter
        self._left = dict(enumerate(standing))
        self._often = Counter((self._what(place), place.sub) for place in standing)
        self.found: dict[int, int] = {}

    def join(self, of_standing: _Of, of_said: _Of, *, alone: bool = False) -> None:
        """Those for which both say the same, and not None, in their order; `alone`: only what has none beside it."""
        left: dict[Hashable, deque[int]] = defaultdict(deque)
        for rank, place in self._left.items():
            left[self._what(place), of_standing(place, place.at)].append(rank)
        for number, (place, result) in enumerate(self._said):
            wanted = of_said(place, place.at or (None if result is None else result.effective_at))
            if wanted is None or number in self.found:
                continue
            ranks = left.get((self._what(place), wanted))
            if ranks and not (alone and len(ranks) > 1):
                self.found[number] = ranks.popleft()
                del self._left[self.found[number]]

    def tells_apart(self, place: Place) -> bool:
        """A sender that writes the same sub-identifier at each hour tells nothing by it."""
        return self._often[self._what(place), place.sub] == 1

    def said_with_others(self) -> list[int]:
        """Ranks of kept results that the message cannot tell from one it gives or takes back, since it says neither
        sub-identifier nor hour.
        """
        like: set[tuple[object, ...]] = set()
        for number, (place, result) in enumerate(self._said):
            if place.sub or place.at:
                continue
            if result is None:
                like.add((self._what(place), None, None))
            elif number in self.found:
                other = self._standing[self.found[number]]
                like.add((self._what(other), other.sub, other.at))
        return [
            rank
            for rank, place in self._left.items()
            if not like.isdisjoint(
                {(self._what(place), None, None), (self._what(place), place.sub, place.at)}
            )
        ]

    def _what(self, place: Place) -> tuple[str, str]:
        return place.key, plain(place.chapter)[:_CHAPTER] if self._by_chapter else ""


def _place_of(result: NewResult) -> Place:
    return Place(
        key_of(result.code, result.label),
        result.chapter_code,
        result.sub_identifier,
        result.effective_at,
        waits=result.kind == ResultKind.VALUE and result.value is None and not result.text,
    )
