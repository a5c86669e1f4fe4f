"""Fields of a form, drawn at once: template in template, three of them took a fifth of a page (docs/bench.md)."""

from collections.abc import Callable, Mapping
from typing import Any

from django.forms import BoundField
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from terresante.kernel.ui.templatetags.ui import html, icon, joined
from terresante.kernel.ui.wording import french

_FIELD = '<{tag} class="field{state}"{described}>{label}{help}{widget}{errors}</{tag}>'
_LEGEND = "<legend>{words}{optional}</legend>"
_CHOICE = '<label class="choice" for="{key}">{widget} <span>{words}</span></label>'
_LABEL = '<label for="{key}">{words}{optional}</label>'
_HELP = '<p class="field-help" id="{key}_helptext">{words}</p>'
_ERRORS = '<div id="{key}_error">{errors}</div>'
_ERROR = '<p class="field-error">{icon}{words}</p>'


def field_html(context: Mapping[str, Any]) -> SafeString:
    """Its label, what helps to fill it in, the field itself, what is wrong in it."""
    field: BoundField = context["field"]
    is_choice = field.widget_type == "checkbox" and not field.use_fieldset
    return html(
        _FIELD,
        tag="fieldset" if field.use_fieldset else "div",
        state=" has-error" if field.errors else "",
        described=_described(field),
        label=_label(field, is_choice=is_choice),
        help=html(_HELP, key=str(field.auto_id), words=_said(field.help_text)) if field.help_text else "",
        widget="" if field.widget_type == "checkbox" else SafeString(field),
        errors=_errors(field) if field.errors else "",
    )


def _described(field: BoundField) -> SafeString | str:
    named = field.aria_describedby if field.use_fieldset else ""
    return html(' aria-describedby="{keys}"', keys=named) if named else ""


def _label(field: BoundField, *, is_choice: bool) -> SafeString | str:
    words, key = _said(field.label), str(field.id_for_label)
    if is_choice:
        return html(_CHOICE, key=key, widget=SafeString(field), words=words)
    optional = "" if field.field.required else _optional()
    if field.use_fieldset:
        return html(_LEGEND, words=words, optional=optional)
    return html(_LABEL, key=key, words=words, optional=optional) if field.label else ""


def _optional() -> SafeString:
    return html(' <span class="optional">{word}</span>', word=gettext("facultatif"))


def _errors(field: BoundField) -> SafeString:
    told = (html(_ERROR, icon=icon("level-red"), words=_said(error)) for error in field.errors)
    return html(_ERRORS, key=str(field.auto_id), errors=joined(told))


def _said(words: object) -> str:
    return french(str(words))  # a label is looked up only now


def input_html(context: Mapping[str, Any]) -> SafeString:
    """As Django's `input.html`."""
    widget = context["widget"]
    named = [("type", widget["type"]), ("name", widget["name"]), *widget["attrs"].items()]
    if widget["value"] is not None:
        named.insert(2, ("value", conditional_escape(str(widget["value"]))))
    return SafeString(f"<input{''.join(_attribute(name, value) for name, value in named)}>")


def _attribute(name: str, value: object) -> str:
    if value is False:
        return ""
    name = conditional_escape(name)
    return f" {name}" if value is True else f' {name}="{conditional_escape(str(value))}"'


_INPUTS = "checkbox date datetime email file hidden number password search tel text time url".split()
# By the name of the template that each stands for.
DRAWN: dict[str, Callable[[Mapping[str, Any]], SafeString]] = {
    "ui/field.html": field_html,
    **{f"django/forms/widgets/{kind}.html": input_html for kind in _INPUTS},
}
