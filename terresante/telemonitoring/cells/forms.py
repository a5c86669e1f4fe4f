"""The screen of a cell. Hours are written as people say them: « 9:00-12:30, 14:00-18:00 », nothing for a day off."""

import re
from datetime import date
from typing import Any

from django import forms

from terresante.kernel.ui.wording import WEEKDAYS
from terresante.telemonitoring.cells.hours import END_OF_DAY, check_week
from terresante.telemonitoring.models import Cell

_SPAN = re.compile(r"\s*(\d{1,2})\s*[h:]\s*(\d{2})?\s*[-–à]\s*(\d{1,2})\s*[h:]\s*(\d{2})?\s*")
_MOST_DAYS_OFF = 100


class CellForm(forms.Form):
    name = forms.CharField(
        label="Nom de la cellule", max_length=120, error_messages={"required": "Donnez un nom à la cellule."}
    )
    territory = forms.CharField(
        label="Territoire",
        max_length=120,
        required=False,
        help_text="Il distingue vos cellules sur le tableau.",
    )
    phone = forms.CharField(label="Téléphone de la cellule", max_length=20, required=False)
    on_call_name = forms.CharField(label="Astreinte", max_length=120, required=False)
    on_call_phone = forms.CharField(
        label="Téléphone de l’astreinte",
        max_length=20,
        required=False,
        help_text="Prévenu quand personne ne prend une alerte rouge, et hors des horaires.",
    )
    second_level = forms.ChoiceField(label="Second opérateur", required=False)
    physician = forms.ChoiceField(label="Médecin de la cellule", required=False)
    lock_minutes = forms.IntegerField(
        label="Minutes avant qu’une alerte prise soit rendue à la cellule",
        min_value=5,
        max_value=120,
        initial=15,
        error_messages={"required": "Indiquez un nombre de minutes, 15 par exemple."},
    )
    days_off = forms.CharField(
        label="Jours de fermeture",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Un par ligne, par exemple 25/12/2026.",
    )
    is_active = forms.BooleanField(label="La cellule suit des personnes", required=False, initial=True)

    def __init__(self, *args: Any, people: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("second_level", "physician"):
            field = self.fields[name]
            if isinstance(field, forms.ChoiceField):
                field.choices = [("", "Personne"), *people]
        for day, word in enumerate(WEEKDAYS, start=1):
            self.fields[f"day_{day}"] = forms.CharField(
                label=word.capitalize(),
                max_length=80,
                required=False,
            )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        week = {}
        for day in range(1, 8):
            try:
                week[str(day)] = read_day(said.pop(f"day_{day}", ""))
            except ValueError:
                self.add_error(f"day_{day}", "Écrivez des heures comme 9:00-12:30, 14:00-18:00.")
        for day, wrong in check_week(week):
            self.add_error(f"day_{day}", wrong)
        said["opening_hours"] = {day: spans for day, spans in week.items() if spans}
        return said

    def clean_days_off(self) -> list[str]:
        lines = [line.strip() for line in str(self.cleaned_data["days_off"]).splitlines() if line.strip()]
        if len(lines) > _MOST_DAYS_OFF:
            raise forms.ValidationError(f"Donnez {_MOST_DAYS_OFF} jours au plus.")
        try:
            return sorted({_day(line).isoformat() for line in lines})
        except ValueError as error:
            raise forms.ValidationError("Écrivez chaque jour comme 25/12/2026.") from error


def read_day(text: str) -> list[list[str]]:
    """Raises ValueError for what is no hour."""
    spans = []
    for part in text.split(",") if text.strip() else ():
        found = _SPAN.fullmatch(part)
        if found is None:
            raise ValueError(part)
        first, second, third, fourth = found.groups()
        spans.append([_hour(first, second), _hour(third, fourth)])
    return spans


def write_day(spans: list[list[str]]) -> str:
    return ", ".join(f"{start}-{end}" for start, end in spans)


def _hour(hours: str, minutes: str | None) -> str:
    said = f"{int(hours):02d}:{minutes or '00'}"
    if said != END_OF_DAY and (int(hours) > 23 or int(minutes or 0) > 59):
        raise ValueError(said)
    return said


def _day(text: str) -> date:
    day, month, year = (int(part) for part in text.split("/"))
    return date(year, month, day)


def initial_of(cell: Cell) -> dict[str, Any]:
    names = ("name", "territory", "phone", "on_call_name", "on_call_phone", "lock_minutes", "is_active")
    return {
        **{name: getattr(cell, name) for name in names},
        "second_level": str(cell.second_level_id or ""),
        "physician": str(cell.physician_id or ""),
        "days_off": "\n".join(f"{date.fromisoformat(day):%d/%m/%Y}" for day in cell.days_off),
        **{f"day_{day}": write_day(cell.opening_hours.get(str(day), [])) for day in range(1, 8)},
    }
