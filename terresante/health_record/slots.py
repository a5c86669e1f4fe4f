from collections.abc import Collection
from uuid import UUID

from terresante.health_record import queries
from terresante.health_record.actions import FACT_OF
from terresante.health_record.enums import Criticality, Origin
from terresante.health_record.models import HealthLine
from terresante.health_record.queries import kind_of_model
from terresante.kernel.actor import Actor
from terresante.kernel.slots import FactKey, FactLine, HeaderBadge, fact_shown, header_badge, tab_counts
from terresante.kernel.ui.links import link
from terresante.kernel.ui.wording import lowered

# Named in the header of every page of the record; the others are counted.
_NAMED = 4


@header_badge
def what_must_be_known(actor: Actor, patient_id: UUID) -> list[HeaderBadge]:
    """Limits of care, then allergies, just after where the person is."""
    badges = []
    if limits := queries.limits_in_force(actor, patient_id):
        said = [f"{lowered(line.label)}{_doubt(line)}" for line in limits]
        text = f"Limites de soins : {_few(said)}"
        badges.append(HeaderBadge(order=15, level="red", icon="hand-heart", text=text))
    known = queries.allergies_in_force(actor, patient_id)
    if allergies := [line for line in known if not line.is_none_known]:
        grave = any(line.criticality == Criticality.HIGH for line in allergies)
        said = [f"{lowered(line.substance)}{_doubt(line)}" for line in allergies]
        level = "red" if grave else "orange"
        badges.append(
            HeaderBadge(order=20, level=level, icon="triangle-alert", text=f"Allergies : {_few(said)}")
        )
    return badges


@fact_shown(*FACT_OF.values())
def lines_told(actor: Actor, keys: Collection[FactKey]) -> dict[FactKey, FactLine]:
    found: dict[FactKey, FactLine] = {}
    for model, kind in FACT_OF.items():
        if asked := [pk for told, pk in keys if told == kind]:
            found |= {(kind, row.pk): _line(row) for row in queries.lines_told(actor, model, asked)}
    return found


tab_counts("health", *FACT_OF.values())


def _line(row: HealthLine) -> FactLine:
    kind = kind_of_model(type(row))
    done = ", corrigé" if row.version > 1 else ""
    return FactLine(
        strong=row.label,
        text=f", {lowered(str(row._meta.verbose_name))}{done}{_doubt(row)}",
        source=_said_by(row),
        url=f"{link('health_record:summary', row.record_id)}{kind.slug}/{row.pk}/",
        icon=kind.icon,
    )


def _said_by(row: HealthLine) -> str:
    if row.origin == Origin.PATIENT and row.version == 1:
        return "dit par la personne"
    return ", ".join(part for part in (row.author_name, lowered(row.author_role)) if part)


def _doubt(row: HealthLine) -> str:
    return " (déclaré, non confirmé)" if row.is_unconfirmed else ""


def _few(said: list[str]) -> str:
    left = len(said) - _NAMED
    named = ", ".join(said[:_NAMED])
    return f"{named} et {left} de plus" if left > 0 else named
