"""Programmes as the project leads of the structure in charge define, publish and bill them."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from terresante.care_plans import programme_actions as actions
from terresante.care_plans import programme_queries as queries
from terresante.care_plans.access import (
    PROGRAMME_MANAGE,
    SEQUENCES_EXPORT,
    SEQUENCES_INVOICE,
    SEQUENCES_READ,
    require_lead,
)
from terresante.care_plans.definition import Fault, Part, faults, said_bounds, said_delay
from terresante.care_plans.models import InvoiceBatch, Programme, ProgrammeVersion
from terresante.care_plans.programme_forms import (
    BatchForm,
    GeneralForm,
    PeriodForm,
    SequenceForm,
    StepForm,
    general_of,
)
from terresante.care_plans.queries import form_titles
from terresante.care_team.enums import RoleGroup
from terresante.kernel import access, audit
from terresante.kernel.errors import Conflict, Invalid, NotFound
from terresante.kernel.screens import Request, reads, writes
from terresante.kernel.ui.forms import form_status, show_error
from terresante.kernel.ui.wording import NBSP, count


@require_safe
@reads(PROGRAMME_MANAGE)
def list_programmes(request: Request) -> HttpResponse:
    require_lead(request.actor)
    rows = [
        {
            "programme": programme,
            "in_force": queries.in_force_among(versions),
            "draft": queries.draft_among(versions),
        }
        for programme, versions in queries.programmes_led(request.actor)
    ]
    return render(request, "care_plans/programmes.html", {"rows": rows})


@writes(PROGRAMME_MANAGE)
def new_programme(request: Request) -> HttpResponse:
    require_lead(request.actor)
    form = GeneralForm(request.POST or None, initial=queries.BEGINS, is_new=True)
    if request.method == "POST" and form.is_valid():
        programme = actions.create_programme(request.actor, general=form.general())
        messages.success(request, "Le programme est créé. Ajoutez ses étapes, puis publiez-le.")
        return redirect("programmes:one", programme.pk)
    context = {"form": form, "programme": None}
    return render(request, "care_plans/general.html", context, status=form_status(form))


@require_safe
@reads(PROGRAMME_MANAGE)
def show_programme(request: Request, programme_id: UUID) -> HttpResponse:
    """The draft when there is one, else the version in force."""
    return _programme_page(request, programme_id)


def _programme_page(request: Request, programme_id: UUID, *, refused: str = "") -> HttpResponse:
    """`refused`: why it was not published; what is to be mended is on the page."""
    programme = _programme(request, programme_id)
    versions = queries.versions_of(request.actor, programme)
    draft, in_force = queries.draft_among(versions), queries.in_force_among(versions)
    shown = draft or in_force or versions[0]
    definition = shown.read()
    titles = form_titles() if any(one.form for one in definition.steps) else {}
    context = {
        "programme": programme,
        "versions": versions,
        "draft": draft,
        "in_force": in_force,
        "shown": shown,
        "definition": definition,
        "bounds": said_bounds(definition.bounds),
        "includers": [RoleGroup(one).label for one in definition.included_by],
        "steps": [(one, said_delay(definition, one), titles.get(one.form, "")) for one in definition.steps],
        "sequences": [
            (one, [definition.title_of(key) for key in one.steps], queries.euros(one.fee))
            for one in definition.sequences
        ],
        "lacking": [(one, _address(programme_id, one)) for one in faults(definition)] if draft else [],
        "refused": refused,
    }
    return render(request, "care_plans/programme.html", context, status=422 if refused else 200)


def _address(programme_id: UUID, fault: Fault) -> str:
    """Where it is mended."""
    if fault.part == Part.GENERAL:
        return reverse("programmes:general", args=[programme_id])
    if fault.key:
        return reverse(f"programmes:{fault.part}", args=[programme_id, fault.key])
    return reverse(f"programmes:new_{fault.part}", args=[programme_id])


@writes(PROGRAMME_MANAGE)
def general(request: Request, programme_id: UUID) -> HttpResponse:
    programme, draft = _draft(request, programme_id)
    begins = general_of(draft.read(), programme.title, programme.legal_ground)
    form = GeneralForm(request.POST or None, initial=begins, is_new=False)
    if request.method == "POST" and form.is_valid():
        actions.change_general(request.actor, programme_id, general=form.general(programme.data_class))
        messages.success(request, "Le brouillon est enregistré.")
        return redirect("programmes:one", programme_id)
    context = {"form": form, "programme": programme}
    return render(request, "care_plans/general.html", context, status=form_status(form))


@writes(PROGRAMME_MANAGE)
def step(request: Request, programme_id: UUID, part: str = "") -> HttpResponse:
    programme, draft = _draft(request, programme_id)
    definition = draft.read()
    found = definition.step(part) if part else None
    if part and found is None:
        raise NotFound
    begins = {"title": found.title, "role": found.role, "delay": found.delay} if found else {}
    begins |= {"after": found.after, "form": found.form} if found else {}
    titles = form_titles()
    form = StepForm(request.POST or None, initial=begins, definition=definition, titles=titles, key=part)
    if request.method == "POST":
        try:
            if "remove" in request.POST and part:
                actions.remove_step(request.actor, programme_id, key=part)
                return redirect("programmes:one", programme_id)
            if form.is_valid():
                actions.keep_step(request.actor, programme_id, key=part, step=form.step())
                return redirect("programmes:one", programme_id)
        except (Invalid, Conflict) as error:
            _show_alone(form, error, removing="remove" in request.POST)
    context = {"form": form, "programme": programme, "found": found, "what": "step"}
    return render(request, "care_plans/part.html", context, status=form_status(form))


@writes(PROGRAMME_MANAGE)
def sequence(request: Request, programme_id: UUID, part: str = "") -> HttpResponse:
    programme, draft = _draft(request, programme_id)
    definition = draft.read()
    found = definition.sequence(part) if part else None
    if part and found is None:
        raise NotFound
    begins: dict[str, object] = {}
    if found is not None:
        begins = {"label": found.label, "steps": list(found.steps), "times": found.times}
        begins["fee"] = queries.euros(found.fee)
    form = SequenceForm(request.POST or None, initial=begins, definition=definition, key=part)
    if request.method == "POST" and "remove" in request.POST and part:
        actions.remove_sequence(request.actor, programme_id, key=part)
        return redirect("programmes:one", programme_id)
    if request.method == "POST" and form.is_valid():
        try:
            actions.keep_sequence(request.actor, programme_id, key=part, sequence=form.sequence())
        except Conflict as error:
            show_error(form, error)
        else:
            return redirect("programmes:one", programme_id)
    context = {"form": form, "programme": programme, "found": found, "what": "sequence"}
    return render(request, "care_plans/part.html", context, status=form_status(form))


@require_POST
@writes(PROGRAMME_MANAGE)
def publish(request: Request, programme_id: UUID) -> HttpResponse:
    try:
        version = actions.publish(request.actor, programme_id)
    except Invalid as error:
        return _programme_page(request, programme_id, refused=error.sentence)
    said = f"La version {version.number} est en vigueur. Les inclusions en cours gardent la leur."
    messages.success(request, said)
    return redirect("programmes:one", programme_id)


@require_POST
@writes(PROGRAMME_MANAGE)
def start_version(request: Request, programme_id: UUID) -> HttpResponse:
    version = actions.start_version(request.actor, programme_id)
    said = f"La version {version.number} est en préparation : elle ne change rien avant d’être publiée."
    messages.success(request, said)
    return redirect("programmes:one", programme_id)


@require_POST
@writes(PROGRAMME_MANAGE)
def open_or_close(request: Request, programme_id: UUID) -> HttpResponse:
    is_open = request.POST.get("open") == "1"
    actions.open_to_inclusions(request.actor, programme_id, is_open=is_open)
    closed = "Le programme n’inclut plus personne ; les parcours en cours continuent."
    sentence = "Le programme inclut de nouveau." if is_open else closed
    messages.success(request, sentence)
    return redirect("programmes:one", programme_id)


@writes(SEQUENCES_INVOICE)
def billing(request: Request, programme_id: UUID) -> HttpResponse:
    """What is complete in a period, and the batches; a POST makes the next one."""
    programme = access.get(request.actor, SEQUENCES_READ, Programme, programme_id, related=("organization",))
    form = BatchForm(request.POST or None, initial={"until": timezone.localdate()})
    if request.method == "POST" and form.is_valid():
        try:
            batch = actions.invoice(request.actor, programme_id, until=form.cleaned_data["until"])
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            billed = count(batch.sequences, "séquence", "séquences")
            messages.success(request, f"Le lot {batch.number} compte {billed} : téléchargez-le.")
            return redirect("programmes:billing", programme_id)
    audit.note_read(SEQUENCES_READ, about=programme)
    period = PeriodForm(request.GET or None, initial=_this_year())
    since, until = period.period()
    rows = queries.sequences(programme, since, until, most=queries.ROWS_SHOWN + 1)
    counts = queries.counts(programme)
    context = {
        "programme": programme,
        "period": period,
        "query": urlencode({"du": since.isoformat(), "au": until.isoformat()}),
        "since": since,
        "until": until,
        "counts": counts,
        "to_bill": money(counts.to_bill_total),
        "totals": [
            (one, money(one.fee), money(one.total)) for one in queries.totals(programme, since, until)
        ],
        "rows": [(row, money(row.fee)) for row in rows[: queries.ROWS_SHOWN]],
        "more": len(rows) > queries.ROWS_SHOWN,
        "batches": [(one, money(one.total)) for one in queries.batches_of(request.actor, programme)],
        "form": form,
    }
    return render(request, "care_plans/billing.html", context, status=form_status(form))


@require_safe
@reads(SEQUENCES_EXPORT)
def sequences_file(request: Request, programme_id: UUID) -> HttpResponse:
    programme = access.get(request.actor, SEQUENCES_EXPORT, Programme, programme_id)
    audit.note_read(SEQUENCES_EXPORT, about=programme)
    since, until = PeriodForm(request.GET or None).period()
    rows = queries.sequences(programme, since, until, most=queries.MOST_EXPORTED)
    return _file(queries.sequences_csv(programme, rows), f"sequences-{since}-{until}.csv")


@require_safe
@reads(SEQUENCES_EXPORT)
def inclusions_file(request: Request, programme_id: UUID) -> HttpResponse:
    programme = access.get(request.actor, SEQUENCES_EXPORT, Programme, programme_id)
    audit.note_read(SEQUENCES_EXPORT, about=programme)
    since, until = PeriodForm(request.GET or None).period()
    rows = queries.inclusions(programme, since, until, most=queries.MOST_EXPORTED)
    return _file(queries.inclusions_csv(programme, rows), f"inclusions-{since}-{until}.csv")


@require_safe
@reads(SEQUENCES_EXPORT)
def batch_file(request: Request, programme_id: UUID, batch_id: UUID) -> HttpResponse:
    """The same rows as often as it is asked for: a batch no longer changes."""
    batch = access.get(request.actor, SEQUENCES_EXPORT, InvoiceBatch, batch_id, related=("programme",))
    if batch.programme_id != programme_id:
        raise NotFound
    audit.note_read(SEQUENCES_EXPORT, about=batch)
    return _file(
        queries.sequences_csv(batch.programme, queries.sequences_in(batch)), f"lot-{batch.number}.csv"
    )


def money(cents: int) -> str:
    """« 1 250,00 € »."""
    whole, rest = divmod(cents, 100)
    return f"{whole:,}".replace(",", NBSP) + f",{rest:02d}{NBSP}€"


def _this_year() -> dict[str, object]:
    today = timezone.localdate()
    return {"du": today.replace(month=1, day=1), "au": today}


def _file(text: str, name: str) -> HttpResponse:
    answer = HttpResponse(text, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _programme(request: Request, programme_id: UUID) -> Programme:
    return access.get(request.actor, PROGRAMME_MANAGE, Programme, programme_id, related=("organization",))


def _draft(request: Request, programme_id: UUID) -> tuple[Programme, ProgrammeVersion]:
    programme = _programme(request, programme_id)
    draft = queries.draft_among(queries.versions_of(request.actor, programme))
    if draft is None:
        raise Conflict("Cette version est en vigueur : préparez une nouvelle version pour la changer.")
    return programme, draft


def _show_alone(form: StepForm, error: Invalid | Conflict, *, removing: bool) -> None:
    """A refused removal is shown alone: what the other fields lack does not matter then."""
    if removing:
        form.is_valid()
        form.errors.clear()
    show_error(form, error)
