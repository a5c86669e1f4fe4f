from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.utils import timezone

from terresante.care_team.actions import REASON_MIN_LENGTH
from terresante.care_team.actions.hand_over import Proposal
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
from terresante.care_team.joining_forms import MembershipForm, start_of
from terresante.care_team.models import CareTeamParticipant
from terresante.care_team.queries.hand_over import PersonGiven
from terresante.care_team.regime import GivenConsent
from terresante.care_team.relative_actions import NewDelegation, NewRelative
from terresante.directory.enums import Profession
from terresante.directory.models import Practitioner
from terresante.directory.queries import PractitionerFound
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Invalid
from terresante.kernel.ui.forms import day_field
from terresante.patients.enums import (
    DelegatedScope,
    DelegationBasis,
    DelegationProof,
    InformationSupport,
    ProtectionMission,
    Relationship,
    Sex,
)
from terresante.patients.models import Delegation


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
    )


class NameForm(forms.Form):
    """Of the members given, the one who may know from now on."""

    participant = forms.ChoiceField(label="Qui peut le savoir")

    def __init__(self, members: Sequence[CareTeamParticipant], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "Choisissez dans le cercle"), *((str(each.pk), each.name) for each in members)]
        self.fields["participant"].choices = choices  # type: ignore[attr-defined]  # a ChoiceField


class ReviewForm(forms.Form):
    outcome = forms.ChoiceField(label="Conclusion", choices=ReviewOutcome.choices, widget=forms.RadioSelect)
    note = forms.CharField(
        label="Ce que l’examen a montré, ou ce que vous demandez au professionnel",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
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
    )


class ProposalForm(forms.Form):
    """The giver is oneself, or somebody of the structure one leads: then all his roles, without their names."""

    giver = forms.ChoiceField(label="Les patients de")
    periods = forms.MultipleChoiceField(
        label="Patients à confier", required=False, widget=forms.CheckboxSelectMultiple
    )
    taker = forms.ChoiceField(label="À qui", widget=forms.RadioSelect)
    returns_on = day_field("Retour le, si c’est le temps d’un congé", required=False)

    def __init__(
        self,
        actor: Actor,
        own: Sequence[CareTeamParticipant],
        away: Sequence[Practitioner],
        takers: Sequence[PractitionerFound],
        *args: Any,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor
        fields: dict[str, Any] = self.fields
        mine = (str(actor.person_id), "Mes patients")
        fields["giver"].choices = [mine, *((str(one.pk), f"{one}, absent : tous ses rôles") for one in away)]
        if not away:
            fields["giver"].widget = forms.HiddenInput()
            fields["giver"].initial = mine[0]
            fields["periods"].required = True
            fields["periods"].error_messages["required"] = "Choisissez au moins un patient."
        fields["periods"].choices = [(str(one.pk), _said(one)) for one in own]
        fields["taker"].choices = [(str(found.practitioner.pk), _works(found)) for found in takers]
        sent = self.data.get("taker", "") if self.is_bound else ""
        if sent and sent not in dict(fields["taker"].choices):
            # Chosen in a search that the form no longer carries: the action checks who it is.
            fields["taker"].choices = [(sent, "Le collègue choisi")]

    def clean(self) -> dict[str, Any]:
        sent = super().clean() or self.cleaned_data
        is_own = sent.get("giver") == str(self.actor.person_id)
        if is_own and not sent.get("periods") and "periods" not in self.errors:
            self.add_error("periods", "Choisissez au moins un patient.")
        return sent

    def proposal(self) -> Proposal:
        sent = self.cleaned_data
        own = sent["giver"] == str(self.actor.person_id)
        return Proposal(
            giver_id=UUID(sent["giver"]),
            taker_id=_key(sent["taker"]),
            periods=[UUID(key) for key in sent["periods"]] if own else None,
            returns_on=sent["returns_on"],
        )


def _key(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Invalid("Choisissez un collègue.", fields={"taker": "Choisissez un collègue."}) from error


def _said(period: CareTeamParticipant) -> str:
    role = "" if period.role == TeamRole.MEMBER else f", {period.get_role_display().lower()}"
    return f"{period.patient}{role}"


def _works(found: PractitionerFound) -> str:
    person = found.practitioner
    place = found.roles[0].organization.name if found.roles else ""
    name = f"{person.title} {person}".strip()
    return ", ".join(part for part in (name, person.get_profession_display().lower(), place) if part)


class AnswerForm(forms.Form):
    items = forms.MultipleChoiceField(label="Patients", widget=forms.CheckboxSelectMultiple)

    def __init__(self, persons: Sequence[PersonGiven], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(one.item_id), _presented(one)) for one in persons]
        self.fields["items"].choices = choices  # type: ignore[attr-defined]  # a ChoiceField has choices
        self.fields["items"].initial = [key for key, _ in choices]

    @property
    def chosen(self) -> list[UUID]:
        return [UUID(key) for key in self.cleaned_data["items"]]


_BORN = {Sex.MALE.value: "né", Sex.FEMALE.value: "née"}


def _presented(person: PersonGiven) -> str:
    born = f"{_BORN.get(person.sex, 'né(e)')} le {person.birth_date:%d/%m/%Y}"
    return ", ".join(part for part in (person.name, born, person.city, person.role.lower()) if part)


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

    value = forms.ChoiceField(label="Droit", widget=forms.RadioSelect)
    reason = forms.CharField(
        label="Pourquoi ce changement",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="10 caractères au moins : chaque administrateur relira cette phrase.",
    )


class SharingForm(ConsentForm):
    """The person was informed: when, by whom, how; and her consent where the regime asks for it."""

    is_asked = False
    given_on = day_field("Informée le")
    given_by = forms.ChoiceField(label="Par")
    support = forms.ChoiceField(label="Comment", choices=InformationSupport.choices, widget=forms.RadioSelect)

    def clean_given_on(self) -> date:
        day: date = self.cleaned_data["given_on"]
        if day > timezone.localdate():
            raise forms.ValidationError("La date de l’information est dans le futur.")
        return day

    @property
    def moment(self) -> datetime:
        noon = timezone.make_aware(datetime.combine(self.cleaned_data["given_on"], time(12)))
        return min(noon, timezone.now())
