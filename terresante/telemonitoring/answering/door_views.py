"""The pages of who answers with a link and its code, without an account: his follow-up, and nothing else of anybody."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from terresante.accounts.sessions import shared_row
from terresante.accounts.tries import give_back, refuse_beyond
from terresante.care_team.queries.limits import limits_on
from terresante.kernel import access, audit, rls
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Invalid
from terresante.kernel.passing import tried_again
from terresante.kernel.screens import network_of, public
from terresante.kernel.ui.forms import DigitsForm
from terresante.questionnaires.enums import ResponseSource
from terresante.questionnaires.step_views import Door, filled
from terresante.telemonitoring.access import FOLLOW_UP_READ, LINK_OPEN
from terresante.telemonitoring.answering import asking, kit, standing, unasked
from terresante.telemonitoring.answering.doors import (
    Visit,
    held_link,
    link_key,
    opened_link,
    permit_of_link,
)
from terresante.telemonitoring.models import FollowUp

_TOKEN, _OPENED = "answer_token", "answer_link"  # keys of the session
LASTS = timedelta(minutes=30)
# From one network, by the hour. A hall of residence, or one address of a telephone operator, has thousands of
# persons: a right code never counts, and who guesses links closes no door to who has one. Wrong codes of real links
# are a guesser's who holds many of them: each link is closed after five.
_WINDOW = timedelta(hours=1)
_MOST_UNKNOWN, _MOST_WRONG = 30, 300
_NOT_VALID = (
    "Ce lien ou ce code n’ouvre rien. Relisez le code à six chiffres. "
    "Après cinq erreurs, ou quand le suivi est fini, demandez un nouveau lien à l’équipe qui vous suit."
)


@dataclass(frozen=True, slots=True)
class _Opened:
    """Who answers, with his record open, inside the transaction of one page."""

    actor: Actor
    follow_up: FollowUp
    name: str


@public(reason="Le lien reçu par SMS : l’ouvrir ne dit rien et ne dépense rien, le code vient d’abord")
@never_cache
@require_safe
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    request.session.pop(_OPENED, None)
    request.session[_TOKEN] = token[:100]
    return redirect("answers:follow_up")


@public(reason="Le code donné avec le lien, puis le suivi qu’ils ouvrent, et lui seul")
@never_cache
def link_follow_up(request: HttpRequest) -> HttpResponse:
    """The code first; then what is to be filled today."""
    visit = _visit(request)
    if visit is None:
        return _asked_code(request)
    with rls.acting(asking.job_for("")):
        opened = _open(visit)
        due = asking.due_now(opened.actor, visit.patient_id, follow_up_id=visit.follow_up_id)
        context = {
            "due": due,
            "offered": unasked.offered(opened.actor, visit.patient_id, due, follow_up_id=visit.follow_up_id),
            "standings": standing.standings(opened.actor, visit.patient_id, due, among=[visit.follow_up_id]),
            "reader": asking.reader_of(opened.follow_up.cell),
            "name": opened.name,
            "before": asking.said_before(opened.follow_up),
            **_frame(request),
        }
        return render(request, "telemonitoring/link_today.html", context)


@public(reason="Le questionnaire du suivi que le lien et le code ont ouvert")
@never_cache
def link_answer(request: HttpRequest, expected_id: UUID) -> HttpResponse:
    visit = _visit(request)
    if visit is None:
        return redirect("answers:follow_up")
    return tried_again(lambda: _answering(request, visit, expected_id))


def _answering(request: HttpRequest, visit: Visit, expected_id: UUID) -> HttpResponse:
    """In one transaction."""
    with rls.acting(asking.job_for("")):
        opened = _open(visit)
        expected = asking.expected_of(opened.actor, expected_id, follow_up_id=visit.follow_up_id)
        filling = asking.filling_of(
            opened.actor, expected, source=ResponseSource.LINK, respondent_name=opened.name
        )
        door = Door(
            filling=filling,
            title=asking.title_of(expected),
            here=reverse("answers:answer", args=[expected_id]),
            home=reverse("answers:follow_up"),
            reader=asking.reader_of(opened.follow_up.cell),
            context=_frame(request),
        )
        return filled(request, door)


@public(reason="Ce que la personne dit hors du calendrier, pour le suivi que le lien et le code ont ouvert")
@never_cache
@require_POST
def link_tell_now(request: HttpRequest) -> HttpResponse:
    visit = _visit(request)
    if visit is None:
        return redirect("answers:follow_up")
    with rls.acting(asking.job_for("")):
        name = _open(visit).name
    form = request.POST.get("questionnaire", "")
    expected_id = tried_again(
        lambda: unasked.opened_now(visit.patient_id, visit.follow_up_id, form, name=name)
    )
    return redirect("answers:answer", expected_id)


@public(reason="Ce que le téléphone garde pour répondre sans réseau, derrière le lien et le code")
@never_cache
@require_safe
def link_kit(request: HttpRequest) -> HttpResponse:
    visit = _visit(request)
    if visit is None:
        return JsonResponse({}, status=403)
    with rls.acting(asking.job_for("")):
        opened = _open(visit)
        due = asking.coming(opened.actor, visit.patient_id, follow_up_id=visit.follow_up_id)
        stands = standing.standings(opened.actor, visit.patient_id, due, among=[visit.follow_up_id])
        return JsonResponse(kit.made(due, stands, permit=permit_of_link(visit.link_id)))


@public(reason="Ferme ce que le lien et le code avaient ouvert")
@require_POST
def leave_link(request: HttpRequest) -> HttpResponse:
    for key in (_TOKEN, _OPENED):
        request.session.pop(key, None)
    response = render(request, "telemonitoring/link_closed.html")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def _asked_code(request: HttpRequest) -> HttpResponse:
    """The same page for every link, good or bad, until a right code."""
    form = DigitsForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            visit = _tried(request, form.cleaned_data["code"])
        except Invalid as error:
            form.add_error("code", error.sentence)
        else:
            if visit is not None:
                _remember(request, visit)
                return redirect("answers:follow_up")
            form.add_error("code", _NOT_VALID)
    return render(
        request, "telemonitoring/link_code.html", {"form": form}, status=422 if form.errors else 200
    )


def _tried(request: HttpRequest, code: str) -> Visit | None:
    """Raises Invalid for a network that tried too often."""
    known = link_key(str(request.session.get(_TOKEN, "")))
    most, what = (_MOST_WRONG, "codes") if known else (_MOST_UNKNOWN, "links")
    counted = f"answer {what} from {network_of(request)}"
    refuse_beyond(most, counted, window=_WINDOW)
    visit = opened_link(known, code=code)
    if visit is not None:
        give_back(counted)
    return visit


def _remember(request: HttpRequest, visit: Visit) -> None:
    """For half an hour, under a new session key: what was there before the code opens nothing after it."""
    request.session.cycle_key()
    request.session.pop(_TOKEN, None)
    request.session[_OPENED] = {
        "link": str(visit.link_id),
        "until": (timezone.now() + LASTS).isoformat(),
    }
    with rls.acting(asking.job_for("")):
        opened = _open(visit)
        with rls.acting(opened.actor):
            audit.record(
                opened.actor,
                LINK_OPEN,
                patient_id=visit.patient_id,
                about=opened.follow_up,
                detail=limits_on(opened.follow_up).in_trail,
            )


def _visit(request: HttpRequest) -> Visit | None:
    """Asked of the database each time: revoked this minute, it opens nothing this minute."""
    said: dict[str, Any] = request.session.get(_OPENED) or {}
    if not said or datetime.fromisoformat(said["until"]) < timezone.now():
        return None
    return held_link(UUID(said["link"]))


def _open(visit: Visit) -> _Opened:
    """Raises NotFound."""
    job = asking.job_for("")
    asking.opened(visit.patient_id)
    found = access.get(
        job,
        FOLLOW_UP_READ,
        FollowUp,
        visit.follow_up_id,
        related=("cell", "record__patient", "version__pathway"),
    )
    name = asking.respondent_of(found, found.record.patient)
    return _Opened(replace(job, on_behalf_of=name), found, name)


def _frame(request: HttpRequest) -> dict[str, Any]:
    """The worker of the installed application, but on a shared workstation, where nothing is kept."""
    worker = "" if shared_row(request.session) else reverse("worker")
    return {"desk": {"worker_url": worker}}
