from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from terresante.care_team.access import SECRET_NAME, SECRET_READ
from terresante.care_team.actions.secrets import name_reader, withdraw_name
from terresante.care_team.enums import Sector
from terresante.care_team.forms import NameForm
from terresante.care_team.models import NamedReader
from terresante.care_team.queries import read_record
from terresante.care_team.queries.limits import sector_of
from terresante.care_team.queries.secrets import restricted_cares
from terresante.kernel import access
from terresante.kernel.errors import NotFound
from terresante.kernel.screens import Request, record_page, writes
from terresante.kernel.ui.forms import form_status


@writes(SECRET_NAME)
def secret_care(request: Request, record_id: UUID) -> HttpResponse:
    """What the actor's own structure keeps restricted here, and who knows of it. Absent for who is of no sector."""
    opened = read_record(request.actor, record_id, action=SECRET_NAME)
    sector = sector_of(request.actor)
    cares = [care for care in restricted_cares(request.actor, opened.patient.pk) if care.sector == sector]
    if not cares:
        raise NotFound
    form = NameForm(cares[0].others, request.POST or None)
    if form.is_bound and form.is_valid():
        participant_id = UUID(form.cleaned_data["participant"])
        name_reader(request.actor, record_id, sector=Sector(sector), participant_id=participant_id)
        messages.success(request, "C’est enregistré : cette personne connaît votre suivi dès maintenant.")
        return redirect("care_team:secret_care", record_id)
    context = {"care": cares[0], "form": form, "here": request.actor.organization_id}
    return record_page(
        request, "care_team/secret_care.html", opened, context, tab="circle", status=form_status(form)
    )


@writes(SECRET_NAME)
def withdraw(request: Request, record_id: UUID, named_id: UUID) -> HttpResponse:
    opened = read_record(request.actor, record_id, action=SECRET_NAME)
    if request.method == "POST":
        withdraw_name(request.actor, record_id, named_id)
        messages.success(request, "C’est retiré : cette personne n’en voit plus rien.")
        return redirect("care_team:secret_care", record_id)
    named = access.get(request.actor, SECRET_READ, NamedReader, named_id)
    if named.record_id != record_id or named.withdrawn_at is not None:
        raise NotFound
    return record_page(request, "care_team/withdraw_name.html", opened, {"named": named}, tab="circle")
