from datetime import datetime, time

from django import forms
from django.utils import timezone

from terresante.care_team.actions import REASON_MIN_LENGTH
from terresante.care_team.enums import Basis, ComplaintState, TeamRole
from terresante.care_team.relative_actions import NewDelegation, NewRelative
from terresante.directory.enums import Profession
from terresante.kernel.errors import Conflict, Invalid
from terresante.patients.enums import (
    DelegatedScope,
    DelegationBasis,
    DelegationProof,
    ProtectionMission,
    Relationship,
)
from terresante.patients.models import Delegation

_DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class DirectorySearchForm(forms.Form):
    name = forms.CharField(label="Nom", max_length=100, required=False)
    profession = forms.ChoiceField(
        label="Profession", choices=[("", "Toutes, et les structures"), *Profession.choices], required=False
    )
    commune = forms.CharField(label="Commune", max_length=100, required=False)


class PractitionerMemberForm(forms.Form):
    role = forms.ChoiceField(label="Rôle auprès de la personne", choices=TeamRole.choices)
    basis = forms.ChoiceField(
        label="Au titre de",
        choices=[(Basis.CARE_TEAM, Basis.CARE_TEAM.label), (Basis.CONSENT, "Hors équipe, avec consentement")],
        widget=forms.RadioSelect,
        initial=Basis.CARE_TEAM,
    )
    consented_at = forms.DateField(
        label="Date du consentement",
        widget=_DATE,
        required=False,
    )
    proof = forms.CharField(
        label="Preuve du consentement",
        max_length=200,
        required=False,
        help_text="Document remis, formulaire signé, message de la personne.",
    )
    replaces = forms.BooleanField(
        label="Remplacer qui tient déjà ce rôle : il restera membre du cercle", required=False
    )

    @property
    def consent_moment(self) -> datetime | None:
        """The start of the day given: a consent of today is never in the future."""
        day = self.cleaned_data.get("consented_at")
        return timezone.make_aware(datetime.combine(day, time.min)) if day else None


class OrganizationMemberForm(forms.Form):
    role = forms.ChoiceField(
        label="Rôle auprès de la personne",
        choices=[choice for choice in TeamRole.choices if choice[0] != TeamRole.ATTENDING],
        initial=TeamRole.MEMBER,
    )
    basis = forms.ChoiceField(
        label="Au titre de",
        choices=[(Basis.CARE_TEAM, Basis.CARE_TEAM.label), (Basis.SUPPORT, Basis.SUPPORT.label)],
        widget=forms.RadioSelect,
        initial=Basis.CARE_TEAM,
    )
    replaces = forms.BooleanField(
        label="Remplacer qui tient déjà ce rôle : il restera membre du cercle", required=False
    )


class RemovalForm(forms.Form):
    reason = forms.CharField(label="Motif du départ", max_length=200, required=False)


class ProofForm(forms.Form):
    proof = forms.CharField(
        label="Comment la personne l’a exprimé",
        max_length=200,
        help_text="Courrier daté, entretien, formulaire signé…",
    )


class EmergencyForm(forms.Form):
    reason = forms.CharField(
        label="Pourquoi ouvrir ce dossier maintenant",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=f"{REASON_MIN_LENGTH} caractères au moins. Le patient, son cercle et le délégué à la protection"
        " des données liront cette phrase.",
    )


class ReviewForm(forms.Form):
    note = forms.CharField(
        label="Conclusion de l’examen", max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )


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
    judged_on = forms.DateField(label="Date de la décision ou du visa", widget=_DATE, required=False)
    valid_from = forms.DateField(
        label="À partir du", widget=_DATE, required=False, help_text="Vide : aujourd’hui."
    )
    valid_until = forms.DateField(
        label="Jusqu’au",
        widget=_DATE,
        required=False,
        help_text="La fin de la mesure. L’accès d’un parent finit de lui-même à la majorité.",
    )
    scope = forms.MultipleChoiceField(
        label="Ce que l’aidant peut lire",
        choices=[
            (DelegatedScope.CARE, "Notes de soins"),
            (DelegatedScope.COORDINATION, "Notes de coordination"),
            (DelegatedScope.STAY, "Séjours à l’hôpital"),
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


class ComplaintForm(forms.Form):
    state = forms.ChoiceField(
        label="Après vérification",
        choices=[choice for choice in ComplaintState.choices if choice[0] != ComplaintState.OPEN],
        widget=forms.RadioSelect,
        error_messages={"required": "Dites si l’accès était justifié."},
    )
    answer = forms.CharField(
        label="Réponse à la personne",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Elle la lira sur sa page. Des phrases courtes, sans contenu médical.",
        error_messages={"required": "Écrivez la réponse que la personne lira."},
    )


def show_error(form: forms.Form, error: Invalid | Conflict) -> None:
    """Puts the sentences of a refused action where the person can correct them."""
    fields = error.fields if isinstance(error, Invalid) else {}
    shown = {name: sentence for name, sentence in fields.items() if name in form.fields}
    for name, sentence in shown.items():
        form.add_error(name, sentence)
    if not shown:
        form.add_error(None, error.sentence)
