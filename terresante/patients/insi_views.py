"""The INSi teleservice, asked from the page of the identity."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from terresante.kernel import access, rls
from terresante.kernel.errors import Refused
from terresante.kernel.passing import tried_again
from terresante.kernel.screens import Request, writes
from terresante.patients import desk_actions as actions
from terresante.patients import desk_queries as queries
from terresante.patients.access import IDENTITY_VERIFY
from terresante.patients.enums import InsiAnswer, InsiOperation
from terresante.patients.insi import Found, teleservice
from terresante.patients.models import Patient
from terresante.patients.traits import Traits
from terresante.patients.views import identity_page

_UNAVAILABLE = "Le téléservice INSi ne répond pas. L’identité reste comme elle est ; recommencez plus tard."


def _ask(request: Request, patient_id: UUID) -> Found:
    """No transaction is open while the teleservice is waited for; the call is written whatever it says."""
    asked = _traits_to_ask(request, patient_id)
    found = teleservice().search(asked)
    _write_that_it_was_asked(request, patient_id, InsiOperation.SEARCH, found.answer)
    return found


@require_POST
@writes(IDENTITY_VERIFY, before=_ask)
def ask_insi(request: Request, patient_id: UUID) -> HttpResponse:
    """What INSi returns is taken when it says what we know; else a person compares, and asks again to take it."""
    found = cast(Found, request.prepared)
    if found.identity is None:
        said = (
            _UNAVAILABLE
            if found.answer == InsiAnswer.UNAVAILABLE
            else f"INSi : {found.answer.label.lower()}."
        )
        messages.warning(request, said)
        return redirect("patients:identity", patient_id)
    patient = access.get(request.actor, IDENTITY_VERIFY, Patient, patient_id)
    if "accept" not in request.POST and not queries.completes(found.identity, patient):
        return identity_page(request, patient_id, returned=found.identity)
    actions.take_insi_identity(request.actor, patient_id, returned=found.identity)
    messages.success(request, "L’identité est reprise du téléservice INSi.")
    return redirect("patients:identity", patient_id)


def _verify(request: Request, patient_id: UUID) -> InsiAnswer:
    answer = teleservice().verify(_traits_to_ask(request, patient_id))
    _write_that_it_was_asked(request, patient_id, InsiOperation.VERIFY, answer)
    return answer


@require_POST
@writes(IDENTITY_VERIFY, before=_verify)
def verify_insi(request: Request, patient_id: UUID) -> HttpResponse:
    if request.prepared == InsiAnswer.UNAVAILABLE:
        messages.warning(request, _UNAVAILABLE)
        return redirect("patients:identity", patient_id)
    confirmed = request.prepared == InsiAnswer.CONFIRMED
    actions.confirm_insi(request.actor, patient_id, is_confirmed=confirmed)
    messages.success(
        request,
        "INSi confirme le matricule et les traits."
        if confirmed
        else "INSi ne confirme pas : le matricule est retiré.",
    )
    return redirect("patients:identity", patient_id)


def _write_that_it_was_asked(
    request: Request, patient_id: UUID, operation: InsiOperation, answer: InsiAnswer
) -> None:
    """INSi is not asked twice because two transactions crossed."""
    tried_again(
        lambda: actions.record_insi_call(request.actor, patient_id, operation=operation, answer=answer)
    )


def _traits_to_ask(request: Request, patient_id: UUID) -> Traits:
    with rls.acting(request.actor, read_only=True):
        patient = access.get(request.actor, IDENTITY_VERIFY, Patient, patient_id)
        if patient.is_doubtful or patient.is_fictitious:
            raise Refused("Le téléservice INSi n’est pas interrogé pour une identité douteuse ou fictive.")
        traits = actions.traits_of(patient)
    rls.let_go()
    return traits
