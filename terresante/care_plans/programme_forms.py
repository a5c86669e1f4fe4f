import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils import timezone

from terresante.care_plans.definition import Bounds, Bundle, Definition, PlannedAct
from terresante.care_plans.enums import (
    HIGHEST_FEE,
    LONGEST_DELAY,
    MOST_CRITERIA,
    MOST_TIMES,
    PROGRAMME_CHOICES,
    STEP_ROLES,
    LegalGround,
)
from terresante.care_plans.programme_actions import General
from terresante.care_team.enums import DataClass
from terresante.kernel.ui.forms import day_field, offer
from terresante.patients.enums import Sex

OLDEST = 120
_ROLES = [(role.value, role.label) for role in STEP_ROLES]
_PLACE = re.compile(r"\d{5}|\d{2,3}|2[AB]")


class GeneralForm(forms.Form):
    """`is_new`: who reads an inclusion is chosen once, at the beginning."""

    title = forms.CharField(
        label="Intitulé", max_length=120, error_messages={"required": "Donnez un intitulé au programme."}
    )
    legal_ground = forms.ChoiceField(
        label="Cadre",
        choices=LegalGround.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez le cadre."},
    )
    data_class = forms.ChoiceField(
        label="Qui lit qu’une personne est dans ce programme",
        help_text="Une catégorie de la matrice des droits : le titre du programme dit déjà quelque chose de sa santé.",
        choices=PROGRAMME_CHOICES,
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez une catégorie."},
    )
    summary = forms.CharField(
        label="En une phrase",
        required=False,
        max_length=400,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    criteria = forms.CharField(
        label="Critères que le professionnel coche",
        help_text="Un par ligne, chacun une phrase qui se vérifie.",
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    age_from = forms.CharField(label="Âge, à partir de", required=False, max_length=10)
    age_to = forms.CharField(label="Âge, jusqu’à", required=False, max_length=10)
    sex = forms.ChoiceField(
        label="Sexe", choices=[("", "Tous"), ("F", Sex.FEMALE.label), ("M", Sex.MALE.label)], required=False
    )
    places = forms.CharField(
        label="Départements ou codes postaux",
        help_text="Séparés par des virgules : 94, 75013. Vide : partout.",
        required=False,
        max_length=400,
    )
    included_by = forms.MultipleChoiceField(
        label="Qui inclut",
        choices=_ROLES,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Choisissez au moins un rôle.",
            "invalid_choice": "Ce rôle n’existe pas : choisissez-en un de la liste.",
        },
    )

    def __init__(self, *args: Any, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_new:
            del self.fields["data_class"]

    def clean_criteria(self) -> tuple[str, ...]:
        lines = [" ".join(line.split()) for line in self.cleaned_data["criteria"].splitlines()]
        found = tuple(dict.fromkeys(line for line in lines if line))
        if len(found) > MOST_CRITERIA:
            raise forms.ValidationError(f"Un programme a {MOST_CRITERIA} critères à cocher au plus.")
        return found

    def clean_age_from(self) -> int | None:
        return _age(self.cleaned_data["age_from"])

    def clean_age_to(self) -> int | None:
        return _age(self.cleaned_data["age_to"])

    def clean_places(self) -> tuple[str, ...]:
        found = [one.upper() for one in re.split(r"[,;\s]+", self.cleaned_data["places"]) if one]
        wrong = [one for one in found if not _PLACE.fullmatch(one)]
        if wrong:
            raise forms.ValidationError(
                f"« {wrong[0]} » n’est ni un département (94) ni un code postal de cinq chiffres (94700)."
            )
        return tuple(dict.fromkeys(found))

    def clean(self) -> dict[str, Any]:
        sent = super().clean() or self.cleaned_data
        lowest, highest = sent.get("age_from"), sent.get("age_to")
        if lowest is not None and highest is not None and lowest > highest:
            self.add_error("age_to", f"De {lowest} à {highest} ans, personne n’a cet âge.")
        return sent

    def general(self, data_class: str = "") -> General:
        sent = self.cleaned_data
        return General(
            title=sent["title"],
            legal_ground=LegalGround(sent["legal_ground"]),
            data_class=DataClass(sent.get("data_class") or data_class),
            summary=" ".join(sent["summary"].split()),
            criteria=sent["criteria"],
            bounds=Bounds(
                age_from=sent["age_from"], age_to=sent["age_to"], sex=sent["sex"], places=sent["places"]
            ),
            included_by=tuple(sent["included_by"]),
        )


def general_of(definition: Definition, title: str, legal_ground: str) -> dict[str, Any]:
    """What the form begins with."""
    bounds = definition.bounds
    return {
        "title": title,
        "legal_ground": legal_ground,
        "summary": definition.summary,
        "criteria": "\n".join(definition.criteria),
        "age_from": "" if bounds.age_from is None else bounds.age_from,
        "age_to": "" if bounds.age_to is None else bounds.age_to,
        "sex": bounds.sex,
        "places": ", ".join(bounds.places),
        "included_by": list(definition.included_by),
    }


def _age(text: str) -> int | None:
    said = text.strip().removesuffix("ans").strip()
    if not said:
        return None
    if not (said.isascii() and said.isdigit() and int(said) <= OLDEST):
        raise forms.ValidationError(f"« {text} » n’est pas un âge : écrivez un nombre de 0 à {OLDEST}.")
    return int(said)


class StepForm(forms.Form):
    title = forms.CharField(
        label="Ce qu’il y a à faire",
        max_length=120,
        error_messages={"required": "Dites ce qu’il y a à faire."},
    )
    role = forms.ChoiceField(
        label="Rôle responsable",
        choices=_ROLES,
        error_messages={
            "required": "Choisissez qui en est responsable.",
            "invalid_choice": "Ce rôle n’existe pas : choisissez-en un de la liste.",
        },
    )
    delay = forms.CharField(
        label="Délai, en jours",
        max_length=10,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages={"required": "Donnez un délai en jours, 0 pour le même jour."},
    )
    after = forms.ChoiceField(
        label="Compté à partir de",
        required=False,
        error_messages={"invalid_choice": "Cette étape n’existe plus : choisissez-en une de la liste."},
    )
    form = forms.ChoiceField(
        label="Formulaire à remplir",
        required=False,
        error_messages={"invalid_choice": "Ce formulaire n’est plus proposé : choisissez-en un de la liste."},
    )

    def __init__(
        self,
        *args: Any,
        definition: Definition,
        titles: Mapping[str, str],
        key: str = "",
        **kwargs: Any,
    ) -> None:
        """`titles`: of the forms that may be asked for, by their code."""
        super().__init__(*args, **kwargs)
        offer(self, "form", [("", "Aucun"), *titles.items()])
        others = [(step.key, step.title) for step in definition.steps if step.key != key]
        offer(self, "after", [("", "l’inclusion"), *others])
        self.key = key

    def clean_delay(self) -> int:
        text = str(self.cleaned_data["delay"]).strip()
        if re.fullmatch(r"[-−]\s*\d+", text):
            raise forms.ValidationError(
                f"Un délai ne peut pas être négatif ({text}) : comptez-le à partir d’une étape qui vient avant."
            )
        if not (text.isascii() and text.isdigit()):
            raise forms.ValidationError(f"« {text} » n’est pas un nombre de jours : écrivez par exemple 30.")
        if int(text) > LONGEST_DELAY:
            raise forms.ValidationError(f"Un délai compte {LONGEST_DELAY} jours au plus, cinq ans.")
        return int(text)

    def step(self) -> PlannedAct:
        sent = self.cleaned_data
        return PlannedAct(
            key=self.key,
            title=" ".join(sent["title"].split()),
            role=sent["role"],
            delay=sent["delay"],
            after=sent["after"],
            form=sent["form"],
        )


class SequenceForm(forms.Form):
    label = forms.CharField(
        label="Intitulé de la séquence",
        max_length=120,
        error_messages={"required": "Donnez un intitulé à la séquence."},
    )
    steps = forms.MultipleChoiceField(
        label="Étapes qui la rendent facturable, une fois toutes faites",
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Choisissez au moins une étape.",
            "invalid_choice": "Une de ces étapes n’existe plus : choisissez dans la liste.",
        },
    )
    fee = forms.CharField(
        label="Montant, en euros",
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        error_messages={"required": "Donnez un montant en euros."},
    )
    times = forms.CharField(
        label="Nombre de fois au plus",
        help_text="1 : une seule fois. Davantage : les étapes sont prévues à nouveau dès que la séquence est complète.",
        max_length=4,
        initial="1",
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages={"required": "Donnez un nombre de fois, 1 pour une seule."},
    )

    def __init__(self, *args: Any, definition: Definition, key: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "steps", [(step.key, step.title) for step in definition.steps])
        self.key = key

    def clean_fee(self) -> int:
        """In cents."""
        text = str(self.cleaned_data["fee"])
        said = re.sub(r"\s|€", "", text).replace(",", ".")
        try:
            cents = Decimal(said) * 100 if re.fullmatch(r"\d+(\.\d{1,2})?", said) else None
        except InvalidOperation:
            cents = None
        if cents is None:
            raise forms.ValidationError(
                f"« {text} » n’est pas un montant : écrivez par exemple 150 ou 149,50."
            )
        if cents > HIGHEST_FEE:
            raise forms.ValidationError(f"Un montant est de {HIGHEST_FEE // 100} € au plus.")
        return int(cents)

    def clean_times(self) -> int:
        text = str(self.cleaned_data["times"]).strip()
        if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_TIMES):
            raise forms.ValidationError(f"« {text} » : écrivez un nombre de 1 à {MOST_TIMES}.")
        return int(text)

    def sequence(self) -> Bundle:
        sent = self.cleaned_data
        return Bundle(
            key=self.key,
            label=" ".join(sent["label"].split()),
            steps=tuple(sent["steps"]),
            fee=sent["fee"],
            times=sent["times"],
        )


class PeriodForm(forms.Form):
    """Both days included; what is missing or wrong is this year so far."""

    du = day_field("Du", required=False)
    au = day_field("Au", required=False)

    def period(self) -> tuple[date, date]:
        today = timezone.localdate()
        sent = self.cleaned_data if self.is_valid() else {}
        since, until = sent.get("du") or date(today.year, 1, 1), sent.get("au") or today
        return min(since, until), max(since, until)


class BatchForm(forms.Form):
    until = day_field("Séquences complètes jusqu’au")
