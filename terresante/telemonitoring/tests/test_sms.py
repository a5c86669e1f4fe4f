import json
from datetime import UTC, datetime

import pytest

from simulators.sms.telephone import Telephone, signed
from terresante.questionnaires import pathway as engine
from terresante.questionnaires.tests.factories import files
from terresante.telemonitoring.answering import sms
from terresante.telemonitoring.course.notices import by_message

SECRET = "shared-with-the-provider"


def form():
    asked = json.loads(files()["questionnaires/quotidien.json"])
    asked["item"].append({"linkId": "toux", "text": "Toussez-vous ?", "type": "boolean"})
    return engine.read(files(**{"questionnaires/quotidien.json": json.dumps(asked)})).forms["quotidien"]


@pytest.mark.parametrize(
    "text",
    ["1:37,5 2:bien 4:non", "1 : 37.5; 2: BON ;4:Non.", "4=n 2=a 1=37,5", "1) 37,5\n2) Bien\n4) NON"],
)
def test_a_message_is_read_as_the_sheet_numbers_its_questions(text):
    said = sms.read(form(), text)

    answers, problems = engine.parse(form(), said.raw)
    assert said.unread == ()
    assert not problems
    assert engine.to_json(form(), answers) == {"temperature": 37.5, "sommeil": "bon", "toux": False}


@pytest.mark.parametrize(
    ("text", "unread"),
    [
        ("1:37,5 2:peut-être", (2,)),
        ("1:37,5 9:non", (9,)),
        ("1:37,5 1:38", (1,)),
        ("1:37,5 4:jamais 0:x", (4, 0)),
    ],
)
def test_nothing_is_guessed(text, unread):
    assert sms.read(form(), text).unread == unread


@pytest.mark.parametrize("text", ["", "je vais bien merci", "37,5", "📱" * 300])
def test_words_without_a_number_answer_nothing(text):
    assert sms.read(form(), text) == sms.Read({})


def test_only_what_the_provider_signs_now_is_his():
    body = Telephone("+33639981234").message("1:37,5")
    now = datetime.now(UTC)
    said = signed(body, secret=SECRET, at=now)

    assert sms.is_signed(body, said, secret=SECRET)
    assert not sms.is_signed(body + b" ", said, secret=SECRET)
    assert not sms.is_signed(body, said, secret="another")
    assert not sms.is_signed(body, said, secret=SECRET, now=now.timestamp() + sms.VALID_FOR + 1)
    assert not sms.is_signed(body, "", secret=SECRET)


def test_the_printed_sheet_numbers_and_letters_what_a_message_then_answers():
    schedule = "step;questionnaire;from;to;times;remind;grey;orange;red;role\nmatin;quotidien;D0;D9;07:00;;;;;patient\n"
    pathway = engine.read(files(**{"schedule.csv": schedule}))
    asked = pathway.forms["quotidien"]
    (printed,) = by_message(pathway)

    questions = printed["questions"]
    assert len(questions) == len(sms.numbered(asked))
    choice = next(number for number, one in enumerate(sms.numbered(asked), start=1) if one.options)
    question = sms.numbered(asked)[choice - 1]
    assert f"b\u00a0: {question.options[1].label}" in questions[choice - 1]
    assert sms.read(asked, f"{choice}:b").raw == {question.link_id: [question.options[1].code]}
