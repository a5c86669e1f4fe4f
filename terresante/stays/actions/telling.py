"""What becomes of the feed, who is alerted, which screens ask again."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from terresante.care_team.enums import DataClass
from terresante.feed.actions import Fact, revise_together, tell_together, withdraw_together
from terresante.feed.enums import ALERTS
from terresante.feed.models import FeedItem
from terresante.kernel.actor import Actor
from terresante.kernel.events import emit
from terresante.stays.actions.reports import Change
from terresante.stays.course import Told
from terresante.stays.events import StayAlerted, StayChanged
from terresante.stays.models import Encounter

# INTEROP.md 4 and DESIGN.md 6: later than that, a fact enters the timeline and rings nowhere.
_ALERT_WITHIN = timedelta(hours=24)
# Clocks of hospitals run a little ahead; a movement dated further in the future is no news yet.
_AHEAD = timedelta(hours=1)


@dataclass(slots=True)
class _Facts:
    """What becomes of the feed: gathered for all the stays, written at once."""

    told: list[tuple[Change, Fact]] = field(default_factory=list)
    revised: list[tuple[FeedItem, Fact]] = field(default_factory=list)
    # Revised facts that ring: their correction came first, silent; now it happens.
    rung: list[tuple[Change, Fact, FeedItem]] = field(default_factory=list)
    withdrawn: list[FeedItem] = field(default_factory=list)


def bring_facts_up_to_date(changes: Sequence[Change], *, now: datetime) -> None:
    """Feeds what is not told yet, takes back what no longer holds; announces what is new, recent and still true."""
    already = _facts_told(changes)
    facts = _Facts()
    for change in changes:
        known = {key: item for row in change.told for key, item in already.get(row.pk, {}).items()}
        _compare_facts(facts, change, known, now=now)
    withdraw_together(facts.withdrawn)
    revise_together(facts.revised)
    items = tell_together(changes[0].actor, [fact for _, fact in facts.told]) if facts.told else []
    new = [(change, fact, item) for (change, fact), item in zip(facts.told, items, strict=True)]
    announced: set[UUID] = set()
    for change, fact, item in [*facts.rung, *new]:
        if item.is_alert and change.is_heard_of(fact.kind):
            _announce(change.actor, fact, item)
            announced.add(change.encounter.pk)
    for change in changes:
        if change.encounter.pk not in announced:
            _say_changed(change)


_Told = dict[tuple[UUID, str], FeedItem]


def _facts_told(changes: Sequence[Change]) -> dict[UUID, _Told]:
    found: dict[UUID, _Told] = {}
    ids = [row.pk for change in changes for row in change.told]
    if ids:
        patients = [change.encounter.patient_id for change in changes]
        for item in FeedItem.objects.filter(patient_id__in=patients, object_id__in=ids):
            found.setdefault(item.object_id, {})[item.object_id, item.kind] = item
    return found


def _compare_facts(facts: _Facts, change: Change, known: _Told, *, now: datetime) -> None:
    encounter = change.encounter
    wanted = {(told.movement_id, str(told.kind)): told for told in change.course.facts}
    for key, item in known.items():
        if key not in wanted or item.private_to_id != encounter.private_to_id:
            facts.withdrawn.append(item)
    for key, told in wanted.items():
        before = known.get(key)
        if before is None or before.private_to_id != encounter.private_to_id:
            facts.told.append((change, _fact(encounter, told, alerts=_may_alert(encounter, told, now=now))))
            continue
        # An alert does not go stale by being looked at again, only by no longer being true.
        alerts = _may_alert(encounter, told, now=now) or (before.is_alert and told.is_still_true)
        if (before.occurred_at, before.is_alert) != (told.occurred_at, alerts and told.kind in ALERTS):
            fact = _fact(encounter, told, alerts=alerts)
            if not before.is_alert and change.inserts(told.movement_id):
                facts.rung.append((change, fact, before))
            facts.revised.append((before, fact))


def _announce(actor: Actor, fact: Fact, item: FeedItem) -> None:
    emit(
        actor,
        StayAlerted(
            patient_id=fact.patient_id,
            object_id=item.pk,
            private_to_id=fact.private_to_id,
            hidden_from_patient=fact.hidden_from_patient,
            hidden_from_representative=fact.hidden_from_representative,
            data_class=fact.data_class,
            kind=fact.kind,
        ),
    )


def _say_changed(change: Change) -> None:
    """To those who were shown the stay, even when they no longer are: their screens withdraw what it said."""
    encounter = change.encounter
    emit(
        change.actor,
        StayChanged(
            patient_id=encounter.patient_id,
            private_to_id=None if change.was_shown or encounter.is_shown else encounter.organization_id,
            hidden_from_patient=encounter.hidden_from_patient,
            hidden_from_representative=encounter.hidden_from_representative,
            data_class=DataClass.STAY,
        ),
    )


def _may_alert(encounter: Encounter, told: Told, *, now: datetime) -> bool:
    is_recent = -_AHEAD <= now - told.occurred_at <= _ALERT_WITHIN
    return told.is_still_true and is_recent and encounter.private_to_id is None


def _fact(encounter: Encounter, told: Told, *, alerts: bool) -> Fact:
    return Fact(
        patient_id=encounter.patient_id,
        kind=told.kind,
        object_id=told.movement_id,
        occurred_at=told.occurred_at,
        data_class=DataClass.STAY,
        private_to_id=encounter.private_to_id,
        hidden_from_patient=encounter.hidden_from_patient,
        hidden_from_representative=encounter.hidden_from_representative,
        alerts=alerts,
    )
