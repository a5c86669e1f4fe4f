from datetime import datetime, time

from django import forms
from django.utils import timezone

from terresante.care_team.actions import REASON_MIN_LENGTH
from terresante.care_team.enums import Basis, TeamRole
from terresante.directory.enums import Profession
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


class ReviewForm(forms.Form):
    note = forms.CharField(
        label="Conclusion de l’examen", max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )


def show_error(form: forms.Form, error: Invalid | Conflict) -> None:
    """Puts the sentences of a refused action where the person can correct them."""
    fields = error.fields if isinstance(error, Invalid) else {}
    shown = {name: sentence for name, sentence in fields.items() if name in form.fields}
    for name, sentence in shown.items():
        form.add_error(name, sentence)
    if not shown:
        form.add_error(None, error.sentence)
