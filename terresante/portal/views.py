from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from terresante.care_team import actions as circle_actions
from terresante.care_team.access import (
    ACCESS_CONTEST,
    ACCESS_LOG_READ,
    CIRCLE_READ,
    CONSENT_LIFT,
    JOIN_ANSWER,
    OWN_CIRCLE_EDIT,
    SECRET_NAME,
    decides_for_patient,
    is_carer,
    reads_class,
)
from terresante.care_team.actions.joining import answer_own_request
from terresante.care_team.actions.secrets import name_reader, withdraw_name
from terresante.care_team.enums import ConsentKind, DataClass
from terresante.care_team.forms import DirectorySearchForm
from terresante.care_team.forms.joining import WordsForm
from terresante.care_team.models import CareTeamParticipant, JoinRequest
from terresante.care_team.queries import (
    OpenRecord,
    choices_of,
    circle_at_work,
    classes_read,
    directory,
    joining,
    relatives_with_access,
)
from terresante.care_team.queries.secrets import RestrictedCare, restricted_cares
from terresante.feed.actions import mark_objects_read
from terresante.feed.enums import FeedKind
from terresante.kernel import access
from terresante.kernel.actor import ActorKind
from terresante.kernel.errors import NotFound, Refused
from terresante.kernel.ids import asked_key
from terresante.kernel.ports import ACTING_FOR_KEY, SELF
from terresante.kernel.screens import Request, error_page, reads, writes
from terresante.kernel.ui.paging import asked_page
from terresante.notes.access import NOTE_READ
from terresante.notes.queries import note_page
from terresante.portal import actions, queries
from terresante.portal.access import PERSON_SWITCH
from terresante.portal.forms import NameForm
from terresante.portal.merged import strip_of_merge
from terresante.portal.queries import founded_record_id, read_own_record
from terresante.stays.queries import stays_of_patient


@reads(CIRCLE_READ)
def home(request: Request) -> HttpResponse:
    opened = read_own_record(request.actor)
    told = queries.home_of(request.actor, opened) if opened else None
    return render(request, "portal/home.html", {"opened": opened, "home": told})


@reads(ACCESS_LOG_READ)
def accesses(request: Request) -> HttpResponse:
    if is_carer(request.actor):
        return redirect("portal:home")
    opened = read_own_record(request.actor, action=ACCESS_LOG_READ)
    before = request.GET.get("avant", "")
    seen = queries.accesses_of(request.actor, opened, before=before) if opened else None
    if request.headers.get("HX-Request"):
        return render(request, "portal/_accesses.html", {"opened": opened, "seen": seen})
    return render(request, "portal/accesses.html", {"opened": opened, "seen": seen})


@writes(ACCESS_CONTEST)
def contest(request: Request, entry_id: UUID) -> HttpResponse:
    if request.method == "POST":
        actions.contest_access(request.actor, founded_record_id(request.actor), entry_id)
        messages.success(
            request,
            gettext("C’est envoyé. Le délégué à la protection des données vous répondra sur cette page."),
        )
    return redirect("portal:accesses")


@reads(CIRCLE_READ)
def circle(request: Request) -> HttpResponse:
    opened = read_own_record(request.actor)
    context: dict[str, Any] = {
        "opened": opened,
        "decides": decides_for_patient(request.actor),
        "members": [],
        "relatives": [],
    }
    if opened is not None:
        context["members"] = circle_at_work(request.actor, opened.patient.pk)
        context["relatives"] = relatives_with_access(request.actor, opened.patient.pk)
        if context["decides"]:
            context["asked"] = joining.requests_waiting(request.actor, opened.patient.pk)
    context["is_patient"] = request.actor.kind == ActorKind.PATIENT
    return render(request, "portal/circle.html", context)


@writes(OWN_CIRCLE_EDIT)
def remove_member(request: Request, participant_id: UUID) -> HttpResponse:
    """GET says what follows; POST does it."""
    record_id = founded_record_id(request.actor)
    if request.method == "POST":
        member = actions.remove_member(request.actor, record_id, participant_id)
        messages.success(
            request,
            gettext("%(name)s ne lit plus le dossier. Votre référent est prévenu.") % {"name": member.name},
        )
        return redirect("portal:circle")
    opened = read_own_record(request.actor)
    member = access.get(request.actor, OWN_CIRCLE_EDIT, CareTeamParticipant, participant_id)
    stays_in = queries.structures_he_stays_in(request.actor, member)
    context = {"opened": opened, "member": member, "stays_in": stays_in}
    return render(request, "portal/remove_member.html", context)


@writes(OWN_CIRCLE_EDIT)
def answer_request(request: Request, join_id: UUID) -> HttpResponse:
    """A professional who asks to come in: GET says what follows, POST answers."""
    form = WordsForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        accepts, words = "accept" in request.POST, form.cleaned_data["answer"]
        row = answer_own_request(
            request.actor, founded_record_id(request.actor), join_id, accepts=accepts, words=words
        )
        said = (
            gettext("C’est enregistré : %(name)s peut maintenant lire le dossier.")
            if accepts
            else gettext("C’est enregistré : %(name)s ne lira pas le dossier.")
        )
        messages.success(request, said % {"name": row.practitioner.full_name})
        return redirect("portal:circle")
    opened = read_own_record(request.actor)
    row = access.get(
        request.actor, JOIN_ANSWER, JoinRequest, join_id, related=("practitioner", "organization")
    )
    if opened is None or row.patient_id != opened.patient.pk or not row.is_waiting:
        raise NotFound
    readable, hidden = classes_read(row.practitioner.profession)
    context = {"opened": opened, "asked": row, "form": form, "readable": readable, "hidden": hidden}
    return render(request, "portal/answer_request.html", context)


@reads(OWN_CIRCLE_EDIT)
def search(request: Request) -> HttpResponse:
    opened = read_own_record(request.actor, action=OWN_CIRCLE_EDIT)
    form = DirectorySearchForm(request.GET or None)
    found = None
    if opened is not None and form.is_bound and form.is_valid():
        found = directory.search_directory(request.actor, opened.patient.pk, **form.cleaned_data)
    return render(request, "portal/search.html", {"opened": opened, "form": form, "found": found})


@writes(OWN_CIRCLE_EDIT)
def add_practitioner(request: Request, practitioner_id: UUID) -> HttpResponse:
    chosen = directory.candidate(practitioner_id=practitioner_id)
    record_id = founded_record_id(request.actor)
    if request.method == "POST":
        actions.add_practitioner(request.actor, record_id, practitioner_id)
        messages.success(
            request, gettext("%(name)s peut maintenant lire le dossier.") % {"name": chosen.name}
        )
        return redirect("portal:circle")
    readable, hidden = classes_read(chosen.profession)
    context = {
        "chosen": chosen,
        "readable": readable,
        "hidden": hidden,
        "opened": read_own_record(request.actor),
    }
    return render(request, "portal/add_practitioner.html", context)


@reads(NOTE_READ)
def notes(request: Request) -> HttpResponse:
    """What was written, and the stays in hospital, as far as this person may read them."""
    opened = read_own_record(request.actor, action=NOTE_READ)
    page, stays = None, None
    if opened is not None:
        patient_id, number = opened.patient.pk, asked_page(request.GET.get("page", ""))
        page = note_page(request.actor, patient_id, number=number)
        shown = [line.note.pk for line in page.lines]
        request.after_read.append(partial(mark_objects_read, request.actor, patient_id, FeedKind.NOTE, shown))
        if reads_class(request.actor, DataClass.STAY):
            stays = stays_of_patient(request.actor, opened.patient.pk)[:10]
    return render(request, "portal/notes.html", {"opened": opened, "notes": page, "stays": stays})


@writes(SECRET_NAME)
def secrets(request: Request) -> HttpResponse:
    """Psychiatry and addictology: who of the circle may know of it, named and withdrawn by the patient."""
    opened = read_own_record(request.actor)
    cares = restricted_cares(request.actor, opened.patient.pk) if opened else []
    if opened is not None and request.method == "POST":
        return _name(request, opened, {care.sector.value: care for care in cares})
    forms = [(care, NameForm(care.others, auto_id=f"{care.sector}_%s")) for care in cares]
    return render(request, "portal/secrets.html", {"opened": opened, "cares": forms})


def _name(request: Request, opened: OpenRecord, cares: dict[str, RestrictedCare]) -> HttpResponse:
    if "named" in request.POST:
        named_id = asked_key(request.POST["named"])
        withdraw_name(request.actor, opened.record.pk, named_id)
        messages.success(request, gettext("C’est retiré : cette personne n’en voit plus rien."))
        return redirect("portal:secrets")
    care = cares.get(request.POST.get("sector", ""))
    form = NameForm(care.others if care else [], request.POST)
    if care is None or not form.is_valid():
        messages.error(request, gettext("Choisissez une personne de votre équipe."))
        return redirect("portal:secrets")
    participant_id = UUID(form.cleaned_data["participant"])
    name_reader(request.actor, opened.record.pk, sector=care.sector, participant_id=participant_id)
    messages.success(request, gettext("C’est enregistré : cette personne le sait dès maintenant."))
    return redirect("portal:secrets")


@reads(CIRCLE_READ)
def choices(request: Request) -> HttpResponse:
    opened = read_own_record(request.actor)
    recorded = list(choices_of(request.actor, opened.patient.pk)) if opened else []
    context = {
        "opened": opened,
        "recorded": recorded,
        "kinds": ConsentKind,
        "decides": decides_for_patient(request.actor),
        "is_closed": any(
            choice.kind == ConsentKind.OPPOSITION_RECORD and choice.withdrawn_at is None
            for choice in recorded
        ),
    }
    return render(request, "portal/choices.html", context)


@writes(CONSENT_LIFT)
def lift_opposition(request: Request) -> HttpResponse:
    record_id = founded_record_id(request.actor)
    if request.method == "POST":
        circle_actions.lift_opposition(request.actor, record_id)
        messages.success(request, gettext("Le dossier est de nouveau ouvert à l’équipe."))
        return redirect("portal:choices")
    return render(request, "portal/lift_opposition.html")


@reads(CIRCLE_READ)
def show_moved(request: Request) -> HttpResponse:
    """For a page that hears of a merge, or that it closes: refused without a trace, for nobody asked anything."""
    try:
        strip = strip_of_merge(
            request.actor, whose=request.GET.get("pour", ""), since=request.GET.get("depuis", "")
        )
    except (NotFound, Refused) as error:
        return error_page(request, error)
    return render(request, "portal/_moved.html", {"strip": strip})


@writes(PERSON_SWITCH)
def switch(request: Request) -> HttpResponse:
    """Whom the next pages are about, among those this account opens the record of."""
    wanted = request.POST.get("to", "")
    known = {SELF, *(str(one.related_person_id) for one in queries.persons_of(request.actor))}
    if request.method == "POST":
        if wanted not in known:
            raise NotFound
        request.session[ACTING_FOR_KEY] = wanted
    return redirect("overview:home")
