"""The follow-ups of one record, as its page shows them; what enrolment offers. Boards are in `board_queries`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet
from django.utils import timezone

from terresante.care_team.access import writes_class
from terresante.care_team.enums import DataClass
from terresante.care_team.queries import panel
from terresante.care_team.queries.limits import limits_unasked
from terresante.kernel import access, compiled
from terresante.kernel.actor import Actor
from terresante.kernel.ui import chart, wording
from terresante.kernel.ui.frame import AudiencePanel, Badge
from terresante.patients.models import Patient
from terresante.questionnaires import pathway as engine
from terresante.questionnaires import queries as questionnaires
from terresante.questionnaires.enums import PathwayKind, ResponseStatus
from terresante.questionnaires.models import PathwaySignature, PathwayVersion, QuestionnaireResponse
from terresante.telemonitoring.access import (
    CELL_READ,
    CONTACT_READ,
    CONTACT_WRITE,
    FOLLOW_UP_READ,
    LINK_READ,
)
from terresante.telemonitoring.actions import OWN_THRESHOLD, enrols
from terresante.telemonitoring.board import words
from terresante.telemonitoring.board.words import badge_of
from terresante.telemonitoring.enums import TO_BEGIN, ExpectedState, FollowUpState
from terresante.telemonitoring.models import AnswerLink, Cell, Contact, Expected, FollowUp
from terresante.telemonitoring.schedule import FILLED_AT_HOME, PARIS

# A follow-up at home has a schedule; assessments and sheets are filled from « Formulaires ».
FOLLOWED_KINDS = (PathwayKind.FOLLOW_UP, PathwayKind.SURGERY)
ANSWERS_SHOWN = 20
_DAYS_SHOWN = 6
_CONTACTS_OFFERED = 50
_CONTACTS_OLDEST = timedelta(days=60)
_END = "Chaque lecture est tracée. La cellule lit le dossier comme tout membre du cercle, jusqu’à la fin du télésuivi."


@dataclass(frozen=True, slots=True)
class Why:
    """One line of the reason of a colour."""

    label: str
    value: str
    threshold: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A follow-up as the page of a record lists it."""

    follow_up: FollowUp
    title: str
    badge: Badge
    why: tuple[Why, ...]
    said_by: str


@dataclass(frozen=True, slots=True)
class Curve:
    label: str
    drawn: chart.Chart | None
    values: tuple[tuple[datetime, str], ...]
    top: str
    bottom: str


@dataclass(frozen=True, slots=True)
class Offered:
    """A pathway that may be begun; `signed_by`: the structures that answer for its thresholds.

    `unsuited`: why it was not made for this person, "" when it was.
    """

    version: PathwayVersion
    pathway: engine.Pathway
    signed_by: tuple[str, ...]
    unsuited: str

    @property
    def is_signed(self) -> bool:
        return bool(self.signed_by) or not self.pathway.default_thresholds


@dataclass(frozen=True, slots=True)
class Threshold:
    """A value that the physician may set for this person; empty, the default of the pathway holds."""

    said: engine.OwnThreshold

    @property
    def name(self) -> str:
        return self.said.name

    @property
    def field(self) -> str:
        return f"{OWN_THRESHOLD}{self.name}"

    @property
    def label(self) -> str:
        unit = engine.in_unit(self.said.unit)
        return f"{self.said.label}, {unit}" if unit else self.said.label

    @property
    def help(self) -> str:
        """« Rouge au-dessous de ce seuil. Entre 50 et 100 %. Vide : le seuil du parcours (rouge ≤ 94 %). »"""
        told = [self.said.does, self.said.bounds]
        begun = " ".join(f"{one[:1].upper()}{one[1:]}." for one in told if one)
        held = f" ({self.said.instead_of})" if self.said.instead_of else ""
        return f"{begun} Vide : le seuil du parcours s’applique{held}."

    def number_on(self, follow_up: FollowUp) -> str:
        """As it is typed; "" when the default of the pathway holds."""
        value = follow_up.personal.get(self.name)
        return "" if value is None else _number(Decimal(str(value)))

    def set_on(self, follow_up: FollowUp) -> str:
        """As people read it."""
        value = follow_up.personal.get(self.name)
        return "" if value is None else self.written(Decimal(str(value)))

    def written(self, value: Decimal) -> str:
        unit = self.said.unit
        return f"{_number(value)}{wording.NBSP}{unit}" if unit else _number(value)


@dataclass(frozen=True, slots=True)
class Day:
    on: date
    times: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What the person will be asked: the first days, then how many in all."""

    days: tuple[Day, ...]
    total: int
    last_on: date | None


def follow_ups_of(actor: Actor, patient_id: UUID) -> QuerySet[FollowUp]:
    """Those that run first, the worst first; the files of their version stay where they are."""
    rows = access.list(actor, FOLLOW_UP_READ, FollowUp, patient_id=patient_id)
    return (
        rows.select_related("cell__organization", "version__pathway")
        .defer("version__files")
        .order_by(F("ended_at").desc(nulls_first=True), "-severity", "-enrolled_at", "pk")
    )


def shown_of(actor: Actor, patient_id: UUID) -> list[Shown]:
    return [shown(row) for row in follow_ups_of(actor, patient_id)]


def shown(row: FollowUp) -> Shown:
    pathway = questionnaires.pathway_of(row.version_id)
    return Shown(
        follow_up=row,
        title=row.version.pathway.title,
        badge=badge_of(row.colour, row.reason, to_confirm=row.to_confirm_until is not None),
        why=_why(row, pathway),
        said_by=f"{row.version.pathway.title}, version {row.version.number}",
    )


def _why(row: FollowUp, pathway: engine.Pathway) -> tuple[Why, ...]:
    """Why this colour; of an alert that somebody closed, what it was about, then how it ended."""
    reason = row.reason
    if reason.get("kind") == "handled":
        titles = {name: form.title for name, form in pathway.forms.items()}
        ended = words.why(reason, titles, now=timezone.now())
        return (*_fired(reason.get("was") or {}), Why(ended.main, ended.second, ""))
    if reason.get("kind") == "silence":
        form = pathway.forms.get(reason.get("form", ""))
        title = form.title if form is not None else "Questionnaire"
        opened = datetime.fromisoformat(reason["opens_at"])
        return (
            Why(f"{title} non rempli", f"attendu {wording.when_exactly(opened, now=timezone.now())}", ""),
        )
    return _fired(reason)


def _fired(reason: Mapping[str, Any]) -> tuple[Why, ...]:
    fired = reason.get("fired") or ()
    return tuple(
        Why(str(one.get("label", "")), str(one.get("value", "")), str(one.get("threshold", "")))
        for one in fired
    )


def curve(row: FollowUp) -> Curve | None:
    """Of the board's main value, over the last days."""
    points = [
        (datetime.fromisoformat(at), Decimal(str(number))) for at, number in row.trend.get("points", ())
    ]
    if not points:
        return None
    unit = f"\u00a0{row.trend['unit']}" if row.trend.get("unit") else ""
    said = tuple((at, f"{_number(number)}{unit}") for at, number in points)
    drawn = chart.drawn([chart.Value(at, number) for at, number in points])
    numbers = [number for _, number in points]
    return Curve(
        row.trend.get("label", ""),
        drawn,
        tuple(reversed(said)),
        f"{_number(max(numbers))}{unit}",
        f"{_number(min(numbers))}{unit}",
    )


def _number(value: Decimal) -> str:
    said = f"{value:f}"
    return (said.rstrip("0").rstrip(".") if "." in said else said).replace(".", ",")


def answers_of(actor: Actor, follow_up: FollowUp) -> list[QuestionnaireResponse]:
    rows = questionnaires.answers_of(actor, follow_up.patient_id, follow_up_id=follow_up.pk)
    return list(rows.filter(status=ResponseStatus.COMPLETED)[:ANSWERS_SHOWN])


def expected_of(actor: Actor, follow_up: FollowUp, *, most: int = 12) -> list[Expected]:
    """What waits, in order."""
    rows = access.list(actor, FOLLOW_UP_READ, Expected, patient_id=follow_up.patient_id)
    return list(
        rows.filter(follow_up_id=follow_up.pk, state=ExpectedState.WAITING).order_by("opens_at", "pk")[:most]
    )


def to_fill_here(waiting: Sequence[Expected], follow_up: FollowUp) -> list[tuple[Expected, str]]:
    """Of what waits, what a professional fills and is open now, with its title."""
    forms, now = questionnaires.pathway_of(follow_up.version_id).forms, timezone.now()
    return [
        (one, forms[one.form].title)
        for one in waiting
        if one.role not in FILLED_AT_HOME and one.opens_at <= now and one.form in forms
    ]


def link_of(actor: Actor, follow_up: FollowUp) -> AnswerLink | None:
    """The one that answers now, or answered last."""
    rows = access.list(actor, LINK_READ, AnswerLink, patient_id=follow_up.patient_id)
    return rows.filter(follow_up_id=follow_up.pk).order_by("-made_at", "pk").first()


def contacts_of(actor: Actor, follow_up: FollowUp) -> list[Contact]:
    rows = access.list(actor, CONTACT_READ, Contact, patient_id=follow_up.patient_id)
    return list(rows.filter(follow_up_id=follow_up.pk).order_by("added_at", "pk"))


def contacts_waiting(actor: Actor) -> list[Contact]:
    """Of the index cases whom the actor follows: those who have no follow-up of their own yet."""
    return _contacts_waiting(actor, timezone.now() - _CONTACTS_OLDEST)


@compiled.rows
def _contacts_waiting(actor: Actor, since: datetime) -> QuerySet[Contact]:
    rows = access.list(actor, CONTACT_WRITE, Contact).filter(status__in=TO_BEGIN, added_at__gt=since)
    return rows.order_by("name", "pk")[:_CONTACTS_OFFERED]


def offered_to(actor: Actor, patient: Patient) -> list[Offered]:
    """What this professional may begin, by title; what was made for somebody else comes last."""
    versions = list(questionnaires.published().filter(pathway__kind__in=FOLLOWED_KINDS).defer("files"))
    found = [(version, questionnaires.pathway_of(version.pk)) for version in versions]
    allowed = [
        (version, pathway)
        for version, pathway in found
        if enrols(actor, pathway) and writes_class(actor, DataClass(version.pathway.data_class))
    ]
    signed = _signatures([version.pk for version, _ in allowed])
    offered = [
        Offered(version, pathway, signed.get(version.pk, ()), questionnaires.unsuited(pathway, patient))
        for version, pathway in allowed
    ]
    return sorted(offered, key=lambda one: bool(one.unsuited))


def _signatures(versions: Sequence[UUID]) -> dict[UUID, tuple[str, ...]]:
    found: dict[UUID, tuple[str, ...]] = {}
    rows = PathwaySignature.objects.filter(version_id__in=versions).order_by("signed_at", "pk")
    for version_id, name in rows.values_list("version_id", "organization_name"):
        found[version_id] = (*found.get(version_id, ()), name)
    return found


def cells_open_to(actor: Actor) -> list[Cell]:
    """One's own structure's first."""
    rows = access.list(actor, CELL_READ, Cell).filter(is_active=True, organization__active=True)
    cells = list(rows.select_related("organization").order_by("name", "organization__name", "pk"))
    return sorted(cells, key=lambda cell: cell.organization_id != actor.organization_id)


def likely_twins(actor: Actor, patient_id: UUID, version: PathwayVersion) -> list[FollowUp]:
    """Follow-ups of the same pathway that still run, whatever their version."""
    rows = follow_ups_of(actor, patient_id).filter(version__pathway_id=version.pathway_id)
    return list(rows.exclude(state=FollowUpState.ENDED))


def thresholds_of(pathway: engine.Pathway) -> list[Threshold]:
    """Those that the rules read of the person."""
    return [Threshold(one) for one in engine.own_thresholds(pathway)]


def wrong_on(follow_up: FollowUp, pathway: engine.Pathway) -> dict[str, str]:
    """Of the thresholds of this person, what would be refused today: some were set before anything looked at them."""
    kept = {name: Decimal(str(value)) for name, value in follow_up.personal.items()}
    return engine.wrong_personal(pathway, kept)


def preview_of(pathway: engine.Pathway, anchor_on: date) -> Preview:
    occurrences = engine.due(pathway, anchor_on, timezone.localdate())
    days: dict[date, list[tuple[str, str]]] = {}
    for one in occurrences:
        opens = one.opens_at.astimezone(PARIS)
        form = pathway.forms.get(one.form)
        title = form.title if form is not None else one.form
        days.setdefault(opens.date(), []).append((wording.clock(opens), title))
    listed = tuple(Day(on, tuple(times)) for on, times in list(days.items())[:_DAYS_SHOWN])
    last = occurrences[-1].opens_at.astimezone(PARIS).date() if occurrences else None
    return Preview(listed, len(occurrences), last)


def audience_panel(actor: Actor, patient: Patient, data_class: DataClass) -> AudiencePanel:
    draft = limits_unasked(actor, patient.record).draft(actor, patient.pk, data_class)
    return panel.audience_panel(patient, draft, of="ce télésuivi", end=_END)
