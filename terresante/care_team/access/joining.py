"""Who asks to come into a circle, who answers, who is invited."""

from django.db.models import Q

from terresante.care_team.basis import changes, decides_for_patient, knows, reaches, writes_class
from terresante.care_team.enums import DataClass
from terresante.care_team.models import CircleInvitation, JoinRequest
from terresante.kernel.access import NOBODY, Action, rule
from terresante.kernel.actor import Actor, ActorKind

JOIN_ASK = Action("join.ask", "Demander à rejoindre un cercle de soins")
JOIN_READ = Action("join.read", "Consulter les demandes à rejoindre le cercle")
JOIN_ANSWER = Action("join.answer", "Répondre à une demande à rejoindre le cercle")
CIRCLE_INVITE = Action("circle.invite", "Inviter un professionnel dans le cercle de soins")
INVITATION_ANSWER = Action("circle.invited", "Répondre à une invitation dans un cercle de soins")


@rule(JOIN_ASK, JoinRequest)
def own_join_requests(actor: Actor) -> Q:
    if actor.kind != ActorKind.PROFESSIONAL or actor.person_id is None:
        return NOBODY
    return Q(practitioner_id=actor.person_id)


@rule(JOIN_READ, JoinRequest, visible=True)
def join_requests_read(actor: Actor) -> Q:
    """Who asked; the circle, as far as it may know of him; the patient, and who represents him by law."""
    if decides_for_patient(actor):
        return reaches(actor) & knows(actor)
    return own_join_requests(actor) | join_requests_answered(actor)


@rule(JOIN_ANSWER, JoinRequest)
def join_requests_answered(actor: Actor) -> Q:
    if decides_for_patient(actor):
        return reaches(actor) & knows(actor)
    known = changes(actor, of=DataClass.CIRCLE) & knows(actor)
    return known if writes_class(actor, DataClass.CIRCLE) else NOBODY


@rule(CIRCLE_INVITE, CircleInvitation, visible=True)
def invitations_sent(actor: Actor) -> Q:
    """The circle, as far as it may know of who is invited, or of who invites; and who did."""
    known = changes(actor, of=DataClass.CIRCLE) & (knows(actor) | Q(invited_by_id=actor.person_id))
    return known if writes_class(actor, DataClass.CIRCLE) else NOBODY
