"""The operator's form: she asks over the telephone, and reads the values before beside each question."""

from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse

from terresante.care_team.queries import read_record
from terresante.kernel.errors import NotFound
from terresante.kernel.screens import Request, record_page, writes
from terresante.questionnaires.access import RESPONSE_WRITE
from terresante.questionnaires.enums import ResponseSource
from terresante.questionnaires.step_views import Door, filled
from terresante.telemonitoring.answering import asking
from terresante.telemonitoring.schedule import FILLED_AT_HOME


@writes(RESPONSE_WRITE)
def operator_answer(request: Request, record_id: UUID, expected_id: UUID) -> HttpResponse:
    opened = read_record(request.actor, record_id, action=RESPONSE_WRITE)
    expected = asking.expected_of(request.actor, expected_id)
    if expected.follow_up.record_id != record_id:
        raise NotFound
    by_phone = expected.role in FILLED_AT_HOME
    source = ResponseSource.PHONE if by_phone else ResponseSource.PROFESSIONAL
    filling = asking.filling_of(request.actor, expected, source=source)
    door = Door(
        filling=filling,
        title=asking.title_of(expected) + (", au téléphone" if by_phone else ""),
        here=reverse("telemonitoring:operator_answer", args=[record_id, expected_id]),
        home=reverse("telemonitoring:one", args=[record_id, expected.follow_up_id]),
        reader=asking.reader_of(expected.follow_up.cell),
        page=lambda template, context, status: record_page(
            request, template, opened, context, tab="telemonitoring", status=status
        ),
        is_operator=True,
        layout="record.html",
    )
    return filled(request, door)
