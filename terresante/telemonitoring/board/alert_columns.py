"""What the alert of a follow-up changes on its row of the board: two statements, whatever the number of rows."""

from collections.abc import Collection
from uuid import UUID

from django.db import connection

from terresante.kernel.actor import Actor
from terresante.kernel.events import emit
from terresante.telemonitoring.events import FollowUpChanged
from terresante.telemonitoring.models import FollowUp

# Somebody closed the alert that this colour comes from: it is done, until the next answer or the next silence.
_HANDLED = """
UPDATE telemonitoring_followup AS whole SET
    answer_colour = CASE WHEN whole.answer_colour = '' THEN '' ELSE 'green' END, silence_colour = '',
    reason = jsonb_build_object('kind', 'handled', 'at', alert.closed_at, 'outcome', alert.outcome,
        'by', alert.closed_by_name, 'colour', alert.colour, 'form', alert.form,
        'pathway', whole.reason -> 'pathway', 'version', whole.reason -> 'version', 'was', whole.reason - 'was')
FROM telemonitoring_alert AS alert
WHERE whole.id = ANY (%s::uuid[]) AND alert.follow_up_id = whole.id AND alert.state = 'closed'
  AND whole.reason ->> 'kind' <> 'handled' AND whole.colour <> 'green'
  AND (alert.response_ids ? (whole.reason ->> 'response') OR alert.expected_id::text = whole.reason ->> 'expected')
  AND NOT EXISTS (SELECT 1 FROM telemonitoring_alert AS other
                  WHERE other.follow_up_id = whole.id AND other.state <> 'closed')
"""
# While an alert is open its colour holds, even after a better answer: somebody must close it.
_SHOW = """
UPDATE telemonitoring_followup AS whole SET
    colour = CASE WHEN colour_rank(alert.colour) > colour_rank(said.colour) THEN alert.colour ELSE said.colour END,
    colour_since = CASE WHEN alert.id IS NOT NULL THEN alert.waits_since
                        WHEN said.colour <> whole.colour THEN statement_timestamp() ELSE whole.colour_since END,
    to_confirm_until = alert.confirm_until, taken_by_id = alert.taken_by_id, taken_at = alert.taken_at,
    reason = CASE WHEN alert.kind <> 'no-answer' AND colour_rank(alert.colour) > colour_rank(said.colour)
        THEN jsonb_build_object('kind', 'answer', 'response', alert.response_ids -> -1, 'at', alert.answered_at,
            'form', alert.form, 'colour', alert.colour, 'fired', alert.fired,
            'pathway', whole.reason -> 'pathway', 'version', whole.reason -> 'version')
        ELSE whole.reason END
FROM telemonitoring_followup AS known
CROSS JOIN LATERAL (
    SELECT CASE WHEN colour_rank(known.silence_colour) > colour_rank(known.answer_colour) THEN known.silence_colour
                ELSE coalesce(nullif(known.answer_colour, ''), 'grey') END AS colour) AS said
LEFT JOIN telemonitoring_alert AS alert ON alert.follow_up_id = known.id AND alert.state <> 'closed'
WHERE known.id = ANY (%s::uuid[]) AND whole.id = known.id
"""


def show(follow_up_ids: Collection[UUID]) -> None:
    keys = list(follow_up_ids)
    with connection.cursor() as cursor:
        # A question mark is an operator of jsonb, not a parameter.
        cursor.execute(_HANDLED, [keys])
        cursor.execute(_SHOW, [keys])


def tell_changed(actor: Actor, follow_up_ids: Collection[UUID]) -> None:
    for follow_up in FollowUp.objects.filter(pk__in=follow_up_ids):
        emit(
            actor,
            FollowUpChanged(
                patient_id=follow_up.patient_id,
                object_id=follow_up.pk,
                cell_id=follow_up.cell_id,
                colour=str(follow_up.colour),
                **follow_up.limits(),
            ),
        )
