"""What answers, silences and the clock make of alerts; what operators do with them."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.db.utils import ProgrammingError
from django.utils import timezone

from terresante.kernel import rls
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.models import AuditEntry, OutboundMessage
from terresante.telemonitoring.alerts.actions import (
    close_alert,
    pass_to_physician,
    record_call,
    release_alert,
    take_alert,
)
from terresante.telemonitoring.alerts.enums import AlertOutcome, CallResult
from terresante.telemonitoring.course.actions import end
from terresante.telemonitoring.enums import EndReason
from terresante.telemonitoring.models import Alert, Call
from terresante.telemonitoring.tests.board_factories import (
    alert_of,
    answer,
    followed,
    hear,
    operators,
    others_followed,
    pass_time,
    row_of,
    silence,
)
from tests.walls import walls_down

pytestmark = pytest.mark.commits
SOON = timedelta(minutes=1)


@pytest.fixture
def awa(cast):
    with walls_down():
        return operators(cast)[0]


def test_the_first_abnormal_value_is_on_the_board_at_once_then_stands_red_when_nobody_measures_again(cast):
    follow_up = followed(cast)
    response = answer(follow_up, "red", to_confirm=True)

    row = row_of(follow_up)
    assert (row.colour, row.reason["kind"]) == ("red", "answer")
    assert row.to_confirm_until is not None
    pass_time(timezone.now() + timedelta(minutes=14))
    assert alert_of(follow_up).kind == "confirmation"
    pass_time(timezone.now() + timedelta(minutes=16))
    pass_time(timezone.now() + timedelta(minutes=16))

    alert = alert_of(follow_up)
    assert (alert.kind, alert.colour, alert.response_ids) == ("answer", "red", [str(response.pk)])
    assert row_of(follow_up).to_confirm_until is None
    assert row_of(follow_up).colour == "red"


def test_measured_again_and_normal_it_goes_back_and_the_first_value_stays(cast):
    follow_up = followed(cast)
    first = answer(follow_up, "red", to_confirm=True)
    answer(follow_up, "green", authored_at=timezone.now() + SOON)

    alert = alert_of(follow_up)
    assert (alert.state, alert.outcome, alert.reason) == ("closed", "resolved", "Nouvelle mesure normale.")
    assert alert.first_fired == first.fired
    assert row_of(follow_up).colour == "green"
    pass_time(timezone.now() + timedelta(hours=1))
    assert row_of(follow_up).colour == "green"


def test_a_red_that_stands_holds_its_colour_after_a_better_answer_until_somebody_closes_it(cast, awa):
    follow_up = followed(cast)
    answer(follow_up, "red")
    answer(follow_up, "green", authored_at=timezone.now() + SOON)
    assert row_of(follow_up).colour == "red"
    assert row_of(follow_up).reason["fired"]

    close_alert(
        awa, follow_up.pk, outcome=AlertOutcome.ADVICE, reason="Paracétamol, nouvelle mesure ce soir."
    )

    row = row_of(follow_up)
    assert (row.colour, row.taken_by_id) == ("green", None)


def test_a_closed_alert_leaves_the_red_until_the_next_answer_and_the_same_answer_told_twice_opens_nothing(
    cast, awa
):
    follow_up = followed(cast)
    response = answer(follow_up, "red")
    close_alert(awa, follow_up.pk, outcome=AlertOutcome.SAMU, reason="Régulé par le 15.")
    hear(follow_up, response)

    assert (row_of(follow_up).colour, row_of(follow_up).reason["kind"]) == ("green", "handled")
    with walls_down():
        assert Alert.objects.count() == 1
    answer(follow_up, "red", authored_at=timezone.now() + SOON)
    assert row_of(follow_up).colour == "red"
    with walls_down():
        assert Alert.objects.count() == 2


def test_the_worst_colour_wins_and_one_alert_is_open(cast):
    follow_up = followed(cast)
    answer(follow_up, "orange")
    answer(follow_up, "red", authored_at=timezone.now() + SOON)
    answer(follow_up, "orange", authored_at=timezone.now() + 2 * SOON)

    alert = alert_of(follow_up)
    assert (alert.colour, len(alert.response_ids)) == ("red", 3)
    with walls_down():
        assert Alert.objects.count() == 1


def test_a_silence_opens_once_turns_worse_and_closes_by_itself_when_the_answer_comes(cast):
    follow_up = followed(cast)
    expected = silence(follow_up, "orange")
    assert (alert_of(follow_up).kind, alert_of(follow_up).colour) == ("no-answer", "orange")
    answer(follow_up, "green", occurrence_id=expected.pk)

    alert = alert_of(follow_up)
    assert (alert.state, alert.reason) == ("closed", "Réponse reçue.")
    assert row_of(follow_up).colour == "green"


def test_a_red_that_nobody_takes_climbs_to_each_person_that_the_cell_has(cast, awa):
    follow_up = followed(cast, second_level_id=awa.user_id, physician_id=cast.amar.user_id)
    answer(follow_up, "red")
    now = timezone.now()
    levels = []
    for minutes in (9, 11, 22, 33, 44):
        pass_time(now + timedelta(minutes=minutes))
        pass_time(now + timedelta(minutes=minutes))
        levels.append(alert_of(follow_up).level)

    assert levels == ["operator", "second", "physician", "on-call", "on-call"]
    with walls_down():
        told = list(
            OutboundMessage.objects.filter(dedupe_key__startswith="alert:").values_list(
                "recipient", "subject"
            )
        )
    assert {recipient for recipient, _ in told} >= {"awa@example.org", "amar@example.org"}
    assert "LEROUX" not in str(told)


def test_outside_its_hours_a_red_goes_straight_to_the_on_call_number(cast):
    follow_up = followed(cast, opening_hours={})
    answer(follow_up, "red")
    pass_time(timezone.now())
    assert alert_of(follow_up).level == "on-call"


def test_an_operator_takes_it_calls_and_closes_with_a_reason(cast, awa):
    follow_up = followed(cast)
    answer(follow_up, "red")
    take_alert(awa, follow_up.pk)
    assert row_of(follow_up).taken_by_id == awa.user_id
    record_call(awa, follow_up.pk, result=CallResult.NO_ANSWER)
    record_call(awa, follow_up.pk, result=CallResult.REACHED, note="Va mieux.")
    with pytest.raises(Invalid, match="motif"):
        close_alert(awa, follow_up.pk, outcome=AlertOutcome.ADVICE, reason="  ")
    close_alert(awa, follow_up.pk, outcome=AlertOutcome.ADVICE, reason="Repos.")

    alert = alert_of(follow_up)
    assert (alert.state, alert.calls_made, alert.closed_by_name) == ("closed", 2, awa.name)
    assert row_of(follow_up).last_call_at is not None
    with walls_down():
        done = set(AuditEntry.objects.filter(user_id=awa.user_id).values_list("action", flat=True))
        assert {"alert.take", "alert.call", "alert.close"} <= done
        assert Call.objects.filter(alert=alert).count() == 2
    with pytest.raises(Conflict, match="Rien n’attend"):
        take_alert(awa, follow_up.pk)


def test_what_was_taken_and_left_is_given_back_after_the_delay_of_the_cell_and_by_hand(cast):
    with walls_down():
        awa, bruno = operators(cast)
    follow_up = followed(cast, lock_minutes=15)
    answer(follow_up, "red")
    take_alert(awa, follow_up.pk)
    with pytest.raises(Conflict, match=awa.name):
        record_call(bruno, follow_up.pk, result=CallResult.REACHED)
    with pytest.raises(Conflict, match="ne tenez pas"):
        release_alert(bruno, follow_up.pk)
    pass_time(timezone.now() + timedelta(minutes=16))
    assert (alert_of(follow_up).state, row_of(follow_up).taken_by_id) == ("new", None)
    take_alert(bruno, follow_up.pk)
    release_alert(bruno, follow_up.pk)
    assert alert_of(follow_up).state == "new"


def test_two_operators_press_at_once_one_wins_and_the_other_is_told_who(cast):
    with walls_down():
        both = operators(cast)
    follow_up = followed(cast)
    answer(follow_up, "red")
    ready, said = threading.Barrier(2), {}

    def press(actor):
        try:
            ready.wait(10)
            take_alert(actor, follow_up.pk)
            said[actor.name] = "taken"
        except Conflict as error:
            said[actor.name] = error.sentence
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press, args=(actor,)) for actor in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    winner = alert_of(follow_up).taken_by_name
    loser = next(actor.name for actor in both if actor.name != winner)
    assert said[winner] == "taken"
    assert said[loser].startswith(f"{winner} a pris cette alerte")


def test_a_silence_that_alarms_nobody_yet_is_taken_too_and_a_green_row_is_not(cast, awa):
    follow_up = followed(cast)
    with pytest.raises(Conflict, match="Rien n’attend"):
        take_alert(awa, follow_up.pk)
    silence(follow_up, "grey")
    assert take_alert(awa, follow_up.pk).kind == "no-answer"


def test_it_is_passed_to_the_physician_whom_the_cell_names(cast, awa):
    follow_up = followed(cast, physician_id=cast.amar.user_id)
    answer(follow_up, "red")
    take_alert(awa, follow_up.pk)
    pass_to_physician(awa, follow_up.pk)
    alert = alert_of(follow_up)
    assert (alert.level, alert.state) == ("physician", "new")
    # In her circle, and named by the cell, though he works elsewhere.
    take_alert(cast.amar, follow_up.pk)
    assert alert_of(follow_up).taken_by_id == cast.amar.user_id


def test_a_follow_up_that_stops_leaves_no_alert_that_climbs(cast):
    follow_up = followed(cast)
    answer(follow_up, "red")
    end(cast.amar, follow_up.record_id, follow_up.pk, reason=EndReason.HOSPITALISED)
    alert = alert_of(follow_up)
    assert (alert.state, alert.outcome) == ("closed", "hospitalised")
    assert alert.reason == "Fin du télésuivi : la personne est hospitalisée."
    pass_time(timezone.now() + timedelta(hours=1))
    assert alert_of(follow_up).level == "operator"


def test_nobody_but_the_cell_acts_on_an_alert(cast, awa):
    """Another cell with its own patients, a member of the circle who is of no cell, a profession that reads nothing."""
    follow_up, other = followed(cast), others_followed(cast)
    answer(follow_up, "red")
    answer(other, "red")
    with pytest.raises(NotFound):
        take_alert(cast.brun, follow_up.pk)
    with pytest.raises(NotFound):
        take_alert(awa, other.pk)
    with pytest.raises(Refused):
        take_alert(cast.amar, follow_up.pk)
    with pytest.raises(NotFound):
        take_alert(cast.samira, follow_up.pk)
    take_alert(cast.brun, other.pk)


def test_the_walls_keep_alerts_and_calls_from_everybody_else(cast, awa):
    follow_up = followed(cast)
    others_followed(cast)
    answer(follow_up, "red")
    record_call(awa, follow_up.pk, result=CallResult.REACHED)
    counts = {}
    for name in ("amar", "brun", "madeleine", "leon", "colin"):
        with rls.acting(cast.actors[name]):
            counts[name] = (Alert.objects.count(), Call.objects.count())
    assert counts == {"amar": (1, 1), "brun": (0, 0), "madeleine": (0, 0), "leon": (0, 0), "colin": (1, 1)}
    close_alert(awa, follow_up.pk, outcome=AlertOutcome.RESOLVED, reason="Tout va bien.")
    with pytest.raises(ProgrammingError, match="closed alert"), rls.acting(awa):
        Alert.objects.update(reason="Autre chose")
    with rls.acting(awa), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM alerts_due(now() + interval '1 year', 10)")
        assert cursor.fetchone()[0] == 0
