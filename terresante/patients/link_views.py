"""« Rattachements »: people vouched for by FranceConnect, and whom they may be. Identities, never what records hold."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from terresante.kernel import access, audit
from terresante.kernel.errors import Invalid
from terresante.kernel.screens import Request, reads, writes
from terresante.patients import desk_queries as queries
from terresante.patients import link_actions as actions
from terresante.patients.access import IDENTITY_ATTACH, IDENTITY_SEARCH
from terresante.patients.enums import LinkState
from terresante.patients.forms import written_date
from terresante.patients.likeness import Likeness, Line, Verdict
from terresante.patients.models import LinkRequest, Patient
from terresante.patients.pivot import is_whole
from terresante.patients.views import require_desk

MOST_REQUESTS = 50
MOST_CANDIDATES = 6


@dataclass(frozen=True, slots=True)
class Candidate:
    patient: Patient
    born: str
    likeness: Likeness

    @property
    def differences(self) -> list[Line]:
        """What FranceConnect says otherwise; it gives neither matricule nor name in use."""
        return [line for line in self.likeness.lines if line.verdict in (Verdict.CLOSE, Verdict.DIFFERENT)]


@require_safe
@reads(IDENTITY_ATTACH)
def list_requests(request: Request) -> HttpResponse:
    require_desk(request)
    waiting = access.list(request.actor, IDENTITY_ATTACH, LinkRequest).filter(state=LinkState.OPEN)
    rows = list(waiting.order_by("created_at", "id")[: MOST_REQUESTS + 1])
    context = {"rows": rows[:MOST_REQUESTS], "more": len(rows) > MOST_REQUESTS, "most": MOST_REQUESTS}
    return render(request, "patients/link_requests.html", context)


@require_safe
@reads(IDENTITY_ATTACH)
def show_request(request: Request, request_id: UUID) -> HttpResponse:
    require_desk(request)
    return _page(request, request_id)


@require_POST
@writes(IDENTITY_ATTACH)
def decide_request(request: Request, request_id: UUID) -> HttpResponse:
    """« refuse » in what was posted says no; else the identity that was chosen."""
    require_desk(request)
    reason = request.POST.get("reason", "")
    try:
        if "refuse" in request.POST:
            actions.refuse(request.actor, request_id, reason=reason)
            messages.success(
                request, "La demande est refusée ; la personne en sera avertie à sa prochaine connexion."
            )
        else:
            actions.attach(request.actor, request_id, patient_id=_chosen(request), reason=reason)
            messages.success(request, "La demande est rattachée : la prochaine connexion ouvrira le dossier.")
    except Invalid as error:
        return _page(request, request_id, error=error)
    return redirect("patients:link_requests")


def _chosen(request: Request) -> UUID:
    try:
        return UUID(request.POST.get("patient", ""))
    except ValueError as error:
        sentence = "Choisissez l’identité à laquelle rattacher la demande."
        raise Invalid(sentence, fields={"patient": sentence}) from error


def _page(request: Request, request_id: UUID, *, error: Invalid | None = None) -> HttpResponse:
    asked = access.get(request.actor, IDENTITY_ATTACH, LinkRequest, request_id)
    candidates = _candidates(request, asked) if asked.state == LinkState.OPEN else []
    context = {
        "asked": asked,
        "facts": _facts(asked),
        "candidates": candidates,
        "chosen": request.POST.get("patient", ""),
        "reason": request.POST.get("reason", ""),
        "error": error,
    }
    return render(request, "patients/link_request.html", context, status=422 if error else 200)


def _facts(asked: LinkRequest) -> list[tuple[str, str]]:
    born = written_date(asked.birth_date, asked.lunar_birth_date) if asked.birth_date else ""
    told = (
        ("Nom de naissance", asked.birth_name),
        ("Prénoms de naissance", asked.birth_given_names),
        ("Date de naissance", born),
        ("Sexe", asked.get_sex_display()),
        ("Lieu de naissance (code)", asked.birth_place_code),
        ("Nom d’usage", asked.used_name),
    )
    return [(label, value or "—") for label, value in told]


def _candidates(request: Request, asked: LinkRequest) -> list[Candidate]:
    """The likeliest first; each identity that is shown leaves its row in the trail."""
    pivot = actions.pivot_of(asked)
    if not is_whole(pivot):
        return []
    alike = queries.resembling(queries.sides_of(pivot))[:MOST_CANDIDATES]
    rows = access.list(request.actor, IDENTITY_SEARCH, Patient).filter(
        pk__in=[one.patient_id for one in alike]
    )
    known = {patient.pk: patient for patient in rows}
    for key in known:
        audit.note_read(IDENTITY_SEARCH, patient_id=key)
    return [
        Candidate(patient, written_date(patient.birth_date, patient.lunar_birth_date), one.likeness)
        for one in alike
        if (patient := known.get(one.patient_id)) is not None
    ]
