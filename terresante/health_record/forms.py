from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from django import forms
from django.utils import timezone

from terresante.care_team.enums import Confidentiality, DataClass
from terresante.care_team.queries.audience import Draft
from terresante.care_team.queries.limits import level_by_default, levels_open_to, limits_of, sector_of
from terresante.health_record.enums import (
    DETAIL_MAX_LENGTH,
    LABEL_MAX_LENGTH,
    MEASURED,
    AllergyCategory,
    ClinicalStatus,
    Criticality,
    DecidedBy,
    DirectiveKind,
    DirectiveState,
    MeasureCode,
    TreatmentStatus,
    Verification,
    named_categories,
)
from terresante.health_record.models import HealthLine
from terresante.health_record.said import (
    Said,
    SaidAllergy,
    SaidCondition,
    SaidDirective,
    SaidImmunization,
    SaidMeasure,
    SaidTreatment,
)
from terresante.kernel.actor import Actor
from terresante.kernel.ui.forms import chosen, offer

_DAY = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
_MOMENT = forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})
_MOMENT_FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%d/%m/%Y %H:%M"]


class LevelForm(forms.Form):
    """Who reads the line; anything unknown falls back on the first choice."""

    level = forms.ChoiceField(label="Qui la lit", widget=forms.RadioSelect)
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
        self.sector = sector_of(actor)
        offer(self, "level", [(level.value, level.label) for level in levels_open_to(self.sector)])
        self.fields["level"].initial = level_by_default(self.sector).value

    def draft(self, patient_id: UUID) -> Draft:
        limits = limits_of(self.actor, Confidentiality(chosen(self, "level")), self.sector)
        limits = replace(limits, hidden_from_representative=chosen(self, "relatives_see") == "no")
        return limits.draft(self.actor, patient_id, DataClass.MEDICAL)


class SaidForm(forms.Form):
    """What a line says; its fields are columns of the model."""

    def said(self) -> Said:
        raise NotImplementedError


class AllergyForm(SaidForm):
    substance = forms.CharField(
        label="Allergie ou intolérance à",
        max_length=LABEL_MAX_LENGTH,
        help_text="Un produit par ligne : pénicilline, arachide, latex…",
        error_messages={"required": "Écrivez à quoi la personne est allergique."},
    )
    category = forms.ChoiceField(label="Famille", choices=named_categories)
    criticality = forms.ChoiceField(
        label="Gravité", choices=Criticality.choices, initial=Criticality.UNABLE_TO_ASSESS
    )
    clinical_status = forms.ChoiceField(
        label="État", choices=ClinicalStatus.choices, initial=ClinicalStatus.ACTIVE
    )
    reaction = forms.CharField(
        label="Réaction", max_length=DETAIL_MAX_LENGTH, required=False, help_text="Œdème, éruption, malaise…"
    )

    def said(self) -> Said:
        sent = self.cleaned_data
        return SaidAllergy(
            substance=sent["substance"],
            category=AllergyCategory(sent["category"]),
            criticality=Criticality(sent["criticality"]),
            clinical_status=ClinicalStatus(sent["clinical_status"]),
            reaction=sent["reaction"],
        )


class DirectiveForm(SaidForm):
    kind = forms.ChoiceField(label="Directive ou limite", choices=DirectiveKind.choices)
    text = forms.CharField(
        label="Ce qu’elle dit",
        max_length=DETAIL_MAX_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    decided_by = forms.ChoiceField(label="Décidée par", choices=DecidedBy.choices)
    decider_name = forms.CharField(
        label="Nom du médecin ou du représentant",
        max_length=150,
        required=False,
        help_text="Demandé pour une procédure collégiale.",
    )
    decided_on = forms.DateField(
        label="Décidée le",
        widget=_DAY,
        initial=timezone.localdate,
        error_messages={"required": "Indiquez la date.", "invalid": "Cette date n’existe pas."},
    )
    kept_at = forms.CharField(
        label="Où se trouve le document",
        max_length=200,
        required=False,
        help_text="Par exemple : Mon espace santé, chez le médecin traitant, dans le portefeuille.",
    )
    state = forms.ChoiceField(label="État", choices=DirectiveState.choices, initial=DirectiveState.ACTIVE)

    def said(self) -> Said:
        sent = self.cleaned_data
        return SaidDirective(
            kind=DirectiveKind(sent["kind"]),
            decided_by=DecidedBy(sent["decided_by"]),
            decided_on=sent["decided_on"],
            state=DirectiveState(sent["state"]),
            decider_name=sent["decider_name"],
            kept_at=sent["kept_at"],
            text=sent["text"],
        )


class ConditionForm(SaidForm):
    name = forms.CharField(
        label="Problème de santé",
        max_length=LABEL_MAX_LENGTH,
        error_messages={"required": "Écrivez le problème de santé."},
    )
    clinical_status = forms.ChoiceField(
        label="État", choices=ClinicalStatus.choices, initial=ClinicalStatus.ACTIVE
    )
    onset_year = forms.IntegerField(
        label="Depuis l’année",
        required=False,
        min_value=1900,
        error_messages={
            "invalid": "Indiquez une année sur quatre chiffres.",
            "min_value": "Indiquez une année sur quatre chiffres.",
        },
    )
    note = forms.CharField(label="Précision", max_length=DETAIL_MAX_LENGTH, required=False)

    def said(self) -> Said:
        sent = self.cleaned_data
        return SaidCondition(
            name=sent["name"],
            clinical_status=ClinicalStatus(sent["clinical_status"]),
            onset_year=sent["onset_year"],
            note=sent["note"],
        )


class ImmunizationForm(SaidForm):
    vaccine = forms.CharField(
        label="Vaccin",
        max_length=LABEL_MAX_LENGTH,
        help_text="Contre quoi, ou son nom : grippe, Covid-19, tétanos…",
        error_messages={"required": "Écrivez le nom du vaccin."},
    )
    occurred_on = forms.DateField(
        label="Fait le",
        widget=_DAY,
        error_messages={
            "required": "Indiquez le jour de la vaccination.",
            "invalid": "Cette date n’existe pas.",
        },
    )
    dose = forms.CharField(label="Dose", max_length=40, required=False, help_text="Première, rappel…")
    lot_number = forms.CharField(label="Numéro de lot", max_length=40, required=False)

    def said(self) -> Said:
        sent = self.cleaned_data
        return SaidImmunization(
            vaccine=sent["vaccine"],
            occurred_on=sent["occurred_on"],
            lot_number=sent["lot_number"],
            dose=sent["dose"],
        )


class TreatmentForm(SaidForm):
    drug = forms.CharField(
        label="Médicament",
        max_length=LABEL_MAX_LENGTH,
        help_text="Son nom et son dosage : furosémide 40 mg.",
        error_messages={"required": "Écrivez le nom du médicament."},
    )
    dosage = forms.CharField(
        label="Posologie",
        max_length=DETAIL_MAX_LENGTH,
        required=False,
        help_text="Combien, quand : 1 comprimé le matin.",
    )
    indication = forms.CharField(label="Pour quoi", max_length=200, required=False)
    prescriber = forms.CharField(label="Prescrit par", max_length=150, required=False)
    since = forms.DateField(
        label="Depuis le",
        widget=_DAY,
        required=False,
        error_messages={"invalid": "Cette date n’existe pas."},
    )
    until = forms.DateField(
        label="Jusqu’au",
        widget=_DAY,
        required=False,
        error_messages={"invalid": "Cette date n’existe pas."},
    )
    status = forms.ChoiceField(label="État", choices=TreatmentStatus.choices, initial=TreatmentStatus.ACTIVE)

    def said(self) -> Said:
        sent = self.cleaned_data
        return SaidTreatment(
            drug=sent["drug"],
            dosage=sent["dosage"],
            indication=sent["indication"],
            prescriber=sent["prescriber"],
            since=sent["since"],
            until=sent["until"],
            status=TreatmentStatus(sent["status"]),
        )


def _value_field(label: str, *, required: bool, help_text: str = "") -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        max_digits=6,
        decimal_places=2,
        required=required,
        localize=True,
        help_text=help_text,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        error_messages={
            "required": "Écrivez la valeur mesurée.",
            "invalid": "Écrivez un nombre, par exemple 36,8.",
            "max_decimal_places": "Deux chiffres après la virgule au plus.",
            "max_digits": "Cette valeur est impossible : vérifiez-la.",
            "max_whole_digits": "Cette valeur est impossible : vérifiez-la.",
        },
    )


def measures_offered() -> list[tuple[str, str]]:
    return [(code.value, f"{code.label} ({MEASURED[code].shown})") for code in MeasureCode]


class MeasureForm(SaidForm):
    code = forms.ChoiceField(label="Mesure", choices=measures_offered)
    value = _value_field("Valeur", required=True, help_text="Pour la tension : le premier chiffre, en mmHg.")
    low_value = _value_field("Deuxième chiffre de la tension", required=False)
    effective_at = forms.DateTimeField(
        label="Mesurée le",
        widget=_MOMENT,
        input_formats=_MOMENT_FORMATS,
        initial=lambda: timezone.localtime().replace(second=0, microsecond=0),
        error_messages={"required": "Indiquez quand.", "invalid": "Cette date n’existe pas."},
    )
    context = forms.CharField(
        label="Circonstances", max_length=200, required=False, help_text="À jeun, après l’effort…"
    )

    def said(self) -> Said:
        sent = self.cleaned_data
        return SaidMeasure(
            code=MeasureCode(sent["code"]),
            value=sent["value"],
            low_value=sent["low_value"],
            effective_at=sent["effective_at"],
            context=sent["context"],
        )


FORMS: dict[str, Callable[..., SaidForm]] = {
    "allergies": AllergyForm,
    "directives": DirectiveForm,
    "problemes": ConditionForm,
    "traitements": TreatmentForm,
    "vaccinations": ImmunizationForm,
    "mesures": MeasureForm,
}


def written(form: SaidForm, line: HealthLine) -> dict[str, Any]:
    """What a form about this line begins with."""
    return {name: getattr(line, name) for name in form.fields if hasattr(line, name)}


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label="Pourquoi ?",
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Reste lisible dans l’historique de la ligne.",
    )


class AsideForm(forms.Form):
    reason = forms.CharField(
        label="Pourquoi l’écarter ?",
        max_length=300,
        help_text="Reste lisible avec la ligne.",
        error_messages={"required": "Dites pourquoi en une phrase."},
    )


class VerdictForm(ReasonForm):
    verdict = forms.ChoiceField(
        widget=forms.RadioSelect,
        label="Votre avis",
        choices=[
            (Verification.CONFIRMED, "Je confirme"),
            (Verification.REFUTED, "J’infirme : ce n’est pas exact"),
            (Verification.ENTERED_IN_ERROR, "C’est une erreur de saisie : à retirer"),
        ],
        error_messages={
            "required": "Choisissez un avis.",
            "invalid_choice": "Choisissez un avis dans la liste.",
        },
    )
    field_order = ("verdict", "reason")
