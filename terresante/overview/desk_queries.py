"""What the pages outside a record show: what is new, my patients, those found.

« My patients » are those of whom the actor is a member in person; the rest of his structure is a list of its own.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.http import urlencode

from terresante.care_plans.queries import LateSteps, late_steps
from terresante.care_team.access import IDENTITY_COMPARE, RECORD_READ, RECORD_SEARCH
from terresante.care_team.models import LASTING, CareTeamParticipant
from terresante.care_team.queries import FoundPatient, search_patients
from terresante.feed import queries as feed
from terresante.feed.enums import FeedKind
from terresante.feed.models import FeedItem
from terresante.feed.queries import Told
from terresante.kernel import access, audit, compiled, sql
from terresante.kernel.access import Action as AccessAction
from terresante.kernel.actor import Actor
from terresante.kernel.condition import SqlCondition, among
from terresante.kernel.errors import Refused
from terresante.kernel.models import AuditEntry
from terresante.kernel.ui.frame import Action, EventRow, Level
from terresante.kernel.ui.links import link
from terresante.overview.forms import SearchWords
from terresante.patients.identity_rules import normalised_name
from terresante.patients.models import CareRecord, Patient
from terresante.patients.queries import namesakes
from terresante.patients.traits import Traits
from terresante.stays.queries import CurrentPlace, current_places

MOST_PATIENTS = 1000
PER_PAGE = 20
MOST_ALERTS = 100
MOST_FOUND = 50
MOST_LATE = 8
REGION_SEARCHES_PER_HOUR = 60
_NEWS_GO_BACK = timedelta(days=60)
# By the clock of the database: a plan that is kept knows how few they are, and this is asked by every page.
_IS_NEWS = SqlCondition(
    f"{{0}} > statement_timestamp() - interval '{_NEWS_GO_BACK.days} days'", "recorded_at"
)
_EACH_BEGINS_A_NAME = """NOT EXISTS (
    SELECT 1 FROM unnest(%s::text[]) AS word WHERE NOT (
        starts_with({0}, word) OR strpos({0}, ' ' || word) > 0 OR starts_with({1}, word) OR strpos({1}, ' ' || word) > 0
        OR starts_with({2}, word)))"""
_BY_NAME = ("patient__match_birth_name", "patient__match_given_name", "patient_id")
# What a row of a list says (`overview.rows`): of the other columns, dates and texts would be made for nothing.
_TOLD = (
    *("patient_id", "is_shared", "kept_by_id"),
    *(
        f"patient__{name}"
        for name in (
            *("birth_name", "birth_given_name", "used_name", "used_given_name"),
            *("birth_date", "sex", "city"),
        )
    ),
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
        return not self.mine and self.of_structure > MOST_PATIENTS


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


def in_person(actor: Actor) -> UUID | None:
    """Whose circles are « mine »: a secretary who acts for a physician looks after his."""
    return actor.principal_id or actor.person_id


def records_of(actor: Actor, member_id: UUID | None) -> QuerySet[CareRecord]:
    """Records whose circle this person, or this structure, belongs to now; by name."""
    return (
        access.list(actor, RECORD_READ, CareRecord)
        .filter(
            Q(patient__participants__expires_at=None) | Q(patient__participants__expires_at__gt=Now()),
            patient__participants__member_id=member_id,
            patient__participants__ended_at__isnull=True,
            patient__participants__suspended_at__isnull=True,
            patient__participants__started_at__lte=Now(),
        )
        .annotate(circle_role=F("patient__participants__role"))
        .select_related("patient")
        .order_by(*_BY_NAME)
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
    return _counted(actor, member_id, MOST_PATIENTS + 1)


@compiled.number
def _counted(actor: Actor, member_id: UUID | None, most: int) -> QuerySet[CareRecord]:
    return records_of(actor, member_id).order_by()[:most]


def mine_page(actor: Actor, number: str | None) -> tuple[Page[int], list[CareRecord]]:
    """A page of those I follow in person; one beyond the last is the last."""
    page = Paginator(range(_membership_count(actor)), PER_PAGE).get_page(number)
    return page, _mine_from(actor, max(page.start_index() - 1, 0))


@compiled.rows
def _mine_from(actor: Actor, first: int) -> QuerySet[CareRecord]:
    """The page is chosen among keys, so that what each row takes to be read is paid for the page alone."""
    if actor.principal_id is not None:
        # Those of whom one acts for: few, and asked under the policies.
        lent = _memberships(actor.principal_id).order_by(*_BY_NAME)[first : first + PER_PAGE]
        return (
            records_of(actor, actor.principal_id)
            .filter(patient_id__in=lent.values("patient_id"))
            .only(*_TOLD)
        )
    member = F("patient__participants__patient_id")
    chosen = SqlCondition(
        "{0} = ANY (ARRAY(SELECT my_patient_keys(%s, %s)))", "of_member", values=(first, PER_PAGE)
    )
    return records_of(actor, actor.person_id).alias(of_member=member).filter(chosen).only(*_TOLD)


def followed_by(actor: Actor) -> list[CareRecord]:
    """Those the home page tells of, by name: one's own, else those of a structure that follows few enough."""
    return _followed_rows(actor, MOST_PATIENTS)


@compiled.rows
def _followed_rows(actor: Actor, most: int) -> QuerySet[CareRecord]:
    followed = access.list(actor, RECORD_READ, CareRecord).filter(_followed(most))
    return followed.select_related("patient").order_by(*_BY_NAME)[:most]


def _followed(most: int) -> SqlCondition:
    """Keys only: what they open is for the rule of whatever is read with them."""
    return SqlCondition("{0} = ANY ((SELECT my_followed_keys(%s))::uuid[])", "patient_id", values=(most,))


@compiled.number
def _membership_count(actor: Actor) -> QuerySet[CareTeamParticipant]:
    return _memberships(in_person(actor))


def _memberships(member_id: UUID | None) -> QuerySet[CareTeamParticipant]:
    return CareTeamParticipant.objects.filter(
        LASTING, member_id=member_id, ended_at__isnull=True, suspended_at__isnull=True, started_at__lte=Now()
    )


def home_of(actor: Actor, *, only: str = "") -> Home:
    records = {record.patient_id: record for record in followed_by(actor)}
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
        mine=bounded_count(actor, in_person(actor)),
        of_structure=bounded_count(actor, actor.organization_id),
        hospitalised=len(current_places(actor, records)),
        counts={name: sum(_passes(fact.item, name) for fact in facts) for name in ("", *FILTERS)},
        late=late_steps(actor, () if only else tuple(records), today=timezone.localdate(), most=MOST_LATE),
    )


def hospitalised(actor: Actor) -> tuple[list[CareRecord], dict[UUID, CurrentPlace]]:
    """Those of the home page who are in hospital now, as far as the actor may know; by name."""
    records = followed_by(actor)
    places = places_of(actor, records)
    return [record for record in records if record.patient_id in places], places


def places_of(actor: Actor, records: Iterable[CareRecord]) -> dict[UUID, CurrentPlace]:
    return current_places(actor, [record.patient_id for record in records])


def alert_count(actor: Actor) -> int:
    return _alert_number(actor, MOST_PATIENTS)


def alert_about(actor: Actor, item_id: UUID) -> Told | None:
    """The unread alert as it reads, when it concerns one of those the home page tells of."""
    found = _alerts(actor, MOST_PATIENTS).filter(pk=item_id).select_related("patient")
    return next(iter(feed.told(actor, found, are_unread=True)), None)


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
    names = list(words.names)
    if words.born is not None:
        return _born_and_called(actor, words.born, names)
    members = [in_person(actor)]
    if bounded_count(actor, actor.organization_id) <= MOST_PATIENTS:
        members.append(actor.organization_id)
    found = [record for member in members for record in _member_and_called(actor, member, names)]
    return list({record.pk: record for record in found}.values())[:MOST_FOUND]


@compiled.rows
def _born_and_called(actor: Actor, born: date, names: list[str]) -> QuerySet[CareRecord]:
    rows = access.list(actor, RECORD_READ, CareRecord).filter(_called(names), patient__birth_date=born)
    return rows.select_related("patient").only(*_TOLD).order_by(*_BY_NAME)[:MOST_FOUND]


@compiled.rows
def _member_and_called(actor: Actor, member_id: UUID | None, names: list[str]) -> QuerySet[CareRecord]:
    return records_of(actor, member_id).filter(_called(names)).only(*_TOLD)[:MOST_FOUND]


def found_in_region(actor: Actor, words: SearchWords) -> list[FoundPatient]:
    """Identities by any name they had here, those of the actor's own circles included (`is_mine`).

    Noted and counted. Raises Refused beyond the hourly limit.
    """
    if words.born is None or not words.splits:
        return []
    _count_search(actor, RECORD_SEARCH)
    found = search_patients(born=words.born, prefixes=words.splits)
    return list({person.patient_id: person for person in found}.values())


def mine_among(actor: Actor, patient_ids: Collection[UUID]) -> list[CareRecord]:
    """Records within reach of these persons, by name."""
    return _records_among(actor, list(patient_ids)) if patient_ids else []


@compiled.rows
def _records_among(actor: Actor, keys: list[UUID]) -> QuerySet[CareRecord]:
    rows = access.list(actor, RECORD_READ, CareRecord).filter(among("patient_id", keys))
    return rows.select_related("patient").only(*_TOLD).order_by(*_BY_NAME)


def look_alikes(actor: Actor, traits: Traits, *, most: int = 5) -> list[LookAlike]:
    """The closest first. Noted and counted as a search is. Raises Refused beyond the hourly limit."""
    _count_search(actor, IDENTITY_COMPARE)
    asked = [normalised_name(traits.birth_name), traits.first_given_name, traits.birth_date, traits.sex, most]
    return [LookAlike(*row) for row in sql.rows("SELECT * FROM look_alikes(%s, %s, %s, %s, %s)", *asked)]


def record_url(record_id: UUID) -> str:
    return link("overview:record", record_id)


def level_of(item: FeedItem) -> Level | None:
    return GRAVITY.get(FeedKind(item.kind), Level.INFORMATION) if item.is_alert else None


@compiled.number
def _alert_number(actor: Actor, most: int) -> QuerySet[FeedItem]:
    return _alerts(actor, most)[:MOST_ALERTS]


def _alerts(actor: Actor, most: int) -> QuerySet[FeedItem]:
    """Unread, of those the home page tells of."""
    return feed.unread(actor).filter(_followed(most), _IS_NEWS, is_alert=True)


def _oldest_news() -> datetime:
    return timezone.now() - _NEWS_GO_BACK


def _called(names: list[str]) -> SqlCondition:
    columns = (f"patient__match_{name}_name" for name in ("birth", "used", "given"))
    return SqlCondition(_EACH_BEGINS_A_NAME, *columns, values=(names,))


def _count_search(actor: Actor, action: AccessAction) -> None:
    if _searches_since(actor, timezone.now() - timedelta(hours=1)) >= REGION_SEARCHES_PER_HOUR:
        raise Refused(
            f"Vous avez fait {REGION_SEARCHES_PER_HOUR} recherches dans la région en une heure. "
            "Recommencez plus tard ; vos patients restent accessibles depuis « Mes patients »."
        )
    audit.note_read(action)


@compiled.number
def _searches_since(actor: Actor, since: datetime) -> QuerySet[AuditEntry]:
    searches = [RECORD_SEARCH.code, IDENTITY_COMPARE.code]
    return AuditEntry.objects.filter(user_id=actor.user_id, action__in=searches, at__gt=since)


def _passes(item: FeedItem, name: str) -> bool:
    if name == "alertes":
        return item.is_alert
    return not name or name not in FILTERS or item.kind in FILTERS[name]


def _card(record: CareRecord, facts: list[Told], *, only: str) -> PatientNews:
    ordered = sorted(facts, key=lambda fact: (not fact.item.is_alert, fact.item.occurred_at))
    return PatientNews(
        patient=record.patient,
        url=record_url(record.pk),
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
