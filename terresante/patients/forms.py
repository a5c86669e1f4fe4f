"""What is typed about an identity: five traits, a document, a reason."""

from datetime import date
from typing import Any

from django import forms

from terresante.patients.enums import ProofDocument, Sex
from terresante.patients.identity_rules import Attribute, is_birth_place_code
from terresante.patients.models import Patient
from terresante.patients.traits import UNKNOWN_PLACE, Traits, read_birth_date

_DOCUMENTS = [("", "Choisissez"), *ProofDocument.choices]
ATTRIBUTE_LABELS = (
    (Attribute.HOMONYM, "Homonyme : une autre personne porte les mêmes noms"),
    (Attribute.DOUBTFUL, "Douteuse : rien ne prouve que la personne est celle qu’elle dit"),
    (Attribute.FICTITIOUS, "Fictive : identité d’essai ou de formation"),
)


class TraitsForm(forms.Form):
    birth_name = forms.CharField(
        label="Nom de naissance",
        max_length=100,
        error_messages={"required": "Indiquez le nom de naissance."},
    )
    birth_given_names = forms.CharField(
        label="Prénoms de naissance",
        max_length=200,
        help_text="Tous, dans l’ordre de l’état civil.",
        error_messages={"required": "Indiquez au moins le premier prénom de naissance."},
    )
    birth_date = forms.CharField(
        label="Date de naissance",
        max_length=20,
        help_text="Par exemple 17/04/1958. Jour et mois inconnus : 1958, ou 00/00/1958.",
        error_messages={"required": "Indiquez la date de naissance."},
    )
    sex = forms.ChoiceField(
        label="Sexe",
        choices=Sex.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Indiquez le sexe : féminin, masculin, ou inconnu."},
    )
    birth_place_code = forms.CharField(
        label="Code du lieu de naissance",
        max_length=5,
        help_text=f"Code INSEE de la commune, ou 99 et trois chiffres pour un pays. Inconnu : {UNKNOWN_PLACE}.",
        error_messages={"required": "Indiquez le code du lieu de naissance."},
    )
    birth_place_name = forms.CharField(label="Lieu de naissance", max_length=120, required=False)
    used_name = forms.CharField(label="Nom utilisé", max_length=100, required=False)
    used_given_name = forms.CharField(label="Prénom utilisé", max_length=100, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        code = cleaned.get("birth_place_code", "").upper()
        if code and not is_birth_place_code(code):
            self.add_error("birth_place_code", "Ce code n’est ni celui d’une commune ni celui d’un pays.")
        try:
            born = read_birth_date(cleaned.get("birth_date", ""))
        except ValueError:
            born = None
        if cleaned.get("birth_date") and born is None:
            self.add_error("birth_date", "Cette date de naissance n’existe pas.")
        cleaned["born"] = born
        return cleaned

    @property
    def traits(self) -> Traits:
        """Once the form is valid."""
        cleaned = self.cleaned_data
        return Traits(
            birth_name=cleaned["birth_name"],
            birth_given_names=cleaned["birth_given_names"],
            birth_date=cleaned["born"].day,
            lunar_birth_date=cleaned["born"].lunar,
            sex=cleaned["sex"],
            birth_place_code=cleaned["birth_place_code"].upper(),
            birth_place_name=cleaned["birth_place_name"],
            used_name=cleaned["used_name"],
            used_given_name=cleaned["used_given_name"],
        )


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
