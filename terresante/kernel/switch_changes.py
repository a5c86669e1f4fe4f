"""Changing a setting of the deployment: who, when, why; and what was changed before."""

from django.db.models import Q, QuerySet

from terresante.kernel import access, audit, switches
from terresante.kernel.access import NOBODY, Action, rule
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.models import SwitchChange

ADMINISTRATOR = "administrator"
REASON_MIN_LENGTH = 10
SWITCH_CHANGE = Action("switch.change", "Modifier un réglage de la plateforme")


@rule(SWITCH_CHANGE, SwitchChange, visible=True)
def changes_seen(actor: Actor) -> Q:
    return Q() if actor.has_duty(ADMINISTRATOR) else NOBODY


@action
def change(actor: Actor, code: str, value: str, why: str) -> SwitchChange:
    """In force when the caller's transaction has committed, in the next transaction of every process.

    Raises Refused for who is no administrator, NotFound for an unknown code, Invalid for a value or a reason,
    Conflict when the value is the one in force.
    """
    require_administrator(actor)
    known = next((each for each in switches.declared() if each.code == code), None)
    if known is None:
        raise NotFound
    kept = known.check(value) if known.check else value
    if not known.allows(kept):
        raise Invalid(
            "Cette valeur n’est pas permise.", fields={"value": "Choisissez une des valeurs proposées."}
        )
    reason = " ".join(why.split())
    if len(reason) < REASON_MIN_LENGTH:
        sentence = f"Dites pourquoi, en {REASON_MIN_LENGTH} caractères au moins : chacun pourra le relire."
        raise Invalid(sentence, fields={"reason": sentence})
    before = switches.value(code)
    if kept == before:
        raise Conflict("Ce réglage a déjà cette valeur.")
    row = SwitchChange.objects.create(
        # The database gives the number (migration 0007).
        number=0,
        code=code,
        value=kept,
        reason=reason[:300],
        by_name=actor.name,
        organization_name=actor.organization_name,
    )
    audit.record(actor, SWITCH_CHANGE, about=row, detail={"switch": code, "from": before, "to": kept})
    return row


def history(actor: Actor, *codes: str) -> QuerySet[SwitchChange]:
    """Every change of these settings, the last one first; of all of them when none is named."""
    rows = access.list(actor, SWITCH_CHANGE, SwitchChange).order_by("-number")
    return rows.filter(code__in=codes) if codes else rows


def require_administrator(actor: Actor) -> None:
    if not actor.has_duty(ADMINISTRATOR):
        raise Refused("Les réglages sont réservés aux administrateurs de la plateforme.")
