"""Which app answers which question from below (DESIGN.md 1). The only place that binds a port."""

from typing import TypeAlias, cast
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest

from config.record_frame import record_frame
from simulators.sms import SimulatedSms
from terresante.accounts.enums import OF_PROFESSIONALS, LoginWay
from terresante.accounts.federation import ports as federation
from terresante.accounts.sessions import is_locked, way_of
from terresante.care_team.queries.live import live_readers
from terresante.directory.login_actions import professional_of_card, professional_of_psc
from terresante.directory.queries import WorkSituation, chosen_situation, proved_situations
from terresante.documents import reading
from terresante.documents.queries import original
from terresante.interop.carrier import MllpCarrier
from terresante.interop.cda.shown import CdaReader
from terresante.interop.cda.trust import authorities_of
from terresante.interop.insi import InsiOverHttp
from terresante.kernel.actor import Actor, ActorKind, Assurance
from terresante.kernel.files.antivirus import Clamd
from terresante.kernel.ids import new_id
from terresante.kernel.ports import ACTING_FOR_KEY, PROVED_SITUATIONS_KEY, SITUATION_KEY, bound
from terresante.notifications.carrier import Services, WebPush
from terresante.notifications.webpush import ServerKey
from terresante.patients import insi
from terresante.patients.enums import DelegationBasis
from terresante.patients.link_actions import patient_of_franceconnect
from terresante.patients.queries import Represented, delegations_behind, patient_behind, surviving_record

# As the access log names whoever acts for somebody.
ROLE_LABELS = {
    DelegationBasis.PARENTAL: "Parent",
    DelegationBasis.GUARDIANSHIP: "Tuteur",
    DelegationBasis.FAMILY_HABILITATION: "Représentant habilité",
    DelegationBasis.FUTURE_MANDATE: "Mandataire",
    DelegationBasis.CARER: "Aidant",
}

_ASSURANCE: dict[str, Assurance] = {
    LoginWay.PSC: Assurance.PRO_SANTE_CONNECT,
    LoginWay.CPS: Assurance.CERTIFICATE,
    LoginWay.FRANCE_CONNECT: Assurance.FRANCE_CONNECT,
}


PersonBehind: TypeAlias = Represented | tuple[UUID, str]


class _Followed(HttpRequest):
    persons: list[PersonBehind]
    situation: WorkSituation


def actor_behind(request: HttpRequest) -> Actor | None:
    """The professional in his structure, else the patient, else a relative for the person he chose; None for nobody,
    for a locked workstation, or for an account nothing stands behind. A citizen's proof opens no professional's
    pages, nor the reverse.
    """
    user = request.user
    if not user.is_authenticated or is_locked(request.session):
        return None
    correlation_id: UUID = getattr(request, "correlation_id", None) or new_id()
    way = way_of(request.session)
    assurance = _ASSURANCE.get(way, Assurance.PASSWORD_AND_CODE)
    wanted = str(request.session.get(SITUATION_KEY, ""))
    situation = chosen_situation(_situations(request, user.pk), wanted)
    if situation is not None and way != LoginWay.FRANCE_CONNECT:
        cast(_Followed, request).situation = situation
        return _professional(user.pk, situation, correlation_id, assurance)
    persons = persons_behind(user.pk) if way not in OF_PROFESSIONALS else []
    person = _chosen_person(persons, str(request.session.get(ACTING_FOR_KEY, "")))
    cast(_Followed, request).persons = persons
    return None if person is None else acting_for(person, user.pk, correlation_id, assurance)


def persons_of(request: HttpRequest) -> list[PersonBehind]:
    """Those found when the actor behind this request was: the frame shows them all, and asks nothing again."""
    found: list[PersonBehind] = getattr(request, "persons", [])
    return found


def has_cell(request: HttpRequest) -> bool:
    """Whether the structure that the professional behind this request works for watches anybody at home."""
    situation: WorkSituation | None = getattr(request, "situation", None)
    return situation is not None and situation.has_cell


def persons_behind(user_id: UUID) -> list[PersonBehind]:
    """Whose record an account may open: its own, as (patient, name), then those it acts for."""
    patient = patient_behind(user_id)
    return [*([patient] if patient else []), *delegations_behind(user_id)]


def acting_for(person: PersonBehind, user_id: UUID, correlation_id: UUID, assurance: Assurance) -> Actor:
    if isinstance(person, Represented):
        return Actor(
            kind=ActorKind.REPRESENTATIVE,
            name=person.relative_name,
            user_id=user_id,
            person_id=person.related_person_id,
            role=person.basis,
            role_label=ROLE_LABELS[person.basis],
            delegated=person.scope,
            on_behalf_of=person.patient_name,
            assurance=assurance,
            correlation_id=correlation_id,
        )
    return Actor(
        kind=ActorKind.PATIENT,
        name=person[1],
        user_id=user_id,
        person_id=person[0],
        role_label="Patient",
        assurance=assurance,
        correlation_id=correlation_id,
    )


def _chosen_person(persons: list[PersonBehind], wanted: str) -> PersonBehind | None:
    """Whom he chose, if he still may; else the first, himself before the others."""
    chosen = (one for one in persons if isinstance(one, Represented) and str(one.related_person_id) == wanted)
    return next(chosen, persons[0] if persons else None)


def _situations(request: HttpRequest, user_id: UUID) -> list[WorkSituation]:
    return proved_situations(user_id, request.session.get(PROVED_SITUATIONS_KEY))


def _professional(
    user_id: UUID, situation: WorkSituation, correlation_id: UUID, assurance: Assurance
) -> Actor:
    return Actor(
        kind=ActorKind.PROFESSIONAL,
        name=situation.practitioner_name,
        user_id=user_id,
        person_id=situation.practitioner_id,
        organization_id=situation.organization_id,
        organization_name=situation.organization_name,
        role=situation.profession,
        role_label=situation.profession_label,
        duties=situation.duties,
        principal_id=situation.principal_id,
        on_behalf_of=situation.principal_name,
        assurance=assurance,
        correlation_id=correlation_id,
    )


bound.actor_behind = actor_behind
bound.live_readers = live_readers
bound.original = original
bound.record_frame = record_frame
bound.surviving_record = surviving_record
federation.bound[LoginWay.PSC] = professional_of_psc
federation.bound[LoginWay.CPS] = professional_of_card
federation.bound[LoginWay.FRANCE_CONNECT] = patient_of_franceconnect
insi.bound.teleservice = InsiOverHttp(settings.INSI_URL)
reading.bound.reader = CdaReader(authorities_of(settings.SIGNATURE_AUTHORITIES))
bound.peer = MllpCarrier()
if settings.CLAMD:
    bound.antivirus = Clamd(settings.CLAMD)
if settings.PUSH_KEY:
    bound.push = WebPush(
        ServerKey.read(settings.PUSH_KEY, settings.PUSH_CONTACT),
        Services(tuple(settings.PUSH_SERVICES), settings.PUSH_LOCAL),
    )
if settings.DEMO:
    bound.sms = SimulatedSms(settings.EMAIL_FILE_PATH)
