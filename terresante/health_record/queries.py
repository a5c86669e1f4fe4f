from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from django.db.models import Case, QuerySet, SmallIntegerField, Value, When

from terresante.care_team.queries import panel
from terresante.care_team.queries.audience import Draft
from terresante.health_record.access import HEALTH_READ
from terresante.health_record.enums import (
    LIMITS_OF_CARE,
    MEASURED,
    ClinicalStatus,
    Criticality,
    DirectiveState,
    MeasureCode,
    TreatmentStatus,
    Verification,
)
from terresante.health_record.models import (
    AllergyIntolerance,
    CareDirective,
    Condition,
    HealthLine,
    Immunization,
    MedicationStatement,
    Observation,
)
from terresante.kernel import access, compiled
from terresante.kernel.actor import Actor
from terresante.kernel.condition import SqlCondition, among
from terresante.kernel.errors import NotFound
from terresante.kernel.ui.chart import Frame
from terresante.kernel.ui.frame import AudiencePanel
from terresante.patients.models import Patient

# More than anybody has of one kind; beyond, the page says how many it leaves out.
MOST_LINES = 60
POINTS = 40
_DISMISSED = (Verification.REFUTED.value, Verification.ENTERED_IN_ERROR.value)
# What may kill, what nobody knows, then what does not.
_GRAVITY = Case(
    When(criticality=Criticality.HIGH, then=Value(0)),
    When(criticality=Criticality.UNABLE_TO_ASSESS, then=Value(1)),
    default=Value(2),
    output_field=SmallIntegerField(),
)
_END = "Chaque lecture est tracée. Rien n’est effacé : une correction garde ce qui était écrit, et par qui."


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of line: its place in an address, its words, its picture."""

    slug: str
    model: type[HealthLine]
    title: str
    one: str
    add: str
    icon: str
    empty: str


KINDS = (
    Kind(
        "allergies",
        AllergyIntolerance,
        "Allergies et intolérances",
        "l’allergie",
        "Ajouter une allergie",
        "triangle-alert",
        "Aucune allergie n’est inscrite : cela ne veut pas dire qu’il n’y en a pas.",
    ),
    Kind(
        "directives",
        CareDirective,
        "Directives et limites de soins",
        "la directive",
        "Ajouter une directive",
        "hand-heart",
        "Aucune directive anticipée ni limite de soins n’est inscrite.",
    ),
    Kind(
        "problemes",
        Condition,
        "Problèmes de santé",
        "le problème de santé",
        "Ajouter un problème",
        "stethoscope",
        "Aucun problème de santé n’est inscrit.",
    ),
    Kind(
        "traitements",
        MedicationStatement,
        "Traitements",
        "le traitement",
        "Ajouter un traitement",
        "pill",
        "Aucun traitement n’est inscrit : demandez l’ordonnance.",
    ),
    Kind(
        "vaccinations",
        Immunization,
        "Vaccinations",
        "la vaccination",
        "Ajouter une vaccination",
        "syringe",
        "Aucune vaccination n’est inscrite.",
    ),
    Kind(
        "mesures",
        Observation,
        "Mesures",
        "la mesure",
        "Ajouter une mesure",
        "activity",
        "Aucune mesure n’est inscrite.",
    ),
)
MEASURES = KINDS[-1]
L = TypeVar("L", bound=HealthLine)


@dataclass(frozen=True, slots=True)
class Section:
    kind: Kind
    lines: Sequence[HealthLine]
    # Over, refuted or written by mistake: folded.
    past: Sequence[HealthLine] = ()


@dataclass(frozen=True, slots=True)
class Dot:
    """A value of a series, and where it stands in the drawing."""

    line: Observation
    x: float
    y: float
    low_y: float | None = None

    @property
    def mark(self) -> str:
        """As a path of no length, which a round pen draws."""
        low = "" if self.low_y is None else f"M{self.x:.1f} {self.low_y:.1f}h0"
        return f"M{self.x:.1f} {self.y:.1f}h0{low}"


@dataclass(frozen=True, slots=True)
class Series:
    """The last values of one measure, oldest first, and the drawing's own numbers."""

    code: MeasureCode
    dots: Sequence[Dot]
    top: str
    bottom: str

    @property
    def title(self) -> str:
        """« Poids (kg) »: the bounds of the drawing stand without their unit."""
        return f"{self.code.label} ({MEASURED[self.code].shown})"

    @property
    def path(self) -> str:
        return " ".join(f"{dot.x:.1f},{dot.y:.1f}" for dot in self.dots)

    @property
    def low_path(self) -> str:
        return " ".join(f"{dot.x:.1f},{dot.low_y:.1f}" for dot in self.dots if dot.low_y is not None)

    @property
    def newest_first(self) -> list[Observation]:
        return [dot.line for dot in reversed(self.dots)]


def kind_of(slug: str) -> Kind:
    """Raises NotFound for anything else."""
    for kind in KINDS:
        if kind.slug == slug:
            return kind
    raise NotFound


def kind_of_model(model: type[HealthLine]) -> Kind:
    return next(kind for kind in KINDS if kind.model is model)


def sections(actor: Actor, patient_id: UUID) -> list[Section]:
    """Of each kind what is in force, then what is over; of measures the last of each."""
    found = [_section(actor, patient_id, kind) for kind in KINDS[:-1]]
    return [*found, Section(MEASURES, latest_measures(actor, patient_id))]


def _section(actor: Actor, patient_id: UUID, kind: Kind) -> Section:
    lines = current_lines(actor, patient_id, kind.model)
    now = _uncontradicted([line for line in lines if not (line.is_over or line.is_dismissed)])
    kept = {line.pk for line in now}
    return Section(kind, now, [line for line in lines if line.pk not in kept])


def _uncontradicted(lines: Sequence[L]) -> list[L]:
    """« Aucune allergie connue » no longer stands once an allergy does, were it only declared."""
    others = [line for line in lines if not getattr(line, "is_none_known", False)]
    return others or list(lines)


def current_lines(actor: Actor, patient_id: UUID, model: type[HealthLine]) -> list[HealthLine]:
    """The latest said first; of allergies, those that may kill before the others."""
    return _current_lines(actor, patient_id, model)


@compiled.rows
def _current_lines(actor: Actor, patient_id: UUID, model: type[HealthLine]) -> QuerySet[HealthLine]:
    rows = _current(actor, patient_id, model)
    gravity = (_GRAVITY,) if model is AllergyIntolerance else ()
    return rows.order_by(*gravity, "-asserted_at", "pk")[:MOST_LINES]


def _current(actor: Actor, patient_id: UUID, model: type[L]) -> QuerySet[L]:
    return access.list(actor, HEALTH_READ, model, patient_id=patient_id).filter(is_current=True)


def versions_of(actor: Actor, line: HealthLine) -> list[HealthLine]:
    """The newest first, as far as this reader may read each."""
    rows = access.list(actor, HEALTH_READ, type(line)).filter(patient_id=line.patient_id, set_id=line.set_id)
    return list(rows.order_by("-version"))


def latest_measures(actor: Actor, patient_id: UUID) -> list[Observation]:
    """The last value of each measure, in the order of the list."""
    order = list(MeasureCode.values)
    return sorted(_latest_measures(actor, patient_id), key=lambda line: order.index(line.code))


@compiled.rows
def _latest_measures(actor: Actor, patient_id: UUID) -> QuerySet[Observation]:
    return _measures(actor, patient_id).order_by("code", "-effective_at", "pk").distinct("code")


def series(actor: Actor, patient_id: UUID, code: MeasureCode) -> Series:
    """The last values, drawn in a frame of 100 by 40 whose first and last dots touch the sides."""
    rows = _measures(actor, patient_id).filter(code=code).order_by("-effective_at", "pk")[:POINTS]
    lines = list(reversed(rows))
    values = [value for line in lines for value in (line.value, line.low_value) if value is not None]
    if not values:
        return Series(code, (), "", "")
    frame = Frame(lines[0].effective_at, lines[-1].effective_at, min(values), max(values))
    dots = [
        Dot(
            line,
            frame.x(line.effective_at),
            frame.y(line.value),
            None if line.low_value is None else frame.y(line.low_value),
        )
        for line in lines
    ]
    edges = (f"{edge.normalize():f}".replace(".", ",") for edge in (frame.top, frame.bottom))
    return Series(code, dots, *edges)


def _measures(actor: Actor, patient_id: UUID) -> QuerySet[Observation]:
    return _held(actor, patient_id, Observation)


def _held(actor: Actor, patient_id: UUID, model: type[L]) -> QuerySet[L]:
    """What the record says now and nobody has refuted."""
    return _current(actor, patient_id, model).exclude(verification_status__in=_DISMISSED)


def allergies_in_force(actor: Actor, patient_id: UUID) -> list[AllergyIntolerance]:
    return _uncontradicted(_allergies(actor, patient_id))


@compiled.rows
def _allergies(actor: Actor, patient_id: UUID) -> QuerySet[AllergyIntolerance]:
    known = _held(actor, patient_id, AllergyIntolerance).filter(clinical_status=ClinicalStatus.ACTIVE)
    return known.order_by(_GRAVITY, "substance", "pk")[:MOST_LINES]


@compiled.rows
def directives_in_force(actor: Actor, patient_id: UUID) -> QuerySet[CareDirective]:
    known = _held(actor, patient_id, CareDirective).filter(state=DirectiveState.ACTIVE)
    return known.order_by("-decided_on", "pk")[:MOST_LINES]


@compiled.rows
def conditions_in_force(actor: Actor, patient_id: UUID) -> QuerySet[Condition]:
    known = _held(actor, patient_id, Condition).filter(clinical_status=ClinicalStatus.ACTIVE)
    return known.order_by("onset_year", "name", "pk")[:MOST_LINES]


@compiled.rows
def treatments_in_force(actor: Actor, patient_id: UUID) -> QuerySet[MedicationStatement]:
    known = _held(actor, patient_id, MedicationStatement).filter(status=TreatmentStatus.ACTIVE)
    lasting = SqlCondition("({0} IS NULL OR {0} >= app_today())", "until")
    return known.filter(lasting).order_by("drug", "pk")[:MOST_LINES]


def limits_in_force(actor: Actor, patient_id: UUID) -> list[CareDirective]:
    return [line for line in directives_in_force(actor, patient_id) if line.kind in LIMITS_OF_CARE]


def lines_told(actor: Actor, model: type[HealthLine], keys: list[UUID]) -> list[HealthLine]:
    return list(access.list(actor, HEALTH_READ, model).filter(among("pk", keys)))


def panel_of(patient: Patient, draft: Draft) -> AudiencePanel:
    """« Qui verra ceci ? » before a line is written."""
    return panel.audience_panel(patient, draft, of="cette ligne", end=_END)
