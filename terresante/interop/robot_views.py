"""The robot: the rules that administrators set, the files they give it, and the records that its structure informs."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from terresante.interop.access import RECORDS_TO_INFORM, ROBOT_MANAGE, require_administrator
from terresante.interop.enums import AbandonReason
from terresante.interop.forms import AbandonForm, RobotFileForm, RuleForm
from terresante.interop.models import PreparedRecord, RobotRule, SenderSystem
from terresante.interop.robot import COLUMNS, LARGEST
from terresante.interop.robot_actions import (
    RuleEntry,
    abandon_prepared,
    prepare_from_file,
    set_rule,
    switch_rule,
)
from terresante.interop.robot_queries import records_to_inform, rules_at_work, runs_of
from terresante.kernel import access
from terresante.kernel.errors import Conflict, Invalid
from terresante.kernel.screens import Request, reads, writes
from terresante.kernel.ui.forms import form_status, show_error
from terresante.kernel.ui.wording import count

_SHOWN = 50


@writes(ROBOT_MANAGE)
def rules(request: Request) -> HttpResponse:
    require_administrator(request.actor)
    form = RuleForm(request.POST or None, senders=SenderSystem.objects.order_by("name"))
    if request.method == "POST" and form.is_valid():
        told = dict(form.cleaned_data)
        sender = told.pop("sender")
        try:
            rule = set_rule(request.actor, entry=RuleEntry(sender_id=sender.pk if sender else None, **told))
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            messages.success(
                request, "La règle est en place : elle vaut pour ce qui arrive à partir de maintenant."
            )
            return redirect("interop:robot_rule", rule.pk)
    context = {"rules": rules_at_work(request.actor), "form": form}
    return render(request, "interop/robot.html", context, status=form_status(form))


@writes(ROBOT_MANAGE)
def rule(request: Request, rule_id: UUID) -> HttpResponse:
    require_administrator(request.actor)
    found = access.get(
        request.actor, ROBOT_MANAGE, RobotRule, rule_id, related=("organization", "sender__organization")
    )
    if "active" in request.POST:
        switch_rule(request.actor, rule_id, active=request.POST["active"] == "1")
        return redirect("interop:robot_rule", rule_id)
    form = RobotFileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            run = prepare_from_file(
                request.actor, rule_id, content=form.cleaned_data["file"].read(LARGEST + 1)
            )
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            done = count(run.prepared, "dossier préparé", "dossiers préparés")
            messages.success(request, f"Fichier lu : {done}.")
            return redirect("interop:robot_rule", rule_id)
    context = {"rule": found, "runs": runs_of(found)[:_SHOWN], "form": form, "columns": COLUMNS}
    return render(request, "interop/robot_rule.html", context, status=form_status(form))


@require_safe
@reads(RECORDS_TO_INFORM)
def to_inform(request: Request) -> HttpResponse:
    rows = records_to_inform(request.actor)
    context = {"rows": rows[:_SHOWN], "total": rows.count(), "reasons": AbandonReason.choices}
    return render(request, "interop/to_inform.html", context)


@require_POST
@writes(RECORDS_TO_INFORM)
def abandon(request: Request, prepared_id: UUID) -> HttpResponse:
    access.get(request.actor, RECORDS_TO_INFORM, PreparedRecord, prepared_id)
    form = AbandonForm(request.POST)
    if not form.is_valid():
        raise Invalid("Dites pourquoi ce dossier est abandonné.")
    abandon_prepared(request.actor, prepared_id, why=AbandonReason(form.cleaned_data["why"]))
    messages.success(request, "Le dossier reste fermé ; il n’est plus à informer.")
    return redirect("interop:to_inform")
