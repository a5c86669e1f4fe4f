"""A relative, the access that he is given, and what a judge takes from a parent."""

from django import forms

from terresante.care_team.actions.relatives import NewDelegation, NewRelative
from terresante.kernel.ui.forms import day_field
from terresante.patients.enums import (
    DelegatedScope,
    DelegationBasis,
    DelegationProof,
    ProtectionMission,
    Relationship,
)
from terresante.patients.models import Delegation


class RelativeForm(forms.Form):
    name = forms.CharField(label="Nom", max_length=150, error_messages={"required": "Indiquez son nom."})
    relationship = forms.ChoiceField(label="Lien avec la personne", choices=Relationship.choices)
    phone = forms.CharField(label="Téléphone", max_length=20, required=False)
    is_trusted_person = forms.BooleanField(
        label="Personne de confiance",
        required=False,
        help_text="Désignée par écrit et cosignée (L1111-6 du Code de la santé publique).",
    )
    is_person_to_warn = forms.BooleanField(label="Personne à prévenir", required=False)
    is_carer = forms.BooleanField(label="Aidant", required=False)

    def relative(self) -> NewRelative:
        said = self.cleaned_data
        return NewRelative(**{**said, "relationship": Relationship(said["relationship"])})


# Measures that people look for here and that open nothing, with the reason.
_OPENS_NOTHING = {
    "curatorship": "La curatelle n’ouvre pas d’accès : la personne garde le sien et décide pour sa santé.",
    "safeguard": "La sauvegarde de justice n’ouvre pas d’accès : la personne garde tous ses droits.",
}


class DelegationForm(forms.Form):
    basis = forms.ChoiceField(
        label="À quel titre",
        choices=[
            *DelegationBasis.choices,
            ("curatorship", "Curatelle"),
            ("safeguard", "Sauvegarde de justice"),
        ],
    )
    mission = forms.ChoiceField(
        label="La mesure porte sur",
        choices=[("", "Sans objet"), *ProtectionMission.choices],
        required=False,
        help_text="Pour une tutelle, une habilitation ou un mandat.",
    )
    email = forms.EmailField(
        label="Adresse électronique du proche",
        error_messages={"required": "Indiquez l’adresse où le lien sera envoyé."},
    )
    proof = forms.ChoiceField(
        label="Pièce que vous avez vue",
        choices=[choice for choice in DelegationProof.choices if choice[0] != DelegationProof.ONLINE],
    )
    court = forms.CharField(label="Tribunal ou greffe", max_length=120, required=False)
    judged_on = day_field("Date de la décision ou du visa", required=False)
    valid_from = day_field("À partir du", required=False, help_text="Vide : aujourd’hui.")
    valid_until = day_field(
        "Jusqu’au",
        required=False,
        help_text="La fin de la mesure. L’accès d’un parent finit de lui-même à la majorité.",
    )
    scope = forms.MultipleChoiceField(
        label="Ce que l’aidant peut lire ou faire",
        choices=[
            (DelegatedScope.CARE, "Notes de soins"),
            (DelegatedScope.COORDINATION, "Notes de coordination"),
            (DelegatedScope.STAY, "Séjours à l’hôpital"),
            (DelegatedScope.ANSWERS, "Répondre aux questionnaires du suivi à domicile, sans rien en lire"),
        ],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="Pour un aidant seulement ; il voit toujours l’identité et le cercle.",
    )

    def clean_basis(self) -> str:
        basis = str(self.cleaned_data["basis"])
        if basis in _OPENS_NOTHING:
            raise forms.ValidationError(_OPENS_NOTHING[basis])
        return basis

    def delegation(self) -> NewDelegation:
        said = self.cleaned_data
        basis = DelegationBasis(said["basis"])
        is_carer = basis == DelegationBasis.CARER
        return NewDelegation(
            basis=basis,
            mission=said["mission"] if basis in Delegation.MEASURES else "",
            email=said["email"],
            proof=DelegationProof(said["proof"]),
            court=said["court"],
            judged_on=said["judged_on"],
            valid_from=said["valid_from"],
            valid_until=said["valid_until"],
            scope=frozenset(DelegatedScope(name) for name in said["scope"]) if is_carer else frozenset(),
        )


class RestrictionForm(forms.Form):
    decision = forms.CharField(
        label="Décision de justice",
        max_length=200,
        help_text="Tribunal et date, par exemple « Juge aux affaires familiales de Créteil, 12 mars 2026 ».",
        error_messages={"required": "Indiquez la décision de justice."},
    )
