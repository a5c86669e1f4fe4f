"""Back office: the settings of the deployment that a screen changes, with their trace."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from terresante.directory.forms import SwitchForm
from terresante.kernel import switch_changes, switches
from terresante.kernel.errors import Conflict, Invalid, NotFound
from terresante.kernel.models import SwitchChange
from terresante.kernel.screens import Request, writes
from terresante.kernel.switch_changes import SWITCH_CHANGE
from terresante.kernel.switches import Switch
from terresante.kernel.ui.forms import form_status, show_error

_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Told:
    """A setting as its page says it."""

    switch: Switch
    value: str
    is_default: bool


@dataclass(frozen=True, slots=True)
class ToldChange:
    row: SwitchChange
    label: str
    value: str


@writes(SWITCH_CHANGE)
def settings_page(request: Request) -> HttpResponse:
    switch_changes.require_administrator(request.actor)
    rows = switch_changes.history(request.actor)[:_SHOWN]
    context = {"settings": [_told(one) for one in _apart()], "changes": list(_changes(rows))}
    return render(request, "directory/switches.html", context)


@writes(SWITCH_CHANGE)
def setting(request: Request, code: str) -> HttpResponse:
    switch_changes.require_administrator(request.actor)
    found = next((one for one in _apart() if one.code == code), None)
    if found is None:
        raise NotFound
    told = _told(found)
    form = SwitchForm(request.POST or None, initial={"value": told.value}, choices=found.choices)
    if request.method == "POST" and form.is_valid():
        try:
            asked = form.cleaned_data
            switch_changes.change(request.actor, code, asked["value"], asked["reason"])
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            messages.success(request, "Le réglage est changé, dès maintenant et pour toute la plateforme.")
            return redirect("directory:switches")
    rows = switch_changes.history(request.actor, code)[:_SHOWN]
    context = {"told": told, "form": form, "changes": list(_changes(rows))}
    return render(request, "directory/switch.html", context, status=form_status(form))


def _apart() -> list[Switch]:
    """Those of a group have a page of their own."""
    return [one for one in switches.declared() if not one.group]


def _told(one: Switch) -> Told:
    value = switches.value(one.code)
    return Told(one, one.words(value), is_default=value == one.default)


def _changes(rows: Iterable[SwitchChange]) -> Iterator[ToldChange]:
    known = {one.code: one for one in switches.declared()}
    for row in rows:
        one = known.get(row.code)
        yield ToldChange(row, one.label if one else row.code, one.words(row.value) if one else row.value)
