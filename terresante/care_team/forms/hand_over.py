"""Patients proposed to a colleague, and what he takes."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms

from terresante.care_team.actions.hand_over import Proposal
from terresante.care_team.enums import TeamRole
from terresante.care_team.models import CareTeamParticipant
from terresante.care_team.queries.hand_over import PersonGiven
from terresante.directory.models import Practitioner
from terresante.directory.queries import PractitionerFound
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Invalid
from terresante.kernel.ui.forms import day_field, offer
from terresante.patients.enums import Sex


class ProposalForm(forms.Form):
    """The giver is oneself, or somebody of the structure one leads: then all his roles, without their names."""

    giver = forms.ChoiceField(
        label="Les patients de", error_messages={"required": "Choisissez de qui sont les patients."}
    )
    periods = forms.MultipleChoiceField(
        label="Patients à confier", required=False, widget=forms.CheckboxSelectMultiple
    )
    taker = forms.ChoiceField(
        label="À qui", widget=forms.RadioSelect, error_messages={"required": "Choisissez un collègue."}
    )
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
    return ", ".join(
        part for part in (person.full_name, person.get_profession_display().lower(), place) if part
    )


class AnswerForm(forms.Form):
    items = forms.MultipleChoiceField(
        label="Patients",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choisissez au moins un patient."},
    )

    def __init__(self, persons: Sequence[PersonGiven], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(one.item_id), _presented(one)) for one in persons]
        offer(self, "items", choices)
        self.fields["items"].initial = [key for key, _ in choices]

    @property
    def chosen(self) -> list[UUID]:
        return [UUID(key) for key in self.cleaned_data["items"]]


_BORN = {Sex.MALE.value: "né", Sex.FEMALE.value: "née"}


def _presented(person: PersonGiven) -> str:
    born = f"{_BORN.get(person.sex, 'né(e)')} le {person.birth_date:%d/%m/%Y}"
    return ", ".join(part for part in (person.name, born, person.city, person.role.lower()) if part)
