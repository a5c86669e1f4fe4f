import json

from django import forms

from terresante.kernel.ports import push_provider
from terresante.notifications.webpush import AUTH_BYTES, NewSubscription, is_point, unsaid

_NOT_READ = (
    "Ce navigateur n’a pas donné une adresse utilisable. Essayez de nouveau, ou avec un autre navigateur."
)
_NOT_LISTED = (
    "Ce navigateur passe par un service non admis ici. Essayez avec Chrome, Firefox, Safari ou Edge."
)


class PreferencesForm(forms.Form):
    own_circle = forms.BooleanField(label="Pour les patients dont je suis membre du cercle", required=False)
    my_structure = forms.BooleanField(label="Pour les autres patients de ma structure", required=False)


class SubscriptionForm(forms.Form):
    subscription = forms.CharField(max_length=3000, widget=forms.HiddenInput)

    def clean_subscription(self) -> NewSubscription:
        try:
            told = json.loads(self.cleaned_data["subscription"])
            keys = told["keys"]
            read = NewSubscription(str(told["endpoint"]), unsaid(keys["p256dh"]), unsaid(keys["auth"]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise forms.ValidationError(_NOT_READ) from error
        if not is_point(read.point) or len(read.auth) != AUTH_BYTES:
            raise forms.ValidationError(_NOT_READ)
        provider = push_provider()
        if provider is None or not provider.takes(read.endpoint):
            raise forms.ValidationError(_NOT_LISTED)
        return read
