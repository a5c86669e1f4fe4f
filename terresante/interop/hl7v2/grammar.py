"""What is refused at the door, before anything is stored as understood (DESIGN.md 6, HL7 v2.5 chapter 2)."""

import enum
from dataclasses import dataclass

from terresante.interop.hl7v2 import er7
from terresante.interop.hl7v2.dates import read_moment
from terresante.interop.hl7v2.triggers import ACKNOWLEDGEMENT_EVENTS, DOCUMENT_EVENTS, TRIGGERS, Kind, Trigger
from terresante.patients.identity_rules import is_national_authority

# A local number longer than that is none, and cut short it would be another person's.
IDENTIFIER_LENGTH = 60


class Code(enum.StrEnum):
    ACCEPTED = "AA"
    ERROR = "AE"
    REJECTED = "AR"


# HL7 table 0357, the conditions this gateway answers.
CONDITIONS = {
    "100": "Segment sequence error",
    "101": "Required field missing",
    "102": "Data type error",
    "103": "Table value not found",
    "200": "Unsupported message type",
    "201": "Unsupported event code",
    "203": "Unsupported version id",
    "207": "Application internal error",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """`location` is an HL7 ERL ("PID^1^3"), `condition` a code of table 0357; people read `sentence`.

    With the code of an acceptance it refuses nothing: it says what was missing in what is accepted.
    """

    code: Code
    condition: str
    location: str
    sentence: str


NOT_RECORDED = Refusal(Code.ERROR, "207", "", "Message non enregistré, renvoyez-le.")
TOO_LARGE = Refusal(
    Code.REJECTED,
    "207",
    "",
    "Message de plus de 20 Mo : la connexion est fermée. Allégez le document, puis renvoyez-le.",
)
UNFINISHED = Refusal(
    Code.REJECTED,
    "100",
    "",
    "Message interrompu avant sa fin (0x1C 0x0D) : la connexion est fermée. Renvoyez-le.",
)
NOT_HL7 = Refusal(
    Code.REJECTED,
    "100",
    "MSH",
    "Ce n’est pas un message HL7 v2 : il doit commencer par un segment MSH complet.",
)
# Only the first would be read, and all of them acknowledged.
SEVERAL_MESSAGES = Refusal(
    Code.REJECTED,
    "100",
    "MSH^2",
    "Plusieurs messages (MSH) dans une seule trame : envoyez chacun dans la sienne, sans enveloppe de lot (FHS, BHS).",
)
SEVERAL_PERSONS = Refusal(
    Code.ERROR,
    "100",
    "PID^2",
    "Plusieurs patients (PID) dans un même message : envoyez un message par patient.",
)
SEVERAL_MERGES = Refusal(
    Code.ERROR,
    "100",
    "MRG^2",
    "Plusieurs identifiants remplacés (MRG) dans un même message : envoyez un message par fusion.",
)
ALIVE_AND_DEAD = Refusal(
    Code.ERROR,
    "102",
    "PID^1^30",
    "PID-29 donne une date de décès et PID-30 dit la personne vivante (N) : corrigez l’un des deux, puis renvoyez le "
    "message.",
)
# Told beside an acceptance (HL7 v2.5, ERR-4 = W): the field is optional, its sender may know it later.
UNDATED_DEATH = Refusal(
    Code.ACCEPTED,
    "101",
    "PID^1^29",
    "PID-30 dit un décès dont PID-29 ne donne pas la date : il sera noté sans date, si celle-ci n’est pas connue. "
    "Envoyez-la (A31) dès que possible.",
)
_OF_ONE_IDENTITY = (Kind.IDENTITY_CREATED, Kind.IDENTITY_UPDATED)
# A24 and A37 say that two identities are, or are not, one person's.
_OF_TWO_IDENTITIES = (Kind.IDENTITIES_LINKED, Kind.IDENTITIES_UNLINKED)


def undecodable(error: er7.Undecodable) -> Refusal:
    return Refusal(
        Code.ERROR,
        "102",
        "MSH^1^18",
        f"Le contenu ne suit pas le jeu de caractères annoncé en MSH-18 ({error.declared[:20]}) : "
        "corrigez MSH-18 ou l’encodage, puis renvoyez le message.",
    )


def refusal(message: er7.Message) -> Refusal | None:
    header = message.segment("MSH")
    if header is None:
        return NOT_HL7
    if len(message.segments("MSH")) > 1:
        return SEVERAL_MESSAGES
    trigger = TRIGGERS.get(header.value(9, 2)) if header.value(9) == "ADT" else None
    return header_refusal(header) or (trigger and _body_refusal(message, header, trigger)) or None


def reservations(message: er7.Message) -> tuple[Refusal, ...]:
    """What an accepted message leaves to be said to its sender."""
    header, identity = message.segment("MSH"), message.segment("PID")
    if header is None or identity is None or header.value(9) != "ADT":
        return ()
    trigger = TRIGGERS.get(header.value(9, 2))
    if trigger is None or trigger.kind not in _OF_ONE_IDENTITY or identity.value(30) != "Y":
        return ()
    date = identity.value(29)
    return (UNDATED_DEATH,) if not date or read_moment(date) is None else ()


def header_refusal(header: er7.Segment) -> Refusal | None:
    kind, event = header.value(9), header.value(9, 2)
    if not kind:
        return Refusal(
            Code.REJECTED,
            "200",
            "MSH^1^9",
            "Le type de message (MSH-9) manque : envoyez un ADT, un ORU ou un MDM.",
        )
    if not header.value(10):
        return Refusal(
            Code.REJECTED, "101", "MSH^1^10", "L’identifiant du message (MSH-10) manque : il est obligatoire."
        )
    told = DOCUMENT_EVENTS | ACKNOWLEDGEMENT_EVENTS
    if kind != "ADT" and kind not in told:
        return Refusal(
            Code.REJECTED,
            "200",
            "MSH^1^9^1^1",
            f"Type de message {kind[:10]} non pris en charge ici : envoyez un ADT, un ORU ou un MDM.",
        )
    version = header.value(12)
    if version and not version.startswith("2."):
        return Refusal(
            Code.REJECTED,
            "203",
            "MSH^1^12",
            f"Version {version[:10]} non prise en charge : envoyez du HL7 v2.5.",
        )
    if event in (TRIGGERS if kind == "ADT" else told[kind]):
        return None
    known = "ceux d’IHE PAM France" if kind == "ADT" else ", ".join(told[kind])
    return Refusal(
        Code.REJECTED,
        "201",
        "MSH^1^9^1^2",
        f"Événement {event[:10] or 'absent'} inconnu pour un message {kind} : les événements reçus sont {known}.",
    )


def _body_refusal(message: er7.Message, header: er7.Segment, trigger: Trigger) -> Refusal | None:
    names_two = not trigger.is_used or trigger.kind in _OF_TWO_IDENTITIES
    if found := person_refusal(message, names_two=names_two):
        return found
    identity = message.segment("PID")
    if identity is None or not any(_is_ipp(part) for part in identity.repetitions(3)):
        return missing_field("PID", 3, "aucun IPP (identifiant de type PI) avec son autorité")
    if trigger.kind in _OF_ONE_IDENTITY and identity.value(29) and identity.value(30) == "N":
        return ALIVE_AND_DEAD
    if trigger.needs_visit:
        visit = message.segment("PV1")
        if visit is None:
            return missing_segment("PV1", f"la venue, obligatoire pour l’événement {trigger.code}")
        if not has_identifier(visit, 19) and not has_identifier(identity, 18):
            return missing_field("PV1", 19, "ni numéro de venue, ni dossier administratif (PID-18)")
    if trigger.needs_merge:
        merge = message.segment("MRG")
        if merge is None:
            return missing_segment(
                "MRG", f"l’identifiant remplacé, obligatoire pour l’événement {trigger.code}"
            )
        if len(message.segments("MRG")) > 1:
            return SEVERAL_MERGES
        if not has_identifier(merge, 1):
            return missing_field("MRG", 1, "aucun identifiant remplacé")
        if _is_nobodys(merge, identity):
            return missing_field(
                "MRG", 1, "l’autorité de l’identifiant remplacé, car PID-3 en nomme plusieurs,"
            )
    return _date_refusal(message, header, trigger)


def person_refusal(message: er7.Message, *, names_two: bool = False) -> Refusal | None:
    """Whoever the message speaks of is one, and has a number and a name.

    HL7 lets an ORU or an A40 speak of several: what follows the second would be filed for the first.
    """
    identity = message.segment("PID")
    if identity is None:
        return missing_segment("PID", "l’identité du patient")
    if not names_two and len({(pid.raw(3), pid.raw(5)) for pid in message.segments("PID")}) > 1:
        return SEVERAL_PERSONS
    if not has_identifier(identity, 3):
        return missing_field("PID", 3, "aucun identifiant de patient")
    if any(len(part.value(1)) > IDENTIFIER_LENGTH for part in identity.repetitions(3)):
        return missing_field("PID", 3, f"un identifiant dépasse {IDENTIFIER_LENGTH} caractères")
    if not any(name.value(1) or name.value(2) for name in identity.repetitions(5)):
        return missing_field("PID", 5, "aucun nom de patient")
    return None


def _date_refusal(message: er7.Message, header: er7.Segment, trigger: Trigger) -> Refusal | None:
    event = message.segment("EVN")
    movement = message.segment("ZBE") if trigger.action else None
    for segment, field in ((header, 7), (event, 2), (movement, 2)):
        text = segment.value(field) if segment else ""
        if text and segment and read_moment(text) is None:
            return Refusal(
                Code.ERROR,
                "102",
                f"{segment.name}^1^{field}",
                f"La date {segment.name}-{field} est illisible : le format attendu est AAAAMMJJHHMMSS.",
            )
    return None


def has_identifier(segment: er7.Segment, field: int) -> bool:
    return any(identifier.value(1) for identifier in segment.repetitions(field))


def _is_ipp(part: er7.Repetition) -> bool:
    authority = authority_of(part)
    return (
        bool(part.value(1) and authority)
        and part.value(5) in ("PI", "")
        and not is_national_authority(authority)
    )


def _is_nobodys(merge: er7.Segment, identity: er7.Segment) -> bool:
    """Without an authority, MRG-1 has that of PID-3, which must then be one only (`read_merge`)."""
    dead = [authority_of(part) for part in merge.repetitions(1) if part.value(1)]
    return (
        not any(dead) and len({authority_of(part) for part in identity.repetitions(3) if _is_ipp(part)}) > 1
    )


def authority_of(part: er7.Repetition) -> str:
    """Of a CX: the identifier of its authority, else its name."""
    return part.value(4, 2) or part.value(4)


def missing_segment(name: str, what: str) -> Refusal:
    return Refusal(Code.ERROR, "100", name, f"Le segment {name} manque : il porte {what}.")


def missing_field(name: str, field: int, what: str) -> Refusal:
    return Refusal(
        Code.ERROR,
        "101",
        f"{name}^1^{field}",
        f"Le champ {name}-{field} est obligatoire : {what} dans ce message.",
    )


def wrong_value(place: str, sentence: str) -> Refusal:
    return Refusal(Code.ERROR, "102", place, sentence)
