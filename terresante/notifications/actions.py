from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import time
from hmac import compare_digest
from uuid import UUID

from terresante.directory.enums import Duty
from terresante.kernel import access, audit
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, Refused
from terresante.kernel.events import Event
from terresante.notifications.access import PREFERENCES_EDIT, PUSH_SUBSCRIBE
from terresante.notifications.enums import Notice, Reach
from terresante.notifications.models import NotificationPreference, PushSubscription
from terresante.notifications.queries import audiences, known_device, on_duty, patient_addresses
from terresante.notifications.telling import tell
from terresante.notifications.webpush import NewSubscription


def tell_readers(notice: Notice, events: Sequence[Event]) -> int:
    """Those who may read what each event tells, and want to know, once each by channel; returns how many."""
    return tell(notice, zip(map(_key, events), audiences(events), strict=True))


def tell_who_write(notice: Notice, events: Sequence[Event]) -> int:
    """As `tell_readers`, those only who may write what each event tells."""
    return tell(notice, zip(map(_key, events), audiences(events, who_write=True), strict=True))


def tell_named(notice: Notice, events: Sequence[tuple[Event, Collection[str]]]) -> int:
    """Those of the readers whom the event names (keys of accounts): whoever cannot read it is told nothing."""
    readers = audiences([event for event, _ in events])
    return tell(
        notice,
        [
            (_key(event), [replace(to, reach=Reach.NAMED) for to in found if str(to.key) in named])
            for (event, named), found in zip(events, readers, strict=True)
        ],
    )


def tell_patients(notice: Notice, events: Sequence[Event]) -> int:
    """The patient of each event and, but for what a sector keeps restricted or is kept from them, who represents him by
    law.
    """
    told = patient_addresses([event.patient_id for event in events if event.patient_id is not None])
    return tell(
        notice,
        (
            (
                _key(event),
                [
                    to
                    for to in told.get(event.patient_id, [])
                    if not (to.represents and (event.sector or event.hidden_from_representative))
                ],
            )
            for event in events
            if event.patient_id is not None
        ),
    )


def tell_administrators(notice: Notice, events: Sequence[Event]) -> int:
    """Those of the platform: of what concerns its machines, and nobody's record."""
    told = on_duty(Duty.ADMINISTRATOR) if events else []
    return tell(notice, ((_key(event), told) for event in events))


def tell_who_may_read(readers: Notice, shown: Notice, events: Sequence[Event]) -> None:
    """Of something written in a record: its readers, and the patient where it is for her eyes too."""
    tell_readers(readers, events)
    for_her = [
        event
        for event in events
        if not (event.hidden_from_patient or event.private_to_id or event.private_to_person_id)
    ]
    tell_patients(shown, for_her)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPreferences:
    """`channels`: of the notices that were shown; the others stay as they were."""

    channels: dict[str, list[str]]
    quiet_from: time | None = None
    quiet_until: time | None = None
    digest_hour: int
    own_circle: bool = True
    my_structure: bool = False


@action
def save_preferences(actor: Actor, wanted: NewPreferences) -> NotificationPreference:
    """Raises Refused, Invalid."""
    if actor.user_id is None:
        raise Refused("Ces réglages sont ceux d’un compte.")
    if (wanted.quiet_from is None) != (wanted.quiet_until is None) or (
        wanted.quiet_from is not None and wanted.quiet_from == wanted.quiet_until
    ):
        sentence = "Indiquez le début et la fin des heures calmes, ou laissez les deux vides."
        raise Invalid(sentence, fields={"quiet_until": sentence})
    preference = NotificationPreference.objects.select_for_update().filter(user_id=actor.user_id).first()
    preference = preference or NotificationPreference(user_id=actor.user_id)
    preference.channels = {**preference.channels, **wanted.channels}
    preference.quiet_from, preference.quiet_until = wanted.quiet_from, wanted.quiet_until
    preference.digest_hour = wanted.digest_hour
    preference.own_circle, preference.my_structure = wanted.own_circle, wanted.my_structure
    preference.save()
    audit.record(actor, PREFERENCES_EDIT, about=preference)
    return preference


def _key(event: Event) -> str:
    return f"{type(event).__name__}:{event.object_id}"


@action
def subscribe_device(actor: Actor, *, device_id: UUID | None, wanted: NewSubscription) -> PushSubscription:
    """Alerts on the browser somebody is logged in from. Raises Refused, Conflict."""
    device = known_device(actor, device_id)
    if device is None or device.is_shared:
        raise Refused("Les alertes se reçoivent sur un appareil à soi, où l’on s’est connecté soi-même.")
    _free_endpoint(actor, wanted)
    subscription, _ = PushSubscription.objects.update_or_create(
        device=device,
        defaults={
            "user_id": device.user_id,
            "words": device.words,
            "endpoint": wanted.endpoint,
            "point": wanted.point,
            "auth": wanted.auth,
            "last_success_at": None,
        },
    )
    audit.record(actor, PUSH_SUBSCRIBE, about=subscription)
    return subscription


def _free_endpoint(actor: Actor, wanted: NewSubscription) -> None:
    """A browser gives the same address to each account it serves: the address goes to the last one. Only the browser
    itself also has the secret of the subscription.
    """
    held = PushSubscription.objects.filter(endpoint=wanted.endpoint).first()
    if held is None:
        return
    if held.user_id != actor.user_id and not compare_digest(bytes(held.auth), wanted.auth):
        raise Conflict("Cet appareil n’a pas pu être inscrit. Rechargez la page et recommencez.")
    held.delete()


@action
def end_subscription(actor: Actor, subscription_id: UUID) -> None:
    """Raises NotFound for another's."""
    subscription = access.get(actor, PUSH_SUBSCRIBE, PushSubscription, subscription_id, lock=True)
    audit.record(actor, PUSH_SUBSCRIBE, about=subscription, detail={"ended": True})
    subscription.delete()


def forget_subscription(*, user_id: UUID, device_id: UUID) -> None:
    PushSubscription.objects.filter(user_id=user_id, device_id=device_id).delete()
