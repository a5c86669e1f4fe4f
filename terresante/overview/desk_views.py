from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from terresante.care_team.access import PATIENTS_LIST, RECORD_READ
from terresante.care_team.actions import EMERGENCY_PROFESSIONS, is_regulator
from terresante.care_team.actions.joining import may_ask
from terresante.care_team.queries import FoundPatient
from terresante.directory.queries import proved_situations
from terresante.feed.access import FEED_READ
from terresante.kernel import access, audit
from terresante.kernel.actor import ActorKind
from terresante.kernel.errors import Refused
from terresante.kernel.ids import asked_key
from terresante.kernel.ports import PROVED_SITUATIONS_KEY, SITUATION_KEY
from terresante.kernel.screens import Request, next_page, reads, writes
from terresante.kernel.ui.frame import Action, Chip, Toast
from terresante.kernel.ui.paging import shown_page
from terresante.kernel.ui.wording import NBSP, exact, when
from terresante.notifications.enums import Notice
from terresante.notifications.queries import wants_on_screen
from terresante.overview import desk_queries as queries
from terresante.overview import home_queries, search_queries
from terresante.overview.access import SITUATION_CHOOSE
from terresante.overview.forms import SearchForm, SearchWords, read_search
from terresante.overview.rows import row_html
from terresante.patients.enums import IdentityStatus
from terresante.patients.models import CareRecord
from terresante.patients.queries import namesakes
from terresante.stays.queries import CurrentPlace

_CHIPS = (
    ("", "Tout", ""),
    ("alertes", "Alertes", "bell"),
    ("notes", "Notes", "note"),
    ("documents", "Documents", "file-text"),
    ("sejours", "Séjours", "bed"),
)
_MY_ROLE, _ROLE_OF_STRUCTURE = "Votre rôle", "Rôle de la structure"
_WRONG_DATE = "Cette date de naissance n’existe pas. Vérifiez le jour, le mois et l’année."


@reads(PATIENTS_LIST)
def home(request: Request) -> HttpResponse:
    if request.actor.kind != ActorKind.PROFESSIONAL:
        return redirect("portal:home")
    only = request.GET.get("filtre", "")
    found = home_queries.home_of(request.actor, only=only)
    context = {
        "home": found,
        "today": exact(timezone.now()).capitalize(),
        "chips": [_chip(found, *chip, only=only) for chip in _CHIPS],
        "is_filtered": bool(only),
        "most": queries.MOST_PATIENTS,
    }
    part = "overview/_news.html" if request.headers.get("HX-Request") else "overview/home.html"
    return render(request, part, context)


@reads(PATIENTS_LIST)
def my_patients(request: Request) -> HttpResponse:
    page, records = queries.mine_page(request.actor, request.GET.get("page"))
    rows = _listed(records, queries.places_of(request.actor, records), role_title=_MY_ROLE)
    context = {"rows": rows, "role_title": _MY_ROLE, "page": shown_page(page, "patients")}
    return render(request, "overview/patients.html", context)


@reads(PATIENTS_LIST)
def structure_patients(request: Request) -> HttpResponse:
    actor, after = request.actor, request.GET.get("apres", "")
    rows = queries.records_of(actor, actor.organization_id)
    if after:
        rows = queries.page_after(rows, access.get(actor, RECORD_READ, CareRecord, asked_key(after)))
    found = list(rows[: queries.PER_PAGE + 1])
    shown = found[: queries.PER_PAGE]
    more = f"?apres={shown[-1].pk}" if len(found) > queries.PER_PAGE else ""
    context = {
        "rows": _listed(shown, queries.places_of(actor, shown), role_title=_ROLE_OF_STRUCTURE),
        "role_title": _ROLE_OF_STRUCTURE,
        "count": queries.bounded_count(actor, actor.organization_id),
        "most": queries.MOST_PATIENTS,
        "next_url": more,
        "is_first": not after,
    }
    return render(request, "overview/structure_patients.html", context)


@reads(PATIENTS_LIST)
def hospitalised(request: Request) -> HttpResponse:
    records, places = queries.hospitalised(request.actor)
    return render(request, "overview/hospitalised.html", {"rows": _listed(records, places)})


@reads(PATIENTS_LIST)
def search(request: Request) -> HttpResponse:
    form = SearchForm(request.GET or None)
    fields = [request.GET.get(name, "") for name in ("q", "name", "given_name", "born")]
    text = " ".join(" ".join(fields).split())
    context: dict[str, Any] = {
        "form": form,
        "query": text,
        "opens": request.actor.role in EMERGENCY_PROFESSIONS,
        "regulates": is_regulator(request.actor),
        "asks": may_ask(request.actor),
    }
    try:
        words = read_search(text)
        context |= _found(request, words)
    except ValueError:
        context["notice"] = _WRONG_DATE
    return render(request, "overview/search.html", context)


@reads(FEED_READ)
def toast(request: Request) -> HttpResponse:
    """What the live stream says of a new alert; empty when it is not for this person."""
    told = home_queries.alert_about(request.actor, asked_key(request.GET.get("object", "")))
    if told is None or not wants_on_screen(request.actor, Notice.STAY):
        return HttpResponse("")
    item, at = told.item, when(told.item.occurred_at, now=timezone.now())
    said = Toast(
        text=f"{item.patient}{NBSP}: {told.line.strong or item.get_kind_display()}{told.rest}, {at}",
        level=home_queries.level_of(item) or Toast.level,
        link=Action(label="Ouvrir", url=told.line.url) if told.line.url else None,
    )
    return render(request, "ui/toast.html", {"toast": said})


@reads(FEED_READ)
def alert_count(request: Request) -> HttpResponse:
    """The number in the bar alone; the frame counts it (config/navigation)."""
    return render(request, "ui/alert_count.html")


@writes(SITUATION_CHOOSE)
def situation(request: Request) -> HttpResponse:
    """For whom one works, among several structures; passes on at once when there is only one."""
    user_id = request.actor.user_id
    proved = request.session.get(PROVED_SITUATIONS_KEY)
    choices = proved_situations(user_id, proved) if user_id else []
    after = next_page(request)
    chosen = next((c for c in choices if c.key == request.POST.get("situation")), None)
    if len(choices) > 1 and chosen is None:
        return render(request, "overview/situation.html", {"choices": choices, "next": after})
    if chosen is not None:
        request.session[SITUATION_KEY] = chosen.key
        told = {"organization": str(chosen.organization_id)}
        if chosen.delegation_id is not None:
            told["delegation"] = str(chosen.delegation_id)
        audit.record(request.actor, SITUATION_CHOOSE, detail=told)
    return redirect(after or "overview:home")


def _chip(found: home_queries.Home, key: str, label: str, icon: str, *, only: str) -> Chip:
    url = f"{reverse('overview:home')}?{urlencode({'filtre': key})}" if key else reverse("overview:home")
    return Chip(label=label, url=url, icon=icon, count=found.counts[key], current=key == only)


def _listed(
    records: Collection[CareRecord], places: Mapping[UUID, CurrentPlace], *, role_title: str = ""
) -> list[SafeString]:
    """Their rows; with a column of roles, those found by their circle, under this title."""
    today, warned = timezone.localdate(), namesakes(record.patient_id for record in records)
    return [
        row_html(
            record,
            place=places.get(record.patient_id),
            warning=warned.get(record.patient_id, ""),
            role_title=role_title,
            today=today,
        )
        for record in records
    ]


def _found(request: Request, words: SearchWords) -> dict[str, Any]:
    if not words.born and len("".join(words.names)) < 2:
        return {"notice": "Écrivez au moins deux lettres du nom." if request.GET else ""}
    mine = search_queries.mine_called(request.actor, words)
    context: dict[str, Any] = {"asked": True}
    others: list[FoundPatient] = []
    try:
        found = search_queries.found_in_region(request.actor, words)
        context["others"] = others = [person for person in found if not person.is_mine]
        # Mine by a name that they no longer bear: an identity merged since.
        known = {record.patient_id for record in mine}
        missed = [person.patient_id for person in found if person.is_mine and person.patient_id not in known]
        mine += search_queries.mine_among(request.actor, missed)
    except Refused as error:
        context["notice"] = error.sentence
    warned = namesakes(person.patient_id for person in others)
    context["mine"] = _listed(mine, queries.places_of(request.actor, mine))
    if "others" in context:
        context["others"] = [
            (person, IdentityStatus(person.identity_status).label, warned.get(person.patient_id, ""))
            for person in others
        ]
    return {**context, "in_region": bool(words.born and words.splits)}
