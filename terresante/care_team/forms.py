from collections.abc import Sequence
from datetime import datetime, time
from typing import Any
from uuid import UUID

from django import forms
from django.utils import timezone

from terresante.care_team.actions import REASON_MIN_LENGTH
from terresante.care_team.actions.hand_over import Proposal
from terresante.care_team.enums import Basis, Consequence, ReviewOutcome, TeamRole
from terresante.care_team.models import CareTeamParticipant
from terresante.care_team.queries.hand_over import PersonGiven
from terresante.directory.enums import Profession
from terresante.directory.models import Practitioner
from terresante.directory.queries import PractitionerFound
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid

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
    returns_on = forms.DateField(
        label="Retour le, si c’est le temps d’un congé", required=False, widget=_DATE
    )

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
        fields["periods"].choices = [(str(one.pk), _said(one)) for one in own]
        fields["taker"].choices = [(str(found.practitioner.pk), _works(found)) for found in takers]
        sent = self.data.get("taker", "") if self.is_bound else ""
        if sent and sent not in dict(fields["taker"].choices):
            # Chosen in a search that the form no longer carries: the action checks who it is.
            fields["taker"].choices = [(sent, "Le collègue choisi")]

    def clean(self) -> dict[str, Any]:
        sent = super().clean() or self.cleaned_data
        if sent.get("giver") == str(self.actor.person_id) and not sent.get("periods"):
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


def _presented(person: PersonGiven) -> str:
    born = f"né(e) le {person.birth_date:%d/%m/%Y}"
    return ", ".join(part for part in (person.name, born, person.city, person.role.lower()) if part)


def show_error(form: forms.Form, error: Invalid | Conflict) -> None:
    """Puts the sentences of a refused action where the person can correct them."""
    fields = error.fields if isinstance(error, Invalid) else {}
    shown = {name: sentence for name, sentence in fields.items() if name in form.fields}
    for name, sentence in shown.items():
        form.add_error(name, sentence)
    if not shown:
        form.add_error(None, error.sentence)
