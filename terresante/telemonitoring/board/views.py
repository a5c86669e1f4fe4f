"""The board of a cell, and what an operator does from it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from terresante.care_team.queries import read_record
from terresante.kernel import access
from terresante.kernel.actor import ActorKind
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.ids import key_of
from terresante.kernel.screens import Request, next_page, reads, record_page, writes
from terresante.kernel.ui.forms import form_status, show_error
from terresante.kernel.ui.frame import Chip, Level, Page, Strip
from terresante.kernel.ui.paging import asked_page
from terresante.telemonitoring.access import FOLLOW_UP_READ
from terresante.telemonitoring.alerts import actions
from terresante.telemonitoring.alerts import queries as alert_queries
from terresante.telemonitoring.alerts.access import (
    ALERT_CALL,
    ALERT_CLOSE,
    ALERT_PASS,
    ALERT_TAKE,
    BOARD_LIST,
)
from terresante.telemonitoring.alerts.enums import AlertOutcome, CallResult
from terresante.telemonitoring.board import departments
from terresante.telemonitoring.board import queries as board_queries
from terresante.telemonitoring.board.forms import CallForm, CloseForm
from terresante.telemonitoring.board.lines import cells_of, lines_of
from terresante.telemonitoring.board.queries import PER_PAGE, Asked, Board, Only, Scope
from terresante.telemonitoring.cells import hours
from terresante.telemonitoring.models import Cell, FollowUp

# What the page asks for again, in the words of its address, and the template of each.
_COUNTERS, _LINES = "filtres", "lignes"
_PARTS = {_COUNTERS: "telemonitoring/_board_chips.html", _LINES: "telemonitoring/_board_rows.html"}
_CHIPS = (
    (Only.ALL, "Tous", None, ""),
    (Only.RED, "Rouge", Level.RED, "level-red"),
    (Only.ORANGE, "Orange", Level.ORANGE, "level-orange"),
    (Only.GREY, "Sans réponse", Level.SILENT, "level-silent"),
    (Only.GREEN, "Vert", Level.GREEN, "level-green"),
    (Only.TO_TAKE, "À prendre", None, ""),
    (Only.BY_ME, "À moi", None, ""),
    (Only.LATE, "En retard", None, ""),
)


@require_safe
@reads(BOARD_LIST)
def board(request: Request) -> HttpResponse:
    """With `partie`, what its chips or its rows have become: the page asks when something has changed."""
    if request.actor.kind != ActorKind.PROFESSIONAL:
        raise Refused("Le tableau de télésuivi est celui des professionnels.")
    cells = board_queries.cells_of(request.actor)
    asked = _asked(request, cells)
    part = request.GET.get("partie", "") if request.headers.get("HX-Request") else ""
    if part and part not in _PARTS:
        raise NotFound
    number = asked_page(request.GET.get("page", ""))
    found = board_queries.board_of(request.actor, asked, number=number, counters_only=part == _COUNTERS)
    shown: dict[str, Any] = {"asked": asked}
    if part != _COUNTERS:
        shown |= {"lines": lines_of(found.rows), "pages": _pages(asked, found)}
    if part != _LINES:
        shown |= {"chips": _chips(asked, found, cells), **_people(request, asked, found, cells)}
    if part:
        return _fragment(_PARTS[part], shown)
    return render(request, "telemonitoring/board.html", shown | _around(request, asked, found, cells))


def _around(request: Request, asked: Asked, found: Board, cells: list[Cell]) -> dict[str, Any]:
    """What stands around the chips and the rows, on the whole page alone."""
    now, versions = timezone.now(), {UUID(key) for key in {each.seen.version_id for each in found.rows}}
    return {
        "board": found,
        "cells": cells,
        "query": _query(asked, page=found.number),
        "hours": [(cell, hours.told(cell, now)) for cell in cells],
        "unsigned": _thresholds(board_queries.unsigned(request.actor, versions)),
    }


def _fragment(template: str, shown: dict[str, Any]) -> HttpResponse:
    """Without the frame of a page, which would compute its counters: each change is asked for by every open board."""
    return HttpResponse(render_to_string(template, shown))


def _thresholds(titles: list[str]) -> Strip | None:
    if not titles:
        return None
    sentence = (
        "Seuils par défaut, non validés pour un usage clinique tant qu’un médecin de votre structure"
        f" ne les a pas signés : {', '.join(titles)}."
    )
    return Strip(text=sentence, level=Level.INFORMATION)


def _people(request: Request, asked: Asked, found: Board, cells: list[Cell]) -> dict[str, Any]:
    """« Mes patients », « Mon réseau »: the second for who works in a structure that has a cell."""
    if not cells:
        return {"people": ()}
    other = Scope.MINE if asked.scope == Scope.NETWORK else Scope.NETWORK
    counts = {asked.scope: sum(found.of_cells.values()), other: board_queries.count_of(request.actor, other)}
    words = {Scope.NETWORK: "Mon réseau", Scope.MINE: "Mes patients"}
    return {
        "people": tuple(
            Chip(
                label=words[scope],
                url=_query(Asked(scope=scope)),
                count=counts[scope],
                current=scope == asked.scope,
            )
            for scope in (Scope.NETWORK, Scope.MINE)
        )
    }


@require_safe
@reads(BOARD_LIST)
def row(request: Request) -> HttpResponse:
    """The cells of one line, as they are now; nothing once it has left the board, nor for a key of nobody's here."""
    key = key_of(request.GET.get("suivi", ""))
    found = board_queries.one_of(request.actor, key) if key else None
    return _fragment("telemonitoring/_board_row.html", {"cells": cells_of(found) if found else ""})


@require_safe
@reads(FOLLOW_UP_READ)
def alert(request: Request, follow_up_id: UUID) -> HttpResponse:
    return _page(request, follow_up_id, CallForm(), CloseForm())


@require_POST
@writes(ALERT_TAKE)
def take(request: Request, follow_up_id: UUID) -> HttpResponse:
    return _done(request, follow_up_id, actions.take_alert, "L’alerte est à vous.")


@require_POST
@writes(ALERT_TAKE)
def release(request: Request, follow_up_id: UUID) -> HttpResponse:
    return _done(request, follow_up_id, actions.release_alert, "L’alerte est rendue à la cellule.")


@require_POST
@writes(ALERT_PASS)
def pass_on(request: Request, follow_up_id: UUID) -> HttpResponse:
    return _done(request, follow_up_id, actions.pass_to_physician, "Le médecin de la cellule est prévenu.")


@writes(ALERT_CALL)
def call(request: Request, follow_up_id: UUID) -> HttpResponse:
    form = CallForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        record = partial(actions.record_call, result=CallResult(said["result"]), note=said["note"])
        return _done(request, follow_up_id, record, "L’appel est noté.")
    return _page(request, follow_up_id, form, CloseForm())


@writes(ALERT_CLOSE)
def close(request: Request, follow_up_id: UUID) -> HttpResponse:
    form = CloseForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        outcome = AlertOutcome(form.cleaned_data["outcome"])
        shut = partial(actions.close_alert, outcome=outcome, reason=form.cleaned_data["reason"])
        try:
            return _done(request, follow_up_id, shut, "L’alerte est close.")
        except Invalid as error:
            show_error(form, error)
    return _page(request, follow_up_id, CallForm(), form)


def _done(request: Request, follow_up_id: UUID, act: Callable[..., object], sentence: str) -> HttpResponse:
    """Back to where one comes from; what a colleague holds is said there, with his name."""
    try:
        act(request.actor, follow_up_id)
    except Conflict as error:
        messages.warning(request, error.sentence)
    else:
        messages.success(request, sentence)
    return redirect(next_page(request) or reverse("board:alert", args=[follow_up_id]))


def _page(request: Request, follow_up_id: UUID, call_form: CallForm, close_form: CloseForm) -> HttpResponse:
    related = ("cell", "version", "taken_by")
    follow_up = access.get(request.actor, FOLLOW_UP_READ, FollowUp, follow_up_id, related=related)
    opened = read_record(request.actor, follow_up.record_id, action=FOLLOW_UP_READ)
    found = board_queries.one_of(request.actor, follow_up_id)
    if found is None:
        raise NotFound
    shown = {
        "row": found,
        "followed": follow_up,
        "story": alert_queries.story_of(request.actor, follow_up),
        "may": access.permitted(request.actor, follow_up, ALERT_TAKE),
        "call_form": call_form,
        "close_form": close_form,
        "open_until": hours.told(follow_up.cell, timezone.now()),
    }
    return record_page(
        request,
        "telemonitoring/alert.html",
        opened,
        shown,
        tab="telemonitoring",
        status=form_status(call_form, close_form),
    )


@dataclass(frozen=True, slots=True)
class _Words:
    """Names of the address."""

    scope: str = "qui"
    only: str = "filtre"
    cell: str = "cellule"
    words: str = "q"
    place: str = "territoire"


_NAMES = _Words()


def _asked(request: Request, cells: list[Cell]) -> Asked:
    said = request.GET
    scope = said.get(_NAMES.scope, "")
    only = said.get(_NAMES.only, "")
    default = Scope.NETWORK if cells else Scope.MINE
    keys = {str(cell.pk): cell.pk for cell in cells}
    return Asked(
        scope=Scope(scope) if cells and scope in list(Scope) else default,
        only=Only(only) if only in list(Only) else Only.ALL,
        cell_id=keys.get(said.get(_NAMES.cell, "")),
        words=said.get(_NAMES.words, "").strip(),
        place=place if departments.is_place(place := said.get(_NAMES.place, "")) else "",
    )


def _query(asked: Asked, *, page: int = 1) -> str:
    said = {
        _NAMES.scope: asked.scope.value if asked.scope != Scope.NETWORK else "",
        _NAMES.only: asked.only.value,
        _NAMES.cell: str(asked.cell_id or ""),
        _NAMES.words: asked.words,
        _NAMES.place: asked.place,
        "page": str(page) if page > 1 else "",
    }
    return "?" + urlencode({name: value for name, value in said.items() if value})


def _chips(asked: Asked, found: Board, cells: list[Cell]) -> dict[str, tuple[Chip, ...]]:
    states = tuple(
        Chip(
            label=label,
            url=_query(replace(asked, only=only)),
            icon=icon,
            level=level,
            count=found.counts[only],
            current=only == asked.only,
        )
        for only, label, level, icon in _CHIPS
    )
    places = tuple(
        Chip(
            label=cell.name,
            url=_query(replace(asked, cell_id=None if cell.pk == asked.cell_id else cell.pk)),
            count=found.of_cells.get(cell.pk, 0),
            current=cell.pk == asked.cell_id,
        )
        for cell in cells
    )
    return {"states": states, "places": places if len(cells) > 1 else ()}


def _pages(asked: Asked, found: Board) -> Page | None:
    if found.total <= PER_PAGE:
        return None
    return Page(
        first=found.first,
        last=found.last,
        total=found.total,
        noun="personnes suivies",
        previous_url=_query(asked, page=found.number - 1) if found.number > 1 else "",
        next_url=_query(asked, page=found.number + 1) if found.has_next else "",
    )
