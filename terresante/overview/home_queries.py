"""What is new of the patients one follows: the home page, the alerts."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.http import urlencode

from terresante.care_plans.queries import LateSteps, late_steps
from terresante.feed import queries as feed
from terresante.feed.enums import FeedKind
from terresante.feed.models import FeedItem
from terresante.feed.queries import Told
from terresante.kernel import compiled
from terresante.kernel.actor import Actor
from terresante.kernel.condition import SqlCondition
from terresante.kernel.ui.frame import Action, EventRow, Level
from terresante.kernel.ui.links import link
from terresante.overview import desk_queries as desk
from terresante.patients.models import CareRecord, Patient
from terresante.patients.queries import namesakes
from terresante.stays.queries import current_places

MOST_ALERTS = 100
MOST_LATE = 8
_NEWS_GO_BACK = timedelta(days=60)
# By the clock of the database: a plan that is kept knows how few they are, and this is asked by every page.
_IS_NEWS = SqlCondition(
    f"{{0}} > statement_timestamp() - interval '{_NEWS_GO_BACK.days} days'", "recorded_at"
)

GRAVITY = {FeedKind.DEATH: Level.RED, FeedKind.EMERGENCY_VISIT: Level.ORANGE}
_LEVELS = (Level.RED, Level.ORANGE, Level.INFORMATION)


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientNews:
    """One card of the home page."""

    patient: Patient
    url: str
    rows: tuple[EventRow, ...]
    # Age of the oldest alert nobody acknowledged; None when there is none.
    waits_since: datetime | None
    # Easily taken for somebody else: what to look at.
    warning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    urgent: tuple[PatientNews, ...]
    others: tuple[PatientNews, ...]
    followed: int
    # In person, then through the structure: each counted up to one more than MOST_PATIENTS.
    mine: int
    of_structure: int
    hospitalised: int
    counts: dict[str, int]
    # Of organised pathways; on the whole page alone, not when it is filtered.
    late: LateSteps

    @property
    def concerned(self) -> int:
        return len(self.urgent) + len(self.others)

    @property
    def is_of_structure(self) -> bool:
        return bool(self.followed) and not self.mine

    @property
    def is_too_large(self) -> bool:
        return not self.mine and self.of_structure > desk.MOST_PATIENTS


_DOCUMENTS = frozenset({FeedKind.DOCUMENT, FeedKind.DOCUMENT_REPLACED, FeedKind.RESULT})
_HEALTH = frozenset(
    {
        *(FeedKind.ALLERGY, FeedKind.DIRECTIVE, FeedKind.CONDITION),
        *(FeedKind.TREATMENT, FeedKind.IMMUNIZATION),
    }
)
FILTERS: dict[str, frozenset[str]] = {
    "alertes": frozenset(),
    "notes": frozenset({FeedKind.NOTE}),
    "documents": _DOCUMENTS,
    "sejours": frozenset(FeedKind.values)
    - {FeedKind.NOTE, FeedKind.MEMBER_JOINED, FeedKind.MEMBER_LEFT, FeedKind.EMERGENCY_ACCESS}
    - {FeedKind.QUESTIONNAIRE, FeedKind.PROGRAMME_JOINED, FeedKind.PROGRAMME_LEFT}
    - _DOCUMENTS
    - _HEALTH,
}


def home_of(actor: Actor, *, only: str = "") -> Home:
    records = {record.patient_id: record for record in desk.followed_by(actor)}
    news = feed.news_of(actor, records, since=_oldest_news())
    facts = feed.told(actor, [item for items in news.values() for item in items], are_unread=True)
    by_patient: dict[UUID, list[Told]] = {}
    for fact in facts:
        if _passes(fact.item, only):
            by_patient.setdefault(fact.item.patient_id, []).append(fact)
    warned = namesakes(by_patient)
    cards = [
        replace(_card(records[patient_id], told, only=only), warning=warned.get(patient_id, ""))
        for patient_id, told in by_patient.items()
    ]
    return Home(
        urgent=tuple(sorted((card for card in cards if card.waits_since), key=_gravity_then_age)),
        others=tuple(
            sorted((card for card in cards if not card.waits_since), key=lambda card: card.rows[0].at)
        ),
        followed=len(records),
        mine=desk.bounded_count(actor, desk.in_person(actor)),
        of_structure=desk.bounded_count(actor, actor.organization_id),
        hospitalised=len(current_places(actor, records)),
        counts={name: sum(_passes(fact.item, name) for fact in facts) for name in ("", *FILTERS)},
        late=late_steps(actor, () if only else tuple(records), today=timezone.localdate(), most=MOST_LATE),
    )


def alert_count(actor: Actor) -> int:
    return _alert_number(actor, desk.MOST_PATIENTS)


def alert_about(actor: Actor, item_id: UUID) -> Told | None:
    """The unread alert as it reads, when it concerns one of those the home page tells of."""
    found = _alerts(actor, desk.MOST_PATIENTS).filter(pk=item_id).select_related("patient")
    return next(iter(feed.told(actor, found, are_unread=True)), None)


def level_of(item: FeedItem) -> Level | None:
    return GRAVITY.get(FeedKind(item.kind), Level.INFORMATION) if item.is_alert else None


@compiled.number
def _alert_number(actor: Actor, most: int) -> QuerySet[FeedItem]:
    return _alerts(actor, most)[:MOST_ALERTS]


def _alerts(actor: Actor, most: int) -> QuerySet[FeedItem]:
    """Unread, of those the home page tells of."""
    return feed.unread(actor).filter(desk.followed(most), _IS_NEWS, is_alert=True)


def _oldest_news() -> datetime:
    return timezone.now() - _NEWS_GO_BACK


def _passes(item: FeedItem, name: str) -> bool:
    if name == "alertes":
        return item.is_alert
    return not name or name not in FILTERS or item.kind in FILTERS[name]


def _card(record: CareRecord, facts: list[Told], *, only: str) -> PatientNews:
    ordered = sorted(facts, key=lambda fact: (not fact.item.is_alert, fact.item.occurred_at))
    return PatientNews(
        patient=record.patient,
        url=desk.record_url(record.pk),
        rows=tuple(_row(record.pk, fact, only=only) for fact in ordered),
        waits_since=min((fact.item.occurred_at for fact in facts if fact.item.is_alert), default=None),
    )


def _row(record_id: UUID, fact: Told, *, only: str) -> EventRow:
    item, line = fact.item, fact.line
    return EventRow(
        kind=item.get_kind_display(),
        strong=line.strong,
        fact=fact.rest,
        source=line.source,
        at=item.occurred_at,
        icon=line.icon if not item.is_alert else "",
        level=level_of(item),
        unread=True,
        url=line.url,
        action=_seen(record_id, item, only=only) if item.is_alert else _opening(item, line.url),
    )


def _seen(record_id: UUID, item: FeedItem, *, only: str) -> Action:
    """Comes back to the home page, filtered as it was."""
    url = link("overview:acknowledge", record_id, item.pk)
    return Action(
        label="J’ai vu", url=f"{url}?{urlencode({'accueil': only})}", method="post", swaps="#contenu"
    )


def _opening(item: FeedItem, url: str) -> Action | None:
    return Action(label="Lire" if item.kind == FeedKind.NOTE else "Ouvrir", url=url) if url else None


def _gravity_then_age(card: PatientNews) -> tuple[int, datetime]:
    worst = min(_LEVELS.index(row.level) for row in card.rows if row.level)
    return worst, card.waits_since or timezone.now()
