from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.forms.renderers import TemplatesSetting
from django.http import HttpRequest
from django.utils import timezone

from terresante.kernel.errors import Conflict, Invalid
from terresante.kernel.ui import fields


class FormRenderer(TemplatesSetting):
    """Named by FORM_RENDERER, so that `{{ form }}` and `{{ form.name.as_field_group }}` have our hand."""

    form_template_name = "ui/form.html"
    field_template_name = "ui/field.html"

    def render(self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None) -> str:
        drawn = fields.DRAWN.get(template_name)
        return drawn(context) if drawn else super().render(template_name, context, request)


class DigitsForm(forms.Form):
    """A code of six digits, however it was spaced."""

    code = forms.CharField(
        label="Code à six chiffres",
        max_length=12,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
        ),
        error_messages={"required": "Indiquez le code à six chiffres."},
    )

    def clean_code(self) -> str:
        digits = "".join(str(self.cleaned_data["code"]).split())
        if len(digits) != 6 or not (digits.isascii() and digits.isdigit()):
            raise forms.ValidationError("Le code compte six chiffres.")
        return digits


class FilesInput(forms.FileInput):
    """Several files; not said required to the browser: an island empties it once it holds them."""

    allow_multiple_selected = True

    def use_required_attribute(self, initial: Any) -> bool:
        return False


class FilesField(forms.FileField):
    """Its content is looked at while it is received (`kernel.files.receiving`), not by the form."""

    def clean(self, data: Any, initial: Any = None) -> None:
        return None


def show_error(form: forms.Form, error: Invalid | Conflict, *, beside: str = "") -> None:
    """Puts each sentence beside its field; what is said of no field, beside `beside`, else above the form."""
    fields = error.fields if isinstance(error, Invalid) else {}
    for name, sentence in (fields or {beside: error.sentence}).items():
        form.add_error(name if name in form.fields else None, sentence)


def form_status(*shown: forms.BaseForm) -> int:
    """Of the answer that shows these forms: 422 when one has something to correct."""
    return Invalid.status if any(form.errors for form in shown) else 200


def day_field(
    label: str | None = None,
    *,
    required: bool = True,
    missing: str = "Indiquez une date.",
    future: str = "",
    **more: Any,
) -> forms.DateField:
    """`missing`: what is said when none is given; `future`: what is said of a day to come, which is then refused."""

    def refuse_a_day_to_come(day: date) -> None:
        if future and day > timezone.localdate():
            raise forms.ValidationError(future)

    return forms.DateField(
        label=label,
        required=required,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": missing, "invalid": "Cette date n’existe pas."},
        validators=[refuse_a_day_to_come],
        **more,
    )


def moment_field(label: str, *, missing: str) -> forms.DateTimeField:
    """A day and an hour, now unless it is changed."""
    return forms.DateTimeField(
        label=label,
        widget=forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%d/%m/%Y %H:%M"],
        initial=lambda: timezone.localtime().replace(second=0, microsecond=0),
        error_messages={"required": missing, "invalid": "Cette date n’existe pas."},
    )


def offer(form: forms.Form, name: str, choices: Iterable[tuple[str, str | list[tuple[str, str]]]]) -> None:
    """A pair may be a group of choices: its title, its pairs. Raises TypeError: that field offers none."""
    _choice_field(form, name).choices = list(choices)


def chosen(form: forms.Form, name: str) -> str:
    """The value sent when it is one of the choices, else the initial one; of a form that need not be valid.

    Raises TypeError: that field offers none.
    """
    field = _choice_field(form, name)
    sent = str(form[name].value())
    return sent if field.valid_value(sent) else str(field.initial)


def _choice_field(form: forms.Form, name: str) -> forms.ChoiceField:
    field = form.fields[name]
    if not isinstance(field, forms.ChoiceField):
        raise TypeError(f"{type(form).__name__}.{name} is a {type(field).__name__}: it offers no choices")
    return field
