"""The ADT trigger events of IHE PAM France 2.11 (2.2 and 5.3.2), and those of HL7 v2.5 it leaves out."""

import enum
from dataclasses import dataclass


class Kind(enum.StrEnum):
    IDENTITY_CREATED = "identity_created"
    IDENTITY_UPDATED = "identity_updated"
    IDENTITY_MERGED = "identity_merged"
    IDENTIFIER_CHANGED = "identifier_changed"
    IDENTITIES_LINKED = "identities_linked"
    IDENTITIES_UNLINKED = "identities_unlinked"
    ACCOUNT_MOVED = "account_moved"
    PREADMISSION = "preadmission"
    ADMISSION = "admission"
    REGISTRATION = "registration"
    PENDING_ADMISSION = "pending_admission"
    TRANSFER = "transfer"
    PENDING_TRANSFER = "pending_transfer"
    DISCHARGE = "discharge"
    PENDING_DISCHARGE = "pending_discharge"
    TO_INPATIENT = "to_inpatient"
    TO_OUTPATIENT = "to_outpatient"
    LEAVE = "leave"
    RETURN = "return"
    ATTENDING_CHANGE = "attending_change"
    UNIT_CHANGE = "unit_change"
    MOVEMENT_UPDATED = "movement_updated"
    UNUSED = "unused"


class Action(enum.StrEnum):
    INSERT = "INSERT"
    UPDATE = "UPDATE"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True)
class Trigger:
    """`action` is what the event does to a movement: None when it carries none.

    `cancels` names the events a cancellation takes back; its kind is then the kind of what is cancelled.
    """

    code: str
    kind: Kind
    label: str
    action: Action | None = None
    cancels: tuple[str, ...] = ()
    needs_visit: bool = False
    needs_merge: bool = False

    @property
    def is_used(self) -> bool:
        return self.kind is not Kind.UNUSED


def _identity(code: str, kind: Kind, label: str, *, needs_merge: bool = False) -> Trigger:
    return Trigger(code, kind, label, needs_merge=needs_merge)


def _insert(code: str, kind: Kind, label: str) -> Trigger:
    return Trigger(code, kind, label, action=Action.INSERT, needs_visit=True)


def _cancel(code: str, kind: Kind, label: str, *cancels: str) -> Trigger:
    return Trigger(code, kind, label, action=Action.CANCEL, cancels=cancels, needs_visit=True)


_USED = (
    _identity("A28", Kind.IDENTITY_CREATED, "création d’une identité"),
    _identity("A31", Kind.IDENTITY_UPDATED, "mise à jour d’une identité"),
    # PAM France replaces A08 by A31 and Z99; international senders still send it.
    _identity("A08", Kind.IDENTITY_UPDATED, "mise à jour d’une identité"),
    _identity("A40", Kind.IDENTITY_MERGED, "fusion de deux identités", needs_merge=True),
    _identity("A47", Kind.IDENTIFIER_CHANGED, "changement d’identifiant", needs_merge=True),
    _identity("A24", Kind.IDENTITIES_LINKED, "rapprochement de deux identités"),
    _identity("A37", Kind.IDENTITIES_UNLINKED, "fin du rapprochement de deux identités"),
    _identity("A44", Kind.ACCOUNT_MOVED, "rattachement d’un dossier à un autre patient", needs_merge=True),
    _insert("A05", Kind.PREADMISSION, "préadmission"),
    _insert("A01", Kind.ADMISSION, "admission"),
    _insert("A04", Kind.REGISTRATION, "venue externe ou aux urgences"),
    _insert("A14", Kind.PENDING_ADMISSION, "admission en attente"),
    _insert("A02", Kind.TRANSFER, "mutation"),
    _insert("A15", Kind.PENDING_TRANSFER, "mutation en attente"),
    _insert("A03", Kind.DISCHARGE, "sortie"),
    _insert("A16", Kind.PENDING_DISCHARGE, "sortie en attente"),
    _insert("A06", Kind.TO_INPATIENT, "passage en hospitalisation"),
    _insert("A07", Kind.TO_OUTPATIENT, "passage en externe"),
    _insert("A21", Kind.LEAVE, "absence provisoire"),
    _insert("A22", Kind.RETURN, "retour d’absence provisoire"),
    _insert("A54", Kind.ATTENDING_CHANGE, "changement de médecin responsable"),
    _cancel("A11", Kind.ADMISSION, "annulation d’admission", "A01", "A04"),
    _cancel("A27", Kind.PENDING_ADMISSION, "annulation d’admission en attente", "A14"),
    _cancel("A12", Kind.TRANSFER, "annulation de mutation", "A02"),
    _cancel("A26", Kind.PENDING_TRANSFER, "annulation de mutation en attente", "A15"),
    _cancel("A13", Kind.DISCHARGE, "annulation de sortie", "A03"),
    _cancel("A25", Kind.PENDING_DISCHARGE, "annulation de sortie en attente", "A16"),
    _cancel("A38", Kind.PREADMISSION, "annulation de préadmission", "A05"),
    _cancel("A52", Kind.LEAVE, "annulation d’absence provisoire", "A21"),
    _cancel("A53", Kind.RETURN, "annulation de retour d’absence", "A22"),
    _cancel("A55", Kind.ATTENDING_CHANGE, "annulation de changement de médecin", "A54"),
    # Withdrawn by IHE-CP-ITI-FR-2013-079 in favour of A02 and ZBE-9; older senders still send them.
    _insert("Z80", Kind.UNIT_CHANGE, "changement d’unité médicale"),
    _cancel("Z81", Kind.UNIT_CHANGE, "annulation de changement d’unité médicale", "Z80"),
    _insert("Z84", Kind.UNIT_CHANGE, "changement d’unité de soins"),
    _cancel("Z85", Kind.UNIT_CHANGE, "annulation de changement d’unité de soins", "Z84"),
    Trigger(
        "Z99", Kind.MOVEMENT_UPDATED, "correction d’un mouvement", action=Action.UPDATE, needs_visit=True
    ),
)

# Z82, Z83, Z86 to Z89: pending unit changes and tariff conditions, without effect on coordination.
_UNUSED_CODES = (
    "A09 A10 A17 A18 A19 A20 A23 A29 A30 A32 A33 A34 A35 A36 A39 A41 A42 A43 A45 A46 A48 A49 A50 A51 A60 A61 "
    "A62 Z82 Z83 Z86 Z87 Z88 Z89"
).split()

TRIGGERS: dict[str, Trigger] = {
    **{
        code: Trigger(code, Kind.UNUSED, "événement sans effet sur la coordination") for code in _UNUSED_CODES
    },
    **{trigger.code: trigger for trigger in _USED},
}

# CI-SIS, « Transmission de documents CDA en HL7v2 » 2.1: events of the messages that carry documents, by message type.
DOCUMENT_EVENTS: dict[str, dict[str, str]] = {
    "ORU": {"R01": "compte rendu transmis"},
    "MDM": {"T02": "document transmis", "T10": "document remplacé", "T04": "document supprimé"},
}
# The same volume: what a relay says became of a document.
ACKNOWLEDGEMENT_EVENTS: dict[str, dict[str, str]] = {
    "ZAM": {
        "Z01": "accusé de réception",
        "Z02": "accusé de réception par messagerie",
        "Z03": "accusé de lecture",
    }
}
# How every event that a sender may be let send is said.
EVENT_LABELS: dict[str, str] = {
    **{code: trigger.label for code, trigger in TRIGGERS.items()},
    **{
        code: label
        for told in (DOCUMENT_EVENTS, ACKNOWLEDGEMENT_EVENTS)
        for events in told.values()
        for code, label in events.items()
    },
}
