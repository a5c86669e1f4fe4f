import time
from datetime import timedelta
from decimal import Decimal
from threading import Thread

import pytest
from django.db import connection, connections
from django.utils import timezone

from terresante.feed.models import FeedItem
from terresante.kernel import rls
from terresante.kernel.actor import Actor, Channel
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.ids import new_id
from terresante.kernel.models import AuditEntry, OutboxEvent
from terresante.patients.enums import DelegationBasis
from terresante.questionnaires.actions import answer, save_progress, stop
from terresante.questionnaires.enums import ResponseSource
from terresante.questionnaires.events import QuestionnaireAnswered
from terresante.questionnaires.handlers import tell_of_answers
from terresante.questionnaires.models import QuestionnaireResponse
from terresante.questionnaires.tests.factories import answered, new_response, published_version
from tests.cast import represented_by
from tests.walls import walls_down

pytestmark = pytest.mark.commits

FEVER = {"temperature": Decimal("39.2"), "sommeil": "mauvais"}


@pytest.fixture
def version():
    return published_version()


def stored(**what):
    with walls_down():
        return QuestionnaireResponse.objects.get(**what)


def test_an_answer_is_weighed_stored_told_audited_and_announced(cast, version):
    row = answered(cast.ines, cast.madeleine_record, version, answers=FEVER)

    kept = stored()
    assert (kept.pk, kept.colour, kept.data_class) == (row.pk, "red", "medical")
    assert kept.to_confirm
    assert [rule["rule"] for rule in kept.fired][:1] == ["temperature"]
    assert [(score["id"], score["formula"]) for score in kept.scores] == [("gene", 2)]
    with walls_down():
        fact = FeedItem.objects.get()
        assert (fact.object_id, fact.kind) == (row.pk, "questionnaire")
        event = OutboxEvent.objects.get(kind="QuestionnaireAnswered")
        assert event.payload["colour"] == "red" and "39.2" not in str(event.payload)
        trace = AuditEntry.objects.get(action="response.write")
        assert trace.detail == {"class": "medical", "source": "professional", "form": "quotidien"}


def test_the_same_answer_sent_twice_is_stored_once_and_answered_alike(cast, version):
    sent = new_response(cast.madeleine_record, version, authored_at=timezone.now() - timedelta(hours=3))

    first, second = answer(cast.ines, sent), answer(cast.ines, sent)

    assert first.pk == second.pk == stored().pk
    with walls_down():
        assert (
            FeedItem.objects.count() == OutboxEvent.objects.filter(kind="QuestionnaireAnswered").count() == 1
        )


def waits_for_another_device():
    """Whether somebody in this database waits for an answer that is being stored."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database ="
            " (SELECT oid FROM pg_database WHERE datname = current_database()))"
        )
        return cursor.fetchone()[0]


def test_of_two_devices_that_answer_in_the_same_instant_the_second_is_told_of_the_first(cast, version):
    expected = {"follow_up_id": new_id(), "occurrence_id": new_id(), "source": ResponseSource.PATIENT}
    said = []

    def other_device():
        try:
            answered(cast.madeleine, cast.madeleine_record, version, answers=FEVER, **expected)
            said.append("stored")
        except Conflict as error:
            said.append(error.sentence)
        finally:
            connections.close_all()

    second = Thread(target=other_device)
    with rls.acting(cast.madeleine):
        first = answered(cast.madeleine, cast.madeleine_record, version, **expected)
        second.start()
        given_up = time.monotonic() + 30
        while not (said or waits_for_another_device()) and time.monotonic() < given_up:
            time.sleep(0.02)
    second.join(30)

    assert said[0].startswith("Vous avez déjà répondu à ce questionnaire à ")
    assert stored().pk == first.pk
    with walls_down():
        assert OutboxEvent.objects.filter(kind="QuestionnaireAnswered").count() == 1


def test_what_is_expected_is_answered_again_to_measure_again_or_to_correct_and_for_nothing_else(
    cast, version
):
    def again(**said):
        return answered(cast.ines, cast.madeleine_record, version, **expected, **said)

    expected = {"follow_up_id": new_id(), "occurrence_id": new_id()}
    first = again(answers=FEVER)
    measured = again()
    assert (first.to_confirm, measured.to_confirm) == (True, False)

    with pytest.raises(Conflict, match="a déjà sa réponse"):
        again(answers=FEVER)
    # Older by the clock of a telephone that was offline, it comes second all the same.
    with pytest.raises(Conflict, match="a déjà sa réponse"):
        again(authored_at=timezone.now() - timedelta(hours=3))
    assert again(replaces=measured.pk).replaces_id == measured.pk
    another = answered(cast.ines, cast.madeleine_record, version, follow_up_id=expected["follow_up_id"])
    assert another.occurrence_id is None


def test_an_id_that_names_anything_else_gets_one_neutral_conflict(cast, version):
    mine, elsewhere = new_id(), new_id()
    answered(cast.ines, cast.madeleine_record, version, id=mine)
    answered(cast.brun, cast.leon_record, version, id=elsewhere)

    sentences = set()
    for actor, key, answers in (
        (cast.ines, mine, FEVER),
        (cast.amar, mine, {"temperature": 37, "sommeil": "bon"}),
        (cast.ines, elsewhere, {"temperature": 37, "sommeil": "bon"}),
    ):
        with pytest.raises(Conflict) as raised:
            answered(actor, cast.madeleine_record, version, id=key, answers=answers)
        sentences.add(raised.value.sentence)

    assert len(sentences) == 1


def test_impossible_and_missing_answers_are_refused_question_by_question(cast, version):
    with pytest.raises(Invalid) as raised:
        answered(cast.ines, cast.madeleine_record, version, answers={"temperature": 98})

    assert set(raised.value.fields) == {"temperature", "sommeil"}
    with walls_down():
        assert not QuestionnaireResponse.objects.exists()


@pytest.mark.parametrize(
    ("days", "is_believed"), [(-1, False), (0.1, True), (6, True), (8, False), (4000, False)]
)
def test_a_wrong_clock_is_not_believed(cast, version, days, is_believed):
    said = timezone.now() - timedelta(days=days)

    row = answered(cast.ines, cast.madeleine_record, version, authored_at=said)

    assert row.clock_corrected is not is_believed
    assert (row.authored_at == said) is is_believed
    assert row.authored_at <= row.received_at


def test_a_command_that_loads_the_past_keeps_its_dates(cast, version):
    said = timezone.now() - timedelta(days=90)
    loader = Actor.job("demo", channel=Channel.COMMAND)

    record = cast.madeleine_record
    row = answered(
        loader, record, version, authored_at=said, source=ResponseSource.LINK, patient_id=record.patient_id
    )

    assert (row.authored_at, row.received_at, row.clock_corrected) == (said, said, False)


def test_what_was_begun_is_sent_under_its_own_key_and_then_never_changes(cast, version):
    key = new_id()
    begun = new_response(cast.madeleine_record, version, id=key, answers={"temperature": 38})
    save_progress(cast.ines, begun)
    save_progress(cast.ines, begun)
    assert (stored().status, stored().colour) == ("in-progress", "grey")

    answered(cast.ines, cast.madeleine_record, version, id=key, answers=FEVER)

    assert (stored().status, stored().colour) == ("completed", "red")
    with pytest.raises(Conflict):
        save_progress(cast.ines, begun)
    with pytest.raises(Refused):
        stop(cast.ines, cast.madeleine_record.pk, key)
    assert stored().status == "completed"


def test_nobody_goes_on_with_what_somebody_else_of_the_circle_began(cast, version):
    key = new_id()
    save_progress(cast.ines, new_response(cast.madeleine_record, version, id=key, answers={}))

    with pytest.raises(Conflict):
        save_progress(cast.amar, new_response(cast.madeleine_record, version, id=key, answers={}))
    with pytest.raises(Conflict):
        answered(cast.amar, cast.madeleine_record, version, id=key)
    with pytest.raises((NotFound, Refused)):
        stop(cast.amar, cast.madeleine_record.pk, key)
    assert stored().status == "in-progress"


def test_a_correction_takes_the_place_of_an_answer_once(cast, version):
    first = answered(cast.ines, cast.madeleine_record, version, answers=FEVER)

    second = answered(cast.amar, cast.madeleine_record, version, replaces=first.pk)

    assert second.replaces_id == first.pk
    assert stored(pk=first.pk).answers["sommeil"] == "mauvais"
    with walls_down():
        assert [fact.object_id for fact in FeedItem.objects.all()] == [second.pk]
    with pytest.raises(Conflict):
        answered(cast.ines, cast.madeleine_record, version, replaces=first.pk)
    with pytest.raises(NotFound):
        answered(cast.brun, cast.leon_record, version, replaces=second.pk)


def test_the_person_answers_and_a_job_tells_her_timeline(cast, version):
    row = answered(cast.madeleine, cast.madeleine_record, version, source=ResponseSource.PATIENT)

    assert (row.user_id, row.author_id, row.respondent_name) == (
        cast.madeleine.user_id,
        None,
        cast.madeleine.name,
    )
    with walls_down():
        assert not FeedItem.objects.exists()
    event = QuestionnaireAnswered(patient_id=row.patient_id, object_id=row.pk, colour="green")
    for _ in range(2):
        with rls.acting(Actor.job("tests")):
            tell_of_answers([event])
    with walls_down():
        assert FeedItem.objects.get().object_id == row.pk


def test_a_green_answer_of_a_follow_up_is_not_told_in_the_timeline(cast, version):
    follow_up = new_id()
    answered(cast.ines, cast.madeleine_record, version, follow_up_id=follow_up)
    alarming = answered(cast.ines, cast.madeleine_record, version, follow_up_id=follow_up, answers=FEVER)

    with walls_down():
        assert [fact.object_id for fact in FeedItem.objects.all()] == [alarming.pk]


def test_a_carer_answers_in_the_classes_that_she_was_given_alone(cast):
    medical, care = published_version(), published_version("soins", data_class="care")
    with walls_down():
        carer = represented_by(cast.madeleine_record, "Lucie", DelegationBasis.CARER, scope=("care",))

    row = answered(carer, cast.madeleine_record, care, source=ResponseSource.CARER)

    assert (row.respondent_name, row.data_class) == (carer.name, "care")
    with pytest.raises(Refused):
        answered(carer, cast.madeleine_record, medical, source=ResponseSource.CARER)


def test_who_answers_by_a_link_is_named_by_the_job_that_writes_for_him(cast, version):
    job = Actor.job("questionnaire link")
    said = {"source": ResponseSource.LINK, "respondent_name": "Paul, son fils"}
    row = answered(job, cast.madeleine_record, version, patient_id=cast.madeleine_record.patient_id, **said)

    assert (row.respondent_name, row.user_id) == ("Paul, son fils", None)
