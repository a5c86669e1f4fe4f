from dataclasses import dataclass
from itertools import groupby

from django.http import HttpResponse
from django.shortcuts import render

from terresante.kernel.screens import Request, reads
from terresante.terminology.access import TERMINOLOGY_READ, require_administrator
from terresante.terminology.enums import KnownSet
from terresante.terminology.models import ValueSet
from terresante.terminology.queries import loaded_sets


@dataclass(frozen=True, slots=True)
class Shown:
    current: ValueSet
    earlier: tuple[ValueSet, ...]


@reads(TERMINOLOGY_READ)
def show_sets(request: Request) -> HttpResponse:
    require_administrator(request.actor)
    rows = groupby(loaded_sets(request.actor), key=lambda row: row.short_name)
    shown = [Shown(first, tuple(others)) for first, *others in (list(group) for _, group in rows)]
    loaded = {one.current.short_name for one in shown}
    missing = [known.label for known in KnownSet if known.value not in loaded]
    return render(request, "terminology/sets.html", {"sets": shown, "missing": missing})
