import json
from collections.abc import Sequence
from dataclasses import dataclass

from django import forms
from django.http import QueryDict

from terresante.kernel.ports import push_provider
from terresante.kernel.ui.wording import NBSP
from terresante.notifications.actions import NewPreferences
from terresante.notifications.choices import Offer
from terresante.notifications.enums import Channel, Notice
from terresante.notifications.models import NotificationPreference
from terresante.notifications.webpush import AUTH_BYTES, NewSubscription, is_point, unsaid

_NOT_READ = (
    "Ce navigateur n’a pas donné une adresse utilisable. Essayez de nouveau, ou avec un autre navigateur."
)
_NOT_LISTED = (
    "Ce navigateur passe par un service non admis ici. Essayez avec Chrome, Firefox, Safari ou Edge."
)


def _hour_field() -> forms.TimeInput:
    return forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


@dataclass(frozen=True, slots=True)
class Cell:
    """One box of the table, or why there is none: « Dans vos pages », « Obligatoire », « – »."""

    channel: Channel
    field: forms.BoundField | None = None
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    offer: Offer
    cells: tuple[Cell, ...]


class PreferencesForm(forms.Form):
    """One box for each notice and channel that is offered."""

    quiet_from = forms.TimeField(label="À partir de", required=False, widget=_hour_field())
    quiet_until = forms.TimeField(label="Jusqu’à", required=False, widget=_hour_field())
    digest_hour = forms.TypedChoiceField(
        label="Heure du résumé du jour", coerce=int, choices=[(hour, f"{hour}\u00a0h") for hour in range(24)]
    )
    own_circle = forms.BooleanField(label="Les patients dont je suis membre du cercle", required=False)
    my_structure = forms.BooleanField(label="Les autres patients de ma structure", required=False)

    def __init__(
        self,
        posted: QueryDict | None,
        *,
        mine: NotificationPreference,
        offers: Sequence[Offer],
        channels: Sequence[Channel],
        asks_whom: bool,
    ) -> None:
        """`asks_whom`: of a professional, who has several reasons to know of a patient."""
        wishes = mine.wishes
        initial = {
            _name(offer.notice, channel): channel in wishes.by(offer.notice)
            for offer in offers
            for channel in Channel
        }
        for name in ("quiet_from", "quiet_until", "digest_hour", "own_circle", "my_structure"):
            initial[name] = getattr(mine, name)
        super().__init__(posted, initial=initial)
        self._offers, self._channels, self._wishes = offers, channels, wishes
        if not asks_whom:
            del self.fields["own_circle"], self.fields["my_structure"]
        for offer in offers:
            for channel in channels:
                if offer.offers(channel):
                    label = f"{offer.notice.label}{NBSP}: {channel.label}"
                    self.fields[_name(offer.notice, channel)] = forms.BooleanField(
                        label=label, required=False
                    )

    def lines(self) -> list[Line]:
        return [
            Line(offer, tuple(self._cell(offer, channel) for channel in self._channels))
            for offer in self._offers
        ]

    def wanted(self) -> NewPreferences:
        """What is not shown (no telephone number, no push service) stays as it was."""
        told = self.cleaned_data
        return NewPreferences(
            channels={offer.notice.value: self._chosen(offer) for offer in self._offers},
            quiet_from=told["quiet_from"],
            quiet_until=told["quiet_until"],
            digest_hour=told["digest_hour"],
            own_circle=told.get("own_circle", self._wishes.own_circle),
            my_structure=told.get("my_structure", self._wishes.my_structure),
        )

    def _cell(self, offer: Offer, channel: Channel) -> Cell:
        name = _name(offer.notice, channel)
        if name in self.fields:
            return Cell(channel, field=self[name])
        return Cell(channel, fixed=channel in (Channel.APP, Channel.EMAIL))

    def _chosen(self, offer: Offer) -> list[str]:
        before = self._wishes.by(offer.notice)
        return [
            channel.value
            for channel in Channel
            if self.cleaned_data.get(_name(offer.notice, channel), channel in before)
        ]


def _name(notice: Notice, channel: Channel) -> str:
    return f"{notice}-{channel}"


class SubscriptionForm(forms.Form):
    subscription = forms.CharField(max_length=3000, widget=forms.HiddenInput)

    def clean_subscription(self) -> NewSubscription:
        try:
            told = json.loads(self.cleaned_data["subscription"])
            keys = told["keys"]
            read = NewSubscription(str(told["endpoint"]), unsaid(keys["p256dh"]), unsaid(keys["auth"]))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise forms.ValidationError(_NOT_READ) from error
        if not is_point(read.point) or len(read.auth) != AUTH_BYTES:
            raise forms.ValidationError(_NOT_READ)
        provider = push_provider()
        if provider is None or not provider.takes(read.endpoint):
            raise forms.ValidationError(_NOT_LISTED)
        return read
