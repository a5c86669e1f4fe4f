from collections.abc import Collection, Mapping
from datetime import datetime, time
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from terresante.care_team.access import (
    PATIENTS_LIST,
    RECORD_CREATE,
    RECORD_READ,
    RECORD_SHARE,
)
from terresante.care_team.actions import (
    EMERGENCY_PROFESSIONS,
    create_kept_record,
    create_record,
    is_regulator,
    share_record,
    supports,
)
from terresante.care_team.actions.joining import may_ask
from terresante.care_team.forms import ConsentForm
from terresante.care_team.queries import FoundPatient, read_record, why_not_founded
from terresante.care_team.regime import needs_consent
from terresante.directory.queries import proved_situations, search_communes
from terresante.feed.access import FEED_READ
from terresante.kernel import access, audit
from terresante.kernel.actor import ActorKind
from terresante.kernel.errors import Invalid, Refused
from terresante.kernel.ids import asked_key
from terresante.kernel.ports import PROVED_SITUATIONS_KEY, SITUATION_KEY
from terresante.kernel.screens import Request, next_page, public, reads, writes
from terresante.kernel.ui.forms import form_status, show_error
from terresante.kernel.ui.frame import Action, Chip, Comparison, Pair, Toast
from terresante.kernel.ui.paging import shown_page
from terresante.kernel.ui.wording import NBSP, exact, when
from terresante.notifications.enums import Notice
from terresante.notifications.queries import wants_on_screen
from terresante.overview import desk_queries as queries
from terresante.overview.access import SITUATION_CHOOSE
from terresante.overview.forms import (
    InformationForm,
    PatientForm,
    SearchForm,
    SearchWords,
    place_label,
    read_search,
)
from terresante.overview.rows import row_html
from terresante.patients.enums import IdentityStatus, InformationSupport, Sex
from terresante.patients.identity_rules import normalised_name
from terresante.patients.models import CareRecord
from terresante.patients.queries import namesakes
from terresante.patients.traits import Traits
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
    found = queries.home_of(request.actor, only=only)
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


@writes(RECORD_CREATE)
def new_patient(request: Request) -> HttpResponse:
    if request.actor.kind != ActorKind.PROFESSIONAL:
        raise Refused("Seul un professionnel rattaché à une structure crée un dossier.")
    form = PatientForm(request.POST or None)
    if request.method != "POST" or not form.is_valid() or "edit" in request.POST:
        status = 422 if form.errors and "edit" not in request.POST else 200
        return render(request, "overview/new_patient.html", {"form": form}, status=status)
    alike = queries.look_alikes(request.actor, form.traits)
    known = next((one for one in alike if str(one.patient_id) == request.POST.get("known")), None)
    asks = "create" in request.POST and (not alike or "distinct" in request.POST)
    if known is None and not asks and "kept" not in request.POST:
        return render(request, "overview/check_patient.html", checked_identity(request, form, alike))
    consent = ConsentForm(request.POST if needs_consent() else None)
    try:
        record = _founded(request, form, known.patient_id if known else None, consent)
    except Invalid as error:
        show_error(consent, error)
        checked = checked_identity(request, form, alike, consent)
        return render(request, "overview/check_patient.html", checked, status=error.status)
    if record.kept_by_id is not None:
        return redirect(queries.record_url(record.pk))
    return redirect("overview:information", record.pk)


def _founded(request: Request, form: PatientForm, known: UUID | None, consent: ConsentForm) -> CareRecord:
    """« kept »: the non-shared record of a support structure, always under an identity of its own."""
    given = consent.given() if consent.is_bound and consent.is_valid() else None
    if "kept" in request.POST:
        return create_kept_record(request.actor, traits=form.traits, contacts=form.contacts, consent=given)
    return create_record(
        request.actor, traits=form.traits, contacts=form.contacts, patient_id=known, consent=given
    )


@public(reason="Communes et pays du code officiel géographique : une liste publique, sans patient")
def birth_places(request: HttpRequest) -> HttpResponse:
    places = search_communes(request.GET.get("birth_place", "")[:100], limit=8)
    return render(
        request, "overview/_birth_places.html", {"places": [place_label(place) for place in places]}
    )


@writes(RECORD_SHARE)
def information(request: Request, record_id: UUID) -> HttpResponse:
    opened = read_record(request.actor, record_id, action=RECORD_SHARE)
    if opened.record.kept_by_id is not None:
        return redirect("care_team:share_kept", record_id)
    today = timezone.localdate()
    form = InformationForm(request.POST or None, initial={"given_on": today})
    consent = ConsentForm(request.POST or None if needs_consent() else None, initial={"consented_at": today})
    if request.method == "POST" and form.is_valid():
        try:
            _informed(request, record_id, form, consent)
        except Invalid as error:
            show_error(consent, error)
        else:
            return redirect(queries.record_url(record_id))
    context = {
        "opened": opened,
        "form": form,
        "consent": consent if needs_consent() else None,
        "record_url": queries.record_url(record_id),
    }
    return render(request, "overview/information.html", context, status=form_status(form, consent))


def _informed(request: Request, record_id: UUID, form: InformationForm, consent: ConsentForm) -> None:
    noon = timezone.make_aware(datetime.combine(form.cleaned_data["given_on"], time(12)))
    share_record(
        request.actor,
        record_id,
        support=InformationSupport(form.cleaned_data["support"]),
        given_at=min(noon, timezone.now()),
        consent=consent.given() if consent.is_bound and consent.is_valid() else None,
    )


@reads(RECORD_SHARE)
def notice(request: Request, record_id: UUID) -> HttpResponse:
    opened = read_record(request.actor, record_id, action=RECORD_SHARE)
    holder = opened.record.holder
    return render(
        request, "overview/notice.html", {"opened": opened, "holder": holder, "now": timezone.now()}
    )


@reads(FEED_READ)
def toast(request: Request) -> HttpResponse:
    """What the live stream says of a new alert; empty when it is not for this person."""
    told = queries.alert_about(request.actor, asked_key(request.GET.get("object", "")))
    if told is None or not wants_on_screen(request.actor, Notice.STAY):
        return HttpResponse("")
    item, at = told.item, when(told.item.occurred_at, now=timezone.now())
    said = Toast(
        text=f"{item.patient}{NBSP}: {told.line.strong or item.get_kind_display()}{told.rest}, {at}",
        level=queries.level_of(item) or Toast.level,
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


def _chip(found: queries.Home, key: str, label: str, icon: str, *, only: str) -> Chip:
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
    mine = queries.mine_called(request.actor, words)
    context: dict[str, Any] = {"asked": True}
    others: list[FoundPatient] = []
    try:
        found = queries.found_in_region(request.actor, words)
        context["others"] = others = [person for person in found if not person.is_mine]
        # Mine by a name that they no longer bear: an identity merged since.
        known = {record.patient_id for record in mine}
        missed = [person.patient_id for person in found if person.is_mine and person.patient_id not in known]
        mine += queries.mine_among(request.actor, missed)
    except Refused as error:
        context["notice"] = error.sentence
    warned = namesakes(person.patient_id for person in others)
    context["mine"] = _listed(mine, queries.places_of(request.actor, mine))
    if "others" in context:
        context["others"] = [
            (person, _status(person.identity_status), warned.get(person.patient_id, "")) for person in others
        ]
    return {**context, "in_region": bool(words.born and words.splits)}


def checked_identity(
    request: Request, form: PatientForm, alike: list[queries.LookAlike], consent: ConsentForm | None = None
) -> dict[str, Any]:
    warned = namesakes([one.patient_id for one in alike]) if alike else {}
    return {
        "form": form,
        "traits": _pairs(form.traits),
        "alike": [
            {
                "person": one,
                "comparison": _comparison(form.traits, one),
                "status": _status(one.identity_status),
                "warning": warned.get(one.patient_id, ""),
                "url": queries.record_url(one.record_id) if one.is_mine and one.record_id else "",
                "opposes": not one.record_id
                and why_not_founded(one.patient_id, form.traits, named_only=True) == "opposed",
            }
            for one in alike
        ],
        "must_confirm": "create" in request.POST,
        "opens": request.actor.role in EMERGENCY_PROFESSIONS,
        "consent": (consent or ConsentForm(initial={"consented_at": timezone.localdate()}))
        if needs_consent()
        else None,
        "keeps": supports(request.actor),
    }


def _pairs(traits: Traits) -> list[tuple[str, str]]:
    born = traits.birth_date
    shown = [
        ("Nom de naissance", traits.birth_name.upper()),
        ("Prénoms de naissance", traits.birth_given_names),
        ("Date de naissance", f"{born:%d/%m/%Y}" if born and not traits.lunar_birth_date else _lunar(traits)),
        ("Sexe", Sex(traits.sex).label),
        ("Lieu de naissance", f"{traits.birth_place_name} ({traits.birth_place_code})"),
    ]
    return [*shown, ("Nom utilisé", traits.used_name)] if traits.used_name else shown


def _lunar(traits: Traits) -> str:
    year, month, _ = traits.lunar_birth_date.split("-")
    return f"{month}/{year}, jour inconnu" if month != "00" else f"{year}, jour et mois inconnus"


def _comparison(traits: Traits, known: queries.LookAlike) -> Comparison:
    entered = dict(_pairs(traits))
    stored = {
        "Nom de naissance": known.birth_name,
        "Prénoms de naissance": known.given_names,
        "Date de naissance": f"{known.birth_date:%d/%m/%Y}",
        "Sexe": Sex(known.sex).label,
        "Lieu de naissance": known.birth_place_name,
    }
    typed = {**entered, "Lieu de naissance": traits.birth_place_name}
    typed["Prénoms de naissance"] = normalised_name(traits.birth_given_names)
    typed["Nom de naissance"] = normalised_name(traits.birth_name)
    pairs = tuple(Pair(label=label, old=value, new=typed[label]) for label, value in stored.items())
    return Comparison(old_title="Personne connue", new_title="Votre saisie", pairs=pairs)


def _status(code: str) -> str:
    return IdentityStatus(code).label
