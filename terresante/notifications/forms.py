from django import forms

from terresante.notifications.models import EmailPreference


class PreferencesForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    class Meta:
        model = EmailPreference
        fields = ("own_circle", "my_structure")
