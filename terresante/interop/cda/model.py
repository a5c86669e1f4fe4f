"""A CDA R2 document once read (CI-SIS, Volet Structuration Minimale). Texts are as the sender wrote them."""

import datetime
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from terresante.interop.hl7v2.dates import BirthDate

if TYPE_CHECKING:
    from terresante.interop.cda.parsing import Element

# Section « Copie du document »: the paper as its author signed it (LOINC).
COPY_SECTION = "55108-5"


@dataclass(frozen=True, slots=True)
class InstanceId:
    """HL7 II. `root` is an OID or a UUID; `extension` may be empty."""

    root: str
    extension: str = ""

    def __str__(self) -> str:
        """As TXA-12 and PDSm write it: `root`, or `root^extension`."""
        return f"{self.root}^{self.extension}" if self.extension else self.root


@dataclass(frozen=True, slots=True)
class Coded:
    code: str = ""
    system: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody, or some software, in the name of a structure."""

    name: str = ""
    ids: tuple[InstanceId, ...] = ()
    role: Coded = Coded()
    organization: str = ""
    organization_ids: tuple[InstanceId, ...] = ()
    at: datetime.datetime | None = None

    @property
    def signature(self) -> str:
        return ", ".join(part for part in (self.name, self.organization) if part)


@dataclass(frozen=True, slots=True)
class CdaPatient:
    """`ids` holds the matricule (INS) and the numbers of structures (IPP), in the order of the document."""

    ids: tuple[InstanceId, ...]
    birth_name: str = ""
    given_names: str = ""
    first_given: str = ""
    used_name: str = ""
    used_given: str = ""
    birth_date: BirthDate | None = None
    sex: str = ""
    birth_place_code: str = ""
    birth_place_name: str = ""


@dataclass(frozen=True, slots=True)
class Period:
    start: datetime.datetime | None = None
    end: datetime.datetime | None = None


@dataclass(frozen=True, slots=True)
class CdaEncounter:
    ids: tuple[InstanceId, ...] = ()
    period: Period = Period()
    facility: Coded = Coded()
    facility_name: str = ""

    @property
    def number(self) -> str:
        """As its hospital numbers the visit (PV1-19); '' when it says none."""
        return next((each.extension for each in self.ids if each.extension), "")


@dataclass(frozen=True, slots=True)
class Related:
    """`kind` RPLC replaces its parent, APND adds to it, XFRM is the same in another form."""

    kind: str
    ids: tuple[InstanceId, ...]


@dataclass(frozen=True, slots=True)
class Header:
    identifier: InstanceId
    type: Coded
    title: str
    dated_at: datetime.datetime
    confidentiality: tuple[str, ...]
    patient: CdaPatient
    templates: tuple[InstanceId, ...] = ()
    set_id: InstanceId | None = None
    version: int | None = None
    related: tuple[Related, ...] = ()
    authors: tuple[Party, ...] = ()
    authenticator: Party | None = None
    custodian: Party | None = None
    recipients: tuple[Party, ...] = ()
    regular_physician: Party | None = None
    performers: tuple[Party, ...] = ()
    events: tuple[Coded, ...] = ()
    event_period: Period = Period()
    encounter: CdaEncounter | None = None
    orders: tuple[InstanceId, ...] = ()

    @property
    def replaced(self) -> tuple[InstanceId, ...]:
        return tuple(parent for each in self.related if each.kind == "RPLC" for parent in each.ids)


@dataclass(frozen=True, slots=True)
class Attachment:
    """Bytes that the document embeds; decoded when asked for."""

    media_type: str
    encoded: str = field(repr=False)
    is_base64: bool = True


@dataclass(frozen=True, slots=True)
class Section:
    code: Coded
    title: str
    narrative: "Element | None"
    sections: "tuple[Section, ...]" = ()
    attachments: tuple[Attachment, ...] = ()
    entries: "tuple[Element, ...]" = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Body:
    """Level 1 is one attachment and no section; level 3 is sections, with perhaps the paper's copy."""

    whole: Attachment | None = None
    sections: tuple[Section, ...] = ()

    @property
    def level(self) -> int:
        return 1 if self.whole is not None else 3


@dataclass(frozen=True, slots=True)
class CdaDocument:
    header: Header
    body: Body
    element: "Element" = field(repr=False)
