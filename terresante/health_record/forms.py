from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.utils import timezone

from terresante.care_plans.enums import STEP_ROLES
from terresante.care_team.enums import RoleGroup
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
from terresante.kernel.ui.forms import day_field, moment_field


class SaidForm(forms.Form):
    """What a line says: its fields are columns of the model, and the words of `says`."""

    says: ClassVar[Callable[..., Said]]

    def said(self) -> Said:
        return self.says(**self.cleaned_data)


class AllergyForm(SaidForm):
    says = SaidAllergy

    substance = forms.CharField(
        label="Allergie ou intolérance à",
        max_length=LABEL_MAX_LENGTH,
        help_text="Un produit par ligne : pénicilline, arachide, latex…",
        error_messages={"required": "Écrivez à quoi la personne est allergique."},
    )
    category = forms.TypedChoiceField(label="Famille", choices=named_categories, coerce=AllergyCategory)
    criticality = forms.TypedChoiceField(
        label="Gravité", choices=Criticality.choices, initial=Criticality.UNABLE_TO_ASSESS, coerce=Criticality
    )
    clinical_status = forms.TypedChoiceField(
        label="État", choices=ClinicalStatus.choices, initial=ClinicalStatus.ACTIVE, coerce=ClinicalStatus
    )
    reaction = forms.CharField(
        label="Réaction", max_length=DETAIL_MAX_LENGTH, required=False, help_text="Œdème, éruption, malaise…"
    )


class DirectiveForm(SaidForm):
    says = SaidDirective

    kind = forms.TypedChoiceField(
        label="Directive ou limite", choices=DirectiveKind.choices, coerce=DirectiveKind
    )
    text = forms.CharField(
        label="Ce qu’elle dit",
        max_length=DETAIL_MAX_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    decided_by = forms.TypedChoiceField(label="Décidée par", choices=DecidedBy.choices, coerce=DecidedBy)
    decider_name = forms.CharField(
        label="Nom du médecin ou du représentant",
        max_length=150,
        required=False,
        help_text="Demandé pour une procédure collégiale.",
    )
    decided_on = day_field("Décidée le", missing="Indiquez la date.", initial=timezone.localdate)
    kept_at = forms.CharField(
        label="Où se trouve le document",
        max_length=200,
        required=False,
        help_text="Par exemple : Mon espace santé, chez le médecin traitant, dans le portefeuille.",
    )
    state = forms.TypedChoiceField(
        label="État", choices=DirectiveState.choices, initial=DirectiveState.ACTIVE, coerce=DirectiveState
    )


class ConditionForm(SaidForm):
    says = SaidCondition

    name = forms.CharField(
        label="Problème de santé",
        max_length=LABEL_MAX_LENGTH,
        error_messages={"required": "Écrivez le problème de santé."},
    )
    clinical_status = forms.TypedChoiceField(
        label="État", choices=ClinicalStatus.choices, initial=ClinicalStatus.ACTIVE, coerce=ClinicalStatus
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


class ImmunizationForm(SaidForm):
    says = SaidImmunization

    vaccine = forms.CharField(
        label="Vaccin",
        max_length=LABEL_MAX_LENGTH,
        help_text="Contre quoi, ou son nom : grippe, Covid-19, tétanos…",
        error_messages={"required": "Écrivez le nom du vaccin."},
    )
    occurred_on = day_field("Fait le", missing="Indiquez le jour de la vaccination.")
    dose = forms.CharField(label="Dose", max_length=40, required=False, help_text="Première, rappel…")
    lot_number = forms.CharField(label="Numéro de lot", max_length=40, required=False)


class TreatmentForm(SaidForm):
    says = SaidTreatment

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
    since = day_field("Depuis le", required=False)
    until = day_field("Jusqu’au", required=False)
    status = forms.TypedChoiceField(
        label="État", choices=TreatmentStatus.choices, initial=TreatmentStatus.ACTIVE, coerce=TreatmentStatus
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
    says = SaidMeasure

    code = forms.TypedChoiceField(label="Mesure", choices=measures_offered, coerce=MeasureCode)
    value = _value_field("Valeur", required=True, help_text="Pour la tension : le premier chiffre, en mmHg.")
    low_value = _value_field("Deuxième chiffre de la tension", required=False)
    effective_at = moment_field("Mesurée le", missing="Indiquez quand.")
    context = forms.CharField(
        label="Circonstances", max_length=200, required=False, help_text="À jeun, après l’effort…"
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


class PlanForm(forms.Form):
    """For when, and by whom: what the document says of it is proposed, and often says nothing."""

    due_on = day_field("Pour quand", missing="Indiquez pour quand : l’échéance se déplace ensuite.")
    role = forms.TypedChoiceField(
        label="Par qui",
        choices=[("", "Choisissez un rôle"), *((role.value, role.label) for role in STEP_ROLES)],
        coerce=RoleGroup,
        error_messages={"required": "Choisissez qui s’en charge."},
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
