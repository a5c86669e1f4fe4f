import datetime
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Commune:
    code: str
    name: str
    postal_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    code: str
    name: str
    sensitivity: str = "ordinary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """`finess` is empty where the real world gives none (practices); `oid` names who gives local identifiers."""

    key: str
    name: str
    short_name: str
    kind: str
    commune: Commune
    address: str
    phone: str
    finess: str = ""
    oid: str = ""
    is_psychiatric: bool = False
    units: tuple[Unit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Professional:
    """`profession` is a TRE_G15 code or its counterpart; `rpps` is empty for those who have none."""

    key: str
    family: str
    given: str
    title: str
    is_woman: bool
    profession: str
    specialty: str
    specialty_label: str
    structure: str
    phone: str
    rpps: str = ""
    duties: tuple[str, ...] = ()
    # Other structures where he works too.
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Shown to the visitor; `holder` is a professional's or a patient's key, or the name of a relative.

    `relative_of`: whom the relative acts for, each "story basis", then what a carer reads, or "restricted".
    """

    login: str
    holder: str
    role: str
    shows: str
    is_patient: bool = False
    relative_of: tuple[str, ...] = ()
    has_totp: bool = True
    # Codes by SMS, in the international form.
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    birth_name: str
    given: str
    used_name: str
    sex: str
    born: datetime.date
    birth_place: Commune
    status: str
    ins: str
    phone: str
    address: str
    commune: Commune


@dataclass(frozen=True, slots=True, kw_only=True)
class Relative:
    name: str
    link: str
    phone: str
    is_trusted: bool = False
    is_to_warn: bool = False
    is_carer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """`who` is a professional's or a structure's key; `since` counts days before today."""

    who: str
    role: str
    basis: str
    since: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A time of the clock of Paris, `days` before today."""

    days: int
    hour: int
    minute: int

    def on(self, today: datetime.date) -> datetime.datetime:
        """Naive, Paris time."""
        return datetime.datetime.combine(
            today - datetime.timedelta(days=self.days), datetime.time(self.hour, self.minute)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    at: Moment
    author: str
    data_class: str
    text: str
    # (form, description): what was photographed with it (`pictures`).
    joined: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A document that a member of the circle files, whoever wrote it (`by`). `form`: pdf, png (a trace) or txt."""

    at: Moment
    author: str
    type: str
    title: str
    text: str
    by: str = ""
    form: str = "pdf"
    is_hidden: bool = False
    # A new version of the paper of the same title before it.
    is_replacing: bool = False
    letterhead: tuple[str, ...] = ()
    signature: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Of a letter: words, a list, or a table, each of its rows as long as its head."""

    code: str
    title: str
    text: str = ""
    items: tuple[str, ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    # Of a report of biology, what its rows say: LOINC code, name, value, unit, low, high, interpretation.
    results: tuple[tuple[str, str, str, str, str, str, str], ...] = ()
    germ: "FoundGerm | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundGerm:
    """What grew in a specimen; of each antibiotic: LOINC code, name, concentration in mg/L, and S, I or R."""

    code: str
    name: str
    count: str
    specimen: str
    antibiotics: tuple[tuple[str, str, str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SentLetter:
    """A CDA document that a structure sends by itself; `by` signs it."""

    at: Moment
    sender: str
    type: str
    title: str
    by: str
    sections: tuple[Section, ...]
    # What the author does (JDV_J01).
    role: str = "G15_10/SM26"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """`gone` is None while the person is there; `patient_class`, exit and destination are PAM France codes."""

    hospital: str
    unit: str
    reason: str
    came: Moment
    gone: Moment | None
    patient_class: str = "I"
    exit_mode: str = "8"
    destination: str = ""
    is_protected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    key: str
    identity: Identity
    founder: str
    since: int
    programme: str
    support: str
    members: tuple[Member, ...]
    relatives: tuple[Relative, ...] = ()
    notes: tuple[Note, ...] = ()
    papers: tuple[Paper, ...] = ()
    letters: tuple[SentLetter, ...] = ()
    stays: tuple[Stay, ...] = ()
    # ConsentKind values of an opposition, and how many days ago it was said.
    oppositions: tuple[tuple[str, int], ...] = ()
    is_written_by_hand: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Somebody the simulated hospital knows; `label` says what his messages will show."""

    ipp: str
    identity: Identity
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    today: datetime.date
    communes: tuple[Commune, ...]
    structures: dict[str, Structure]
    professionals: dict[str, Professional]
    accounts: tuple[Account, ...]
    stories: tuple[Story, ...]
    # Of the one hospital that is simulated, by key of the structure.
    visitors: tuple[Visitor, ...] = field(default=())
    simulated_hospital: str = ""
