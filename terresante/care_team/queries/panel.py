"""« Qui verra ceci ? » in the words of the screens, whatever is about to be shared."""

from terresante.care_team.queries.audience import Draft
from terresante.kernel import access
from terresante.kernel.access import Reader
from terresante.kernel.ui import wording
from terresante.kernel.ui.frame import AudiencePanel, PersonRow
from terresante.patients.enums import Sex
from terresante.patients.models import Patient


def audience_panel(patient: Patient, draft: Draft, *, of: str, end: str) -> AudiencePanel:
    """`of`: what is shared, with its article (« la note »)."""
    readers = access.audience(draft)
    relatives = [reader for reader in readers if reader.is_relative]
    members = [reader for reader in readers if reader.key != patient.pk and not reader.is_relative]
    seeing = sum(reader.reads for reader in members)
    head = f"{wording.count(seeing, 'membre', 'membres')} sur {len(members)}"
    others = ["la patiente" if patient.sex == Sex.FEMALE else "le patient"] * any(
        reader.reads for reader in readers if reader.key == patient.pk
    )
    if told := sum(reader.reads for reader in relatives):
        others.append(wording.count(told, "proche", "proches"))
    if others:
        head += f", et {' et '.join(others)}"
    return AudiencePanel(
        head_count=head,
        seen=tuple(_person(reader, patient) for reader in readers if reader.reads),
        hidden=tuple(_person(reader, patient) for reader in readers if not reader.reads),
        seen_title=f"Verront {of}",
        hidden_title=f"Ne verront pas {of}",
        has_relatives=bool(relatives),
        end=end,
    )


def _person(reader: Reader, patient: Patient) -> PersonRow:
    acts_for_person = reader.is_relative or reader.key == patient.pk
    shape = "organisation" if reader.is_group else "relative" if acts_for_person else "person"
    return PersonRow(
        name=reader.name,
        role=_role(reader),
        initials=wording.initials(reader.name),
        shape=shape,
    )


def _role(reader: Reader) -> str:
    """« Médecin traitant » says the profession already."""
    if reader.reason.startswith(f"{wording.lowered(reader.role)} "):
        return f"{reader.reason[:1].upper()}{reader.reason[1:]}"
    return f"{wording.NBSP}· ".join(part for part in (reader.role, reader.reason) if part)
