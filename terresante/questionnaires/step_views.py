"""The screens of a form filled one question at a time, the same behind every door: link, account, operator."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from terresante.care_team.queries import open_record
from terresante.kernel.errors import Conflict, Invalid
from terresante.kernel.ids import key_of
from terresante.questionnaires import pathway as engine
from terresante.questionnaires import queries, steps
from terresante.questionnaires.access import RESPONSE_WRITE
from terresante.questionnaires.enums import ResponseColour
from terresante.questionnaires.filling import raw_answers, worded
from terresante.questionnaires.models import QuestionnaireResponse

_SHOWN_BEFORE = 3
_REVIEW = "relire"
_TEMPLATE = "questionnaires/fill/page.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where the screens stand. `layout`: the template around them; `is_operator`: somebody asks over the telephone,
    and sees the values before.
    """

    filling: steps.Filling
    title: str
    here: str
    home: str
    reader: steps.Reader = field(default_factory=steps.Reader)
    layout: str = "questionnaires/fill/alone.html"
    is_operator: bool = False
    context: dict[str, Any] = field(default_factory=dict)
    # Draws the template in another frame than the layout's own; `render` by default.
    page: Callable[[str, dict[str, Any], int], HttpResponse] | None = None


def filled(request: HttpRequest, door: Door) -> HttpResponse:
    """The question that is next, what was said, or what follows from it. Call it inside the actor's transaction.

    Raises as `open_record`.
    """
    filling = door.filling
    open_record(filling.actor, filling.record_id, action=RESPONSE_WRITE)
    sent = steps.answered(filling)
    if sent is not None and not _measures_again(request, door, sent):
        return _outcome(request, door, sent)
    draft = steps.draft_of(filling, new=key_of(request.POST.get("reponse", "")))
    if request.method != "POST":
        return _shown(request, door, draft, request.GET.get("question", ""))
    if "envoyer" in request.POST:
        return _sent(request, door, draft)
    return _answered(request, door, draft)


def _measures_again(request: HttpRequest, door: Door, sent: QuestionnaireResponse) -> bool:
    if steps.confirmable_until(door.filling, sent) is None:
        return False
    # The key of what was sent: its own sending, repeated.
    return "question" in {*request.GET, *request.POST} or (
        "envoyer" in request.POST and request.POST.get("reponse") != str(sent.pk)
    )


def _answered(request: HttpRequest, door: Door, draft: steps.Draft) -> HttpResponse:
    """One question was answered: kept, then the next one."""
    asked = steps.asked_of(door.filling, draft)
    link_id = request.POST.get("question", "")
    one = next((each for each in asked if each.question.link_id == link_id), None)
    if one is None:
        return redirect(door.here)
    typed = [value for value in request.POST.getlist("valeur") if value.strip()]
    if "passer" in request.POST and steps.may_pass(one, draft):
        draft = steps.passed_over(draft, link_id)
    else:
        draft, wrong = steps.said_to(door.filling, draft, one, typed)
        if wrong is not None:
            return _shown(request, door, draft, link_id, typed=typed, problem=wrong)
    try:
        steps.keep(door.filling, draft)
    except Conflict:
        return redirect(door.here)
    following = steps.next_open(steps.asked_of(door.filling, draft), draft, after=link_id)
    return redirect(f"{door.here}?{urlencode({'question': following or _REVIEW})}")


def _sent(request: HttpRequest, door: Door, draft: steps.Draft) -> HttpResponse:
    try:
        steps.send(door.filling, draft)
    except Invalid as error:
        return _corrected(request, door, draft, error)
    except Conflict as error:
        messages.error(request, error.sentence)
    return redirect(door.here)


def _corrected(request: HttpRequest, door: Door, draft: steps.Draft, error: Invalid) -> HttpResponse:
    """Back to the first question that has something wrong."""
    asked = [one.question.link_id for one in steps.asked_of(door.filling, draft)]
    wrong = next((name for name in asked if name in error.fields), "")
    problem = engine.Problem(wrong, error.fields.get(wrong, error.sentence), "")
    return _shown(request, door, draft, wrong or _REVIEW, problem=problem)


def _shown(
    request: HttpRequest,
    door: Door,
    draft: steps.Draft,
    wanted: str,
    *,
    typed: list[str] | None = None,
    problem: engine.Problem | None = None,
) -> HttpResponse:
    asked = steps.asked_of(door.filling, draft)
    names = [one.question.link_id for one in asked]
    current = wanted if wanted in names or wanted == _REVIEW else steps.next_open(asked, draft)
    if current not in names:
        return _reviewed(request, door, draft, asked, problem)
    index = names.index(current)
    one = asked[index]
    known = raw_answers({name: draft.answers[name] for name in (current,) if name in draft.answers})
    context = {
        "one": one,
        "question": one.question,
        "number": index + 1,
        "count": len(asked),
        "marks": ["is-done"] * index + ["is-current"] + [""] * (len(asked) - index - 1),
        "back": f"?{urlencode({'question': names[index - 1]})}" if index else "",
        "typed": known.get(current, []) if typed is None else typed,
        "problem": problem,
        "may_pass": steps.may_pass(one, draft),
        "before": _values_before(door, one.question) if door.is_operator else [],
        # An operator types; a telephone would open its keyboard over the question.
        "typing": door.is_operator and one.is_measured,
        "first": index == 0 and not draft.answers,
    }
    return _page(request, door, draft, "question", context, is_wrong=problem is not None)


def _reviewed(
    request: HttpRequest,
    door: Door,
    draft: steps.Draft,
    asked: list[steps.Asked],
    problem: engine.Problem | None,
) -> HttpResponse:
    said = [(one.question, _said(one.question, draft.answers)) for one in asked]
    context = {
        "said": said,
        "problem": problem,
        "back": f"?{urlencode({'question': asked[-1].question.link_id})}" if asked else "",
    }
    return _page(request, door, draft, _REVIEW, context, is_wrong=problem is not None)


def _outcome(request: HttpRequest, door: Door, sent: QuestionnaireResponse) -> HttpResponse:
    """What to do now; the same page whenever it is opened again."""
    filling = door.filling
    until = steps.confirmable_until(filling, sent)
    # What was not measured again stands.
    colour = ResponseColour.ORANGE if sent.to_confirm and until else ResponseColour(sent.colour)
    again = steps.measured_again(sent) if until else ()
    context = {
        "sent": sent,
        "colour": colour,
        "until": until,
        "again": [fired for fired in sent.fired if fired["item"] in again],
        "again_url": f"?{urlencode({'question': again[0]})}" if again else "",
        "told": filling.pathway.texts.get(colour.value, ""),
    }
    return _page(request, door, None, "outcome", context)


def _page(
    request: HttpRequest,
    door: Door,
    draft: steps.Draft | None,
    stage: str,
    context: dict[str, Any],
    *,
    is_wrong: bool = False,
) -> HttpResponse:
    texts = door.filling.pathway.texts
    shown = {
        "layout": door.layout,
        "door": door,
        "stage": stage,
        "draft": draft,
        "before_text": texts.get("before", ""),
        "closed_text": "" if door.reader.is_open or door.is_operator else _closed(door.reader, texts),
        **door.context,
        **context,
    }
    # htmx swaps no error page in; for whoever reads it the sentence is the same.
    status = 422 if is_wrong and not request.headers.get("HX-Request") else 200
    if door.page is not None:
        return door.page(_TEMPLATE, shown, status)
    return render(request, _TEMPLATE, shown, status=status)


def _closed(reader: steps.Reader, texts: Mapping[str, str]) -> str:
    """That nobody reads now is said once: by the pathway when it says so, and then when somebody will."""
    own = texts.get("closed", "")
    return f"{own} {reader.opens}".rstrip() if own else reader.hours


def _values_before(door: Door, question: engine.Question) -> list[tuple[datetime, str]]:
    filling = door.filling
    rows = queries.answers_of(
        filling.actor, filling.patient_id, filling.form_name, filling.follow_up_id
    ).filter(status="completed")[:_SHOWN_BEFORE]
    said = [(row.authored_at, _said(question, engine.from_json(filling.form, row.answers))) for row in rows]
    return [(at, words) for at, words in said if words]


def _said(question: engine.Question, answers: engine.Answers) -> str:
    value = answers.get(question.link_id)
    return "" if value is None else worded(question, value)
