"""Two identities side by side: one person or two; and a merge taken back."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from terresante.kernel import access, audit
from terresante.kernel.errors import Invalid, NotFound
from terresante.kernel.screens import Request, reads, writes
from terresante.patients import desk_queries as queries
from terresante.patients import merge_actions as actions
from terresante.patients.access import IDENTITY_MERGE, IDENTITY_READ, IDENTITY_TELL_APART, IDENTITY_UNMERGE
from terresante.patients.enums import IdentityStatus
from terresante.patients.forms import ReasonForm, written_date
from terresante.patients.likeness import compare
from terresante.patients.models import IdentityMerge, Patient
from terresante.patients.moved_views import live_strips
from terresante.patients.views import require_desk

_STRONGEST = (
    IdentityStatus.QUALIFIED,
    IdentityStatus.VALIDATED,
    IdentityStatus.RETRIEVED,
    IdentityStatus.PROVISIONAL,
)


@require_safe
@reads(IDENTITY_TELL_APART)
def list_pairs(request: Request) -> HttpResponse:
    require_desk(request)
    pairs = queries.pairs_to_examine(request.actor)
    for pair in pairs:
        audit.note_read(IDENTITY_READ, patient_id=pair.one.pk, about=pair.other)
    template = "patients/_pairs.html" if request.headers.get("HX-Request") else "patients/pairs.html"
    return render(request, template, {"pairs": pairs, "most": queries.MOST_PAIRS})


@require_safe
@reads(IDENTITY_READ)
def list_denied(request: Request) -> HttpResponse:
    """What the teleservice no longer confirms, asked by a person or again after years."""
    require_desk(request)
    denied = list(queries.denied_identities(request.actor))
    for change in denied:
        audit.note_read(IDENTITY_READ, patient_id=change.patient_id, about=change.patient)
    return render(request, "patients/denied.html", {"denied": denied})


@require_safe
@reads(IDENTITY_MERGE)
def compare_two(request: Request, one_id: UUID, other_id: UUID) -> HttpResponse:
    """The identity proposed to go on is the better proven, then the older."""
    require_desk(request)
    if one_id == other_id:
        raise NotFound
    pair = [access.get(request.actor, IDENTITY_MERGE, Patient, key) for key in (one_id, other_id)]
    for patient in pair:
        audit.note_read(IDENTITY_READ, patient_id=patient.pk, about=patient)
    one, other = pair
    kept = min(pair, key=lambda patient: (_strength(patient), patient.created_at))
    context = {
        "one": one,
        "other": other,
        "live_strips": live_strips(request.actor, one, other),
        "born": [written_date(patient.birth_date, patient.lunar_birth_date) for patient in pair],
        "likeness": compare(queries.sides_of(one), queries.sides_of(other)),
        "numbers": [queries.local_numbers(request.actor, patient.pk) for patient in pair],
        "kept": kept,
        "form": ReasonForm(),
    }
    return render(request, "patients/compare.html", context)


@require_POST
@writes(IDENTITY_MERGE)
def merge_two(request: Request, one_id: UUID, other_id: UUID) -> HttpResponse:
    require_desk(request)
    chosen = {str(one_id): other_id, str(other_id): one_id}
    surviving = request.POST.get("surviving", "")
    if surviving not in chosen:
        raise Invalid("Choisissez l’identité qui continue.")
    reason = request.POST.get("reason", "")
    actions.merge_identities(request.actor, UUID(surviving), dead_id=chosen[surviving], reason=reason)
    messages.success(request, "Les deux identités n’en font plus qu’une. La fusion peut être défaite.")
    return redirect("patients:identity", UUID(surviving))


@require_POST
@writes(IDENTITY_TELL_APART)
def separate_two(request: Request, one_id: UUID, other_id: UUID) -> HttpResponse:
    require_desk(request)
    actions.tell_apart(request.actor, one_id, other_id=other_id, reason=request.POST.get("reason", ""))
    messages.success(request, "Ce sont deux personnes : ce rapprochement ne sera plus proposé.")
    return redirect("patients:pairs")


@writes(IDENTITY_UNMERGE)
def undo(request: Request, merge_id: UUID) -> HttpResponse:
    require_desk(request)
    merge = access.get(request.actor, IDENTITY_UNMERGE, IdentityMerge, merge_id, related=("patient",))
    since = queries.rows_since(merge_id)
    if request.method == "POST":
        given = {row.row_id: request.POST.get(f"row-{row.row_id}", "") for row in since}
        actions.unmerge_identities(
            request.actor,
            merge_id,
            to_dead=[key for key, side in given.items() if side == "dead"],
            to_surviving=[key for key, side in given.items() if side == "surviving"],
            reason=request.POST.get("reason", ""),
        )
        messages.success(request, "Les deux identités sont de nouveau séparées.")
        return redirect("patients:identity", merge.patient_id)
    dead = access.get(request.actor, IDENTITY_READ, Patient, merge.dead_id)
    audit.note_read(IDENTITY_UNMERGE, patient_id=merge.patient_id, about=merge)
    context = {
        "merge": merge,
        "dead": dead,
        "live_strips": live_strips(request.actor, merge.patient, dead),
        "rows": [(row, queries.kind_of(row.table)) for row in since],
        "form": ReasonForm(),
    }
    return render(request, "patients/unmerge.html", context)


def _strength(patient: Patient) -> int:
    return _STRONGEST.index(IdentityStatus(patient.identity_status))
