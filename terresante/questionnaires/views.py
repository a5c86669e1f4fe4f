"""Forms in a record: the list, filling, one answer, beside the one before, corrected."""

from collections.abc import Mapping, Sequence
from functools import partial
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from terresante.care_team.queries import OpenRecord, open_record, read_record
from terresante.feed.actions import mark_objects_read
from terresante.feed.enums import FeedKind
from terresante.kernel import access, audit
from terresante.kernel.errors import Conflict, Invalid, NotFound
from terresante.kernel.ids import key_of, new_id
from terresante.kernel.ports import MainAction
from terresante.kernel.screens import Request, reads, record_page, writes
from terresante.kernel.ui.frame import Chip
from terresante.kernel.ui.paging import asked_page, pages_beside
from terresante.questionnaires import actions, filling, queries, record_queries, sheet_queries
from terresante.questionnaires import pathway as engine
from terresante.questionnaires.access import RESPONSE_AMEND, RESPONSE_READ, RESPONSE_WRITE
from terresante.questionnaires.actions import NewResponse
from terresante.questionnaires.enums import ResponseSource
from terresante.questionnaires.models import QuestionnaireResponse


@reads(RESPONSE_READ)
def list_responses(request: Request, record_id: UUID) -> HttpResponse:
    opened = read_record(request.actor, record_id, action=RESPONSE_READ)
    code = request.GET.get("parcours", "")[:40]
    number = asked_page(request.GET.get("page", ""))
    page = record_queries.response_page(request.actor, opened.patient.pk, code=code, number=number)
    _mark_read(request, opened, [line.response.pk for line in page.lines])
    shown = {
        "responses": page,
        "code": code,
        "opened": opened,
        "pages": pages_beside(page.page, "formulaires", parcours=code),
    }
    if request.headers.get("HX-Request"):
        return render(request, "questionnaires/_list.html", shown)
    shown["chips"] = _chips(record_id, page, code)
    return record_page(
        request,
        "questionnaires/list.html",
        opened,
        shown,
        tab="forms",
        main_action=_fill_action(request, opened),
    )


@reads(RESPONSE_WRITE)
def choose_form(request: Request, record_id: UUID) -> HttpResponse:
    opened = read_record(request.actor, record_id, action=RESPONSE_WRITE)
    code = request.GET.get("parcours", "")
    offered = record_queries.forms_open_to(request.actor)
    listed = [
        (version, forms, queries.unsuited(queries.pathway_of(version.pk), opened.patient))
        for version, forms in offered
        if not code or version.pathway.code == code
    ]
    shown = {"pathways": sorted(listed, key=lambda one: bool(one[2]))}
    return record_page(request, "questionnaires/choose.html", opened, shown, tab="forms")


@writes(RESPONSE_WRITE)
def fill(request: Request, record_id: UUID, version_id: UUID, form_name: str) -> HttpResponse:
    """POST with `recompute` shows what the answers so far ask for, without JavaScript; with `later`, it is kept."""
    opened = open_record(request.actor, record_id, action=RESPONSE_WRITE)
    version = queries.version(version_id)
    if version.is_draft or form_name not in queries.pathway_of(version_id).forms:
        raise NotFound
    begun = record_queries.begun(request.actor, opened.patient.pk, version_id, form_name)
    page = _Page(request, opened, version_id, form_name, begun=begun)
    return page.answer()


@reads(RESPONSE_READ)
def show_response(request: Request, record_id: UUID, response_id: UUID) -> HttpResponse:
    opened, row = _opened(request, record_id, response_id)
    _mark_read(request, opened, [row.pk])
    shown = {
        "sheet": sheet_queries.sheet_of(request.actor, row),
        "amends": access.permits(request.actor, RESPONSE_AMEND, row),
        "gives_up": access.permits(request.actor, RESPONSE_WRITE, row),
    }
    return record_page(request, "questionnaires/one.html", opened, shown, tab="forms")


@reads(RESPONSE_READ)
def compare_responses(request: Request, record_id: UUID, response_id: UUID) -> HttpResponse:
    """With the one asked for (`avec`), else with the one just before."""
    opened, row = _opened(request, record_id, response_id)
    others = sheet_queries.compared_with(request.actor, row)
    wanted = request.GET.get("avec", "")
    other = next((each for each in others if not wanted or str(each.pk) == wanted), None)
    if other is None:
        raise NotFound
    shown = {
        "response": row,
        "title": queries.title_of(row),
        "other": other,
        "others": others,
        "comparison": sheet_queries.comparison(other, row),
    }
    return record_page(request, "questionnaires/compare.html", opened, shown, tab="forms")


@writes(RESPONSE_AMEND)
def amend(request: Request, record_id: UUID, response_id: UUID) -> HttpResponse:
    """Another answer to the same version, which takes the place of this one."""
    opened, row = _opened(request, record_id, response_id)
    access.get(request.actor, RESPONSE_AMEND, QuestionnaireResponse, response_id)
    return _Page(request, opened, row.version_id, row.form, replaces=row).answer()


@require_POST
@writes(RESPONSE_WRITE)
def stop(request: Request, record_id: UUID, response_id: UUID) -> HttpResponse:
    actions.stop(request.actor, record_id, response_id)
    messages.success(request, "Le formulaire est abandonné.")
    return redirect("questionnaires:list", record_id)


class _Page:
    """The page of a form being filled in, by a professional."""

    def __init__(
        self,
        request: Request,
        opened: OpenRecord,
        version_id: UUID,
        form_name: str,
        *,
        begun: QuestionnaireResponse | None = None,
        replaces: QuestionnaireResponse | None = None,
    ) -> None:
        self.request, self.opened, self.replaces = request, opened, replaces
        self.version_id = version_id
        self.pathway = queries.pathway_of(version_id)
        self.form = self.pathway.forms[form_name]
        self.started = begun or replaces
        self.key = key_of(request.POST.get("id", "")) or (begun.pk if begun else new_id())
        self.error = ""

    def answer(self) -> HttpResponse:
        if self.request.method != "POST":
            return self._first()
        raw = filling.raw_of(dict(self.request.POST.lists()))
        answers, problems = engine.parse(self.form, raw)
        if "recompute" in self.request.POST:
            return self._shown(raw, answers)
        if "later" in self.request.POST:
            return self._keep(raw, answers)
        if problems:
            return self._shown(raw, answers, problems)
        return self._send(raw, answers)

    def _first(self) -> HttpResponse:
        answers: engine.Answers = {}
        if self.started is not None:
            answers = engine.from_json(self.form, self.started.answers)
        return self._shown(filling.raw_answers(answers), answers)

    def _keep(self, raw: Mapping[str, Sequence[str]], answers: engine.Answers) -> HttpResponse:
        try:
            row = actions.save_progress(self.request.actor, self._new(answers))
        except (Invalid, Conflict) as error:
            return self._refused(raw, answers, error)
        messages.success(self.request, "C’est gardé : vous reprendrez où vous en étiez.")
        return redirect("questionnaires:list", row.record_id)

    def _send(self, raw: Mapping[str, Sequence[str]], answers: engine.Answers) -> HttpResponse:
        try:
            row = actions.answer(self.request.actor, self._new(answers))
        except (Invalid, Conflict) as error:
            return self._refused(raw, answers, error)
        messages.success(self.request, "Le formulaire est enregistré.")
        return redirect("questionnaires:one", row.record_id, row.pk)

    def _new(self, answers: engine.Answers) -> NewResponse:
        old = self.replaces
        return NewResponse(
            id=self.key,
            record_id=self.opened.record.pk,
            version_id=self.version_id,
            form=self.form.name,
            answers=answers,
            source=ResponseSource.PROFESSIONAL,
            follow_up_id=old.follow_up_id if old else None,
            occurrence_id=old.occurrence_id if old else None,
            authored_at=None,
            baseline=queries.known(old.baseline) if old else {},
            personal=queries.known(old.personal) if old else {},
            replaces=old.pk if old else None,
        )

    def _refused(
        self, raw: Mapping[str, Sequence[str]], answers: engine.Answers, error: Invalid | Conflict
    ) -> HttpResponse:
        fields = error.fields if isinstance(error, Invalid) else {}
        problems = [engine.Problem(link_id, sentence) for link_id, sentence in fields.items()]
        self.error = "" if problems else error.sentence
        return self._shown(raw, answers, problems)

    def _shown(
        self,
        raw: Mapping[str, Sequence[str]],
        answers: engine.Answers,
        problems: Sequence[engine.Problem] = (),
    ) -> HttpResponse:
        before = record_queries.before(
            self.request.actor, self.opened.patient.pk, self.version_id, self.form, without=self.replaces
        )
        found = filling.sections(self.form, raw=raw, answers=answers, problems=problems, before=before)
        wrong = [one for section in found for one in section.asked if one.mistake]
        shown = {
            "pathway": self.pathway,
            "form": self.form,
            "sections": found,
            "wrong": wrong,
            "error": self.error,
            "before": before,
            "key": self.key,
            "replaces": self.replaces,
            "has_conditions": any(question.enable_when for question in self.form.questions),
            "audience": record_queries.panel_of(
                self.request.actor, self.opened, self.pathway, replaces=self.replaces
            ),
            "is_signed": sheet_queries.signed_by(self.version_id),
        }
        status = Invalid.status if wrong or self.error else 200
        template = "questionnaires/fill.html"
        return record_page(self.request, template, self.opened, shown, tab="forms", status=status)


def _opened(request: Request, record_id: UUID, response_id: UUID) -> tuple[OpenRecord, QuestionnaireResponse]:
    """Of this record, whatever the address says."""
    opened = open_record(request.actor, record_id, action=RESPONSE_READ)
    row = access.get(
        request.actor, RESPONSE_READ, QuestionnaireResponse, response_id, related=("version__pathway",)
    )
    if row.record_id != opened.record.pk:
        raise NotFound
    audit.note_read(
        RESPONSE_READ, patient_id=opened.patient.pk, about=row, purpose=opened.purpose(request.actor)
    )
    return opened, row


def _mark_read(request: Request, opened: OpenRecord, keys: list[UUID]) -> None:
    request.after_read.append(
        partial(mark_objects_read, request.actor, opened.patient.pk, FeedKind.QUESTIONNAIRE, keys)
    )


def _fill_action(request: Request, opened: OpenRecord) -> MainAction | None:
    if not access.permits(request.actor, RESPONSE_WRITE, opened.record):
        return None
    url = reverse("questionnaires:choose", args=[opened.record.pk])
    return MainAction("Remplir un formulaire", url=url, icon="pencil")


def _chips(record_id: UUID, page: record_queries.ResponsePage, code: str) -> tuple[Chip, ...]:
    """One for each pathway answered to, when there are several."""
    if len(page.pathways) < 2:
        return ()
    url = reverse("questionnaires:list", args=[record_id])
    whole = Chip(label="Tous", url=url, current=not code)
    return (
        whole,
        *(
            Chip(
                label=one.title, url=f"{url}?parcours={one.code}", count=one.number, current=one.code == code
            )
            for one in page.pathways
        ),
    )
