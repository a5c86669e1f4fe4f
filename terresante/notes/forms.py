from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms

from terresante.care_team.enums import Confidentiality, DataClass
from terresante.care_team.forms.limits import ReadersForm
from terresante.care_team.queries.audience import Draft
from terresante.kernel.actor import Actor
from terresante.kernel.files.sounds import ACCEPTED_SOUNDS
from terresante.kernel.ids import new_id
from terresante.kernel.ui.forms import FilesField, FilesInput, chosen, offer
from terresante.notes.actions import NewNote
from terresante.notes.enums import ALT_MAX_LENGTH, MOST_PHOTOS
from terresante.notes.joining import NewMedia
from terresante.notes.queries import classes_written_by


class AudienceForm(ReadersForm):
    """What « Qui verra ceci ? » depends on."""

    data_class = forms.ChoiceField(label="Type de note", widget=forms.RadioSelect)

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(actor, *args, **kwargs)
        choices = [(name.value, name.label) for name in classes_written_by(actor)]
        offer(self, "data_class", choices)
        self.fields["data_class"].initial = choices[0][0] if choices else ""

    def draft(self, patient_id: UUID) -> Draft:
        return self.draft_of(patient_id, DataClass(chosen(self, "data_class")))


class AmendForm(forms.Form):
    text = forms.CharField(
        label="Note",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12, "autofocus": True, "aria-required": "true"}),
    )
    # When the words its author has before his eyes were last corrected, to the microsecond; '' = never.
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean_seen(self) -> datetime | None:
        seen = self.cleaned_data["seen"]
        try:
            return datetime.fromisoformat(seen) if seen else None
        except ValueError as error:
            raise forms.ValidationError("La page est ancienne : rechargez-la, puis recommencez.") from error


_PHOTOS_HELP = (
    f"{MOST_PHOTOS} photos au plus, JPEG ou PNG. Le lieu, la date et l’appareil qu’elles contiennent sont effacés ;"
    " elles sont réduites pour l’écran."
)


class NoteForm(AudienceForm):
    id = forms.UUIDField(widget=forms.HiddenInput, initial=new_id)
    in_reply_to_id = forms.UUIDField(widget=forms.HiddenInput, required=False)
    text = forms.CharField(
        label="Note",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12, "autofocus": True, "aria-required": "true"}),
    )

    photos = FilesField(
        label="Photos",
        required=False,
        widget=FilesInput(attrs={"accept": "image/jpeg,image/png", "multiple": True}),
        help_text=_PHOTOS_HELP,
    )
    # One for all without JavaScript, else one for each photograph.
    alt = forms.CharField(
        label="Ce que montrent les photos",
        required=False,
        max_length=ALT_MAX_LENGTH,
        help_text="Une phrase, pour ceux qui ne voient pas l’image.",
        widget=forms.TextInput(attrs={"maxlength": ALT_MAX_LENGTH, "autocomplete": "off"}),
    )

    voice = FilesField(
        label="Message vocal",
        required=False,
        widget=forms.FileInput(attrs={"accept": ACCEPTED_SOUNDS}),
        help_text="Cinq minutes au plus. La phrase écrite reste nécessaire : elle se cherche, et se lit sans écouter.",
    )

    def note(self, media: tuple[NewMedia, ...] = ()) -> NewNote:
        sent = self.cleaned_data
        return NewNote(
            id=sent["id"],
            data_class=DataClass(sent["data_class"]),
            text=sent["text"],
            in_reply_to_id=sent["in_reply_to_id"],
            level=Confidentiality(sent["level"]),
            hidden_from_representative=sent["relatives_see"] == "no",
            media=media,
        )
