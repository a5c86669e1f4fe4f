from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.utils import timezone

from terresante.kernel.ids import new_id
from terresante.kernel.ui import wording
from terresante.kernel.ui.forms import day_field, offer
from terresante.patients.models import Patient
from terresante.questionnaires import pathway as engine
from terresante.telemonitoring.actions import NewFollowUp, wrong_thresholds, wrong_words
from terresante.telemonitoring.contacts.actions import BY_HAND, NewContact
from terresante.telemonitoring.enums import EndReason, EnquiryStatus, Respondent
from terresante.telemonitoring.models import Cell, Contact, FollowUp
from terresante.telemonitoring.queries import Threshold


class OwnThresholdsForm(forms.Form):
    """One field a threshold of the person, in the unit of its measure; refused as the action refuses it."""

    pathway: engine.Pathway
    thresholds: Sequence[Threshold]

    def ask(self, pathway: engine.Pathway, thresholds: Sequence[Threshold]) -> None:
        self.pathway, self.thresholds = pathway, thresholds
        for threshold in thresholds:
            self.fields[threshold.field] = _threshold_field(threshold)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        for name, told in wrong_thresholds(self.pathway, self.personal).items():
            self.add_error(name, told)
        return said

    @property
    def personal(self) -> dict[str, Decimal]:
        """By their name in the rules; what is left empty is the pathway's."""
        said = self.cleaned_data
        return {each.name: said[each.field] for each in self.thresholds if said.get(each.field) is not None}

    @property
    def own(self) -> list[forms.BoundField]:
        return [self[each.field] for each in self.thresholds]

    @property
    def shows_own(self) -> bool:
        """Something was typed there, right or wrong: it is not folded away."""
        return any(field.errors or field.value() for field in self.own)


class EnrolForm(OwnThresholdsForm):
    """`pathway` says what is asked; the inclusion questionnaire is beside it (`questionnaires.filling`)."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    outside_words = forms.CharField(
        label="Pourquoi l’inclure quand même ?",
        max_length=300,
        widget=forms.Textarea({"rows": 2}),
        error_messages={"required": "Écrivez pourquoi, ou choisissez un autre parcours."},
    )
    criteria = forms.MultipleChoiceField(
        label="Critères d’inclusion",
        required=False,
        help_text="Cochez ceux que vous confirmez pour cette personne : votre nom et la date sont gardés avec eux.",
        widget=forms.CheckboxSelectMultiple,
    )
    contact = forms.ChoiceField(label="Contact de quel cas index ?", required=False)
    status = forms.ChoiceField(
        label="Statut", widget=forms.RadioSelect, error_messages={"required": "Choisissez le statut."}
    )
    anchor_on = day_field("Date de référence", missing="Indiquez la date.")
    cell = forms.ChoiceField(
        label="Cellule qui suit les réponses",
        error_messages={
            "required": "Choisissez la cellule.",
            "invalid_choice": "Choisissez une cellule de la liste.",
        },
    )
    respondent = forms.ChoiceField(
        label="Qui répond ?",
        choices=Respondent.choices,
        initial=Respondent.PATIENT,
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez qui répond."},
    )
    carer_name = forms.CharField(label="Nom du proche qui répond", max_length=150, required=False)
    phone = forms.CharField(
        label="Téléphone de qui répond",
        max_length=30,
        required=False,
        help_text="Un SMS part avec le lien seul, sans rien de la santé. Sans numéro, le lien s’imprime.",
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )

    def __init__(
        self,
        *args: Any,
        pathway: engine.Pathway,
        cells: Sequence[Cell],
        contacts: Sequence[Contact],
        thresholds: Sequence[Threshold],
        patient: Patient,
        outside: str,
        **kwargs: Any,
    ) -> None:
        said = {"id": new_id(), "anchor_on": timezone.localdate(), "phone": wording.phone(patient.phone)}
        kwargs["initial"] = {**said, **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        _offer_criteria(self, pathway.meant.criteria, outside)
        offer(self, "cell", [(str(cell.pk), _words(cell)) for cell in cells])
        if contacts:
            offer(self, "contact", [("", "Aucun"), *((str(one.pk), one.name) for one in contacts)])
        else:
            del self.fields["contact"]
        _offer_statuses(self, pathway)
        if pathway.anchor_label:
            self.fields["anchor_on"].label = pathway.anchor_label
        else:
            self.fields["anchor_on"].label = "Premier jour du suivi"
        self.ask(pathway, thresholds)

    def clean(self) -> dict[str, Any]:
        """A criterion that nobody explains is told with the rest; of who is outside by age, the field asks why."""
        said = super().clean()
        if not self.errors.keys() & {"criteria", "outside_words"}:
            missing = engine.unconfirmed(self.pathway.meant, said.get("criteria", ()))
            if told := wrong_words("", missing, said.get("outside_words", "")):
                self.add_error("outside_words", told)
        return said

    def follow_up(self, version_id: UUID, inclusion: engine.Answers | None) -> NewFollowUp:
        said = self.cleaned_data
        return NewFollowUp(
            id=said["id"],
            version_id=version_id,
            cell_id=UUID(said["cell"]),
            anchor_on=said["anchor_on"],
            status=said.get("status", ""),
            respondent=Respondent(said["respondent"]),
            carer_name=said["carer_name"],
            phone=said["phone"],
            inclusion=inclusion,
            personal=self.personal,
            outside_words=said.get("outside_words", ""),
            criteria=tuple(said.get("criteria", ())),
        )

    @property
    def contact_id(self) -> UUID | None:
        said = self.cleaned_data.get("contact")
        return UUID(said) if said else None


class AdaptForm(OwnThresholdsForm):
    """What may change of the person while she is followed: her status, her own thresholds."""

    status = forms.ChoiceField(
        label="Statut", widget=forms.RadioSelect, error_messages={"required": "Choisissez le statut."}
    )

    def __init__(
        self,
        *args: Any,
        pathway: engine.Pathway,
        thresholds: Sequence[Threshold],
        follow_up: FollowUp,
        told: Mapping[str, str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        _offer_statuses(self, pathway)
        if pathway.statuses:
            self.fields["status"].initial = follow_up.status
        self.ask(pathway, thresholds)
        for threshold in thresholds:
            field = self.fields[threshold.field]
            field.initial = threshold.number_on(follow_up)
            if said := told.get(threshold.field):
                field.help_text = f"{field.help_text} {said}."

    def said(self) -> dict[str, Any]:
        return {
            "status": self.cleaned_data.get("status", ""),
            "personal": self.personal,
        }


class AnchorForm(forms.Form):
    anchor_on = day_field(missing="Indiquez la date.")

    def __init__(self, *args: Any, label: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["anchor_on"].label = label or "Premier jour du suivi"


class EndForm(forms.Form):
    reason = forms.ChoiceField(
        label="Pourquoi ?",
        choices=EndReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez pourquoi le télésuivi se termine."},
    )
    words = forms.CharField(
        label="Précision", max_length=300, required=False, widget=forms.Textarea({"rows": 2})
    )


class SuspendForm(forms.Form):
    words = forms.CharField(
        label="Pourquoi ?",
        max_length=300,
        help_text="Lu par le cercle et par la cellule ; la personne ne le lit pas.",
        widget=forms.Textarea({"rows": 2}),
        error_messages={"required": "Écrivez pourquoi : vos collègues et la cellule le liront."},
    )
    resumes_on = day_field(
        "Reprise le",
        required=False,
        help_text="Le télésuivi reprend ce jour-là de lui-même. Vide : quand vous le reprendrez.",
    )


class LinkForm(forms.Form):
    phone = forms.CharField(
        label="Téléphone de qui répond",
        max_length=30,
        required=False,
        help_text="Vide : le lien n’est pas envoyé, il s’imprime.",
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )


class CarerForm(forms.Form):
    carer = forms.ChoiceField(
        label="Proche qui répond depuis son compte",
        required=False,
        help_text="Il répond aux questionnaires de ce télésuivi, et n’en lit rien d’autre.",
    )

    def __init__(self, *args: Any, carers: Sequence[tuple[UUID, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "carer", [("", "Aucun"), *((str(key), name) for key, name in carers)])

    @property
    def carer_id(self) -> UUID | None:
        said = self.cleaned_data["carer"]
        return UUID(said) if said else None


class ContactForm(forms.Form):
    name = forms.CharField(
        label="Nom et prénom", max_length=150, error_messages={"required": "Indiquez le nom du contact."}
    )
    phone = forms.CharField(label="Téléphone", max_length=30, required=False)
    met_on = day_field("Date du dernier contact", required=False)
    hides_index = forms.BooleanField(
        label="Le cas index ne souhaite pas être nommé",
        required=False,
        initial=True,
        help_text="Son nom n’est alors écrit nulle part dans le dossier du contact.",
    )

    def contact(self) -> NewContact:
        return NewContact(**self.cleaned_data)


class StatusForm(forms.Form):
    status = forms.ChoiceField(
        label="Enquête", choices=[(one.value, one.label) for one in EnquiryStatus if one in BY_HAND]
    )


def _offer_criteria(form: forms.Form, criteria: Sequence[str], outside: str) -> None:
    """Why she is enrolled all the same is asked of who is outside by age, and when a criterion is not confirmed."""
    if criteria:
        offer(form, "criteria", [(one, one) for one in criteria])
    else:
        del form.fields["criteria"]
    if not outside and not criteria:
        del form.fields["outside_words"]
    elif not outside:
        form.fields["outside_words"].required = False
        form.fields["outside_words"].help_text = "Si un critère n’est pas rempli."


def _offer_statuses(form: forms.Form, pathway: engine.Pathway) -> None:
    if pathway.statuses:
        offer(form, "status", [(status, status[:1].upper() + status[1:]) for status in pathway.statuses])
        form.fields["status"].initial = pathway.statuses[0]
    else:
        del form.fields["status"]


def _threshold_field(threshold: Threshold) -> forms.DecimalField:
    return forms.DecimalField(
        label=threshold.label,
        required=False,
        localize=True,
        help_text=threshold.help,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        error_messages={"invalid": "Écrivez un nombre, par exemple 88 ou 36,7."},
    )


def _words(cell: Cell) -> str:
    place = str(cell.organization)
    said = cell.name if place in cell.name else f"{cell.name}, {place}"
    return f"{said} ({cell.territory})" if cell.territory else said
