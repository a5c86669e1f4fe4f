"""The emergency sheet: on one page, what matters tonight (MISSION B13). Each part is asked by its own rule."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urljoin

import segno
from django.conf import settings
from django.http import StreamingHttpResponse
from django.utils import timezone

from terresante.care_team.access import reads_class, reads_home
from terresante.care_team.enums import DataClass, TeamRole
from terresante.care_team.models import CareTeamParticipant
from terresante.care_team.queries import OpenRecord, circle_of, relatives_of
from terresante.health_record import queries as health
from terresante.health_record.enums import Origin
from terresante.health_record.models import HealthLine, MedicationStatement
from terresante.home_care import queries as home
from terresante.home_care.access import HOME_READ
from terresante.home_care.models import HomeAccess
from terresante.kernel import audit, printing
from terresante.kernel.actor import Actor
from terresante.kernel.ui import wording
from terresante.kernel.ui.frame import PersonRow
from terresante.kernel.ui.links import link
from terresante.overview.access import EMERGENCY_SHEET_PRINT
from terresante.overview.queries import member_row, relative_row
from terresante.patients.enums import Sex
from terresante.patients.models import Patient, RelatedPerson
from terresante.patients.queries import age_said

# Beyond these the sheet is no longer one page: the circle's own page has them all.
MOST_MEMBERS = 8
RECENT = timedelta(days=30)
_NO_TREATMENT = "Aucun traitement n’est inscrit : demandez l’ordonnance, ou « Mon espace santé »."


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetLine:
    strong: str = ""
    text: str = ""
    source: str = ""
    phone: str = ""
    phone_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetPart:
    """`empty` is said when there is no line; `grave`: read before anything else."""

    title: str
    icon: str
    lines: Sequence[SheetLine]
    empty: str = ""
    grave: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencySheet:
    name: str
    identity: str
    reach: Sequence[str]
    parts: Sequence[SheetPart]
    # What the reader's profession or delegation leaves out, said so that nobody takes it for absent.
    left_out: str
    made_at: datetime
    # How one gets in, among its parts: its reading has a line of its own in the log.
    home: HomeAccess | None


def read_sheet(actor: Actor, opened: OpenRecord) -> EmergencySheet:
    """For a page: the access log is told what it shows."""
    sheet = emergency_sheet(actor, opened)
    if sheet.home is not None:
        purpose = opened.purpose(actor)
        audit.note_read(HOME_READ, patient_id=opened.patient.pk, about=sheet.home, purpose=purpose)
    return sheet


def emergency_sheet(actor: Actor, opened: OpenRecord) -> EmergencySheet:
    patient = opened.patient
    access = home.access_in_force(actor, patient.pk)
    where = " ".join(part for part in (patient.postal_code, patient.city) if part)
    address = ", ".join(part for part in (patient.address_line, where) if part)
    return EmergencySheet(
        name=_full_name(patient),
        identity=_identity(patient),
        reach=[part for part in (wording.phone(patient.phone), address) if part],
        parts=[*_health(actor, opened), *_home(actor, access), *_contacts(actor, opened)],
        left_out=_left_out(actor),
        made_at=timezone.now(),
        home=access,
    )


def paper(actor: Actor, opened: OpenRecord) -> StreamingHttpResponse:
    """The PDF of a record just opened, by whichever door; the access log tells a print from a reading.

    The file has nobody's name: it stays in the list of downloads of a shared workstation.
    """
    sheet = read_sheet(actor, opened)
    audit.note_read(
        EMERGENCY_SHEET_PRINT,
        patient_id=opened.patient.pk,
        about=opened.record,
        purpose=opened.purpose(actor),
    )
    return printing.given(
        "overview/emergency_sheet.typ",
        printed(actor, sheet, opened),
        title=f"Fiche d’urgence de {sheet.name}",
        name=f"fiche-urgence-{timezone.localdate().isoformat()}.pdf",
    )


def printed(actor: Actor, sheet: EmergencySheet, opened: OpenRecord) -> dict[str, Any]:
    """As its template takes it. The code on the paper holds one address, which asks who one is."""
    address = urljoin(settings.BASE_URL, link("overview:emergency_sheet", opened.record.pk))
    made = f"{wording.long_date(sheet.made_at)}, {wording.clock(sheet.made_at)}"
    by = ", ".join(part for part in (actor.name, actor.organization_name) if part)
    return {
        "name": sheet.name,
        "identity": sheet.identity,
        "reach": list(sheet.reach),
        "parts": [asdict(part) for part in sheet.parts],
        "left_out": sheet.left_out,
        "reference": f"Fiche d’urgence · {made}",
        "foot": f"Imprimée par {by}. Ce papier ne se met pas à jour.",
        "qr": segno.make(address, error="m", micro=False).svg_inline(border=0),
        "qr_alt": "Adresse de la fiche à jour, qui demande de se connecter",
        "qr_said": "La fiche à jour : ce code demande de se connecter.",
    }


def _full_name(patient: Patient) -> str:
    born = {Sex.FEMALE: "née", Sex.MALE: "né"}.get(Sex(patient.sex), "né(e)")
    said = f"{patient.display_given_name} {patient.display_name.upper()}"
    return f"{said} {born} {patient.birth_name}" if patient.is_married_name else said


def _identity(patient: Patient) -> str:
    born = {Sex.FEMALE: "née", Sex.MALE: "né"}.get(Sex(patient.sex), "né(e)")
    sex = "" if patient.sex == Sex.UNKNOWN else patient.sex
    day = "en" if patient.lunar_birth_date else "le"
    birth = (
        str(patient.birth_date.year) if patient.lunar_birth_date else wording.long_date(patient.birth_date)
    )
    parts = (sex, age_said(patient), f"{born} {day} {birth}", patient.get_identity_status_display())
    return " · ".join(part for part in parts if part)


def _left_out(actor: Actor) -> str:
    if reads_class(actor, DataClass.MEDICAL):
        return ""
    return (
        "Allergies, directives et mesures n’y sont pas : votre rôle auprès de cette personne ne les lit pas."
    )


def _health(actor: Actor, opened: OpenRecord) -> list[SheetPart]:
    if not reads_class(actor, DataClass.MEDICAL):
        return []
    patient_id = opened.patient.pk
    directives = health.directives_in_force(actor, patient_id)
    return [
        SheetPart(
            title="Limites de soins",
            icon="hand-heart",
            lines=[_line(line) for line in directives if line.is_limit],
            empty="Aucune limite de soins n’est inscrite.",
            grave=True,
        ),
        SheetPart(
            title="Allergies",
            icon="triangle-alert",
            lines=[_line(line) for line in health.allergies_in_force(actor, patient_id)],
            empty="Aucune allergie n’est inscrite : cela ne veut pas dire qu’il n’y en a pas.",
            grave=True,
        ),
        SheetPart(
            title="Directives anticipées",
            icon="file-text",
            lines=[replace(_line(line), strong="") for line in directives if not line.is_limit],
            empty="Aucune directive anticipée n’est inscrite.",
        ),
        SheetPart(
            title="Problèmes de santé",
            icon="stethoscope",
            lines=_together(health.conditions_in_force(actor, patient_id)),
            empty="Aucun problème de santé n’est inscrit.",
        ),
        SheetPart(
            title="Traitements",
            icon="pill",
            lines=_treatments(health.treatments_in_force(actor, patient_id)),
            empty=_NO_TREATMENT,
        ),
        *_measures(actor, opened),
    ]


def _measures(actor: Actor, opened: OpenRecord) -> list[SheetPart]:
    """The recent ones: an old weight would mislead."""
    since = timezone.now() - RECENT
    recent = [line for line in health.latest_measures(actor, opened.patient.pk) if line.effective_at >= since]
    if not recent:
        return []
    said = " · ".join(f"{line.label} {line.said} ({wording.long_date(line.effective_at)})" for line in recent)
    return [SheetPart(title="Dernières mesures", icon="activity", lines=[SheetLine(text=said)])]


def _line(line: HealthLine) -> SheetLine:
    signed = ", ".join(part for part in (line.author_name, wording.lowered(line.author_role)) if part)
    who = "dit par la personne" if line.origin == Origin.PATIENT and line.version == 1 else signed
    return SheetLine(
        strong=_words(line),
        text=line.detail,
        source=f"{who}, {wording.long_date(line.recorded_at)}",
    )


def _treatments(lines: Sequence[MedicationStatement]) -> list[SheetLine]:
    """On one line too; the day of the latest, so that nobody trusts an old list."""
    if not lines:
        return []
    said = " · ".join(", ".join(part for part in (_words(line), line.dosage) if part) for line in lines)
    latest = max(line.recorded_at for line in lines)
    return [SheetLine(text=said, source=f"liste mise à jour le {wording.long_date(latest)}")]


def _together(lines: Sequence[HealthLine]) -> list[SheetLine]:
    """On one line: the sheet is one page."""
    said = " · ".join(" ".join(part for part in (_words(line), line.detail) if part) for line in lines)
    return [SheetLine(text=said)] if said else []


def _words(line: HealthLine) -> str:
    """A doubt is said beside the words, never left to the small print."""
    return f"{line.label} (déclaré, non confirmé)" if line.is_unconfirmed else line.label


def _home(actor: Actor, access: HomeAccess | None) -> list[SheetPart]:
    """From the street to the key, then what is to be known: as few lines as the page leaves."""
    if not reads_home(actor):
        return []
    lines = [
        *_way(access),
        *(
            SheetLine(text=f"{line.label} : {line.value}", phone=line.phone, phone_url=line.phone_url)
            for line in home.lines_of(access, of=home.KEY)
        ),
        *([SheetLine(text=around)] if (around := _joined(access, home.AROUND)) else []),
    ]
    if access is not None and lines:
        lines[-1] = replace(lines[-1], source=home.source_of(access))
    empty = "Rien n’est noté : ni code, ni étage, ni qui a une clé."
    return [SheetPart(title="Pour entrer chez la personne", icon="door-open", lines=lines, empty=empty)]


def _way(access: HomeAccess | None) -> list[SheetLine]:
    """The code first, that one looks for with a hand on the door."""
    code = _joined(access, home.CODE)
    way = _joined(access, [one for one in home.WAY if one not in home.CODE])
    return [SheetLine(strong=f"{code} ·" if code and way else code, text=way)] if code or way else []


def _joined(access: HomeAccess | None, of: Sequence[tuple[str, str]]) -> str:
    return " · ".join(f"{line.label} : {line.value}" for line in home.lines_of(access, of=of))


def _contacts(actor: Actor, opened: OpenRecord) -> list[SheetPart]:
    relatives = relatives_of(actor, opened.patient.pk)
    members = circle_of(actor, opened.patient.pk)
    to_call = _relatives(relatives, lambda one: one.is_person_to_warn or one.is_trusted_person)
    return [
        SheetPart(
            title="Proches à prévenir",
            icon="users",
            lines=to_call,
            empty="Aucune personne à prévenir ni personne de confiance n’est inscrite.",
        ),
        SheetPart(
            title="Équipe à joindre",
            icon="phone",
            lines=members_to_call(members),
            empty="Personne ne fait partie de ce cercle.",
        ),
    ]


def _relatives(
    relatives: Sequence[RelatedPerson], chosen: Callable[[RelatedPerson], bool]
) -> list[SheetLine]:
    """The person to warn first, then the trusted person."""
    kept = sorted(filter(chosen, relatives), key=lambda one: not one.is_person_to_warn)
    return [_person(relative_row(one)) for one in kept]


def members_to_call(members: Sequence[CareTeamParticipant]) -> list[SheetLine]:
    """The treating doctor first, as the circle is ordered; those one can call before those one cannot."""
    ordered = sorted(members, key=lambda one: one.role != TeamRole.ATTENDING)
    rows = [member_row(one) for one in ordered]
    rows.sort(key=lambda row: not row.phone)
    shown = [_person(row) for row in rows[:MOST_MEMBERS]]
    left = len(rows) - len(shown)
    return (
        [*shown, SheetLine(text=f"Et {wording.count(left, 'autre', 'autres')} dans le cercle.")]
        if left
        else shown
    )


def _person(row: PersonRow) -> SheetLine:
    return SheetLine(strong=row.name, text=row.role, phone=row.phone, phone_url=row.phone_url)
