from collections.abc import Sequence
from typing import Any

from django import forms

from terresante.care_team.models import CareTeamParticipant


class NameForm(forms.Form):
    """Of the members given, the one who may know from now on."""

    participant = forms.ChoiceField(label="Quelqu’un d’autre peut le savoir")

    def __init__(self, members: Sequence[CareTeamParticipant], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "Choisissez dans votre cercle"), *((str(each.pk), each.name) for each in members)]
        self.fields["participant"].choices = choices  # type: ignore[attr-defined]  # a ChoiceField
