import re
import unicodedata

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.http import QueryDict

from terresante.accounts.actions.factors import check_own_password, hashed
from terresante.accounts.enums import DeviceChoice
from terresante.accounts.models import User
from terresante.kernel.errors import Invalid
from terresante.kernel.ui.forms import DigitsForm


class NoWordOfHere:
    """ASVS 6.1.2: a password made of what anybody would try first here, with figures around it.

    Any other composition is welcome (6.2.5): without such a word nothing is asked.
    """

    WORDS = (
        "terresante", "santefr", "esante", "sesan", "motdepasse", "password", "azerty", "qwerty", "bonjour", "hopital",
        "clinique", "cabinet", "medecin", "docteur", "infirmiere", "infirmier", "pharmacie", "secretaire", "dossier",
        "patient", "urgences", "doctolib", "cps", "admin",
    )  # fmt: skip
    LEAST_LETTERS = 6

    def validate(self, password: str, user: User | None = None) -> None:
        letters = rest = "".join(sign for sign in _plain(password) if sign.isalpha())
        for word in self.WORDS:
            rest = rest.replace(word, "")
        if rest != letters and len(rest) < self.LEAST_LETTERS:
            raise forms.ValidationError(self.get_help_text())

    def get_help_text(self) -> str:
        return (
            "Ce mot de passe repose sur un mot trop facile à deviner ici. "
            "Choisissez plutôt quatre mots sans lien entre eux."
        )


def _plain(text: str) -> str:
    """Without capitals nor accents."""
    spread = unicodedata.normalize("NFKD", text)
    return "".join(sign for sign in spread if not unicodedata.combining(sign)).lower()


class LoginForm(forms.Form):
    login = forms.CharField(
        label="Identifiant",
        max_length=150,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        ),
        error_messages={"required": "Indiquez votre identifiant."},
    )
    password = forms.CharField(
        label="Mot de passe",
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        error_messages={"required": "Indiquez votre mot de passe."},
    )


_CURRENT = {"autocomplete": "current-password"}
_NEW = {"autocomplete": "new-password"}


class _FormOfAnAccount(forms.Form):
    def __init__(self, data: QueryDict | None, *, user: User) -> None:
        super().__init__(data)
        self.user = user


class OwnPasswordForm(_FormOfAnAccount):
    """Asked again before what protects the account changes. Its check hashes: outside any transaction."""

    password = forms.CharField(
        label="Votre mot de passe actuel",
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs=_CURRENT),
        error_messages={"required": "Indiquez votre mot de passe actuel."},
    )

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        try:
            if not check_own_password(self.user, password):
                raise forms.ValidationError("Ce n’est pas votre mot de passe actuel.")
        except Invalid as error:
            raise forms.ValidationError(error.sentence) from error
        return password


class NewPasswordForm(_FormOfAnAccount):
    """`new_hash` once valid."""

    new_hash = ""
    new = forms.CharField(
        label="Nouveau mot de passe",
        help_text="Douze caractères au moins. Une suite de mots sans lien se retient bien.",
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs=_NEW),
        error_messages={"required": "Choisissez un mot de passe."},
    )
    again = forms.CharField(
        label="Le même, une seconde fois",
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs=_NEW),
        error_messages={"required": "Écrivez-le une seconde fois."},
    )

    def clean_new(self) -> str:
        new = str(self.cleaned_data["new"])
        if self.user.login.lower() in new.lower():
            raise forms.ValidationError("Votre identifiant ne doit pas en faire partie.")
        validate_password(new, self.user)
        return new

    def clean(self) -> None:
        new, again = self.cleaned_data.get("new"), self.cleaned_data.get("again")
        if new and again and new != again:
            self.add_error("again", "Les deux ne sont pas les mêmes.")
        elif new and again and not self.errors:
            self.new_hash = hashed(new)


class PasswordForm(NewPasswordForm, OwnPasswordForm):
    """The current one first, then the new one twice."""

    field_order = ("password", "new", "again")


class PhoneForm(forms.Form):
    number = forms.CharField(
        label="Numéro de téléphone portable",
        help_text="Par exemple 06 39 98 12 34, ou +32 470 12 34 56 pour un numéro étranger.",
        max_length=30,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
        error_messages={"required": "Indiquez un numéro."},
    )

    def clean_number(self) -> str:
        return international(str(self.cleaned_data["number"]))


def international(typed: str) -> str:
    """E.164: +33639981234."""
    digits = re.sub(r"[\s.\-()\u00a0]", "", typed)
    digits = f"+{digits[2:]}" if digits.startswith("00") else digits
    if re.fullmatch(r"0[67]\d{8}", digits):
        return f"+33{digits[1:]}"
    if re.fullmatch(r"\+[1-9]\d{7,14}", digits):
        return digits
    raise forms.ValidationError("Ce numéro n’est pas celui d’un téléphone portable.")


class RecoveryCodeForm(forms.Form):
    code = forms.CharField(
        label="Code de secours",
        help_text="Dix lettres et chiffres, sur la feuille que vous avez gardée.",
        max_length=20,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "autofocus": True,
            }
        ),
        error_messages={"required": "Indiquez un code de secours."},
    )


class UnlockForm(forms.Form):
    password = forms.CharField(
        label="Mot de passe",
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={**_CURRENT, "autofocus": True}),
        error_messages={"required": "Indiquez votre mot de passe."},
    )


class ForgottenForm(forms.Form):
    login = forms.CharField(
        label="Identifiant",
        max_length=150,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        ),
        error_messages={"required": "Indiquez votre identifiant."},
    )


class CodeForm(DigitsForm):
    device = forms.ChoiceField(
        label="Cet appareil",
        choices=DeviceChoice.choices,
        initial=DeviceChoice.NONE,
        widget=forms.RadioSelect,
        required=False,
    )

    def clean_device(self) -> str:
        return str(self.cleaned_data["device"] or DeviceChoice.NONE)
