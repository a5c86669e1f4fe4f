"""What the person says of her own health, in the words of the kitchen."""

from django import forms
from django.utils import timezone

from terresante.health_record.enums import (
    DETAIL_MAX_LENGTH,
    LABEL_MAX_LENGTH,
    AllergyCategory,
    Criticality,
    DecidedBy,
    DirectiveKind,
    MeasureCode,
    named_categories,
)
from terresante.health_record.forms import SaidForm
from terresante.health_record.said import Said, SaidAllergy, SaidDirective, SaidMeasure, SaidTreatment
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.ui.forms import day_field, moment_field
from terresante.kernel.ui.translation import later

_NUMBER = {
    "required": later("Écrivez le chiffre que vous avez lu."),
    "invalid": later("Écrivez un nombre, par exemple 36,8."),
    "max_decimal_places": later("Deux chiffres après la virgule au plus."),
    "max_digits": later("Ce chiffre est impossible : relisez l’appareil."),
    "max_whole_digits": later("Ce chiffre est impossible : relisez l’appareil."),
}
_READ = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
_HOW_GRAVE = (
    (Criticality.UNABLE_TO_ASSESS, later("Je ne sais pas")),
    (Criticality.HIGH, later("Oui : il a fallu un médecin ou les secours")),
    (Criticality.LOW, later("Non : c’est passé tout seul")),
)
_MEASURES = (
    (MeasureCode.WEIGHT, later("Mon poids (kg)")),
    (MeasureCode.BLOOD_PRESSURE, later("Ma tension (les deux chiffres)")),
    (MeasureCode.TEMPERATURE, later("Ma température (°C)")),
    (MeasureCode.GLUCOSE, later("Mon sucre dans le sang (g/L)")),
    (MeasureCode.HEART_RATE, later("Mon pouls (battements par minute)")),
    (MeasureCode.OXYGEN, later("Mon oxygène (%)")),
    (MeasureCode.PAIN, later("Ma douleur (de 0 à 10)")),
    (MeasureCode.HEIGHT, later("Ma taille (cm)")),
)


class DeclarationForm(SaidForm):
    def declared(self, actor: Actor) -> Said:
        return self.said()


class OwnAllergyForm(DeclarationForm):
    says = SaidAllergy

    substance = forms.CharField(
        label=later("Allergie à quoi ?"),
        max_length=LABEL_MAX_LENGTH,
        help_text=later("Une seule chose à la fois : un médicament, un aliment, un produit."),
        error_messages={"required": later("Écrivez de quoi il s’agit.")},
    )
    category = forms.TypedChoiceField(
        label=later("C’est plutôt"), choices=named_categories, coerce=AllergyCategory
    )
    reaction = forms.CharField(
        label=later("Que s’est-il passé ?"),
        max_length=DETAIL_MAX_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=later("Boutons, visage gonflé, malaise…"),
    )
    criticality = forms.TypedChoiceField(
        label=later("Était-ce grave ?"), choices=_HOW_GRAVE, coerce=Criticality
    )


class OwnMeasureForm(DeclarationForm):
    says = SaidMeasure

    code = forms.TypedChoiceField(label=later("Qu’avez-vous mesuré ?"), choices=_MEASURES, coerce=MeasureCode)
    value = forms.DecimalField(
        label=later("Le chiffre"),
        max_digits=6,
        decimal_places=2,
        localize=True,
        widget=_READ,
        help_text=later(
            "Pour la tension, le premier : par exemple 128. Si l’appareil dit 12,8, écrivez 128."
        ),
        error_messages=_NUMBER,
    )
    low_value = forms.DecimalField(
        label=later("Le deuxième chiffre de la tension"),
        max_digits=6,
        decimal_places=2,
        required=False,
        localize=True,
        widget=_READ,
        help_text=later("Par exemple 75. Si l’appareil dit 7,5, écrivez 75."),
        error_messages=_NUMBER,
    )
    effective_at = moment_field(later("Quand ?"), missing=later("Dites quand."))


class OwnTreatmentForm(DeclarationForm):
    says = SaidTreatment

    drug = forms.CharField(
        label=later("Quel médicament ?"),
        max_length=LABEL_MAX_LENGTH,
        help_text=later("Un seul à la fois, comme sur la boîte : Doliprane 1 g."),
        error_messages={"required": later("Écrivez le nom du médicament.")},
    )
    dosage = forms.CharField(
        label=later("Comment le prenez-vous ?"),
        max_length=DETAIL_MAX_LENGTH,
        required=False,
        help_text=later("Combien, à quel moment : un le matin, un le soir."),
    )
    indication = forms.CharField(label=later("Pour quoi ?"), max_length=200, required=False)
    since = day_field(later("Depuis quand ?"), required=False)


class OwnDirectiveForm(DeclarationForm):
    text = forms.CharField(
        label=later("Ce que je souhaite, ou refuse, si un jour je ne peux plus le dire"),
        max_length=DETAIL_MAX_LENGTH,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": later("Écrivez en quelques mots ce que dit le papier.")},
    )
    kept_at = forms.CharField(
        label=later("Où est le papier signé ?"),
        max_length=200,
        required=False,
        help_text=later("Vos mots ici ne remplacent pas le papier daté et signé : dites où le trouver."),
    )
    decided_on = day_field(later("Écrit le"), missing=later("Dites quand."), initial=timezone.localdate)

    def declared(self, actor: Actor) -> Said:
        sent = self.cleaned_data
        herself = actor.kind == ActorKind.PATIENT
        return SaidDirective(
            kind=DirectiveKind.ADVANCE_DIRECTIVES,
            decided_by=DecidedBy.PERSON if herself else DecidedBy.REPRESENTATIVE,
            decider_name="" if herself else actor.name,
            decided_on=sent["decided_on"],
            kept_at=sent["kept_at"],
            text=sent["text"],
        )


DECLARED: dict[str, type[DeclarationForm]] = {
    "allergies": OwnAllergyForm,
    "traitements": OwnTreatmentForm,
    "mesures": OwnMeasureForm,
    "directives": OwnDirectiveForm,
}
