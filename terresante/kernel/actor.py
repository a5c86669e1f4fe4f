"""Who acts, for whom, why: built once by the middleware, a job runner or a gateway, then only passed on."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Self
from uuid import UUID

from terresante.kernel.ids import new_id


class ActorKind(StrEnum):
    PROFESSIONAL = "professional"
    PATIENT = "patient"
    REPRESENTATIVE = "representative"
    GATEWAY = "gateway"
    JOB = "job"


class Purpose(StrEnum):
    CARE = "care"
    BREAK_GLASS = "break_glass"
    SUPPORT = "support"
    # To finish what was begun, after somebody else took over.
    HANDED_OVER = "handed_over"
    SYSTEM = "system"


class Channel(StrEnum):
    WEB = "web"
    LIVE = "live"
    MLLP = "mllp"
    JOB = "job"
    COMMAND = "command"
    API = "api"


class Assurance(StrEnum):
    NONE = "none"
    PASSWORD_AND_CODE = "password_and_code"  # noqa: S105 -- a level, not a secret
    # A citizen vouched for by FranceConnect (eIDAS low at least): five traits, not a profession.
    FRANCE_CONNECT = "france_connect"
    # A card or its telephone twin, through Pro Santé Connect.
    PRO_SANTE_CONNECT = "pro_sante_connect"
    # The card itself, read by our own proxy.
    CERTIFICATE = "certificate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    kind: ActorKind
    name: str
    user_id: UUID | None = None
    # The practitioner, the patient or the related person behind the account.
    person_id: UUID | None = None
    organization_id: UUID | None = None
    organization_name: str = ""
    # Profession code (TRE_G15 or its non-health counterpart) and its French label.
    role: str = ""
    role_label: str = ""
    duties: frozenset[str] = frozenset()
    # Classes of data that a carer's delegation names; nobody else has any.
    delegated: frozenset[str] = frozenset()
    # Whom this actor acts for: the patient of a representative, the physician of a secretary. Told in each audit row.
    on_behalf_of: str = ""
    # The application through which a person, or a structure, acts; told in each audit row.
    software: str = ""
    # The physician whose circles a secretary reaches: himself, never his rights. The database checks it again.
    principal_id: UUID | None = None
    assurance: Assurance = Assurance.NONE
    purpose: Purpose = Purpose.CARE
    channel: Channel = Channel.WEB
    correlation_id: UUID = field(default_factory=new_id)

    @classmethod
    def job(cls, name: str, *, channel: Channel = Channel.JOB) -> Self:
        return cls(kind=ActorKind.JOB, name=name, purpose=Purpose.SYSTEM, channel=channel)

    def with_purpose(self, purpose: Purpose) -> Self:
        return replace(self, purpose=purpose)

    def has_duty(self, duty: str) -> bool:
        return duty in self.duties
