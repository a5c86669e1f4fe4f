from dataclasses import asdict, dataclass
from uuid import UUID

from terresante.care_team.queries import open_record
from terresante.care_team.queries.limits import name_in_circle, sector_of
from terresante.home_care.access import HOME_WRITE, OWN_HOME_WRITE
from terresante.home_care.models import HomeAccess
from terresante.home_care.queries import access_in_force
from terresante.kernel import audit, sql, together
from terresante.kernel.action import action
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import Conflict, Invalid
from terresante.kernel.ids import new_id

_WHOSE_PHONE = "Écrivez qui a une clé, ou effacez son téléphone."
_CHANGED = "Quelqu’un l’a changé entre-temps. Ce que vous avez écrit est gardé : comparez, puis enregistrez de nouveau."


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidAccess:
    """Its attributes are columns of `HomeAccess`. All empty: what was said is taken back."""

    building_name: str = ""
    entrance: str = ""
    access_code: str = ""
    interphone: str = ""
    elevator: str = ""
    floor: str = ""
    room_number: str = ""
    key_holder: str = ""
    key_holder_phone: str = ""
    key_box: str = ""
    animal: str = ""
    parking: str = ""
    note: str = ""

    def checked(self) -> dict[str, str]:
        """Each on one line. Raises Invalid, a sentence for each that is too long."""
        said = {name: " ".join(value.split()) for name, value in asdict(self).items()}
        if any("\x00" in value for value in said.values()):
            raise Invalid("Ce texte contient un caractère nul : recopiez-le sans mise en forme.")
        longest = {field.name: field.max_length for field in HomeAccess._meta.fields if field.name in said}
        wrong = {
            name: f"Raccourcissez à {most} caractères au plus."
            for name, most in longest.items()
            if most and len(said[name]) > most
        }
        if wrong:
            raise Invalid("Ce qui est écrit est trop long.", fields=wrong)
        if said["key_holder_phone"] and not said["key_holder"]:
            raise Invalid(_WHOSE_PHONE, fields={"key_holder": _WHOSE_PHONE})
        return said


@action
def say_access(actor: Actor, record_id: UUID, *, said: SaidAccess, seen: UUID | None) -> HomeAccess:
    """Replaces all that is known of how one gets in; `seen` is the version that its author read before writing. Neither
    an event nor the audit row carries a word of it, only that it changed.

    Raises Invalid for a text that is too long, Conflict when nothing changes, or when somebody changed it meanwhile.
    """
    what = HOME_WRITE if actor.kind == ActorKind.PROFESSIONAL else OWN_HOME_WRITE
    record = open_record(actor, record_id, action=what).record
    values = said.checked()
    _one_at_a_time(record.patient_id)
    before = access_in_force(actor, record.patient_id)
    if (before.pk if before else None) != seen:
        raise Conflict(_CHANGED)
    if values == {name: getattr(before, name, "") for name in values}:
        raise Conflict("Rien n’est changé : modifiez une ligne, ou revenez en arrière.")
    row = HomeAccess(
        id=new_id(),
        patient=record.patient,
        record=record,
        replaces=before,
        origin=actor.kind.value,
        author_id=actor.person_id if actor.kind == ActorKind.PROFESSIONAL else None,
        author_name=name_in_circle(actor),
        author_role="" if sector_of(actor) else actor.role_label,
        **values,
    )
    if not together.insert([row], or_ignore=True):
        raise Conflict(_CHANGED)
    audit.record(actor, what, patient_id=row.patient_id, about=row)
    return row


def _one_at_a_time(patient_id: UUID) -> None:
    """No constraint refuses a second first row, one that replaces nothing: two merged identities have one each."""
    sql.take_turn(f"home {patient_id}")
