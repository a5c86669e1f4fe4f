from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms

from terresante.care_plans.enums import LeaveReason
from terresante.directory.models import Practitioner
from terresante.kernel.ui.forms import day_field, offer


class IncludeForm(forms.Form):
    version_id = forms.UUIDField(widget=forms.HiddenInput)
    included_on = day_field("Date d’inclusion")
    criteria = forms.MultipleChoiceField(
        label="Je vérifie que",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Cochez chaque critère vérifié, ou n’incluez pas cette personne."},
    )

    def __init__(self, *args: Any, criteria: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if criteria:
            offer(self, "criteria", [(str(number), one) for number, one in enumerate(criteria)])
            self.said = tuple(criteria)
        else:
            del self.fields["criteria"]

    def ticked(self) -> tuple[str, ...]:
        return tuple(self.said[int(number)] for number in self.cleaned_data.get("criteria", ()))


class DoneForm(forms.Form):
    on = day_field("Faite le")


class MoveForm(forms.Form):
    on = day_field("Nouvelle échéance")
    reason = forms.CharField(
        label="Pourquoi", max_length=300, error_messages={"required": "Dites pourquoi, en quelques mots."}
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label="Pourquoi", max_length=300, error_messages={"required": "Dites pourquoi, en quelques mots."}
    )


class AssignForm(forms.Form):
    to = forms.TypedChoiceField(
        label="À qui",
        required=False,
        coerce=UUID,
        empty_value=None,
        error_messages={"invalid_choice": "Choisissez quelqu’un du cercle."},
    )

    def __init__(self, *args: Any, members: Sequence[Practitioner], role: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = [(str(one.pk), one.full_name) for one in members]
        offer(self, "to", [("", f"Toute personne de ce rôle ({role.lower()})"), *people])


class LeaveForm(forms.Form):
    because = forms.ChoiceField(
        label="Raison",
        choices=LeaveReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez une raison."},
    )
    on = day_field("Sortie le")
    words = forms.CharField(label="Précision", required=False, max_length=200)
