"""Standard FHIR out and in, the telephone without network, a draft on past answers."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse
from hypothesis import given, settings
from hypothesis import strategies as st

from terresante.questionnaires.pathway import (
    Answers,
    Colour,
    PastAnswer,
    PathwayError,
    bundle,
    check,
    files_of,
    folder,
    from_bundle,
    offline,
    questionnaire_response,
    read,
    replay,
)
from terresante.questionnaires.tests.pathways import (
    EXAMPLE_RED,
    RULES,
    choice,
    number,
    questionnaire,
    small,
)

NOW = datetime(2026, 11, 27, 8, tzinfo=UTC)
PATHWAY = read(small())
HISTORY = EXAMPLE_RED.replace(
    "[expect]",
    "[[history]]\ndays_ago = 1.5\n[history.answers]\nspo2 = 96\n[personal]\nfloor = 94.5\n[expect]",
)


def test_a_pathway_comes_back_from_its_bundle_as_it_was():
    pathway = read(small({"examples/rouge.toml": HISTORY}))

    sent = json.loads(json.dumps(bundle(pathway)))

    assert read(from_bundle(sent)) == pathway
    assert check(from_bundle(sent)) == []


def test_a_bundle_is_valid_fhir_and_says_when_who_and_from_which_value():
    sent = json.loads(json.dumps(bundle(PATHWAY)))
    plan = sent["entry"][0]["resource"]

    Bundle.model_validate(sent)
    assert [action["title"] for action in plan["action"][:3]] == ["matin", "soir", "M1"]
    assert plan["action"][1]["timingRange"]["low"] == {
        "value": 7,
        "unit": "jour",
        "system": "http://unitsofmeasure.org",
        "code": "d",
    }
    saturation = next(action for action in plan["action"] if action["title"] == "Saturation")
    assert saturation["action"][0]["condition"][0]["expression"]["expression"] == (
        "(repeat(item).where(linkId='spo2').answer.value <= 94)"
    )


text = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=40).filter(
    str.strip
)
decimal = st.decimals(min_value=0, max_value=200, places=2)


@settings(max_examples=40, deadline=None)
@given(
    title=text,
    summary=text,
    red=text,
    label=text,
    option=text,
    why=text.map(str.strip).filter(lambda said: not said.startswith("#")),
    low=decimal,
    maximum=decimal,
    statuses=st.lists(text, max_size=3),
    days=st.integers(-30, 30),
)
def test_any_pathway_comes_back_the_same(
    title, summary, red, label, option, why, low, maximum, statuses, days
):
    head = {"title": title, "summary": summary, "code": "essai", "kind": "sheet", "data_class": "care"}
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in head.items()]
    lines += ["[enrolment]", f"statuses = {json.dumps(statuses, ensure_ascii=False)}"]
    quoted = why.replace('"', '""')
    pathway = read(
        {
            "pathway.toml": "\n".join(lines).replace("\x7f", "\\u007f"),
            "questionnaires/un.json": questionnaire(
                number("mesure", label, "kg", 0, 300), choice("choix", option, {"a": (option, None)})
            ),
            "rules.csv": f'{RULES.splitlines()[0]}\nr;un;mesure;;;>= {low:f};no;"{quoted}"\n',
            "schedule.csv": "step;questionnaire;from;to;times;remind;grey;orange;red;role;every\n"
            f"s;un;D{days};D{days};08:00;;;;;patient;1d\n",
            "scores.toml": '[[score]]\nid = "s"\nquestionnaire = "un"\ntitle = "S"\nexpression = "1"\n'
            f"max = {maximum:f}\n",
            "texts.toml": f"[patient]\nred = {json.dumps(red, ensure_ascii=False)}\n".replace(
                "\x7f", "\\u007f"
            ),
        }
    )

    assert read(files_of(pathway)) == pathway
    assert read(from_bundle(json.loads(json.dumps(bundle(pathway))))) == pathway


def test_a_questionnaire_of_another_system_is_taken_with_names_we_can_write():
    foreign = {
        "resourceType": "Questionnaire",
        "title": "PHQ-9 d’ailleurs",
        "item": [
            {"linkId": "/44250-9", "text": "Q1", "type": "boolean"},
            {
                "linkId": "Q 2",
                "text": "Q2",
                "type": "boolean",
                "enableWhen": [{"question": "/44250-9", "operator": "=", "answerBoolean": True}],
            },
        ],
    }

    for sent in (foreign, {"resourceType": "Bundle", "entry": [{"resource": foreign}]}):
        pathway = read(from_bundle(sent))

        [form] = pathway.forms.values()
        assert [question.link_id for question in form.questions] == ["44250-9", "q-2"]
        assert form.questions[1].enable_when[0].conditions[0].link_id == "44250-9"


def test_the_days_of_another_system_s_plan_are_taken_wherever_they_are_said():
    form = {"resourceType": "Questionnaire", "url": "http://x/q", "title": "Q", "item": [
        {"linkId": "a", "text": "A ?", "type": "boolean"}]}  # fmt: skip
    daily = {"repeat": {"boundsDuration": {"value": 2, "code": "wk"}, "period": 2, "periodUnit": "d",
                        "timeOfDay": ["08:00:00", "20:00:00"]}}  # fmt: skip
    plan = {
        "resourceType": "PlanDefinition",
        "title": "P",
        "action": [
            {
                "title": "Ensemble",
                "action": [
                    {"title": "Matin", "definitionCanonical": "http://x/q|1.0", "timingTiming": daily,
                     "participant": [{"type": "related-person"}]},
                    {"title": "Un mois", "definitionCanonical": "http://x/q",
                     "timingDuration": {"value": 1, "code": "mo"}, "participant": [{"type": "practitioner"}]},
                    {"title": "Sans fin", "definitionCanonical": "http://x/q", "timingDuration": {"value": float("inf"),
                     "code": "d"}},
                ],
            }
        ],
    }  # fmt: skip
    steps = read(
        from_bundle({"resourceType": "Bundle", "entry": [{"resource": form}, {"resource": plan}]})
    ).schedule

    assert [(one.name, one.start, one.end, one.times, one.every, one.role) for one in steps] == [
        ("matin", "D0", "D14", "08:00,20:00", "2d", "carer"),
        ("un-mois", "M1", "M1", "09:00", "", "professional"),
    ]


def test_a_folder_leaves_and_comes_back_by_commands_and_replaces_nothing(tmp_path, capsys):
    for name, text in small().items():
        file = tmp_path / "essai" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    there, back = tmp_path / "essai.json", tmp_path / "retour"

    call_command("pathway", "export", str(tmp_path / "essai"), str(there))
    call_command("pathway", "import", str(there), str(back))

    assert read(folder(back)) == PATHWAY
    with pytest.raises(CommandError, match="existe déjà"):
        call_command("pathway", "import", str(there), str(back))
    (tmp_path / "faux.json").write_text("[]")
    with pytest.raises(CommandError, match="ce n’est pas un Bundle FHIR"):
        call_command("pathway", "import", str(tmp_path / "faux.json"), str(tmp_path / "autre"))
    assert not (tmp_path / "autre").exists()


@pytest.mark.parametrize(
    "sent", [{}, [], None, {"entry": 3}, {"entry": [{"resource": []}]}, {"resourceType": "Patient"}]
)
def test_what_is_no_bundle_is_refused_with_a_sentence(sent):
    with pytest.raises(PathwayError, match="Bundle FHIR"):
        from_bundle(sent)


def test_answers_are_a_questionnaire_response_in_their_groups():
    answers: Answers = {"temperature": Decimal("38.5"), "spo2": 93, "souffle": "rest", "malaise": True}

    response = questionnaire_response(PATHWAY.forms["quotidien"], answers, authored=NOW)

    QuestionnaireResponse.model_validate(json.loads(json.dumps(response)))
    group, souffle, malaise = response["item"]
    assert group["linkId"] == "mesures"
    assert group["item"][0]["answer"] == [{"valueQuantity": {"value": 38.5, "unit": "°C"}}]
    assert group["item"][1]["answer"] == [{"valueInteger": 93}]
    assert souffle["answer"][0]["valueCoding"]["display"] == "Au repos"
    assert malaise["answer"] == [{"valueBoolean": True}]


def test_a_telephone_is_given_what_one_value_decides_alone():
    given_ = offline(PATHWAY, "quotidien")
    red = {rule["item"]: rule for rule in given_["rules"] if rule["colour"] == "red"}

    json.dumps(given_)
    assert red["spo2"]["tests"] == [{"op": "<=", "number": 94}]
    assert red["temperature"]["tests"] == [{"op": ">=", "number": 39}, {"op": "<", "number": 35.5}]
    assert red["souffle"]["tests"] == [{"code": "rest"}]
    assert "poids" not in red
    assert given_["texts"]["red"].startswith("Appelez le 15")
    malaise = next(question for question in given_["questions"] if question["link_id"] == "malaise")
    assert malaise["enable_when"] == [
        {"any": False, "conditions": [{"link_id": "souffle", "operator": "=", "value": "rest"}]}
    ]


def test_a_telephone_knows_the_personal_threshold():
    given_ = offline(PATHWAY, "quotidien", personal={"floor": 88})

    [red] = [rule for rule in given_["rules"] if (rule["item"], rule["colour"]) == ("spo2", "red")]
    assert red["tests"] == [{"op": "<", "number": 88}]


def test_a_draft_is_tried_on_past_answers():
    draft = read(small({"rules.csv": RULES.replace(";95 |", ";93..95 |").replace("<= 94", "<= 92")}))
    well = {"temperature": 36.8, "souffle": "none"}
    past = [
        PastAnswer("a", NOW - timedelta(days=1), "quotidien", well | {"spo2": 94}, {}, "hospitalised"),
        PastAnswer("a", NOW, "quotidien", well | {"spo2": 92}, {}, "samu"),
        PastAnswer("b", NOW, "quotidien", well | {"spo2": 94}, {}, "false_alarm"),
        PastAnswer("b", NOW + timedelta(hours=17), "quotidien", well | {"spo2": 98}, {"spo2": 99}),
        PastAnswer("c", NOW, "disparu", {"x": 1}, {}),
    ]

    result = replay(PATHWAY, draft, past)

    assert [(change.follow_up, change.old, change.new) for change in result.changed] == [
        ("a", Colour.RED, Colour.ORANGE),
        ("b", Colour.RED, Colour.ORANGE),
    ]
    assert [day.day.day for day in result.days] == [26, 27, 28]
    assert result.days[1].old == {Colour.RED: 2, Colour.GREY: 1}
    assert result.days[1].new == {Colour.RED: 1, Colour.ORANGE: 1, Colour.GREY: 1}
    assert (result.old.rate, result.new.rate) == (Decimal(1), Decimal(1))
    assert result.new.false_share == Decimal(1) / 3


def test_a_draft_that_would_have_missed_a_patient_shows_it():
    blind = read(
        small(
            {
                "rules.csv": RULES.replace("95 | drop >= 3 from baseline;<= 94 |", ";").replace(
                    ">= 96 |", ">= 50 |"
                )
            }
        )
    )
    past = [
        PastAnswer("a", NOW, "quotidien", {"temperature": 36.8, "souffle": "none", "spo2": 90}, {}, "samu")
    ]

    result = replay(PATHWAY, blind, past)

    assert (result.old.rate, result.new.rate) == (Decimal(1), Decimal(0))
