from typing import Any

from django import forms

from terresante.telemonitoring.alerts.enums import AlertOutcome, CallResult
from terresante.telemonitoring.alerts.models import REASON_MAX_LENGTH


class CallForm(forms.Form):
    result = forms.ChoiceField(
        label="Résultat de l’appel",
        choices=CallResult.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Dites si la personne a répondu."},
    )
    note = forms.CharField(
        label="Ce qui a été dit",
        required=False,
        max_length=REASON_MAX_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class CloseForm(forms.Form):
    outcome = forms.ChoiceField(
        label="Suite donnée",
        choices=AlertOutcome.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Dites ce qui a été fait."},
    )
    reason = forms.CharField(
        label="Motif",
        help_text="Ce qui a été décidé, et pourquoi : le cercle de la personne le lit.",
        max_length=REASON_MAX_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Une alerte se clôt avec son motif."},
    )

    def show(self, error: Any) -> None:
        self.add_error(None, error.sentence)
