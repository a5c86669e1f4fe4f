"""IHE PAM France 2.11 messages as a well-behaved hospital writes them, and as others do (`Flaw`)."""

import datetime
import enum
from dataclasses import dataclass
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
# The structures several events share; the others have their own.
_STRUCTURES = {
    **dict.fromkeys(("A28", "A31"), "A05"),
    **dict.fromkeys(("A04", "A13", "Z99"), "A01"),
    "A07": "A06",
    "A11": "A09",
    "A22": "A21",
    "A40": "A39",
    "A55": "A52",
}
_IDENTITY_EVENTS = frozenset({"A28", "A31", "A40"})
_ESCAPES = str.maketrans({"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\"})
_TEST_INS_OID = "1.2.250.1.213.1.4.10"


class Flaw(enum.StrEnum):
    NO_PID = "sans segment PID"
    NO_CONTROL_ID = "sans identifiant de message"
    NO_VISIT = "sans segment PV1"
    NO_MOVEMENT = "sans segment ZBE"
    SHIFTED_MOVEMENT = "segment ZBE décalé"
    BIRTH_TIME = "date de naissance avec heure"
    WRONG_CHARSET = "jeu de caractères mensonger"
    UNKNOWN_EVENT = "événement inconnu"
    TRUNCATED = "message tronqué"


@dataclass(frozen=True, slots=True)
class Authority:
    namespace: str
    universal_id: str
    type: str = "ISO"

    def __str__(self) -> str:
        return f"{_safe(self.namespace)}&{_safe(self.universal_id)}&{self.type}"


@dataclass(frozen=True, slots=True)
class Person:
    """`birth_date` is ISO; `ins` the 15 characters of a test matricule, or empty."""

    ipp: str
    birth_name: str
    given: str
    birth_date: str
    sex: str
    birth_place: str
    authority: Authority
    ins: str = ""
    ins_oid: str = _TEST_INS_OID
    used_name: str = ""
    label: str = ""
    died_at: datetime.datetime | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A care unit and a bed of it."""

    unit: str
    unit_code: str
    ward: str
    room: str = ""
    bed: str = ""


@dataclass(frozen=True, slots=True)
class Stay:
    """Codes are those of PAM France: PV1-2, PV1-36, ZFM-1, 2 and 4, RIM-P."""

    number: str
    account: str
    patient_class: str
    place: Place
    admitted_at: datetime.datetime
    discharged_at: datetime.datetime | None = None
    circumstance: str = ""
    entry_mode: str = ""
    exit_mode: str = ""
    destination: str = ""
    reason: str = ""
    physician: str = "810000000016^MARTEL^PAUL"
    is_protected: bool = False
    psychiatric_mode: str = ""


@dataclass(frozen=True, slots=True)
class Movement:
    number: str
    start: datetime.datetime
    action: str = "INSERT"
    original_event: str = ""
    nature: str = "HMS"
    is_historic: bool = False


def message(
    event: str,
    person: Person,
    *,
    control_id: str,
    at: datetime.datetime,
    stay: Stay | None = None,
    movement: Movement | None = None,
    merged_ipp: str = "",
    flaws: frozenset[Flaw] = frozenset(),
) -> bytes:
    segments = [
        _msh(event, person, control_id, at, flaws),
        f"EVN||{timestamp(at)}||||{timestamp(movement.start if movement else at)}",
        "" if Flaw.NO_PID in flaws else pid_of(person, stay, flaws),
    ]
    if merged_ipp:
        segments.append(f"MRG|{_safe(merged_ipp)}^^^{person.authority}^PI")
    elif event in _IDENTITY_EVENTS or stay is None:
        segments.append("PV1|1|N")
    if stay is not None and event not in _IDENTITY_EVENTS:
        segments += _stay_segments(stay, movement, person.authority, flaws)
    content = "".join(f"{segment}\r" for segment in segments if segment)
    raw = content.encode("iso8859-15", "replace") if Flaw.WRONG_CHARSET in flaws else content.encode()
    return raw[: len(raw) // 3] if Flaw.TRUNCATED in flaws else raw


def _msh(event: str, person: Person, control_id: str, at: datetime.datetime, flaws: frozenset[Flaw]) -> str:
    code = "A99" if Flaw.UNKNOWN_EVENT in flaws else event
    number = "" if Flaw.NO_CONTROL_ID in flaws else control_id
    sender = _safe(person.authority.namespace)
    return (
        f"MSH|^~\\&|GAM|{sender}|TERR-ESANTE|TERR-ESANTE|{timestamp(at)}|"
        f"|ADT^{code}^ADT_{_STRUCTURES.get(event, event)}|{number}|D"
        "|2.5^FRA^2.11|||||FRA|UNICODE UTF-8|FR||2.11^IHE_FRANCE-2.11-PAM"
    )


def pid_of(person: Person, stay: Stay | None, flaws: frozenset[Flaw]) -> str:
    identifiers = [f"{_safe(person.ipp)}^^^{person.authority}^PI"]
    if person.ins:
        identifiers.append(f"{_safe(person.ins)}^^^ASIP-SANTE-INS-NIR&{person.ins_oid}&ISO^INS")
    first_given = person.given.split(" ", 1)[0]
    names = [f"{_safe(person.birth_name)}^{_safe(first_given)}^{_safe(person.given)}^^^^L"]
    if person.used_name:
        names.append(f"{_safe(person.used_name)}^{_safe(first_given)}^^^^^D")
    if Flaw.WRONG_CHARSET in flaws:
        names[0] = names[0].replace("^", "É^", 1)
    birth_date = person.birth_date.replace("-", "") + ("214522" if Flaw.BIRTH_TIME in flaws else "")
    fields = {
        1: "1",
        3: "~".join(identifiers),
        5: "~".join(names),
        7: birth_date,
        8: person.sex,
        11: f"^^^^^FRA^BDL^^{_safe(person.birth_place)}" if person.birth_place else "",
        18: f"{_safe(stay.account)}^^^{person.authority}^AN" if stay else "",
        29: timestamp(person.died_at) if person.died_at else "",
        30: "Y" if person.died_at else "N",
        32: "VALI" if person.ins else "PROV",
    }
    return segment("PID", fields)


def _stay_segments(
    stay: Stay, movement: Movement | None, authority: Authority, flaws: frozenset[Flaw]
) -> list[str]:
    pv1 = {
        1: "1",
        2: stay.patient_class,
        3: f"{_safe(stay.place.ward)}^{_safe(stay.place.room)}^{_safe(stay.place.bed)}^{authority}",
        7: f"{stay.physician}^^^^^^ASIP-SANTE-PS&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS",
        19: f"{_safe(stay.number)}^^^{authority}^VN",
        36: stay.circumstance,
        44: timestamp(stay.admitted_at),
        45: timestamp(stay.discharged_at) if stay.discharged_at else "",
        51: "V",
    }
    reason = (
        f"{stay.psychiatric_mode}^{_safe(stay.reason)}" if stay.psychiatric_mode else f"^{_safe(stay.reason)}"
    )
    pv2 = {3: reason if stay.reason else "", 22: "Y" if stay.is_protected else "N"}
    zfm = {1: stay.entry_mode, 2: stay.exit_mode, 4: stay.destination}
    return [
        "" if Flaw.NO_VISIT in flaws else segment("PV1", pv1),
        segment("PV2", pv2),
        _zbe(stay.place, movement, authority, flaws) if movement and Flaw.NO_MOVEMENT not in flaws else "",
        segment("ZFV", {10: stay.psychiatric_mode}) if stay.psychiatric_mode else "",
        segment("ZFM", zfm) if any(zfm.values()) else "",
    ]


def _zbe(place: Place, movement: Movement, authority: Authority, flaws: frozenset[Flaw]) -> str:
    unit = f"{_safe(place.unit)}^^^^^{authority}^UF^^^{_safe(place.unit_code)}"
    shift = 1 if Flaw.SHIFTED_MOVEMENT in flaws else 0
    fields = {
        1: f"{_safe(movement.number)}^{str(authority).replace('&', '^')}",
        2: timestamp(movement.start),
        4 + shift: movement.action,
        5 + shift: "Y" if movement.is_historic else "N",
        6 + shift: movement.original_event,
        7 + shift: unit,
        8 + shift: unit,
        9 + shift: movement.nature,
    }
    return segment("ZBE", fields)


def segment(name: str, fields: dict[int, str]) -> str:
    last = max((number for number, text in fields.items() if text), default=0)
    return "|".join([name, *(fields.get(number, "") for number in range(1, last + 1))])


def _safe(text: str) -> str:
    return " ".join(text.split()).translate(_ESCAPES)


def timestamp(moment: datetime.datetime) -> str:
    return moment.astimezone(PARIS).strftime("%Y%m%d%H%M%S")
