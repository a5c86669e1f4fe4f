"""An ADT message once understood. Every text is as the sender wrote it: matching normalises, not reading."""

import datetime
from dataclasses import dataclass

from terresante.interop.hl7v2.dates import BirthDate
from terresante.interop.hl7v2.triggers import Action, Kind, Trigger
from terresante.patients.identity_rules import InsKind


@dataclass(frozen=True, slots=True)
class Oddity:
    """Something tolerated. The sentence is shown to the people who watch the gateway: no patient content."""

    code: str
    where: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Authority:
    namespace: str = ""
    universal_id: str = ""
    universal_id_type: str = ""

    @property
    def key(self) -> str:
        """What tells one authority from another: its OID or FINESS, else its local name."""
        return self.universal_id or self.namespace


@dataclass(frozen=True, slots=True)
class Identifier:
    value: str
    type: str = ""
    authority: Authority = Authority()


@dataclass(frozen=True, slots=True)
class Ins:
    value: str
    oid: str
    kind: InsKind
    is_key_valid: bool


@dataclass(frozen=True, slots=True)
class Name:
    """`given_names` is the whole list of birth given names as one text: "ANNE MARIE" may be one or two."""

    family: str = ""
    first_given: str = ""
    given_names: str = ""


@dataclass(frozen=True, slots=True)
class BirthPlace:
    """`is_postcode`: the code came where a postcode stands, so it cannot be compared as a strict trait."""

    code: str
    city: str = ""
    is_postcode: bool = False


@dataclass(frozen=True, slots=True)
class Address:
    street: str = ""
    city: str = ""
    postcode: str = ""
    country: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Phone:
    number: str
    use: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Confidentiality:
    """What the sender asks to protect (IHE PAM France 2.11.1 unless said otherwise).

    `is_vip` PV1-16 (6.10.9: Y; I "incognito" in older tables) · `is_visit_protected` PV2-22 (6.11.8: Y) ·
    `is_person_protected` PD1-12 (HL7 v2.5 3.4.10.12: Y) · `is_anonymous` PID-32 ANOM or CACH (table 0445) ·
    `has_pseudonym` PID-5 of type S (6.6.2). PAM has no field of its own for a birth "sous le secret": it
    comes as ANOM, as a pseudonym, or as a protected visit. "Connexion secrète" exists in ORU and MDM only.
    """

    is_vip: bool = False
    is_visit_protected: bool = False
    is_person_protected: bool = False
    is_anonymous: bool = False
    has_pseudonym: bool = False

    @property
    def is_asked(self) -> bool:
        return any(
            (
                self.is_vip,
                self.is_visit_protected,
                self.is_person_protected,
                self.is_anonymous,
                self.has_pseudonym,
            )
        )


@dataclass(frozen=True, slots=True)
class Identity:
    """`ins` is every matricule received; `usable_ins` the one that is kept."""

    birth_name: Name
    used_names: tuple[Name, ...] = ()
    is_used_name_erased: bool = False
    birth_date: BirthDate | None = None
    sex: str = "U"
    birth_place: BirthPlace | None = None
    ipps: tuple[Identifier, ...] = ()
    ins: tuple[Ins, ...] = ()
    is_ins_erased: bool = False
    ins_c: str = ""
    other_identifiers: tuple[Identifier, ...] = ()
    reliability: tuple[str, ...] = ()
    account: Identifier | None = None
    is_dead: bool = False
    died_at: datetime.datetime | None = None
    addresses: tuple[Address, ...] = ()
    phones: tuple[Phone, ...] = ()
    updated_at: datetime.datetime | None = None

    @property
    def is_doubted(self) -> bool:
        """PID-32, table 0445: the hospital doubts it, or knows that it is nobody's."""
        return bool({"DOUT", "DOUB", "FICT"} & set(self.reliability))

    @property
    def usable_ins(self) -> Ins | None:
        """PAM France 4.4.1: the NIR goes before the NIA. None with an identity that the sender doubts.

        Without VALI the identity is only retrieved (INTEROP.md 2): what that forbids is `mapping` and `matching`'s.
        Whether a test or demonstration matricule is welcome is for the deployment to say.
        """
        if self.is_doubted:
            return None
        valid = [ins for ins in self.ins if ins.is_key_valid]
        return min(valid, key=lambda ins: ins.kind is InsKind.NIA, default=None)


@dataclass(frozen=True, slots=True)
class Merge:
    """What the message retires: prior identifiers (MRG-1) and prior account (MRG-3)."""

    ipps: tuple[Identifier, ...]
    ins: tuple[Ins, ...] = ()
    account: Identifier | None = None

    @property
    def retires_ins_only(self) -> bool:
        return bool(self.ins) and not self.ipps


@dataclass(frozen=True, slots=True)
class Physician:
    """`role` is attending, referring, consulting, admitting or regular (the médecin traitant)."""

    role: str
    identifier: str
    family: str
    given: str
    rpps: str = ""


@dataclass(frozen=True, slots=True)
class Location:
    ward: str = ""
    room: str = ""
    bed: str = ""
    facility: Authority = Authority()


@dataclass(frozen=True, slots=True)
class Pmsi:
    """Codes of ZFM: modes of entry and exit, origin, destination, passage through emergency."""

    entry: str = ""
    exit: str = ""
    origin: str = ""
    destination: str = ""
    emergency: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """`indicator` is PV1-51: on a cancelled admission, V spares the account, A or empty does not (5.4.1)."""

    patient_class: str
    number: Identifier | None = None
    location: Location = Location()
    admitted_at: datetime.datetime | None = None
    discharged_at: datetime.datetime | None = None
    expected_admission_at: datetime.datetime | None = None
    expected_discharge_at: datetime.datetime | None = None
    expected_return_at: datetime.datetime | None = None
    reason: str = ""
    pmsi: Pmsi = Pmsi()
    indicator: str = ""


@dataclass(frozen=True, slots=True)
class Unit:
    name: str
    code: str
    authority: Authority = Authority()


@dataclass(frozen=True, slots=True)
class Movement:
    identifiers: tuple[Identifier, ...]
    action: Action
    start: datetime.datetime | None = None
    end: datetime.datetime | None = None
    is_historic: bool = False
    original_trigger: str = ""
    medical_unit: Unit | None = None
    care_unit: Unit | None = None
    nature: str = ""


@dataclass(frozen=True, slots=True)
class DmpConsent:
    """ZFA. `feeding` is INO (informed, not opposed), IO (opposed) or NA; `consultation` IC, INC or NA."""

    status: str = ""
    feeding: str = ""
    feeding_at: datetime.datetime | None = None
    consultation: str = ""
    consultation_at: datetime.datetime | None = None


@dataclass(frozen=True, slots=True)
class IdentityProof:
    """ZFD: how the identity was obtained and checked."""

    method: str = ""
    insi_called_at: datetime.datetime | None = None
    document: str = ""
    document_expires_at: datetime.datetime | None = None
    accepts_sms: bool | None = None


@dataclass(frozen=True, slots=True)
class AdtMessage:
    """`kind` is what happened, and for a cancellation what did not happen after all (`is_cancellation`)."""

    control_id: str
    trigger: Trigger
    kind: Kind
    version: str
    sending_application: str
    sending_facility: str
    identity: Identity
    sent_at: datetime.datetime | None = None
    recorded_at: datetime.datetime | None = None
    occurred_at: datetime.datetime | None = None
    linked_identity: Identity | None = None
    merge: Merge | None = None
    visit: Visit | None = None
    movement: Movement | None = None
    physicians: tuple[Physician, ...] = ()
    dmp_consent: DmpConsent | None = None
    proof: IdentityProof | None = None
    confidentiality: Confidentiality = Confidentiality()
    is_psychiatric: bool = False
    warnings: tuple[Oddity, ...] = ()

    @property
    def is_cancellation(self) -> bool:
        return self.movement is not None and self.movement.action is Action.CANCEL

    @property
    def is_death(self) -> bool:
        """PID-30, PID-29, or the PMSI exit mode 9: no "return home" may be announced."""
        return self.identity.is_dead or (self.visit is not None and self.visit.pmsi.exit == "9")

    @property
    def regular_physician(self) -> Physician | None:
        return next((physician for physician in self.physicians if physician.role == "regular"), None)
