from pathlib import PurePath
from typing import Any
from uuid import UUID

from django import forms
from django.utils import timezone

from terresante.care_team.enums import Confidentiality
from terresante.care_team.forms.limits import ReadersForm
from terresante.care_team.queries.audience import Draft
from terresante.documents.actions import NewDocument
from terresante.documents.enums import CLASS_OF, TITLE_MAX_LENGTH, DocumentType
from terresante.documents.queries import types_filed_by
from terresante.kernel.actor import Actor
from terresante.kernel.files.kinds import ACCEPTED
from terresante.kernel.files.receiving import Received
from terresante.kernel.ui.forms import FilesField, FilesInput, day_field, offer

_FILES_HELP = "PDF, photo JPEG ou PNG, texte simple ; 100 Mo au plus par fichier."


def sent_field(label: str, *, many: bool) -> FilesField:
    attrs = {"accept": ACCEPTED, **({"multiple": True} if many else {})}
    return FilesField(label=label, widget=FilesInput(attrs=attrs), help_text=_FILES_HELP)


class AudienceForm(ReadersForm):
    """What « Qui verra ceci ? » depends on; anything unknown falls back on the first choice."""

    type = forms.ChoiceField(
        label="Type de document", error_messages={"required": "Choisissez le type du document."}
    )

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(actor, *args, **kwargs)
        families = types_filed_by(actor)
        groups = [(family, [(one.value, one.label) for one in types]) for family, types in families]
        offer(self, "type", [("", "Choisissez"), *groups])
        self.fields["level"].label = "Qui le lit"
        self._first = families[0][1][0] if families else DocumentType.ADMINISTRATIVE

    @property
    def chosen_type(self) -> DocumentType:
        sent = str(self["type"].value())
        return DocumentType(sent) if sent in DocumentType.values else self._first

    def draft(self, patient_id: UUID) -> Draft:
        return self.draft_of(patient_id, CLASS_OF[self.chosen_type])


class DocumentForm(AudienceForm):
    sent = sent_field("Fichiers", many=True)
    title = forms.CharField(
        label="Titre",
        required=False,
        max_length=TITLE_MAX_LENGTH,
        help_text="Sans titre, ou avec plusieurs fichiers, le nom de chacun sert de titre.",
        error_messages={"max_length": f"Raccourcissez le titre à {TITLE_MAX_LENGTH} caractères."},
    )
    dated_on = day_field(
        "Date écrite sur le document", missing="Indiquez la date du document.", initial=timezone.localdate
    )
    written_by = forms.CharField(label="Auteur, si ce n’est pas vous", required=False, max_length=120)
    field_order = (
        "sent",
        "type",
        "title",
        "dated_on",
        "written_by",
        "level",
        "relatives_see",
    )

    def document(self, received: Received, *, alone: bool) -> NewDocument:
        sent = self.cleaned_data
        return NewDocument(
            received=received,
            type=DocumentType(sent["type"]),
            title=sent["title"] if alone and sent["title"] else title_of(received.name),
            dated_on=sent["dated_on"],
            written_by=sent["written_by"],
            level=Confidentiality(sent["level"]),
            hidden_from_representative=sent["relatives_see"] == "no",
        )


class VersionForm(forms.Form):
    sent = sent_field("Fichier de la nouvelle version", many=False)
    dated_on = day_field(
        "Date écrite sur la nouvelle version",
        missing="Indiquez la date du document.",
        initial=timezone.localdate,
    )
    written_by = forms.CharField(label="Auteur, si ce n’est pas vous", required=False, max_length=120)


class WithdrawalForm(forms.Form):
    reason = forms.CharField(
        label="Motif du retrait",
        help_text="Par exemple : document d’un autre patient. Le motif reste lisible à la place du document.",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Dites pourquoi le document est retiré."},
    )


def title_of(file_name: str) -> str:
    """« CR_cardio-2026.pdf » reads « CR cardio 2026 »."""
    words = PurePath(file_name).stem.replace("_", " ").replace("-", " ").split()
    return " ".join(words)[:TITLE_MAX_LENGTH] or "Document"
