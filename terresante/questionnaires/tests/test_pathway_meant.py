"""For whom a pathway is meant: read, checked, said, kept by FHIR, and weighed with what is known of somebody."""

import json
from datetime import date

import pytest

from terresante.patients.models import Patient
from terresante.questionnaires import queries
from terresante.questionnaires.pathway import (
    Person,
    bundle,
    check,
    files_of,
    folder,
    from_bundle,
    meant_for,
    read,
    unsuited,
)
from terresante.questionnaires.tests.pathways import small
from terresante.questionnaires.tests.shelf import SHIPPED


def meant(**said):
    written = {key: list(value) if isinstance(value, tuple) else value for key, value in said.items()}
    lines = "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in written.items())
    head = small()["pathway.toml"]
    return {**small(), "pathway.toml": head.replace("[enrolment]\n", f"[enrolment]\n{lines}")}


@pytest.mark.parametrize(
    ("ages", "lowest", "highest", "told"),
    [
        ("0..17", 0, 17, "les personnes de moins de 18 ans"),
        (">= 18", 18, None, "les personnes de 18 ans et plus"),
        ("> 64", 65, None, "les personnes de 65 ans et plus"),
        ("< 3", None, 2, "les personnes de moins de 3 ans"),
        ("<= 2", None, 2, "les personnes de moins de 3 ans"),
        ("3 .. 17", 3, 17, "les personnes de 3 à 17 ans"),
        ("", None, None, ""),
    ],
)
def test_ages_are_written_as_thresholds_are(ages, lowest, highest, told):
    found = read(meant(ages=ages)).meant
    assert (found.lowest, found.highest, meant_for(found)) == (lowest, highest, told)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"ages": "enfant"}, "« enfant » n’est pas un âge : écrivez 0..17, >= 18 ou < 3, en années."),
        ({"ages": "17..0"}, "le plus jeune âge vient d’abord, écrivez 0..17."),
        ({"ages": ">= 200"}, "un âge va de 0 à 130 ans."),
        ({"ages": "< 0"}, "un âge va de 0 à 130 ans."),
        ({"sex": "femme"}, "« sex » ne peut pas être « femme »"),
        ({"age": "0..17"}, "vouliez-vous « ages » ?"),
    ],
)
def test_a_slip_is_told_with_its_line(said, sentence):
    files = meant(**said)
    (mistake,) = [one for one in check(files) if sentence in one.what]
    line = files["pathway.toml"].splitlines()[mistake.line - 1]
    assert (mistake.file, mistake.is_warning) == ("pathway.toml", False)
    assert next(iter(said)) in line


def test_it_is_written_and_carried_by_fhir_as_it_was():
    for said in ({"ages": "0..17"}, {"ages": ">= 18", "sex": "female"}, {"sex": "male"}):
        pathway = read(meant(**said))
        assert read(files_of(pathway)).meant == pathway.meant
        assert read(from_bundle(bundle(pathway))).meant == pathway.meant
    plan = bundle(read(meant(ages=">= 18", sex="female")))["entry"][0]["resource"]
    age, gender = plan["useContext"]
    assert age["code"]["code"] == "age"
    assert age["valueRange"] == {
        "low": {"value": 18, "unit": "an", "system": "http://unitsofmeasure.org", "code": "a"}
    }
    assert gender["valueCodeableConcept"]["coding"][0]["code"] == "female"
    assert "useContext" not in bundle(read(small()))["entry"][0]["resource"]


@pytest.mark.parametrize(
    ("years", "written"),
    [
        ({"low": {"value": 18, "unit": "a"}}, 'ages = ">= 18"'),
        ({"high": {"value": 17, "code": "a"}}, 'ages = "0..17"'),
        ({"low": {"value": 3, "code": "a"}, "high": {"value": 5, "code": "a"}}, 'ages = "3..5"'),
        ({"low": {"value": 6, "code": "mo"}}, ""),
        ({"low": {"value": "18", "code": "a"}}, ""),
        ("adults", ""),
    ],
)
def test_the_ages_of_another_system_are_taken_in_years_alone(years, written):
    form = {"resourceType": "Questionnaire", "status": "active", "title": "Suivi", "item": []}
    contexts = [
        {"code": {"code": "age"}, "valueRange": years},
        {"code": {"code": "gender"}, "valueCodeableConcept": {"coding": [{"code": "other"}]}},
        "rubbish",
    ]
    plan = {"resourceType": "PlanDefinition", "title": "Suivi", "useContext": contexts}
    head = from_bundle({"resourceType": "Bundle", "entry": [{"resource": form}, {"resource": plan}]})[
        "pathway.toml"
    ]
    assert written in head
    assert ("[enrolment]" in head) is bool(written)


@pytest.mark.parametrize(
    ("said", "person", "sentence"),
    [
        ({"ages": "0..17"}, Person(17, 17), ""),
        ({"ages": "0..17"}, Person(18, 18), "les personnes de moins de 18 ans : cette personne a 18 ans."),
        (
            {"ages": "0..17"},
            Person(17, 18),
            "la date de naissance n’est pas complète (17 ou 18 ans), vérifiez l’âge.",
        ),
        ({"ages": ">= 18"}, Person(1, 1), "cette personne a 1 an."),
        ({"ages": ">= 18"}, Person(18, 19), ""),
        ({"sex": "female"}, Person(30, 30, "female"), ""),
        ({"sex": "female"}, Person(30, 30, "male"), "fait pour les femmes : vérifiez"),
        ({"sex": "female"}, Person(30, 30), "le sexe de cette personne n’est pas connu."),
        ({}, Person(3, 3), ""),
    ],
)
def test_who_is_outside_is_told_why_and_who_may_be_too(said, person, sentence):
    told = unsuited(read(meant(**said)).meant, person)
    assert (sentence in told) if sentence else told == ""


def test_a_birth_date_without_day_or_month_counts_for_every_age_it_may_be(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.localdate", lambda: date(2026, 6, 15))
    pathway = read(meant(ages="0..17"))

    def told(year, lunar=""):
        return queries.unsuited(
            pathway, Patient(birth_date=date(year, 1, 1), lunar_birth_date=lunar, sex="U")
        )

    assert told(2016) == told(2016, "2016-00-00") == told(2026, "2026-00-00") == ""
    assert "a 18 ans." in told(2008)
    assert "n’est pas complète (17 ou 18 ans)" in told(2008, "2008-00-00")
    assert "a 29 ou 30 ans." in told(1996, "1996-00-00")


def test_the_shipped_ones_say_whom_their_thresholds_are_of():
    def told(code):
        return meant_for(read(folder(SHIPPED / code)).meant)

    assert told("covid-enfant") == "les personnes de moins de 18 ans"
    assert told("covid-adulte") == told("insuffisance-cardiaque") == "les personnes de 18 ans et plus"
    assert told("perinatalite") == told("diabete-gestationnel") == "les femmes"
    assert told("covid-contact") == told("chirurgie-ambulatoire") == ""


def test_criteria_are_sentences_of_the_file_that_come_back_from_fhir():
    criteria = ("Classe NYHA II ou plus", "A une balance chez elle")
    pathway = read(meant(criteria=criteria))
    assert pathway.meant.criteria == criteria
    sent = bundle(pathway)
    assert read(from_bundle(sent)).meant == pathway.meant

    plan = next(
        one["resource"] for one in sent["entry"] if one["resource"]["resourceType"] == "PlanDefinition"
    )
    conditions = plan["action"][0]["condition"]
    assert plan["action"][0]["title"] == "Inclusion"
    assert [(one["kind"], one["expression"]["expression"]) for one in conditions] == [
        ("applicability", said) for said in criteria
    ]
    without = bundle(read(meant()))["entry"][0]["resource"]["action"]
    assert "Inclusion" not in [one["title"] for one in without]


@pytest.mark.parametrize(
    ("criteria", "sentence"),
    [
        (["Une", "Une"], "est écrit deux fois"),
        (["Une", " "], "le critère 2 est vide"),
        (["x" * 201], "dépasse 200 caractères"),
        ([f"Critère {number}" for number in range(11)], "il y a 11 critères : gardez-en 10"),
    ],
)
def test_criteria_that_nobody_would_read_are_refused_at_their_line(criteria, sentence):
    written = meant(criteria=criteria)
    (mistake,) = [one for one in check(written) if not one.is_warning]
    line = written["pathway.toml"].splitlines()[mistake.line - 1]
    assert sentence in mistake.what and line.startswith("criteria = ")


def plan_of(*actions):
    form = {
        "resourceType": "Questionnaire",
        "url": "http://x/q",
        "title": "Q",
        "item": [{"linkId": "a", "text": "A ?", "type": "boolean"}],
    }
    plan = {"resourceType": "PlanDefinition", "title": "Venu d’ailleurs", "action": list(actions)}
    return {"resourceType": "Bundle", "entry": [{"resource": form}, {"resource": plan}]}


def asked(*expressions, **action):
    return {**action, "condition": [{"kind": "applicability", "expression": one} for one in expressions]}


def test_criteria_of_another_software_are_read_in_its_words_and_leave_again():
    step = {
        "title": "Matin",
        "definitionCanonical": "http://x/q",
        "timingDuration": {"value": 3, "code": "d"},
    }
    sent = plan_of(
        asked(
            {"description": "Classe NYHA II ou plus", "language": "text/cql", "expression": "NYHA >= 2"},
            {"language": "text/plain", "expression": " A une balance\nchez elle "},
            title="Population",
        ),
        # What groups the steps, and what is no criterion: of one step, or of an answer.
        asked(
            {"description": "Sortie de l’hôpital depuis moins d’un mois"},
            title="Suivi",
            action=[asked({"description": "Tousse encore"}, **step)],
        ),
        asked({"description": "Un soir sur deux"}, **{**step, "title": "Soir"}),
        {"title": "Fin", "condition": [{"kind": "stop", "expression": {"description": "Guérie"}}, 3]},
    )
    criteria = (
        "Classe NYHA II ou plus",
        "A une balance chez elle",
        "Sortie de l’hôpital depuis moins d’un mois",
    )

    pathway = read(from_bundle(sent))

    assert pathway.meant.criteria == criteria
    assert [step.name for step in pathway.schedule] == ["matin", "soir"]
    # Without the files that our own bundle carries, as another software would give it back.
    ours = bundle(pathway)
    ours["entry"] = [one for one in ours["entry"] if one["resource"]["resourceType"] != "Library"]
    assert read(from_bundle(json.loads(json.dumps(ours)))).meant.criteria == criteria


@pytest.mark.parametrize(
    ("expressions", "sentence"),
    [
        (
            [{"language": "text/cql-identifier", "expression": "InPopulation"}],
            "« text/cql-identifier: InPopulation » est une expression de logiciel",
        ),
        ([{"reference": "http://x/Library/a"}], "est une expression de logiciel"),
        ([{"description": "x" * 201}], "dépasse 200 caractères"),
        ([{"description": f"Critère {number}"} for number in range(11)], "il y a 11 critères"),
        ([{"description": "Une"}, {"description": "Une"}], "est écrit deux fois"),
        ([{}], "le critère 1 est vide"),
        (["Une phrase"], "le critère 1 est vide"),
        ([None], "le critère 1 est vide"),
    ],
)
def test_a_criterion_of_another_software_that_cannot_stay_is_told_at_its_line(expressions, sentence):
    written = from_bundle(plan_of(asked(*expressions, title="Population")))
    told = [one for one in check(written) if one.file == "pathway.toml" and sentence in one.what]
    assert len(told) == 1
    assert written["pathway.toml"].splitlines()[told[0].line - 1].startswith("criteria = ")


def test_the_shipped_heart_failure_asks_for_what_the_has_asks():
    criteria = read(folder(SHIPPED / "insuffisance-cardiaque")).meant.criteria
    assert "NYHA II" in criteria[0] and "NT-proBNP" in criteria[1]
