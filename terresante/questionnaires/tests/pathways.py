"""A small invented pathway, whole, as the files of a folder."""

import json

from terresante.questionnaires.pathway import check

SDC = "http://hl7.org/fhir/StructureDefinition/"

HEAD = """\
code = "suivi-essai"
title = "Suivi d’essai"
version = 1
kind = "follow-up"
data_class = "medical"
summary = "Un suivi pour les tests."
sources = ["Seuils inventés"]
default_thresholds = true
[anchor]
label = "Date des premiers symptômes"
[enrolment]
questionnaire = "quotidien"
statuses = ["testé positif", "suspect"]
[delays]
confirm = 15
take_red = 10
take_orange = 240
[roles]
enrols = ["physician", "nurse"]
takes = ["cell"]
"""

SCORES = """\
[[score]]
id = "confinement"
questionnaire = "logement"
title = "Score de confinement"
max = 4
formula = 2
[[score.part]]
label = "A sa propre chambre"
expression = "iif(item.where(linkId='chambre').answer.value, 2, 0)"
max = 2
[[score.part]]
label = "Aide à la maison"
expression = "item.where(linkId='aide').answer.value.ordinal()"
max = 2
[[score.band]]
from = 3
to = 4
label = "Peut rester chez elle"
colour = "green"
[[score.band]]
from = 0
to = 2
label = "À discuter"
"""

RULES = """\
rule;questionnaire;item;green;orange;red;remeasure;why
temperature;quotidien;temperature;36.0..37.9;38.0..38.9 | 35.5..35.9;>= 39.0 | < 35.5;yes;Température
spo2;quotidien;spo2;>= 96 | >= personal(floor);95 | drop >= 3 from baseline;<= 94 | < personal(floor);yes;Saturation
poids;quotidien;poids;;rise >= 2 in 3d;rise >= 3 in 7d;no;Poids
souffle;quotidien;souffle;none | usual;effort;rest;no;Essoufflement
confinement;logement;score:confinement;>= 3;1..2;< 1;no;Confinement
"""

SCHEDULE = """\
step;questionnaire;from;to;times;remind;grey;orange;red;role
matin;quotidien;D0;D30;07:00;12:00;12:00;14:00;18:00;patient
soir;quotidien;D7;D10;18:00;;21:00;;;patient
M1;logement;M1;M1;09:00;;;;;professional
"""

TEXTS = """\
[patient]
red = "Appelez le 15 ou le 112 maintenant."
orange = "Une infirmière vous rappelle."
green = "Merci. À demain."
before = "Répondez chaque matin."
closed = "La cellule est fermée. En cas d’urgence, appelez le 15."
"""

EXAMPLE_RED = """\
questionnaire = "quotidien"
[answers]
temperature = 37.0
spo2 = 93
souffle = "none"
[expect]
colour = "red"
rules = ["spo2"]
to_confirm = true
"""

EXAMPLE_SCORE = """\
questionnaire = "logement"
[answers]
chambre = true
aide = "oui"
[expect]
colour = "green"
rules = []
scores = { confinement = 4 }
"""


def number(link_id, text, unit, lowest, highest, *, kind="quantity", required=True, **more):
    return {
        "linkId": link_id,
        "text": text,
        "type": kind,
        "required": required,
        "extension": [
            {"url": f"{SDC}minValue", "valueDecimal": lowest},
            {"url": f"{SDC}maxValue", "valueDecimal": highest},
            {"url": f"{SDC}questionnaire-unit", "valueCoding": {"code": unit, "display": unit}},
        ],
        **more,
    }


def choice(link_id, text, options, *, required=True, **more):
    """`options`: code → (label, points or None)."""
    coded = []
    for code, (label, points) in options.items():
        coding = {"code": code, "display": label}
        if points is not None:
            coding["extension"] = [{"url": f"{SDC}ordinalValue", "valueDecimal": points}]
        coded.append({"valueCoding": coding})
    return {
        "linkId": link_id,
        "text": text,
        "type": "choice",
        "required": required,
        "answerOption": coded,
        **more,
    }


def yes_no(link_id, text, *, required=True, **more):
    return {"linkId": link_id, "text": text, "type": "boolean", "required": required, **more}


def questionnaire(*items, title="Questionnaire"):
    return json.dumps(
        {"resourceType": "Questionnaire", "status": "active", "title": title, "item": list(items)},
        ensure_ascii=False,
        indent=1,
    )


def daily():
    return questionnaire(
        {
            "linkId": "mesures",
            "text": "Vos mesures",
            "type": "group",
            "item": [
                number("temperature", "Votre température ?", "°C", 30, 45),
                number("spo2", "Votre saturation ?", "%", 50, 100, kind="integer"),
                number("poids", "Votre poids ?", "kg", 20, 300, required=False),
            ],
        },
        choice(
            "souffle",
            "Êtes-vous essoufflé ?",
            {
                "none": ("Non", 0),
                "usual": ("Comme d’habitude", 0),
                "effort": ("À l’effort", 1),
                "rest": ("Au repos", 2),
            },
        ),
        yes_no(
            "malaise",
            "Avez-vous fait un malaise ?",
            enableWhen=[{"question": "souffle", "operator": "=", "answerCoding": {"code": "rest"}}],
        ),
        title="Questionnaire du jour",
    )


def housing():
    return questionnaire(
        yes_no("chambre", "Avez-vous votre propre chambre ?"),
        choice(
            "aide",
            "Quelqu’un peut vous aider ?",
            {"oui": ("Oui", 2), "parfois": ("Parfois", 1), "non": ("Non", 0)},
        ),
        title="Votre logement",
    )


def small(changes=None):
    """The files, some of them replaced, or taken away by None."""
    files = {
        "pathway.toml": HEAD,
        "questionnaires/quotidien.json": daily(),
        "questionnaires/logement.json": housing(),
        "scores.toml": SCORES,
        "rules.csv": RULES,
        "schedule.csv": SCHEDULE,
        "texts.toml": TEXTS,
        "examples/rouge.toml": EXAMPLE_RED,
        "examples/logement.toml": EXAMPLE_SCORE,
    }
    return {name: text for name, text in (files | (changes or {})).items() if text is not None}


def changed(file, before, after):
    files = small()
    assert before in files[file]
    return files | {file: files[file].replace(before, after, 1)}


def wrong(files):
    return [str(mistake) for mistake in check(files) if not mistake.is_warning]


def warned(files):
    return [str(mistake) for mistake in check(files) if mistake.is_warning]
