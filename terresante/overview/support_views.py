"""The support desk founds a record for a professional: identity and the information given, then it reaches nothing."""

from datetime import datetime, time
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from terresante.care_team.access import RECORD_CREATE
from terresante.care_team.actions.support import Informed, create_record_for
from terresante.directory.access import require_support_agent
from terresante.directory.actions.support import Asked, keep_request, professional_served, serving
from terresante.directory.enums import RequestChannel, RequestKind
from terresante.directory.queries.roles import places_of
from terresante.kernel.errors import Conflict, Invalid
from terresante.kernel.screens import Request, writes
from terresante.overview import search_queries
from terresante.overview.forms import AskedRecordForm
from terresante.overview.new_patient_views import checked_identity
from terresante.patients.enums import InformationSupport


@writes(RECORD_CREATE)
def support_record(request: Request, practitioner_id: UUID) -> HttpResponse:
    """As `new_patient`: traits, then the identities that look alike, then the record."""
    require_support_agent(request.actor)
    places = places_of(practitioner_id)
    form = AskedRecordForm(request.POST or None, places=places)
    asked = _asked(form, practitioner_id) if request.method == "POST" and form.is_valid() else None
    who = professional_served(request.actor, asked or _unasked(practitioner_id))
    context = {"form": form, "who": who, "places": places}
    if asked is None or "edit" in request.POST:
        status = 422 if form.errors and "edit" not in request.POST else 200
        return render(request, "overview/support_record.html", context, status=status)
    acting = serving(request.actor, who)
    alike = search_queries.look_alikes(acting, form.traits)
    known = next((one for one in alike if str(one.patient_id) == request.POST.get("known")), None)
    if known is None and ("create" not in request.POST or (alike and "distinct" not in request.POST)):
        checked = checked_identity(request, form, alike)
        return render(request, "overview/check_patient.html", {**context, **checked})
    try:
        create_record_for(
            request.actor,
            practitioner_id=who.pk,
            organization_id=form.cleaned_data["organization_id"],
            traits=form.traits,
            contacts=form.contacts,
            patient_id=known.patient_id if known else None,
            informed=_informed(form),
        )
        keep_request(acting, asked=asked, kind=RequestKind.RECORD)
    except (Invalid, Conflict) as error:
        form.add_error(None, error.sentence)
        return render(request, "overview/support_record.html", context, status=422)
    messages.success(
        request,
        f"Le dossier est créé pour {who.full_name}, qui en est le premier membre. Vous n’y avez plus accès.",
    )
    return redirect("directory:support")


def _asked(form: AskedRecordForm, practitioner_id: UUID) -> Asked:
    return Asked(
        practitioner_id=practitioner_id,
        channel=RequestChannel(form.cleaned_data["channel"]),
        requested_on=form.cleaned_data["requested_on"],
    )


def _unasked(practitioner_id: UUID) -> Asked:
    return Asked(
        practitioner_id=practitioner_id, channel=RequestChannel.PHONE, requested_on=timezone.localdate()
    )


def _informed(form: AskedRecordForm) -> Informed | None:
    """As the professional declared it; noon of the day he said."""
    support, day = form.cleaned_data["support"], form.cleaned_data["given_on"]
    if not support:
        return None
    noon = timezone.make_aware(datetime.combine(day, time(12)))
    return Informed(support=InformationSupport(support), given_at=min(noon, timezone.now()))
