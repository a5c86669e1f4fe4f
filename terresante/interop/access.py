from django.db.models import Q

from terresante.care_team.access import changes, reaches, writes_class
from terresante.care_team.enums import DataClass
from terresante.directory.enums import Duty
from terresante.interop.enums import TO_VERIFY
from terresante.interop.models import (
    DocumentList,
    InboundMessage,
    Partner,
    PreparedRecord,
    RobotRule,
    SenderSystem,
)
from terresante.kernel.access import NOBODY, Action, rule
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import Refused

MESSAGE_VERIFY = Action("message.verify", "Vérifier l’identité d’un message d’hôpital")
MESSAGE_DECIDE = Action("message.decide", "Décider du sort d’un message d’hôpital")

MESSAGE_UNMASK = Action("message.unmask", "Lire l’identité dans un message d’hôpital")
PARTNER_MANAGE = Action("partner.manage", "Administrer les logiciels partenaires")
SENDER_MANAGE = Action("sender.manage", "Administrer les émetteurs des hôpitaux")
ROBOT_MANAGE = Action("robot.manage", "Régler le robot d’une structure")
RECORDS_TO_INFORM = Action("record.to_inform", "Suivre les dossiers à informer")
LAUNCH = Action("record.launch", "Ouvrir un patient depuis son logiciel")
API_CONNECT = Action("api.connect", "Ouvrir l’interface FHIR à un logiciel")
LIST_READ = Action("document_list.read", "Consulter les lots et les classeurs de documents")


@rule(MESSAGE_VERIFY, InboundMessage, visible=True)
def messages_to_look_at(actor: Actor) -> Q:
    return Q(state__in=TO_VERIFY) if actor.has_duty(Duty.IDENTITY_OFFICER) else NOBODY


@rule(MESSAGE_DECIDE, InboundMessage)
def messages_to_decide(actor: Actor) -> Q:
    return messages_to_look_at(actor)


@rule(MESSAGE_UNMASK, InboundMessage)
def messages_to_unmask(actor: Actor) -> Q:
    """Not by those who also answer the telephone of the support desk: they are asked about anybody."""
    return NOBODY if actor.has_duty(Duty.SUPPORT_AGENT) else messages_to_look_at(actor)


@rule(PARTNER_MANAGE, Partner, visible=True)
def partners_managed(actor: Actor) -> Q:
    return Q() if actor.has_duty(Duty.ADMINISTRATOR) else NOBODY


@rule(LIST_READ, DocumentList, visible=True)
def lists_of_ones_patients(actor: Actor) -> Q:
    """Read by those who reach the person; of its documents each is told the ones he reads (`interop.fhir.reading`)."""
    return reaches(actor) if actor.kind in (ActorKind.PROFESSIONAL, ActorKind.JOB) else NOBODY


@rule(SENDER_MANAGE, SenderSystem, visible=True)
def senders_managed(actor: Actor) -> Q:
    return Q() if actor.has_duty(Duty.ADMINISTRATOR) else NOBODY


@rule(ROBOT_MANAGE, RobotRule, visible=True)
def rules_managed(actor: Actor) -> Q:
    """A job reads the files of the night for rules that an administrator set."""
    is_allowed = actor.has_duty(Duty.ADMINISTRATOR) or actor.kind == ActorKind.JOB
    return Q() if is_allowed else NOBODY


@rule(RECORDS_TO_INFORM, PreparedRecord, visible=True)
def records_to_inform(actor: Actor) -> Q:
    """Records of the structure one works in, for those who may open a record to sharing."""
    if actor.kind != ActorKind.PROFESSIONAL or actor.organization_id is None:
        return NOBODY
    if not writes_class(actor, DataClass.CIRCLE):
        return NOBODY
    return changes(actor, of=DataClass.CIRCLE) & Q(rule__organization_id=actor.organization_id)


def require_administrator(actor: Actor) -> None:
    """Asked where a partner or a sender is registered: there is no row yet whose rule could be asked."""
    if not actor.has_duty(Duty.ADMINISTRATOR):
        raise Refused("Les raccordements sont réservés aux administrateurs de la plateforme.")
