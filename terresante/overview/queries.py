"""What the pages of a record gather from the apps below."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.utils import timezone

from terresante.care_team.access import reads_class
from terresante.care_team.enums import DataClass, TeamRole
from terresante.care_team.models import CareTeamParticipant
from terresante.care_team.queries import OpenRecord, circle_of, relatives_of
from terresante.feed import queries as feed
from terresante.feed.enums import FeedKind
from terresante.feed.queries import Changes, Place, Told
from terresante.health_record.offered_queries import count_to_integrate
from terresante.kernel.actor import Actor
from terresante.kernel.ui import wording
from terresante.kernel.ui.frame import EventRow, Level, PersonRow, TimelineEntry
from terresante.notes.queries import NoteLine, recent_notes
from terresante.patients.models import RelatedPerson
from terresante.patients.queries import has_died

PEOPLE_SHOWN = 9
FACTS_SHOWN = 6
# A header badge says where the person is up to this order (kernel.slots).
WHERE_SHE_IS = 10

KINDS = {
    "notes": ("Notes", (FeedKind.NOTE,)),
    "documents": ("Documents", (FeedKind.DOCUMENT, FeedKind.DOCUMENT_REPLACED)),
    "resultats": ("Résultats", (FeedKind.RESULT,)),
    "formulaires": ("Formulaires", (FeedKind.QUESTIONNAIRE,)),
    "sante": (
        "Santé",
        (
            FeedKind.ALLERGY,
            FeedKind.DIRECTIVE,
            FeedKind.CONDITION,
            FeedKind.TREATMENT,
            FeedKind.IMMUNIZATION,
        ),
    ),
    "sejours": (
        "Hospitalisations",
        (
            FeedKind.ADMISSION,
            FeedKind.EMERGENCY_VISIT,
            FeedKind.TRANSFER,
            FeedKind.LEAVE,
            FeedKind.DISCHARGE,
            FeedKind.DISCHARGE_CANCELLED,
            FeedKind.PLANNED_STAY,
            FeedKind.DEATH,
        ),
    ),
    "parcours": ("Parcours organisé", (FeedKind.PROGRAMME_JOINED, FeedKind.PROGRAMME_LEFT)),
    "cercle": ("Cercle", (FeedKind.MEMBER_JOINED, FeedKind.MEMBER_LEFT)),
    "urgences": ("Accès en urgence", (FeedKind.EMERGENCY_ACCESS,)),
}
# Beyond, the page says how to read fewer; and what is printed stops there.
MANY_FACTS, MOST_PRINTED = 200, 1000
# Two screens and a half; the next ones come while one reads.
A_PAGE = 30
# Given at once to who returns to a timeline of which he had asked more.
MOST_PAGES = 10
PERIODS = {"30": "30 derniers jours", "180": "6 mois", "365": "1 an"}


@dataclass(frozen=True, slots=True)
class Circle:
    groups: list[tuple[str, list[PersonRow]]]
    total: int

    @property
    def not_shown(self) -> int:
        return self.total - sum(len(people) for _, people in self.groups)


@dataclass(frozen=True, slots=True)
class Summary:
    alerts: list[Told]
    changes: Changes
    notes: list[NoteLine]
    circle: Circle
    facts: list[tuple[str, str]]
    # Of received documents, for who may settle them.
    to_integrate: int


@dataclass(frozen=True, slots=True)
class Filters:
    """Of the timeline, as its URL says them; what is unknown is as if absent."""

    kind: str = ""
    period: str = ""
    start: date | None = None
    end: date | None = None

    def bounds(self) -> tuple[datetime | None, datetime | None]:
        """[since, until[ in Paris days; a period counts back from today."""
        start = self.start
        if self.period:
            start = timezone.localdate() - timedelta(days=int(self.period))
        last = self.end if self.end != date.max else None
        return _midnight(start), _midnight(last + timedelta(days=1) if last else None)

    @property
    def kinds(self) -> tuple[FeedKind, ...]:
        """None for all of them."""
        return KINDS[self.kind][1] if self.kind else ()

    @property
    def is_narrowed(self) -> bool:
        return bool(self.kind or self.period or self.start or self.end)


@dataclass(frozen=True, slots=True)
class TimelinePage:
    entries: list[TimelineEntry]
    next_place: Place | None


@dataclass(frozen=True, slots=True)
class TimelineNumbers:
    """`total`: what the filters leave; with `is_more`, more than that. `of_types`: of each choice of type between the
    dates asked for, '' being their sum; empty where there are too many to be counted.
    """

    total: int
    is_more: bool
    of_types: dict[str, int]


def summary(actor: Actor, opened: OpenRecord) -> Summary:
    patient_id = opened.patient.pk
    members = circle_of(actor, patient_id)
    relatives = relatives_of(actor, patient_id)
    visit = feed.visit(actor, patient_id, most=FACTS_SHOWN)
    return Summary(
        alerts=visit.alerts,
        changes=visit.changes,
        notes=recent_notes(actor, patient_id),
        circle=_circle(members, relatives),
        facts=_facts(actor, opened, members),
        to_integrate=count_to_integrate(actor, patient_id),
    )


def to_see_first(actor: Actor, patient_id: UUID) -> tuple[list[Told], int]:
    """The alerts this reader has not acknowledged, and how much of received documents waits for him."""
    return feed.visit(actor, patient_id).alerts, count_to_integrate(actor, patient_id)


def timeline_page(
    actor: Actor, opened: OpenRecord, filters: Filters, before: Place | None, *, most: int = A_PAGE
) -> TimelinePage:
    since, until = filters.bounds()
    stretch = feed.timeline(
        actor,
        opened.patient.pk,
        kinds=filters.kinds,
        since=since,
        until=until,
        before=before,
        limit=most,
    )
    moments = (fact.item.occurred_at for fact in stretch.facts)
    months = wording.month_titles(moments, after=before.occurred_at if before else None)
    entries = [_entry(fact, month) for fact, month in zip(stretch.facts, months, strict=True)]
    return TimelinePage(entries, stretch.next_place)


def timeline_numbers(actor: Actor, opened: OpenRecord, filters: Filters, *, most: int) -> TimelineNumbers:
    """Counted to `most`: of a record with ten thousand facts, counting them all took longer than showing thirty."""
    patient_id, (since, until) = opened.patient.pk, filters.bounds()
    found = feed.kinds_told(actor, patient_id, (), since, until, most + 1)
    if len(found) <= most:
        of = Counter(found)
        of_types = {key: sum(of[kind] for kind in kinds) for key, (_, kinds) in KINDS.items()}
        of_types[""] = sum(of_types.values())
        return TimelineNumbers(of_types[filters.kind], is_more=False, of_types=of_types)
    if filters.kinds:
        found = feed.kinds_told(actor, patient_id, filters.kinds, since, until, most + 1)
    return TimelineNumbers(min(len(found), most), is_more=len(found) > most, of_types={})


def visit_words(since: datetime | None, *, now: datetime) -> str:
    """What follows « depuis votre visite »; empty at the first one."""
    if since is None:
        return ""
    day, today = timezone.localdate(since), timezone.localdate(now)
    ago = (today - day).days
    if ago == 0:
        return f"d’aujourd’hui, {wording.clock(since)}"
    if ago == 1:
        return "d’hier"
    return (
        f"de {wording.WEEKDAYS[day.weekday()]}"
        if ago <= wording.WEEKDAY_IS_CLEAR
        else f"du {wording.when(day, now=now)}"
    )


def event_row(fact: Told) -> EventRow:
    return EventRow(
        kind=FeedKind(fact.item.kind).label,
        strong=fact.line.strong,
        fact=fact.rest,
        at=fact.item.occurred_at,
        icon=fact.line.icon,
        source=fact.line.source,
        url=fact.line.url,
        unread=fact.is_unread,
    )


def _entry(fact: Told, month: str) -> TimelineEntry:
    return TimelineEntry(
        text=f"{fact.line.strong}{fact.rest}".strip(),
        at=fact.item.occurred_at,
        icon=fact.line.icon or "history",
        source=fact.line.source,
        url=fact.line.url,
        level=Level.INFORMATION if fact.item.is_alert else None,
        month=month,
    )


def _circle(members: list[CareTeamParticipant], relatives: list[RelatedPerson]) -> Circle:
    """Relatives, persons, structures; a circle too long for the screen is cut and says so."""
    groups = [
        ("Proches et aidants", [relative_row(person) for person in relatives]),
        ("Équipe de soins", [member_row(m) for m in members if m.practitioner_id]),
        ("Organisations", [member_row(m) for m in members if m.organization_id]),
    ]
    left = PEOPLE_SHOWN
    shown = []
    for title, people in groups:
        if people[:left]:
            shown.append((title, people[:left]))
        left = max(left - len(people), 0)
    return Circle(shown, len(members) + len(relatives))


def relative_row(person: RelatedPerson) -> PersonRow:
    marks = [person.get_relationship_display()]
    marks += ["personne de confiance"] if person.is_trusted_person else []
    marks += ["à prévenir"] if person.is_person_to_warn else []
    return PersonRow(
        name=person.name,
        role=", ".join(marks),
        initials=wording.initials(person.name),
        shape="relative",
        phone=wording.phone(person.phone),
        phone_url=wording.dialled(person.phone),
        write_url=wording.dialled(person.phone).replace("tel:", "sms:"),
    )


def member_row(member: CareTeamParticipant) -> PersonRow:
    if member.organization is not None:
        return PersonRow(
            name=member.organization.name,
            role=member.organization.get_kind_display(),
            initials=wording.initials(member.organization.short_name or member.organization.name),
            shape="organisation",
            phone=wording.phone(member.organization.phone),
            phone_url=wording.dialled(member.organization.phone),
            write_url=_mailto(member.mail),
        )
    practitioner = member.practitioner
    if practitioner is None:
        raise ValueError("a member is a person or a structure")
    has_role = member.role != TeamRole.MEMBER
    role = (
        member.get_role_display()
        if has_role
        else practitioner.specialty_label or practitioner.get_profession_display()
    )
    return PersonRow(
        name=f"{practitioner.title} {practitioner}".strip(),
        role=role,
        initials=wording.initials(str(practitioner)),
        phone=wording.phone(practitioner.phone),
        phone_url=wording.dialled(practitioner.phone),
        write_url=_mailto(member.mail),
    )


def _mailto(address: str) -> str:
    return f"mailto:{address}" if address else ""


def _facts(actor: Actor, opened: OpenRecord, members: list[CareTeamParticipant]) -> list[tuple[str, str]]:
    """« En ce moment »: only lines that say something."""
    record = opened.record
    by_role = {m.role: member_row(m).name for m in members if m.role != TeamRole.MEMBER}
    lines = [
        ("Séjour", _where(actor, opened)),
        ("Médecin traitant", by_role.get(TeamRole.ATTENDING, "Aucun dans le cercle")),
        ("Référent", by_role.get(TeamRole.REFERENT, "")),
        ("Suivi par", record.programme if opened.tells_holder else ""),
        ("Dossier tenu par", str(record.holder) if opened.tells_holder else ""),
        ("Information", _information(opened)),
    ]
    return [(label, said) for label, said in lines if said]


def _where(actor: Actor, opened: OpenRecord) -> str:
    if has_died(opened.patient) or not reads_class(actor, DataClass.STAY):
        return ""
    is_said_above = any(badge.order <= WHERE_SHE_IS for badge in opened.badges)
    return "" if is_said_above else "Pas d’hospitalisation en cours connue"


def _information(opened: OpenRecord) -> str:
    record = opened.record
    if record.information_given_at is None:
        return "Pas encore donnée : le dossier n’est pas partagé"
    given = f"Donnée le {wording.long_date(record.information_given_at)}"
    return f"{given} par {record.information_given_by}" if opened.tells_holder else given


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time.min, tzinfo=wording.PARIS) if day else None
