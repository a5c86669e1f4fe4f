"""What a replay of a draft says of the alerts that were closed: whether it would have missed somebody."""

import pytest
from django.utils import timezone

from terresante.directory.enums import Profession
from terresante.directory.models import Organization
from terresante.kernel import rls
from terresante.kernel.ids import new_id
from terresante.questionnaires import pathway_actions
from terresante.questionnaires.replay_queries import replayed
from terresante.questionnaires.tests.factories import stored_response
from terresante.telemonitoring.models import Alert
from terresante.telemonitoring.tests.factories import stored_follow_up
from tests.cast import professional
from tests.walls import walls_down

pytestmark = pytest.mark.commits


def closed(follow_up, response, outcome):
    """The alert of one answer, as its operator ended it."""
    alert = Alert.objects.filter(follow_up=follow_up).latest("opened_at")
    alert.pk, alert._state.adding = new_id(), True
    alert.response_ids, alert.state, alert.outcome = [str(response.pk)], "closed", outcome
    alert.reason, alert.closed_at = "fait", timezone.now()
    alert.save(force_insert=True)


def test_a_threshold_too_wide_misses_who_was_taken_to_hospital(cast):
    record = cast.madeleine_record
    with walls_down():
        place = Organization.objects.get(pk=cast.brun.organization_id)
        admin = professional("admin", Profession.OTHER, place, duties=["administrator"])
        follow_up = stored_follow_up(record.patient_id, record.pk, record.holder_id)
        answers = {"temperature": 38.5, "sommeil": "bon"}
        serious, silly = (
            stored_response(
                record.patient_id, record.pk, follow_up_id=follow_up.pk, answers=answers, colour="orange"
            )
            for _ in range(2)
        )
        for response, outcome in ((serious, "hospitalised"), (silly, "false_alarm")):
            closed(follow_up, response, outcome)
    draft = pathway_actions.clone(admin, follow_up.version_id)
    rules = draft.files["rules.csv"].replace("36.0..37.9;38.0..38.9 |", "36.0..38.9;")
    pathway_actions.save_draft(
        admin, draft.pk, files={**draft.files, "rules.csv": rules}, seen=draft.changed_at
    )

    with rls.acting(admin, read_only=True):
        replay = replayed(admin, draft.pk).replay

    assert (replay.old.serious, replay.old.caught, replay.old.false_alarms) == (1, 1, 1)
    assert (replay.new.serious, replay.new.caught, replay.new.alerts) == (1, 0, 0)
