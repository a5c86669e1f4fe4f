"""What an app shows in the record's frame without the frame knowing it: each slot is one batched query.

@fact_shown(FeedKind.NOTE)                      the timeline row and the "what changed" line of its objects
def notes_told(actor, keys) -> dict[FactKey, FactLine]: ...

tab_counts("notes", FeedKind.NOTE)              kinds of facts whose unread ones a tab counts
tab_counts("documents", *TOLD_AS, once=document_told)       the same, each of what they tell of once

@header_badge                                   badges under the patient's name
def current_stay(actor, patient_id) -> list[HeaderBadge]: ...
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Subquery

from terresante.kernel.actor import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class FactLine:
    """How one object reads on one line: bold words, the rest, its source, where it opens."""

    strong: str
    text: str = ""
    source: str = ""
    url: str = ""
    icon: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderBadge:
    """`order`: where she is (10), allergies (20), grey facts (30)."""

    order: int
    level: str
    icon: str
    text: str
    since: datetime | None = None


# The kind of a fact and the key of its object: one object may be told as several kinds.
FactKey = tuple[str, UUID]
FactsShown = Callable[[Actor, Collection[FactKey]], dict[FactKey, FactLine]]
Badges = Callable[[Actor, UUID], list[HeaderBadge]]
# Of a fact that waits for this actor, about this patient: what its tab counts, NULL for what it does not show.
Told = Callable[[Actor, UUID], Subquery]


@dataclass(frozen=True, slots=True)
class Counted:
    kinds: tuple[str, ...]
    once: Told | None


facts: dict[str, FactsShown] = {}
counted: dict[str, Counted] = {}
badges: list[Badges] = []


def fact_shown(*kinds: str) -> Callable[[FactsShown], FactsShown]:
    def register(function: FactsShown) -> FactsShown:
        for kind in kinds:
            if kind in facts:
                raise RuntimeError(f"facts of kind {kind} are shown twice")
            facts[kind] = function
        return function

    return register


def tab_counts(tab: str, *kinds: str, once: Told | None = None) -> None:
    """The frame asks for all the tabs of a page in one question."""
    counted[tab] = Counted(kinds, once)


def header_badge(function: Badges) -> Badges:
    badges.append(function)
    return function
