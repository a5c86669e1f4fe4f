from collections.abc import Sequence

from terresante.feed.actions import withdraw
from terresante.health_record.access import MODELS
from terresante.health_record.actions import FACT_OF, tell_declared
from terresante.health_record.events import DeclarationTakenBack, HealthDeclared
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.kernel.events import on
from terresante.notifications.actions import tell_who_write
from terresante.notifications.enums import Notice


@on(HealthDeclared)
def tell_of_declared(events: Sequence[HealthDeclared]) -> None:
    """The person's own words enter the timeline, and who may vouch for them is told; twice changes nothing."""
    for event in events:
        model = next((one for one in MODELS if event.kind and FACT_OF.get(one) == event.kind), None)
        if model is None or event.patient_id is None or event.object_id is None:
            continue
        opened = rls.open_record(event.patient_id)
        row = model._default_manager.filter(pk=event.object_id).first() if opened else None
        if row is not None:
            tell_declared(Actor.job("health_record"), row)
    tell_who_write(Notice.DECLARED, events)


@on(DeclarationTakenBack)
def withdraw_what_was_told(events: Sequence[DeclarationTakenBack]) -> None:
    """By a job: the person writes in no feed."""
    for event in events:
        if event.patient_id and event.object_id and rls.open_record(event.patient_id):
            withdraw(event.patient_id, event.object_id)
