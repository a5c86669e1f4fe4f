"""The software of hospitals: how each is recognised, what it may send, what it sends."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from terresante.interop.access import SENDER_MANAGE, require_administrator
from terresante.interop.actions import SenderEntry, add_sender, change_sender, note_trial, switch_sender
from terresante.interop.flow_actions import acknowledge_again
from terresante.interop.flow_queries import flow_of, senders_at_work
from terresante.interop.forms import NewSenderForm, SenderForm, TryForm
from terresante.interop.hl7v2.sample import SAMPLES, sample
from terresante.interop.models import SenderSystem
from terresante.interop.trying import try_message
from terresante.kernel import access
from terresante.kernel.errors import Conflict, Invalid
from terresante.kernel.screens import Request, writes
from terresante.kernel.ui.forms import form_status, show_error
from terresante.kernel.ui.wording import count


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
            show_error(form, error)
        else:
            messages.success(request, "L’émetteur est raccordé : ses messages sont reçus d’ici une minute.")
            return redirect("interop:sender", sender.pk)
    lines = senders_at_work(request.actor)
    silent = [line for line in lines if line.is_silent]
    context = {"senders": lines, "silent": silent, "form": form}
    return render(request, "interop/senders.html", context, status=form_status(form))


@writes(SENDER_MANAGE)
def sender(request: Request, sender_id: UUID) -> HttpResponse:
    require_administrator(request.actor)
    found = access.get(request.actor, SENDER_MANAGE, SenderSystem, sender_id, related=("organization",))
    if "active" in request.POST:
        return _switched(request, sender_id)
    if "again" in request.POST:
        return _acknowledged_again(request, sender_id)
    form = SenderForm(request.POST or None, initial=_told(found))
    if request.method == "POST" and form.is_valid():
        try:
            change_sender(request.actor, sender_id, entry=SenderEntry(**form.cleaned_data))
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            messages.success(request, "Les changements prennent effet d’ici une minute.")
            return redirect("interop:sender", sender_id)
    context = {"sender": found, "form": form, "flow": flow_of(request.actor, found)}
    return render(request, "interop/sender.html", context, status=form_status(form))


@writes(SENDER_MANAGE)
def try_out(request: Request, sender_id: UUID) -> HttpResponse:
    """The answer is this page: a message that may name somebody is neither kept nor put in an address."""
    require_administrator(request.actor)
    found = access.get(request.actor, SENDER_MANAGE, SenderSystem, sender_id, related=("organization",))
    form = TryForm(request.POST or None, initial={"message": _sample(found, request.GET.get("exemple", ""))})
    trial = None
    if request.method == "POST" and form.is_valid():
        trial = try_message(found, form.cleaned_data["message"])
        note_trial(request.actor, sender_id, code=trial.code)
    context = {"sender": found, "form": form, "trial": trial, "samples": SAMPLES.items()}
    return render(request, "interop/try.html", context, status=form_status(form))


def _sample(sender: SenderSystem, event: str) -> str:
    domain = sender.domains.order_by("authority").first()
    if event not in SAMPLES or domain is None:
        return ""
    return sample(event, authority=domain.authority, at=timezone.now())


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


def _acknowledged_again(request: Request, sender_id: UUID) -> HttpResponse:
    again = acknowledge_again(request.actor, sender_id)
    said = count(again, "accusé métier repart", "accusés métier repartent")
    messages.success(request, f"{said} vers l’établissement, sous le même identifiant.")
    return redirect("interop:sender", sender_id)


def _told(sender: SenderSystem) -> dict[str, object]:
    return {
        "name": sender.name,
        "authorities": "\n".join(sender.domains.order_by("authority").values_list("authority", flat=True)),
        "fingerprint": sender.fingerprint or "",
        "port": sender.port,
        "triggers": " ".join(sender.triggers),
        "silence_hours": sender.silence_hours,
        "return_host": sender.return_host,
        "return_port": sender.return_port,
        "return_tls": sender.return_tls,
    }
