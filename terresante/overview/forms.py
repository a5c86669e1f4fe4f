"""What is typed to find somebody, or to found a record."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.urls import reverse_lazy
from django.utils import timezone

from terresante.directory.forms import RequestForm
from terresante.directory.models import Organization, Place
from terresante.directory.queries import search_communes
from terresante.kernel.ui.forms import day_field, offer
from terresante.overview.queries import KINDS, PERIODS, Filters
from terresante.patients.enums import InformationSupport
from terresante.patients.forms import IdentityForm
from terresante.patients.identity_rules import normalised_name
from terresante.patients.traits import DAY_FIRST, UNKNOWN_PLACE, YEAR_FIRST, Contacts, read_birth_date

# As our suggestions write it; five digits alone may also be a postal code.
_PLACE_CODE = re.compile(r"\((\d[0-9AB]\d{3})\)$|^(\d[AB]\d{3})$", re.ASCII)


@dataclass(frozen=True, slots=True)
class SearchWords:
    """`born` is None without a complete date; `names` are normalised."""

    names: tuple[str, ...]
    born: date | None

    @property
    def splits(self) -> list[tuple[str, str]]:
        """(name, given name), in either order, wherever one ends and the other begins; two letters at least each."""
        words = self.names[:4]
        halves = [(" ".join(words[:cut]), " ".join(words[cut:])) for cut in range(1, len(words))]
        both = [pair for half in halves for pair in (half, half[::-1])]
        return [pair for pair in dict.fromkeys(both) if min(len(part) for part in pair) >= 2]


def read_search(text: str) -> SearchWords:
    """Raises ValueError for a date that does not exist."""
    born = None
    for pattern in (YEAR_FIRST, DAY_FIRST):
        if found := pattern.search(text):
            read = read_birth_date(found.group())
            born, text = read.day if read else None, text.replace(found.group(), " ")
            break
    return SearchWords(tuple(normalised_name(text).split()), born)


class SearchForm(forms.Form):
    """The fields of the advanced search; together they make the words of the field at the top."""

    name = forms.CharField(label="Nom de naissance ou nom utilisé", max_length=100, required=False)
    given_name = forms.CharField(label="Premier prénom", max_length=100, required=False)
    born = forms.CharField(
        label="Date de naissance", max_length=20, required=False, help_text="Par exemple 17/04/1958."
    )


class PatientForm(IdentityForm):
    """The five strict traits, how the person is called, and how to reach them."""

    place_field = "birth_place"

    birth_place = forms.CharField(
        label="Commune ou pays de naissance",
        max_length=140,
        help_text=f"Nom, code postal ou code INSEE. Lieu inconnu : {UNKNOWN_PLACE}.",
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "list": "birth-places",
                "hx-get": reverse_lazy("overview:birth_places"),
                "hx-trigger": "input changed delay:200ms",
                "hx-target": "#birth-places",
                "hx-sync": "this:replace",
            }
        ),
        error_messages={"required": "Indiquez la commune ou le pays de naissance."},
    )
    used_name = forms.CharField(
        label="Nom utilisé", max_length=100, required=False, help_text="S’il diffère du nom de naissance."
    )
    used_given_name = forms.CharField(label="Prénom utilisé", max_length=100, required=False)
    phone = forms.CharField(label="Téléphone", max_length=20, required=False)
    email = forms.EmailField(
        label="Adresse électronique",
        required=False,
        error_messages={"invalid": "Cette adresse électronique est incomplète."},
    )
    address_line = forms.CharField(label="Adresse", max_length=200, required=False)
    postal_code = forms.RegexField(
        r"^\d{5}$",
        label="Code postal",
        required=False,
        error_messages={"invalid": "Le code postal compte cinq chiffres."},
    )
    city = forms.CharField(label="Commune", max_length=100, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["birth_name"].widget.attrs["autofocus"] = True

    def clean_birth_place(self) -> tuple[str, str]:
        """(code, name) of one place; several homonyms or none are said, with what to write."""
        text = self.cleaned_data["birth_place"].strip()
        if UNKNOWN_PLACE in text:
            return UNKNOWN_PLACE, "Lieu inconnu"
        code = _PLACE_CODE.search(text)
        found = (
            list(Place.objects.filter(code=code.group(1) or code.group(2)).order_by("kind", "pk")[:1])
            if code
            else []
        )
        found = found or _same_name(text)
        if len({place.code for place in found}) == 1:
            return found[0].code, found[0].name
        raise forms.ValidationError(_which_place(text, found))

    def birth_place_in(self, cleaned: dict[str, Any]) -> tuple[str, str]:
        place: tuple[str, str] = cleaned["birth_place"]
        return place

    @property
    def contacts(self) -> Contacts:
        names = ("phone", "email", "address_line", "postal_code", "city")
        return Contacts(**{name: self.cleaned_data[name] for name in names})


class AskedRecordForm(PatientForm, RequestForm):
    """What a professional says to the support desk: whose record, where, and how the person was informed."""

    organization_id = forms.TypedChoiceField(
        label="Dans sa structure",
        coerce=UUID,
        error_messages={"required": "Choisissez sa structure.", "invalid_choice": "Choisissez sa structure."},
    )
    support = forms.ChoiceField(
        label="Information de la personne, comme il la déclare",
        choices=[
            ("", "Pas encore informée : le dossier n’est pas ouvert au partage"),
            *InformationSupport.choices,
        ],
        widget=forms.RadioSelect,
        required=False,
    )
    given_on = day_field("Informée le", required=False)

    def __init__(self, *args: Any, places: Sequence[Organization], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(place.pk), place.name) for place in places]
        offer(self, "organization_id", choices if len(choices) == 1 else [("", "Choisir"), *choices])
        self.fields["requested_on"].initial = timezone.localdate()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        day = cleaned.get("given_on")
        if cleaned.get("support") and not day:
            self.add_error("given_on", "Indiquez la date de l’information.")
        if day and day > timezone.localdate():
            self.add_error("given_on", "La date de l’information est dans le futur.")
        return cleaned


class InformationForm(forms.Form):
    support = forms.ChoiceField(
        label="Comment la personne a été informée",
        choices=InformationSupport.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Indiquez comment la personne a été informée."},
    )
    given_on = day_field(
        "Le",
        missing="Indiquez la date de l’information.",
        future="La date de l’information est dans le futur.",
    )


def place_label(place: Place) -> str:
    return f"{place.name} ({place.code})"


def _same_name(text: str) -> list[Place]:
    found = search_communes(text, limit=6)
    exact = [place for place in found if normalised_name(place.name) == normalised_name(text)]
    return exact or found


def _which_place(text: str, found: list[Place]) -> str:
    if found:
        names = ", ".join(place_label(place) for place in found[:6])
        return f"Plusieurs lieux répondent à « {text} » : {names}. Recopiez celui qui convient."
    return f"Aucun lieu ne s’appelle « {text} ». Essayez le code postal ; lieu inconnu : {UNKNOWN_PLACE}."


class TimelineForm(forms.Form):
    """The filters of the timeline, read from its URL."""

    du = forms.DateField(
        label="Du",
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "control"}, format="%Y-%m-%d"),
    )
    au = forms.DateField(
        label="Au",
        required=False,
        widget=forms.DateInput(attrs={"type": "date", "class": "control"}, format="%Y-%m-%d"),
    )

    def filters(self) -> Filters:
        """A filter that is not known, or a date that is not one, filters nothing."""
        self.is_valid()
        kind, period = self.data.get("type", ""), self.data.get("periode", "")
        return Filters(
            kind=kind if kind in KINDS else "",
            period=period if period in PERIODS else "",
            start=self.cleaned_data.get("du"),
            end=self.cleaned_data.get("au"),
        )
