import json
from datetime import UTC, datetime

import pytest

from simulators.sms.telephone import Telephone, signed
from terresante.questionnaires import pathway as engine
from terresante.questionnaires.tests.factories import files
from terresante.telemonitoring import sms

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
