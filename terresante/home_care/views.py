from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from terresante.care_team.queries import read_record
from terresante.home_care import actions, queries
from terresante.home_care.access import HOME_READ, HOME_WRITE
from terresante.home_care.forms import HomeForm, written
from terresante.kernel import access
from terresante.kernel.errors import Conflict, Invalid
from terresante.kernel.ports import MainAction
from terresante.kernel.screens import Request, reads, record_page, writes
from terresante.kernel.ui.forms import form_status


@reads(HOME_READ)
def show_access(request: Request, record_id: UUID) -> HttpResponse:
    opened = read_record(request.actor, record_id, action=HOME_READ)
    row = queries.access_in_force(request.actor, opened.patient.pk)
    lines = queries.lines_of(row)
    shown = {"lines": lines, "source": queries.source_of(row) if row and lines else ""}
    action = None
    if access.permits(request.actor, HOME_WRITE, opened.record):
        label = "Modifier" if lines else "Noter comment entrer"
        action = MainAction(label, url=reverse("home_care:write", args=[record_id]), icon="pencil")
    return record_page(request, "home_care/access.html", opened, shown, tab="home", main_action=action)


@writes(HOME_WRITE)
def write_access(request: Request, record_id: UUID) -> HttpResponse:
    opened = read_record(request.actor, record_id, action=HOME_WRITE)
    row = queries.access_in_force(request.actor, opened.patient.pk)
    form = HomeForm(request.POST or None, initial=written(row))
    if request.method == "POST" and form.is_valid():
        try:
            actions.say_access(request.actor, record_id, said=form.said(), seen=form.cleaned_data["seen"])
        except (Invalid, Conflict) as error:
            form.show_beside(error, queries.access_in_force(request.actor, opened.patient.pk))
        else:
            messages.success(
                request, "C’est enregistré : l’équipe et la fiche d’urgence le disent dès maintenant."
            )
            return redirect("home_care:access", record_id)
    return record_page(
        request, "home_care/write.html", opened, {"form": form}, tab="home", status=form_status(form)
    )
