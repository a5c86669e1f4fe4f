from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from terresante.care_team.actions import REASON_MIN_LENGTH
from terresante.care_team.enums import (
    Basis,
    ComplaintState,
    ConsentGround,
    ConsentSupport,
    Consequence,
    DataClass,
    ReviewOutcome,
    TeamRole,
)
from terresante.care_team.forms.joining import MembershipForm, start_of
from terresante.care_team.models import CareTeamParticipant
from terresante.care_team.regime import GivenConsent
from terresante.directory.enums import Profession
from terresante.kernel.ui.forms import day_field, offer
from terresante.patients.enums import InformationSupport


class DirectorySearchForm(forms.Form):
    name = forms.CharField(label="Nom", max_length=100, required=False)
    profession = forms.ChoiceField(
        label="Profession", choices=[("", "Toutes, et les structures"), *Profession.choices], required=False
    )
    commune = forms.CharField(label="Commune", max_length=100, required=False)


class ConsentForm(forms.Form):
    """What the person consented to, or why she could not be asked (D1110-3-1 to 4 CSP); actions check it."""

    # False where nothing may be asked: a member of the care team, a regime without consent.
    is_asked = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("ground", "consent_support", "proof"):
            self.fields[name].required = self.is_asked

    ground = forms.ChoiceField(
        label="Recueil",
        choices=ConsentGround.choices,
        widget=forms.RadioSelect,
        initial=ConsentGround.GIVEN,
        required=False,
    )
    consented_at = day_field("Date du consentement", required=False)
    consent_support = forms.ChoiceField(
        label="Support", choices=ConsentSupport.choices, initial=ConsentSupport.ORAL, required=False
    )
    proof = forms.CharField(
        label="Preuve du consentement",
        max_length=200,
        required=False,
        help_text="Document remis, formulaire signé, message de la personne ; sinon, ce qui a empêché de la consulter.",
        error_messages={
            "required": "Dites ce qui prouve le consentement, ou ce qui a empêché de le demander."
        },
    )
    inform_by = day_field(
        "Sinon, à informer avant le",
        required=False,
        help_text="Quand elle n’a pas pu être consultée : dès que possible, dans les trente jours.",
    )

    def given(self) -> GivenConsent:
        cleaned = self.cleaned_data
        return GivenConsent(
            given_at=start_of(cleaned.get("consented_at")),
            proof=cleaned.get("proof") or "",
            support=ConsentSupport(cleaned.get("consent_support") or ConsentSupport.ORAL),
            ground=ConsentGround(cleaned.get("ground") or ConsentGround.GIVEN),
            inform_by=cleaned.get("inform_by"),
        )


class PractitionerMemberForm(MembershipForm, ConsentForm):
    is_asked = False
    role = forms.ChoiceField(label="Rôle auprès de la personne", choices=TeamRole.choices)
    basis = forms.ChoiceField(
        label="Au titre de",
        choices=[(Basis.CARE_TEAM, Basis.CARE_TEAM.label), (Basis.CONSENT, "Hors équipe, avec consentement")],
        widget=forms.RadioSelect,
        initial=Basis.CARE_TEAM,
    )
    scope = forms.MultipleChoiceField(
        label="Données que la personne accepte de partager",
        choices=DataClass.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    expires_on = day_field(
        "Valable jusqu’au",
        required=False,
        help_text="Ce jour compris. Sans date : tant que les soins le demandent, ou jusqu’au retrait.",
    )
    replaces = forms.BooleanField(
        label="Remplacer qui tient déjà ce rôle : il restera membre du cercle", required=False
    )
    answer = forms.CharField(
        label="Un mot à qui a demandé",
        max_length=300,
        required=False,
        help_text="N’y écrivez rien de médical.",
    )

    def given(self) -> GivenConsent:
        last = start_of(self.cleaned_data.get("expires_on") or self.cleaned_data.get("ends_on"))
        return replace(
            super().given(),
            scope=[DataClass(value) for value in self.cleaned_data["scope"]],
            expires_at=last + timedelta(days=1) if last else None,
        )


class OrganizationMemberForm(MembershipForm):
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
        error_messages={"required": "Dites comment la personne l’a exprimé."},
    )


class WithdrawalForm(forms.Form):
    proof = forms.CharField(
        label="Comment la personne l’a exprimé",
        max_length=200,
        required=False,
        help_text="Courrier daté, entretien, appel…",
    )


class EmergencyForm(forms.Form):
    reason = forms.CharField(
        label="Pourquoi ouvrir ce dossier maintenant",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=f"{REASON_MIN_LENGTH} caractères au moins. Le patient, son cercle et le délégué à la protection"
        " des données liront cette phrase.",
        error_messages={"required": "Dites pourquoi vous ouvrez ce dossier."},
    )


class NameForm(forms.Form):
    """Of the members given, the one who may know from now on."""

    participant = forms.ChoiceField(
        label="Qui peut le savoir", error_messages={"required": "Choisissez quelqu’un du cercle."}
    )

    def __init__(self, members: Sequence[CareTeamParticipant], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "Choisissez dans le cercle"), *((str(each.pk), each.name) for each in members)]
        offer(self, "participant", choices)


class ReviewForm(forms.Form):
    outcome = forms.ChoiceField(
        label="Conclusion",
        choices=ReviewOutcome.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Dites si l’accès était justifié."},
    )
    note = forms.CharField(
        label="Ce que l’examen a montré, ou ce que vous demandez au professionnel",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Écrivez ce que l’examen a montré, ou ce que vous demandez."},
    )
    consequence = forms.ChoiceField(
        label="Suite donnée, si l’accès est injustifié",
        choices=[("", "Aucune : l’accès n’est pas injustifié"), *Consequence.choices],
        required=False,
    )

    @property
    def chosen_consequence(self) -> Consequence | None:
        said = self.cleaned_data["consequence"]
        return Consequence(said) if said else None


class ExplanationForm(forms.Form):
    explanation = forms.CharField(
        label="Votre explication",
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Le délégué à la protection des données la lira. N’écrivez rien de médical sur la personne.",
        error_messages={"required": "Écrivez votre explication."},
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


class RightForm(forms.Form):
    """One right of the matrix, or the legal regime: the value, and why."""

    value = forms.ChoiceField(
        label="Droit", widget=forms.RadioSelect, error_messages={"required": "Choisissez ce qui s’applique."}
    )
    reason = forms.CharField(
        label="Pourquoi ce changement",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="10 caractères au moins : chaque administrateur relira cette phrase.",
        error_messages={"required": "Dites pourquoi vous faites ce changement."},
    )


class SharingForm(ConsentForm):
    """The person was informed: when, by whom, how; and her consent where the regime asks for it."""

    is_asked = False
    given_on = day_field("Informée le", future="La date de l’information est dans le futur.")
    given_by = forms.ChoiceField(
        label="Par", error_messages={"required": "Indiquez qui a informé la personne."}
    )
    support = forms.ChoiceField(
        label="Comment",
        choices=InformationSupport.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Indiquez comment la personne a été informée."},
    )

    @property
    def moment(self) -> datetime:
        noon = timezone.make_aware(datetime.combine(self.cleaned_data["given_on"], time(12)))
        return min(noon, timezone.now())
