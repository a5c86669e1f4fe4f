from typing import Any
from uuid import UUID

from django import forms

from terresante.care_team.enums import DataClass
from terresante.care_team.queries.audience import Draft
from terresante.kernel.actor import Actor
from terresante.kernel.ids import new_id
from terresante.notes.actions import NewNote
from terresante.notes.queries import classes_written_by

CIRCLE, STRUCTURE = "circle", "structure"


class AudienceForm(forms.Form):
    """What « Qui verra ceci ? » depends on; anything unknown falls back on the first choice."""

    data_class = forms.ChoiceField(label="Type de note", widget=forms.RadioSelect)
    level = forms.ChoiceField(
        label="Partagée avec",
        widget=forms.RadioSelect,
        choices=[(CIRCLE, "Le cercle de soins"), (STRUCTURE, "Ma structure seulement")],
        initial=CIRCLE,
    )
    patient_sees = forms.ChoiceField(
        label="Visible par la personne",
        widget=forms.RadioSelect,
        choices=[("now", "Tout de suite"), ("later", "Pas encore")],
        initial="now",
    )

    # Asked only where somebody acts for the person.
    relatives_see = forms.ChoiceField(
        label="Visible par ses représentants et aidants",
        widget=forms.RadioSelect,
        choices=[("yes", "Oui"), ("no", "Non")],
        initial="yes",
        required=False,
    )

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor
        choices = [(name.value, name.label) for name in classes_written_by(actor)]
        self.fields["data_class"].choices = choices  # type: ignore[attr-defined]  # a ChoiceField has choices
        self.fields["data_class"].initial = choices[0][0] if choices else ""

    def chosen(self, name: str) -> str:
        """The value sent when it is one of the choices, else the initial one."""
        known = dict(self.fields[name].choices)  # type: ignore[attr-defined]  # a ChoiceField has choices
        sent = str(self[name].value())
        return sent if sent in known else str(self.fields[name].initial)

    def draft(self, patient_id: UUID) -> Draft:
        return Draft(
            patient_id=patient_id,
            data_class=DataClass(self.chosen("data_class")),
            private_to_id=self.actor.organization_id if self.chosen("level") == STRUCTURE else None,
            hidden_from_patient=self.chosen("patient_sees") == "later",
            hidden_from_representative=self.chosen("relatives_see") == "no",
        )


class NoteForm(AudienceForm):
    id = forms.UUIDField(widget=forms.HiddenInput, initial=new_id)
    text = forms.CharField(
        label="Note",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12, "autofocus": True, "aria-required": "true"}),
    )

    def note(self) -> NewNote:
        sent = self.cleaned_data
        return NewNote(
            id=sent["id"],
            data_class=DataClass(sent["data_class"]),
            text=sent["text"],
            for_my_structure=sent["level"] == STRUCTURE,
            hidden_from_patient=sent["patient_sees"] == "later",
            hidden_from_representative=sent["relatives_see"] == "no",
        )
