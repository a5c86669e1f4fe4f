"""Why somebody comes into a circle, for how long, and the words of those who ask, invite and answer."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from terresante.care_team.actions.invitations import NewInvitation
from terresante.care_team.actions.joining import Reason
from terresante.care_team.enums import Basis, JoinReason
from terresante.care_team.models import CareTeamParticipant
from terresante.directory.enums import Profession
from terresante.kernel.ui.forms import day_field


def start_of(day: date | None) -> datetime | None:
    """Midnight of that day in Paris: what is of today is never in the future."""
    return timezone.make_aware(datetime.combine(day, time.min)) if day else None


class ReasonForm(forms.Form):
    reason = forms.ChoiceField(
        label="A rejoint le cercle parce que", choices=JoinReason.choices, initial=JoinReason.FOLLOWS
    )
    words = forms.CharField(
        label="En quelques mots",
        max_length=300,
        required=False,
        help_text="Le cercle et la personne le lisent.",
    )

    def why(self) -> Reason | None:
        said = self.cleaned_data.get("reason")
        return Reason(reason=JoinReason(said), words=self.cleaned_data.get("words") or "") if said else None


class MembershipForm(ReasonForm):
    """A member for a time is one who replaces somebody, or who comes for one stay."""

    starts_on = day_field("Du", required=False, help_text="Sans date : maintenant.")
    ends_on = day_field("Au", required=False, help_text="Ce jour compris. Sans date : sans fin prévue.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = False

    @property
    def starts_at(self) -> datetime | None:
        """None for now: a day that is today or before."""
        start = start_of(self.cleaned_data.get("starts_on"))
        return start if start is not None and start > timezone.now() else None

    @property
    def ends_at(self) -> datetime | None:
        last = start_of(self.cleaned_data.get("ends_on"))
        return last + timedelta(days=1) if last else None


class ChangeMemberForm(MembershipForm):
    """The period as it is: a beginning that is past stays, and the end of a consent is the consent's."""

    def __init__(self, member: CareTeamParticipant, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {
            "reason": member.reason,
            "words": member.reason_words,
            "starts_on": timezone.localdate(member.started_at),
            "ends_on": member.last_day,
        }
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["reason"].choices = [("", "Non précisée"), *JoinReason.choices]
        if member.has_begun:
            del fields["starts_on"]
        if member.basis == Basis.CONSENT:
            del fields["ends_on"]


class AskForm(ReasonForm):
    field_order = ("reason", "words")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = "Vous demandez à rejoindre ce cercle parce que"
        self.fields["words"].help_text = "Rien de médical : le cercle et la personne le liront."


class WordsForm(forms.Form):
    answer = forms.CharField(
        label="Votre réponse, en quelques mots",
        max_length=300,
        required=False,
        help_text="Elle est lue par la personne qui a demandé. N’y écrivez rien de médical.",
    )


class InvitationForm(ReasonForm):
    field_order = ("family_name", "given_name", "profession", "email", "reason", "words", "joins")
    family_name = forms.CharField(
        label="Son nom", max_length=100, error_messages={"required": "Indiquez son nom de famille."}
    )
    given_name = forms.CharField(
        label="Son prénom", max_length=100, error_messages={"required": "Indiquez son prénom."}
    )
    profession = forms.ChoiceField(label="Sa profession", choices=Profession.choices)
    email = forms.EmailField(
        label="Son adresse électronique professionnelle",
        error_messages={"required": "Indiquez l’adresse à laquelle il reçoit l’invitation."},
    )
    joins = forms.ChoiceField(
        label="Une fois inscrit",
        choices=[
            ("yes", "Il rejoint le cercle : il fait partie de l’équipe de soins"),
            ("no", "Il est proposé : le cercle ou la personne répond"),
        ],
        widget=forms.RadioSelect,
        initial="yes",
    )

    def invitation(self) -> NewInvitation:
        sent = self.cleaned_data
        return NewInvitation(
            family_name=sent["family_name"],
            given_name=sent["given_name"],
            profession=Profession(sent["profession"]),
            email=sent["email"],
            joins=sent["joins"] == "yes",
            why=self.why() or Reason(reason=JoinReason.FOLLOWS),
        )
