"""What a row says: pure."""

import json
from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from terresante.kernel.ids import new_id
from terresante.kernel.ui.frame import Level
from terresante.kernel.ui.wording import NBSP, PARIS
from terresante.questionnaires import pathway as engine
from terresante.questionnaires.models import QuestionnaireResponse
from terresante.questionnaires.tests.factories import files
from terresante.telemonitoring.board import lines
from terresante.telemonitoring.board.colouring import trend
from terresante.telemonitoring.board.lines import Seen, Waiting, cells_of, row_of
from terresante.telemonitoring.board.words import badge_of, day_of, drawn, why

NOW = datetime(2026, 11, 27, 14, 30, tzinfo=PARIS)
RED = {
    "kind": "answer",
    "at": "2026-11-27T14:02:00+01:00",
    "fired": [
        {"item": "spo2", "label": "SpO2", "value": f"93{NBSP}%", "threshold": f"≤{NBSP}94", "colour": "red"},
        {
            "item": "t",
            "label": "Température",
            "value": f"38,4{NBSP}°C",
            "threshold": "38,0 à 38,9",
            "colour": "orange",
        },
        {"item": "x", "label": "Essoufflement", "value": "à l’effort", "threshold": "", "colour": "orange"},
    ],
}


def test_a_row_says_the_rule_the_value_the_threshold_and_the_hour():
    said = why(RED, {}, now=NOW)
    assert said.main == f"SpO2 93{NBSP}%, Température 38,4{NBSP}°C (+{NBSP}1)"
    assert said.second == f"seuil ≤{NBSP}94 · 14{NBSP}h{NBSP}02"


def test_what_was_chosen_in_a_list_is_its_own_threshold():
    fired = {"label": "Essoufflement", "value": "Au repos", "threshold": "Au repos", "colour": "red"}
    said = why({**RED, "fired": [fired]}, {}, now=NOW)
    assert (said.main, said.second) == (f"Essoufflement{NBSP}: Au repos", f"14{NBSP}h{NBSP}02")


def test_a_colour_never_goes_without_its_word_and_a_first_value_says_that_it_is_to_be_confirmed():
    assert badge_of("red", RED, to_confirm=False).text == "Rouge"
    assert badge_of("red", RED, to_confirm=True).text == "À confirmer"
    assert badge_of("grey", {"kind": "silence"}, to_confirm=False).text == "Sans réponse"
    assert badge_of("grey", {}, to_confirm=False).level == Level.NEUTRAL
    assert badge_of("green", {"kind": "handled"}, to_confirm=False).text == "Traitée"


def test_a_silence_names_the_form_and_a_closed_alert_what_was_done():
    silence = {"kind": "silence", "form": "matin", "opens_at": "2026-11-27T07:00:00+01:00"}
    said = why(silence, {"matin": "Votre état ce matin"}, now=NOW)
    assert said.main == f"«{NBSP}Votre état ce matin{NBSP}» non rempli"
    assert said.second == f"attendu 7{NBSP}h"
    handled = {"kind": "handled", "outcome": "advice", "at": RED["at"], "by": "Inès Delmas", "was": RED}
    assert why(handled, {}, now=NOW).main == "Conseil donné"
    assert why(handled, {}, now=NOW).second == f"SpO2 93{NBSP}% · close 14{NBSP}h{NBSP}02 · Inès Delmas"


def test_the_course_of_a_value_is_drawn_with_the_threshold_that_fired_and_told_in_words():
    trend = {"item": "spo2", "label": "SpO2", "unit": "%", "points": [["a", 98], ["b", 97], ["c", 93]]}
    curve = drawn(trend, RED)
    assert curve is not None
    assert curve.path.startswith("M6.0 6.0L56.0")
    assert curve.y == 30.0
    assert curve.threshold is not None and 6 < curve.threshold < 30
    assert curve.words == f"SpO2 : en baisse, 93{NBSP}% en dernier"
    assert drawn({**trend, "points": [["a", 98]]}, RED) is None


@pytest.mark.parametrize(
    ("said", "height"),
    [("≤ 94 %", True), ("≤ seuil personnel (94 %)", True), ("de 93 à 94 %", True),
     ("hausse ≥ 2 kg en 3 jours", False), ("≥ 3 fois « ≥ 1,4 » en 7 jours", False), ("Oui", False)],
)  # fmt: skip
def test_only_what_the_value_was_compared_with_is_drawn_as_a_threshold(said, height):
    trend = {"item": "spo2", "label": "SpO2", "unit": "%", "points": [["a", 98], ["b", 93]]}
    for spaced in (said, said.replace(" ", NBSP)):
        curve = drawn(trend, {"fired": [{"item": "spo2", "threshold": spaced}]})
        assert curve is not None and (curve.threshold is not None) is height, spaced


def test_days_are_counted_from_the_anchor():
    assert day_of(date(2026, 11, 18), NOW) == "J9"
    assert day_of(date(2026, 12, 4), NOW) == "J-7"


def test_the_curve_is_of_the_value_that_gives_the_colour():
    asked = json.loads(files()["questionnaires/quotidien.json"])
    named = {"code": [{"display": "SpO2"}]}
    asked["item"] += [
        {"linkId": "spo2", "text": "Saturation ?", "type": "decimal"},
        {"linkId": "spo2-effort", "text": "Après un effort ?", "type": "decimal", **named},
    ]
    rules = f"{files()['rules.csv'].rstrip()}\nspo2;quotidien;spo2;>= 96;95;<= 94;no;Saturation\n"
    rules += "effort;quotidien;spo2-effort;>= 96;;<= 94;no;Désaturation\n"
    pathway = engine.read(files(**{"questionnaires/quotidien.json": json.dumps(asked), "rules.csv": rules}))
    answer = QuestionnaireResponse(
        form="quotidien",
        authored_at=timezone.now(),
        answers={"temperature": 37, "spo2": 92, "spo2-effort": 90},
    )

    assert trend(pathway, [answer])["label"] == "Température"
    answer.fired = [{"rule": "spo2", "colour": "red"}]
    assert trend(pathway, [answer])["label"] == "Saturation"
    answer.fired = [{"rule": "effort", "colour": "red"}]
    assert trend(pathway, [answer])["label"] == "SpO2"


def seen(**told):
    values = {
        "pk": str(new_id()),
        "patient_id": str(new_id()),
        "version_id": str(new_id()),
        "status": "",
        "colour": "red",
        "colour_since": NOW - timedelta(minutes=12),
        "reason": json.dumps(RED),
        "trend": "{}",
        "to_confirm_until": None,
        "late": False,
        "anchor_on": date(2026, 11, 18),
        "last_call_at": None,
        "taken_at": None,
        "taken_by__name": None,
        "patient__birth_name": "LEROUX",
        "patient__used_name": "",
        "patient__birth_given_name": "MADELEINE",
        "patient__used_given_name": "",
        "patient__sex": "F",
        "patient__birth_date": date(1950, 11, 28),
    }
    return Seen(**{**values, **told})


def line(one, now=NOW):
    pathway = engine.read(files())
    return row_of(one, None, "", pathway=pathway, titles={}, user_id=None, now=now).said


def test_a_line_is_made_again_when_anything_it_says_changes_or_the_day_does():
    one = seen()
    made = line(one)
    assert line(Seen(*one), NOW + timedelta(hours=2)) is made
    assert "75\u00a0ans" in made.cells and made.day == "J9"
    tomorrow = line(one, NOW + timedelta(days=1))
    assert "76\u00a0ans" in tomorrow.cells and tomorrow.day == "J10" and "hier 14" in tomorrow.cells
    assert "MARTIN" in line(one._replace(patient__birth_name="MARTIN")).cells
    better = json.dumps({**RED, "fired": []})
    assert "Rien à signaler" in line(one._replace(colour="green", reason=better)).cells
    assert one.pk not in line(one._replace(pk=str(new_id()))).cells
    assert line(one) is made


def test_an_alert_that_waits_too_long_says_the_delay_in_hours():
    since = NOW - timedelta(hours=6)
    alert = Waiting("operator", None, 0, since, None)
    row = row_of(
        seen(colour="orange"), alert, "", pathway=engine.read(files()), titles={}, user_id=None, now=NOW
    )
    assert f"objectif 4{NBSP}h<" in cells_of(row)


def test_no_more_lines_are_kept_than_are_said(monkeypatch):
    monkeypatch.setattr(lines, "MOST_KEPT", 2)
    monkeypatch.setattr(lines, "_kept", {})
    for _ in range(5):
        line(seen())
        assert 0 < len(lines._kept) <= 2
