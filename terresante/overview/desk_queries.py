"""What the pages outside a record show: what is new, my patients, those found.

« My patients » are those of whom the actor is a member in person; the rest of his structure is a list of its own.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from terresante.care_team.access import IDENTITY_COMPARE, RECORD_READ, RECORD_SEARCH
from terresante.care_team.enums import TeamRole
from terresante.care_team.queries import FoundPatient, search_patients
from terresante.feed import queries as feed
from terresante.feed.enums import FeedKind
from terresante.feed.models import FeedItem
from terresante.kernel import access, audit, slots
from terresante.kernel.access import Action as AccessAction
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Refused
from terresante.kernel.models import AuditEntry
from terresante.kernel.slots import FactLine
from terresante.kernel.ui.frame import Action, EventRow, Level
from terresante.overview.forms import SearchWords
from terresante.patients.identity_rules import normalised_name
from terresante.patients.models import CareRecord, Patient
from terresante.patients.traits import Traits

MOST_PATIENTS = 1000
PER_PAGE = 20
MOST_ALERTS = 100
MOST_FOUND = 50
REGION_SEARCHES_PER_HOUR = 60
_MOST_NEWS = 500
_NEWS_GO_BACK = timedelta(days=60)

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    urgent: tuple[PatientNews, ...]
    others: tuple[PatientNews, ...]
    followed: int
    counts: dict[str, int]

    @property
    def concerned(self) -> int:
        return len(self.urgent) + len(self.others)


FILTERS: dict[str, frozenset[str]] = {
    "alertes": frozenset(),
    "notes": frozenset({FeedKind.NOTE}),
    "sejours": frozenset(FeedKind.values) - {FeedKind.NOTE, FeedKind.MEMBER_JOINED, FeedKind.MEMBER_LEFT},
}


def records_of(actor: Actor, member_id: UUID | None) -> QuerySet[CareRecord]:
    """Records whose circle this person, or this structure, belongs to now; by name."""
    return (
        access.list(actor, RECORD_READ, CareRecord)
        .filter(
            patient__participants__member_id=member_id,
            patient__participants__ended_at__isnull=True,
            patient__participants__suspended_at__isnull=True,
        )
        .annotate(circle_role=F("patient__participants__role"))
        .select_related("patient")
        .order_by("patient__match_birth_name", "patient__match_given_name", "patient_id")
    )


def page_after(rows: QuerySet[CareRecord], last: CareRecord) -> QuerySet[CareRecord]:
    """The rows that follow this one in the order of `records_of`: a place, for an offset would read all before it."""
    name, given = last.patient.match_birth_name, last.patient.match_given_name
    return rows.filter(
        Q(patient__match_birth_name__gt=name)
        | Q(patient__match_birth_name=name, patient__match_given_name__gt=given)
        | Q(patient__match_birth_name=name, patient__match_given_name=given, patient_id__gt=last.patient_id)
    )


def bounded_count(actor: Actor, member_id: UUID | None) -> int:
    """Never counts beyond one more than MOST_PATIENTS: a structure may have 200,000."""
    return records_of(actor, member_id).order_by()[: MOST_PATIENTS + 1].count()


def home_of(actor: Actor, *, only: str = "") -> Home:
    records = {record.patient_id: record for record in records_of(actor, actor.person_id)[:MOST_PATIENTS]}
    news = [item for items in news_of(actor, records).values() for item in items]
    lines = lines_of(actor, news)
    shown = [item for item in news if item.pk in lines]
    counts = {name: sum(_passes(item, name) for item in shown) for name in ("", *FILTERS)}
    by_patient: dict[UUID, list[FeedItem]] = {}
    for item in shown:
        if _passes(item, only):
            by_patient.setdefault(item.patient_id, []).append(item)
    cards = [_card(records[patient_id], items, lines) for patient_id, items in by_patient.items()]
    urgent = sorted((card for card in cards if card.waits_since), key=_gravity_then_age)
    others = sorted((card for card in cards if not card.waits_since), key=lambda card: card.rows[0].at)
    return Home(urgent=tuple(urgent), others=tuple(others), followed=len(records), counts=counts)


def news_of(actor: Actor, patient_ids: Collection[UUID]) -> dict[UUID, list[FeedItem]]:
    """Unread facts of each patient, the oldest first."""
    found: dict[UUID, list[FeedItem]] = {}
    for item in _unread(actor).filter(patient_id__in=list(patient_ids)).order_by("occurred_at")[:_MOST_NEWS]:
        found.setdefault(item.patient_id, []).append(item)
    return found


def alert_count(actor: Actor) -> int:
    mine = records_of(actor, actor.person_id).order_by().values("patient_id")
    return _unread(actor).filter(patient_id__in=mine, is_alert=True)[:MOST_ALERTS].count()


def alert_about(actor: Actor, object_id: UUID) -> tuple[FeedItem, Patient] | None:
    """The unread alert that tells this object, when it concerns one of my patients."""
    mine = records_of(actor, actor.person_id).order_by().values("patient_id")
    item = _unread(actor).filter(patient_id__in=mine, is_alert=True, object_id=object_id).first()
    return (item, Patient.objects.get(pk=item.patient_id)) if item else None


def lines_of(actor: Actor, items: Iterable[FeedItem]) -> dict[UUID, FactLine]:
    """How each fact reads, by its own key; a fact whose object the actor may not read, or is gone, is absent."""
    by_function: dict[slots.FactsShown, list[FeedItem]] = {}
    for item in items:
        if item.kind in slots.facts:
            by_function.setdefault(slots.facts[item.kind], []).append(item)
    lines: dict[UUID, FactLine] = {}
    for function, told in by_function.items():
        objects = function(actor, {item.object_id for item in told})
        lines |= {item.pk: objects[item.object_id] for item in told if item.object_id in objects}
    return lines


@dataclass(frozen=True, slots=True)
class LookAlike:
    """An identity that may be the person being entered; `rank` as in care_team.queries.match_patients."""

    patient_id: UUID
    rank: int
    record_id: UUID | None
    birth_name: str
    used_name: str
    given_names: str
    birth_date: date
    sex: str
    birth_place_name: str
    identity_status: str
    is_mine: bool


def mine_called(actor: Actor, words: SearchWords) -> list[CareRecord]:
    """Records within reach whose names begin so; a large structure's only with the birth date."""
    if words.born is not None:
        rows = access.list(actor, RECORD_READ, CareRecord).filter(patient__birth_date=words.born)
        return list(_called(rows.select_related("patient"), words)[:MOST_FOUND])
    members = [actor.person_id]
    if bounded_count(actor, actor.organization_id) <= MOST_PATIENTS:
        members.append(actor.organization_id)
    found = [
        record for member in members for record in _called(records_of(actor, member), words)[:MOST_FOUND]
    ]
    return list({record.pk: record for record in found}.values())[:MOST_FOUND]


def found_in_region(actor: Actor, words: SearchWords) -> list[FoundPatient]:
    """Identities outside the actor's reach. Noted and counted. Raises Refused beyond the hourly limit."""
    if words.born is None or not words.splits:
        return []
    _count_search(actor, RECORD_SEARCH)
    found = [
        person
        for name, given in words.splits
        for person in search_patients(born=words.born, name_prefix=name, given_prefix=given)
    ]
    return list({person.patient_id: person for person in found if not person.is_mine}.values())


def look_alikes(actor: Actor, traits: Traits, *, most: int = 5) -> list[LookAlike]:
    """The closest first. Noted and counted as a search is. Raises Refused beyond the hourly limit."""
    _count_search(actor, IDENTITY_COMPARE)
    asked = [normalised_name(traits.birth_name), traits.first_given_name, traits.birth_date, traits.sex, most]
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM look_alikes(%s, %s, %s, %s, %s)", asked)
        return [LookAlike(*row) for row in cursor.fetchall()]


def record_url(record_id: UUID) -> str:
    return reverse("overview:record", args=[record_id])


def role_label(role: str) -> str:
    return TeamRole(role).label


def level_of(item: FeedItem) -> Level | None:
    return GRAVITY.get(FeedKind(item.kind), Level.INFORMATION) if item.is_alert else None


def _unread(actor: Actor) -> QuerySet[FeedItem]:
    return feed.unread(actor).filter(recorded_at__gt=timezone.now() - _NEWS_GO_BACK)


def _called(rows: QuerySet[CareRecord], words: SearchWords) -> QuerySet[CareRecord]:
    for word in words.names:
        begins = Q(patient__match_given_name__startswith=word)
        for name in ("birth", "used"):
            begins |= Q(**{f"patient__match_{name}_name__startswith": word})
            begins |= Q(**{f"patient__match_{name}_name__contains": f" {word}"})
        rows = rows.filter(begins)
    return rows.order_by("patient__match_birth_name", "patient__match_given_name", "patient_id")


def _count_search(actor: Actor, action: AccessAction) -> None:
    done = AuditEntry.objects.filter(
        user_id=actor.user_id,
        action__in=[RECORD_SEARCH.code, IDENTITY_COMPARE.code],
        at__gt=timezone.now() - timedelta(hours=1),
    )
    if done.count() >= REGION_SEARCHES_PER_HOUR:
        raise Refused(
            f"Vous avez fait {REGION_SEARCHES_PER_HOUR} recherches dans la région en une heure. "
            "Recommencez plus tard ; vos patients restent accessibles depuis « Mes patients »."
        )
    audit.note_read(action)


def _passes(item: FeedItem, name: str) -> bool:
    if name == "alertes":
        return item.is_alert
    return not name or name not in FILTERS or item.kind in FILTERS[name]


def _card(record: CareRecord, items: list[FeedItem], lines: dict[UUID, FactLine]) -> PatientNews:
    ordered = sorted(items, key=lambda item: (not item.is_alert, item.occurred_at))
    return PatientNews(
        patient=record.patient,
        url=record_url(record.pk),
        rows=tuple(_row(item, lines[item.pk]) for item in ordered),
        waits_since=min((item.occurred_at for item in items if item.is_alert), default=None),
    )


def _row(item: FeedItem, line: FactLine) -> EventRow:
    verb = "Lire" if item.kind == FeedKind.NOTE else "Ouvrir"
    return EventRow(
        kind=item.get_kind_display(),
        strong=line.strong,
        fact=line.text,
        source=line.source,
        at=item.occurred_at,
        icon=line.icon if not item.is_alert else "",
        level=level_of(item),
        unread=True,
        url=line.url,
        action=Action(label=verb, url=line.url) if line.url else None,
    )


def _gravity_then_age(card: PatientNews) -> tuple[int, datetime]:
    worst = min(_LEVELS.index(row.level) for row in card.rows if row.level)
    return worst, card.waits_since or timezone.now()
