"""Which app answers which question from below (DESIGN.md 1). The only place that binds a port."""

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest

from config.record_frame import record_frame
from simulators.sms import SimulatedSms
from terresante.accounts.enums import OF_PROFESSIONALS, LoginWay
from terresante.accounts.federation import ports as federation
from terresante.accounts.sessions import is_locked, way_of
from terresante.care_team.queries import live_readers
from terresante.directory.login_actions import professional_of_card, professional_of_psc
from terresante.directory.queries import WorkSituation, proved_situations
from terresante.interop.insi import InsiOverHttp
from terresante.kernel.actor import Actor, ActorKind, Assurance
from terresante.kernel.ids import new_id
from terresante.kernel.ports import PROVED_SITUATIONS_KEY, SITUATION_KEY, bound
from terresante.patients import insi
from terresante.patients.link_actions import patient_of_franceconnect
from terresante.patients.queries import patient_behind, surviving_record

_ASSURANCE: dict[str, Assurance] = {
    LoginWay.PSC: Assurance.PRO_SANTE_CONNECT,
    LoginWay.CPS: Assurance.CERTIFICATE,
    LoginWay.FRANCE_CONNECT: Assurance.FRANCE_CONNECT,
}


def actor_behind(request: HttpRequest) -> Actor | None:
    """The professional in his structure, else the patient; None for nobody, for a locked workstation, or for
    an account nothing stands behind. A citizen's proof opens no professional's pages, nor the reverse.
    """
    user = request.user
    if not user.is_authenticated or is_locked(request.session):
        return None
    correlation_id: UUID = getattr(request, "correlation_id", None) or new_id()
    way = way_of(request.session)
    assurance = _ASSURANCE.get(way, Assurance.PASSWORD_AND_CODE)
    situation = _chosen(_situations(request, user.pk), str(request.session.get(SITUATION_KEY, "")))
    if situation is not None and way != LoginWay.FRANCE_CONNECT:
        return _professional(user.pk, situation, correlation_id, assurance)
    patient = patient_behind(user.pk) if way not in OF_PROFESSIONALS else None
    if patient is None:
        return None
    return Actor(
        kind=ActorKind.PATIENT,
        name=patient[1],
        user_id=user.pk,
        person_id=patient[0],
        role_label="Patient",
        assurance=assurance,
        correlation_id=correlation_id,
    )


def _chosen(situations: list[WorkSituation], wanted: str) -> WorkSituation | None:
    return next((s for s in situations if str(s.role_id) == wanted), situations[0] if situations else None)


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
        assurance=assurance,
        correlation_id=correlation_id,
    )


bound.actor_behind = actor_behind
bound.live_readers = live_readers
bound.record_frame = record_frame
bound.surviving_record = surviving_record
federation.bound[LoginWay.PSC] = professional_of_psc
federation.bound[LoginWay.CPS] = professional_of_card
federation.bound[LoginWay.FRANCE_CONNECT] = patient_of_franceconnect
insi.bound.teleservice = InsiOverHttp(settings.INSI_URL)
if settings.DEMO:
    bound.sms = SimulatedSms(settings.EMAIL_FILE_PATH)
