"""The software of hospitals: how each is recognised, what it may send, what it sends."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from terresante.interop.access import SENDER_MANAGE, require_administrator
from terresante.interop.actions import SenderEntry, add_sender, change_sender, switch_sender
from terresante.interop.forms import NewSenderForm, SenderForm
from terresante.interop.models import SenderSystem
from terresante.interop.queries import senders_at_work
from terresante.kernel import access
from terresante.kernel.errors import Conflict, Invalid
from terresante.kernel.screens import Request, writes


@writes(SENDER_MANAGE)
def senders(request: Request) -> HttpResponse:
    require_administrator(request.actor)
    form = NewSenderForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        told = dict(form.cleaned_data)
        number = told.pop("organization_number")
        try:
            sender = add_sender(request.actor, organization_number=number, entry=SenderEntry(**told))
        except (Invalid, Conflict) as error:
            form.show(error)
        else:
            messages.success(request, "L’émetteur est raccordé : ses messages sont reçus d’ici une minute.")
            return redirect("interop:sender", sender.pk)
    context = {"senders": senders_at_work(request.actor), "form": form}
    return render(request, "interop/senders.html", context, status=422 if form.errors else 200)


@writes(SENDER_MANAGE)
def sender(request: Request, sender_id: UUID) -> HttpResponse:
    require_administrator(request.actor)
    found = access.get(request.actor, SENDER_MANAGE, SenderSystem, sender_id, related=("organization",))
    if "active" in request.POST:
        return _switched(request, sender_id)
    form = SenderForm(request.POST or None, initial=_told(found))
    if request.method == "POST" and form.is_valid():
        try:
            change_sender(request.actor, sender_id, entry=SenderEntry(**form.cleaned_data))
        except (Invalid, Conflict) as error:
            form.show(error)
        else:
            messages.success(request, "Les changements prennent effet d’ici une minute.")
            return redirect("interop:sender", sender_id)
    return render(
        request, "interop/sender.html", {"sender": found, "form": form}, status=422 if form.errors else 200
    )


def _switched(request: Request, sender_id: UUID) -> HttpResponse:
    active = request.POST["active"] == "1"
    switch_sender(request.actor, sender_id, active=active)
    said = (
        "Les messages de cet émetteur sont acceptés."
        if active
        else "Les messages de cet émetteur sont refusés."
    )
    messages.success(request, said)
    return redirect("interop:sender", sender_id)


def _told(sender: SenderSystem) -> dict[str, object]:
    return {
        "name": sender.name,
        "authorities": "\n".join(sender.domains.order_by("authority").values_list("authority", flat=True)),
        "fingerprint": sender.fingerprint or "",
        "port": sender.port,
        "triggers": " ".join(sender.triggers),
    }
