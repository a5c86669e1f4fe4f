"""A form refuses in words one can act on.

Good: « Indiquez la date de naissance. » Bad: « Ce champ est obligatoire. », which says neither what nor why.
"""

from collections.abc import Iterator
from importlib import import_module

from django import forms

from terresante.kernel.ui.forms import FilesField
from tests.house.tree import ROOT, sources

_SILENT = str(forms.Field.default_error_messages["required"])
# Anything unknown falls back on their first choice (`care_team.forms.limits`).
_FALLS_BACK = {"level", "data_class"}


def _forms() -> Iterator[type[forms.BaseForm]]:
    for path in sources():
        if "forms" in (path.stem, path.parent.name):
            import_module(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
    waiting: list[type[forms.BaseForm]] = [forms.BaseForm]
    while waiting:
        one = waiting.pop()
        waiting += one.__subclasses__()
        if one.__module__.startswith("terresante.") and ".tests." not in one.__module__:
            yield one


def _silent_fields(form: type[forms.BaseForm]) -> list[str]:
    """What somebody sees and may leave empty, without words of its own."""
    return [
        name
        for name, field in form.base_fields.items()  # type: ignore[attr-defined]  # set by the metaclass
        if field.required
        and not field.widget.is_hidden
        and field.initial is None
        and field.label
        and name not in _FALLS_BACK
        and not isinstance(field, FilesField)
        and not _has_a_first_choice(field)
        and str(field.error_messages["required"]) == _SILENT
    ]


def _has_a_first_choice(field: forms.Field) -> bool:
    """A list that begins with a choice is never empty."""
    if not isinstance(field, forms.ChoiceField) or isinstance(field.widget, forms.RadioSelect):
        return False
    first = next(iter(field.choices), ("", ""))
    return str(first[0]) != ""


def test_a_field_left_empty_says_what_to_write():
    silent = {form.__qualname__: _silent_fields(form) for form in _forms()}

    assert {name: fields for name, fields in silent.items() if fields} == {}


def test_a_silent_field_is_seen():
    class Silent(forms.Form):
        name = forms.CharField(label="Nom")
        said = forms.CharField(label="Nom", error_messages={"required": "Indiquez le nom."})

    assert _silent_fields(Silent) == ["name"]
