"""From who may know of an event to the messages that leave, at once or later; one text for all of them.

Each person is told once by channel. What leaves at once is held to it by the key of its message, what waits by its own
row; somebody who has quiet hours has everything pass by those rows, so that an event repeated later is the same.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from terresante.accounts.models import User
from terresante.kernel.outbound import queue_email, queue_same_email, queue_same_push, queue_same_sms
from terresante.kernel.ports import push_provider, sms_is_bound
from terresante.kernel.together import insert
from terresante.notifications.choices import Wishes
from terresante.notifications.enums import Channel, Notice
from terresante.notifications.models import HeldNotice
from terresante.notifications.queries import Address, devices_of, phones_of, wishes_of

# One wording for every event and every patient: a message crosses networks and telephones that nobody protects.
SUBJECT = "Une nouvelle information vous attend"
BODY = (
    "Vous avez une nouvelle information dans Terr-eSanté.\n\nConnectez-vous pour la consulter : {base_url}\n"
)
SMS = "Terr-eSanté : une nouvelle information vous attend. Connectez-vous pour la consulter."
PUSH = json.dumps(
    {"title": "Terr-eSanté", "body": "Une nouvelle information vous attend.", "url": "/"}, ensure_ascii=False
)
# How many, and nothing else.
DIGEST_SUBJECT = "Votre résumé du jour"
DIGEST_BODY = (
    "{count} dans Terr-eSanté depuis votre dernier résumé.\n\nConnectez-vous pour consulter : {base_url}\n"
)
_AT_ONCE = 500
_KEPT = timedelta(days=7)  # as events are (kernel.upkeep)
_MESSAGES = (Channel.PUSH, Channel.EMAIL, Channel.SMS, Channel.DIGEST)


@dataclass(slots=True)
class _Round:
    """What one batch of events tells: addresses by key of message, or rows for later."""

    emails: dict[str, str] = field(default_factory=dict)
    push: dict[UUID, list[str]] = field(default_factory=dict)
    sms: dict[UUID, list[str]] = field(default_factory=dict)
    held: list[HeldNotice] = field(default_factory=list)
    told: set[tuple[str, UUID]] = field(default_factory=set)

    def add(self, event_key: str, to: Address, channel: Channel) -> None:
        if channel == Channel.EMAIL:
            self.emails[f"{event_key}:{to.key}"] = to.email
        elif channel == Channel.PUSH:
            self.push.setdefault(to.key, []).append(event_key)
        else:
            self.sms.setdefault(to.key, []).append(event_key)


def tell(
    notice: Notice, told: Iterable[tuple[str, Iterable[Address]]], *, now: datetime | None = None
) -> int:
    """`told`: a key of each event, and those who may know of it. Returns how many are told, each event apart."""
    now = now or timezone.now()
    pairs = [(event_key, to) for event_key, addresses in told for to in addresses]
    chosen, unsaid = wishes_of({to.key for _, to in pairs}), Wishes()
    sent = _Round()
    for event_key, to in pairs:
        wishes = chosen.get(to.key, unsaid)
        if wishes.reach(to.reach):
            _plan(sent, notice, event_key, to, wishes, now)
    queue_same_email(sent.emails, subject=SUBJECT, body=BODY.format(base_url=settings.BASE_URL))
    _send_push(sent.push)
    _send_sms(sent.sms)
    insert(sent.held, or_ignore=True)
    return len(sent.told)


def release(*, now: datetime | None = None) -> int:
    """One message to each person and channel for all that was held until now; returns how many."""
    now = now or timezone.now()
    due = HeldNotice.objects.filter(released_at=None, due_at__lte=now).select_for_update()
    rows = list(due.order_by("user_id", "channel", "pk")[:_AT_ONCE])
    bundles: dict[tuple[UUID, str], list[HeldNotice]] = {}
    for row in rows:
        bundles.setdefault((row.user_id, row.channel), []).append(row)
    emails = dict(
        User.objects.filter(pk__in={user for user, _ in bundles}, is_active=True)
        .exclude(email="")
        .values_list("pk", "email")
    )
    for (user_id, channel), held in bundles.items():
        if user_id in emails:
            _SENDERS[Channel(channel)](user_id, emails[user_id], held)
    HeldNotice.objects.filter(pk__in=[row.pk for row in rows]).update(released_at=now)
    return len(bundles)


def forget_released(*, now: datetime | None = None) -> None:
    HeldNotice.objects.filter(released_at__lt=(now or timezone.now()) - _KEPT).delete()


def _plan(sent: _Round, notice: Notice, event_key: str, to: Address, wishes: Wishes, now: datetime) -> None:
    for channel in _MESSAGES:
        at = wishes.when(notice, channel, now)
        if at is None:
            continue
        sent.told.add((event_key, to.key))
        if wishes.waits(notice, channel):
            sent.held.append(HeldNotice(user_id=to.key, channel=channel, event_key=event_key, due_at=at))
        else:
            sent.add(event_key, to, channel)


def _send_push(wanted: Mapping[UUID, Sequence[str]]) -> None:
    if not wanted or push_provider() is None:
        return
    devices = {
        f"{event_key}:{device}": str(device)
        for user_id, found in devices_of(wanted).items()
        for device in found
        for event_key in wanted[user_id]
    }
    queue_same_push(devices, text=PUSH)


def _send_sms(wanted: Mapping[UUID, Sequence[str]]) -> None:
    if not wanted or not sms_is_bound():
        return
    numbers = {
        f"{event_key}:{user_id}:sms": phone
        for user_id, phone in phones_of(wanted).items()
        for event_key in wanted[user_id]
    }
    queue_same_sms(numbers, text=SMS)


def _release_email(user_id: UUID, email: str, held: Sequence[HeldNotice]) -> None:
    key = f"held:{held[0].pk}"
    queue_email(
        recipient=email, subject=SUBJECT, body=BODY.format(base_url=settings.BASE_URL), dedupe_key=key
    )


def _release_digest(user_id: UUID, email: str, held: Sequence[HeldNotice]) -> None:
    many = f"{len(held)}\u00a0nouvelles informations" if len(held) > 1 else "1\u00a0nouvelle information"
    body = DIGEST_BODY.format(count=many, base_url=settings.BASE_URL)
    queue_email(recipient=email, subject=DIGEST_SUBJECT, body=body, dedupe_key=f"held:{held[0].pk}")


def _release_push(user_id: UUID, email: str, held: Sequence[HeldNotice]) -> None:
    _send_push({user_id: [f"held:{held[0].pk}"]})


def _release_sms(user_id: UUID, email: str, held: Sequence[HeldNotice]) -> None:
    _send_sms({user_id: [f"held:{held[0].pk}"]})


_SENDERS: Mapping[Channel, Callable[[UUID, str, Sequence[HeldNotice]], None]] = {
    Channel.EMAIL: _release_email,
    Channel.DIGEST: _release_digest,
    Channel.PUSH: _release_push,
    Channel.SMS: _release_sms,
}
