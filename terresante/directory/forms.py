from collections.abc import Sequence
from uuid import UUID

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils import timezone

from terresante.accounts.enums import IdentityCheck
from terresante.directory.enums import REGISTERED, Profession, RequestChannel, UnitSensitivity
from terresante.directory.models import Practitioner
from terresante.kernel.ui.forms import DigitsForm, day_field, offer


class SearchForm(forms.Form):
    nom = forms.CharField(label="Nom, prénom ou numéro RPPS", max_length=120, required=False)
    profession = forms.ChoiceField(
        label="Profession", choices=[("", "Toutes"), *Profession.choices], required=False
    )
    commune = forms.CharField(label="Commune ou code postal", max_length=80, required=False)


class DelegationForm(forms.Form):
    secretary_id = forms.TypedChoiceField(
        label="Personne du secrétariat",
        coerce=UUID,
        error_messages={"required": "Choisissez une personne.", "invalid_choice": "Choisissez une personne."},
    )
    starts_on = day_field("À partir du")
    last_day = day_field(
        "Jusqu’au",
        required=False,
        help_text="Dernier jour compris ; sans date, jusqu’à ce que l’un des deux y mette fin.",
    )

    def __init__(self, *args: object, secretaries: Sequence[Practitioner], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Django's own arguments
        choices = [(str(one.pk), one.full_name) for one in secretaries]
        offer(self, "secretary_id", [("", "Choisir"), *choices])
        self.fields["starts_on"].initial = timezone.localdate()


class SelfForm(forms.Form):
    """Who one is, as the national directory writes it."""

    family_name = forms.CharField(
        label="Nom d’exercice", max_length=100, error_messages={"required": "Indiquez votre nom."}
    )
    given_name = forms.CharField(
        label="Prénom", max_length=100, error_messages={"required": "Indiquez votre prénom."}
    )
    profession = forms.ChoiceField(
        label="Profession",
        choices=[("", "Choisir"), *Profession.choices],
        error_messages={"required": "Choisissez votre profession."},
    )
    number = forms.CharField(
        label="Numéro RPPS ou ADELI",
        help_text="11 ou 9 chiffres, sur votre carte ou votre feuille de soins.",
        max_length=14,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    commune = forms.CharField(label="Commune ou code postal d’exercice", max_length=80, required=False)

    def clean_number(self) -> str:
        number = "".join(str(self.cleaned_data["number"]).split())
        if number and not (number.isalnum() and number.isascii() and len(number) in (9, 11)):
            raise forms.ValidationError("Un numéro RPPS compte 11 chiffres, un numéro ADELI 9.")
        return number

    def clean(self) -> dict[str, object]:
        given: dict[str, object] = super().clean() or {}
        if not self.errors and not given.get("number") and not str(given.get("commune", "")).strip():
            self.add_error("number", "Indiquez votre numéro, ou la commune où vous exercez.")
        return given


class ChosenPasswordForm(forms.Form):
    """Two times the same, long enough; for an account that does not exist yet."""

    password = forms.CharField(
        label="Mot de passe",
        help_text="12 caractères au moins : plusieurs mots au hasard se retiennent bien.",
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": "Choisissez un mot de passe."},
    )
    again = forms.CharField(
        label="Le même, encore une fois",
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        error_messages={"required": "Répétez le mot de passe."},
    )

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        validate_password(password)
        return password

    def clean(self) -> dict[str, object]:
        given: dict[str, object] = super().clean() or {}
        if "password" in given and "again" in given and given["password"] != given["again"]:
            self.add_error("again", "Les deux mots de passe diffèrent.")
        return given


class CodeSentForm(DigitsForm):
    """The code sent to the address that the directory knows."""


class ProofForm(SelfForm):
    """Somebody the directory does not know, or whose address it does not."""

    email = forms.EmailField(
        label="Adresse électronique professionnelle",
        help_text="La réponse y est envoyée.",
        error_messages={"required": "Indiquez votre adresse.", "invalid": "Cette adresse est mal écrite."},
    )
    phone = forms.CharField(label="Téléphone", max_length=30, required=False)
    proof = forms.FileField(
        label="Justificatif de votre profession",
        help_text="Diplôme, carte professionnelle ou attestation de l’employeur : PDF, JPEG ou PNG, 5 Mo au plus.",
        widget=forms.ClearableFileInput(attrs={"accept": "application/pdf,image/jpeg,image/png"}),
        error_messages={"required": "Joignez un justificatif.", "empty": "Ce fichier est vide."},
    )
    commune = None  # type: ignore[assignment]  # the structure says where

    def clean(self) -> dict[str, object]:
        return self.cleaned_data


class PlaceForm(forms.Form):
    q = forms.CharField(label="Nom de la structure, commune ou code postal", max_length=120, required=False)


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label="Motif",
        help_text="Il reste dans l’historique du compte.",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Indiquez le motif."},
    )


class FactorForm(ReasonForm):
    identity_check = forms.ChoiceField(
        label="Comment la personne a été reconnue",
        choices=IdentityCheck.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Indiquez comment vous avez reconnu la personne."},
    )


class RefusalForm(forms.Form):
    reason = forms.CharField(
        label="Motif du refus",
        help_text="La personne le reçoit par courriel.",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Indiquez le motif."},
    )


class MemberForm(forms.Form):
    """Somebody of the directory, once chosen."""

    start = day_field("À partir du")
    last_day = day_field("Jusqu’au", required=False, help_text="Dernier jour compris.")


class NewMemberForm(MemberForm):
    """Somebody in no directory: a home help, a secretary, a coordinator."""

    family_name = forms.CharField(
        label="Nom", max_length=100, error_messages={"required": "Indiquez le nom."}
    )
    given_name = forms.CharField(
        label="Prénom", max_length=100, error_messages={"required": "Indiquez le prénom."}
    )
    profession = forms.ChoiceField(
        label="Profession", error_messages={"required": "Choisissez la profession."}
    )
    field_order = ("family_name", "given_name", "profession", "start", "last_day")

    def __init__(self, *args: object, all_professions: bool, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Django's own arguments
        free = [
            (code, label) for code, label in Profession.choices if all_professions or code not in REGISTERED
        ]
        offer(self, "profession", [("", "Choisir"), *free])


class AccountForm(forms.Form):
    email = forms.EmailField(
        label="Adresse électronique",
        help_text="Un lien y est envoyé pour choisir le mot de passe.",
        error_messages={"required": "Indiquez une adresse.", "invalid": "Cette adresse est mal écrite."},
    )


class EndForm(forms.Form):
    on = day_field("Premier jour sans cette fonction", help_text="Aujourd’hui : l’accès se ferme aussitôt.")


class DutiesForm(forms.Form):
    duties = forms.MultipleChoiceField(
        label="Fonctions confiées", widget=forms.CheckboxSelectMultiple, required=False
    )

    def __init__(self, *args: object, offered: list[tuple[str, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Django's own arguments
        offer(self, "duties", offered)


class UnitForm(forms.Form):
    code = forms.CharField(
        label="Code de l’unité",
        help_text="Celui des messages de l’établissement.",
        max_length=20,
        error_messages={"required": "Indiquez le code."},
    )
    name = forms.CharField(label="Nom", max_length=120, error_messages={"required": "Indiquez le nom."})
    sensitivity = forms.ChoiceField(label="Sensibilité", choices=UnitSensitivity.choices)


class RequestForm(forms.Form):
    """For whom the support desk acts, and how he asked."""

    channel = forms.ChoiceField(
        label="Demande reçue par",
        choices=RequestChannel.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Indiquez comment la demande est arrivée."},
    )
    requested_on = day_field("Le", future="Cette date est dans le futur.")


class SwitchForm(forms.Form):
    """The value of a setting, and why it changes."""

    value = forms.CharField(label="Valeur", max_length=200, required=False)
    reason = forms.CharField(
        label="Pourquoi",
        help_text="Chacun de ceux qui administrent pourra le relire.",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": "Dites pourquoi."},
    )

    def __init__(self, *args: object, choices: Sequence[tuple[str, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Django's own arguments
        if choices:
            self.fields["value"] = forms.ChoiceField(
                label="Valeur",
                choices=choices,
                widget=forms.RadioSelect,
                error_messages={"required": "Choisissez une valeur."},
            )
            self.order_fields(["value", "reason"])
