from django import forms

from terresante.notifications.models import EmailPreference


class PreferencesForm(forms.ModelForm[EmailPreference]):
    class Meta:
        model = EmailPreference
        fields = ("own_circle", "my_structure")
