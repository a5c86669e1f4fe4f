"""What is typed about an identity: five traits, a document, a reason."""

from datetime import date
from typing import Any, ClassVar

from django import forms
from django.utils import timezone

from terresante.kernel.errors import Invalid
from terresante.patients.enums import ProofDocument, Sex
from terresante.patients.identity_rules import Attribute, is_birth_place_code
from terresante.patients.models import Patient
from terresante.patients.traits import UNKNOWN_PLACE, BirthDate, Traits, check_traits, read_birth_date

_DOCUMENTS = [("", "Choisissez"), *ProofDocument.choices]
ATTRIBUTE_LABELS = (
    (Attribute.HOMONYM, "Homonyme : une autre personne porte les mêmes noms"),
    (Attribute.DOUBTFUL, "Douteuse : rien ne prouve que la personne est celle qu’elle dit"),
    (Attribute.FICTITIOUS, "Fictive : identité d’essai ou de formation"),
)


class IdentityForm(forms.Form):
    """The five traits, in the words of whoever types them. Where somebody was born is asked in two ways."""

    birth_name = forms.CharField(
        label="Nom de naissance",
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Indiquez le nom de naissance."},
    )
    birth_given_names = forms.CharField(
        label="Prénoms de naissance",
        max_length=200,
        help_text="Tous, dans l’ordre de l’état civil. Composé, avec son trait d’union : Jean-Pierre.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Indiquez au moins le premier prénom de naissance."},
    )
    birth_date = forms.CharField(
        label="Date de naissance",
        max_length=20,
        help_text="Par exemple 17/04/1958. Jour et mois inconnus : 1958, ou 00/00/1958.",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"required": "Indiquez la date de naissance."},
    )
    sex = forms.ChoiceField(
        label="Sexe",
        choices=Sex.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Indiquez le sexe : féminin, masculin, ou inconnu."},
    )

    place_field: ClassVar[str]
    # Once the form is valid.
    traits: Traits

    def clean_birth_date(self) -> BirthDate:
        try:
            read = read_birth_date(self.cleaned_data["birth_date"])
        except ValueError as error:
            raise forms.ValidationError(
                "Cette date n’existe pas. Vérifiez le jour, le mois et l’année."
            ) from error
        if read is None:
            raise forms.ValidationError("Écrivez la date ainsi : 17/04/1958.")
        return read

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            code, name = self.birth_place_in(cleaned)
            born: BirthDate = cleaned["birth_date"]
            written = ("birth_name", "birth_given_names", "sex", "used_name", "used_given_name")
            self.traits = Traits(
                birth_date=born.day,
                lunar_birth_date=born.lunar,
                birth_place_code=code,
                birth_place_name=name,
                **{field: cleaned[field] for field in written},
            )
            try:
                check_traits(self.traits, today=timezone.localdate())
            except Invalid as error:
                for field, sentence in error.fields.items():
                    self.add_error(self.place_field if field == "birth_place_code" else field, sentence)
        return cleaned

    def birth_place_in(self, cleaned: dict[str, Any]) -> tuple[str, str]:
        """(code, name)"""
        raise NotImplementedError


class TraitsForm(IdentityForm):
    place_field = "birth_place_code"

    birth_place_code = forms.CharField(
        label="Code du lieu de naissance",
        max_length=5,
        help_text=f"Code INSEE de la commune, ou 99 et trois chiffres pour un pays. Inconnu : {UNKNOWN_PLACE}.",
        error_messages={"required": "Indiquez le code du lieu de naissance."},
    )
    birth_place_name = forms.CharField(label="Lieu de naissance", max_length=120, required=False)
    used_name = forms.CharField(label="Nom utilisé", max_length=100, required=False)
    used_given_name = forms.CharField(label="Prénom utilisé", max_length=100, required=False)

    def clean_birth_place_code(self) -> str:
        code: str = self.cleaned_data["birth_place_code"].upper()
        if not is_birth_place_code(code):
            raise forms.ValidationError("Ce code n’est ni celui d’une commune ni celui d’un pays.")
        return code

    def birth_place_in(self, cleaned: dict[str, Any]) -> tuple[str, str]:
        return cleaned["birth_place_code"], cleaned["birth_place_name"]


class CorrectionForm(TraitsForm):
    document = forms.ChoiceField(label="Pièce qui justifie la correction", choices=_DOCUMENTS, required=False)
    reason = forms.CharField(label="Motif de la correction", max_length=200, required=False)


class DocumentForm(forms.Form):
    document = forms.ChoiceField(
        label="Pièce présentée",
        choices=_DOCUMENTS,
        error_messages={"required": "Choisissez la pièce présentée."},
    )
    agrees = forms.BooleanField(
        label="Les cinq traits de la pièce sont ceux affichés ici",
        error_messages={"required": "Comparez la pièce aux traits affichés."},
    )


class AttributesForm(forms.Form):
    attributes = forms.MultipleChoiceField(
        label="Attributs", choices=ATTRIBUTE_LABELS, required=False, widget=forms.CheckboxSelectMultiple
    )
    reason = forms.CharField(label="Motif", max_length=200, error_messages={"required": "Indiquez le motif."})

    @property
    def chosen(self) -> list[Attribute]:
        return [Attribute(name) for name in self.cleaned_data["attributes"]]


class ReasonForm(forms.Form):
    reason = forms.CharField(label="Motif", max_length=200, error_messages={"required": "Indiquez le motif."})


class DeathForm(ReasonForm):
    # Beside the one of the attributes, in the same page.
    prefix = "deces"


class IdentitySearchForm(forms.Form):
    nom = forms.CharField(label="Noms ou prénoms", max_length=100, required=False)
    naissance = forms.CharField(label="Date de naissance", max_length=20, required=False)
    ins = forms.CharField(label="Matricule INS", max_length=15, required=False)
    ipp = forms.CharField(label="Identifiant d’un établissement (IPP)", max_length=60, required=False)


def typed(patient: Patient) -> dict[str, str]:
    """The fields of a correction, as the identity now stands."""
    return {
        "birth_name": patient.birth_name,
        "birth_given_names": patient.birth_given_names,
        "birth_date": written_date(patient.birth_date, patient.lunar_birth_date),
        "sex": patient.sex,
        "birth_place_code": patient.birth_place_code,
        "birth_place_name": patient.birth_place_name,
        "used_name": patient.used_name,
        "used_given_name": patient.used_given_name,
    }


def written_date(day: date, lunar: str = "") -> str:
    """What is not known is written 00, as it is typed."""
    if not lunar:
        return f"{day:%d/%m/%Y}"
    return f"00/{day:%m/%Y}" if lunar[5:7] not in ("", "00") else f"00/00/{day:%Y}"
