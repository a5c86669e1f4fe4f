from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from terresante.home_care.access import HOME_READ
from terresante.home_care.enums import SaidBy
from terresante.home_care.models import HomeAccess
from terresante.kernel import access, compiled
from terresante.kernel.actor import Actor
from terresante.kernel.ui import wording
from terresante.kernel.ui.translation import later

# In the order in which one meets them.
CODE = (("access_code", later("Code de la porte")),)
_STREET = (("building_name", later("Bâtiment")), ("entrance", later("Entrée")))
_STAIRS = (
    ("interphone", later("Interphone")),
    ("elevator", later("Ascenseur ou escalier")),
    ("floor", later("Étage")),
    ("room_number", later("Porte")),
)
WAY = (*_STREET, *CODE, *_STAIRS)
KEY = (("key_holder", later("Qui a une clé")), ("key_box", later("Boîte à clés")))
AROUND = (
    ("animal", later("Animal")),
    ("parking", later("Stationnement")),
    ("note", later("À savoir")),
)


@dataclass(frozen=True, slots=True)
class HomeLine:
    label: str
    value: str
    phone: str = ""
    phone_url: str = ""


def access_in_force(actor: Actor, patient_id: UUID) -> HomeAccess | None:
    """The latest; what was said before it is nobody's to read any more."""
    return next(iter(_latest(actor, patient_id)), None)


@compiled.rows
def _latest(actor: Actor, patient_id: UUID) -> QuerySet[HomeAccess]:
    rows = access.list(actor, HOME_READ, HomeAccess).filter(patient_id=patient_id)
    return rows.order_by("-recorded_at", "-pk")[:1]


def lines_of(
    row: HomeAccess | None, *, of: Sequence[tuple[str, str]] = (*WAY, *KEY, *AROUND)
) -> list[HomeLine]:
    """What is said, in its order; empty when nothing is, or when it was taken back."""
    said = [(name, label, getattr(row, name)) for name, label in of] if row else []
    return [_line(row, name, label, value) for name, label, value in said if value]


def _line(row: HomeAccess | None, name: str, label: str, value: str) -> HomeLine:
    phone = row.key_holder_phone if row and name == "key_holder" else ""
    return HomeLine(label, value, wording.phone(phone), wording.dialled(phone))


def source_of(row: HomeAccess) -> str:
    """« dit par la personne, 12 novembre 2026 »."""
    day = wording.long_date(row.recorded_at)
    if row.origin == SaidBy.PATIENT:
        return f"dit par la personne, {day}"
    if row.origin == SaidBy.REPRESENTATIVE:
        return f"dit par {row.author_name}, un proche, {day}"
    return ", ".join(part for part in (row.author_name, wording.lowered(row.author_role), day) if part)
