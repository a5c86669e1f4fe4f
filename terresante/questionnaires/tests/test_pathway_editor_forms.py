"""Delays, whom it is for, schedule and scores of a draft: in forms, checked at the field, tried, published."""

from decimal import Decimal

import pytest

from terresante.kernel.errors import Refused
from terresante.kernel.ui.wording import french
from terresante.questionnaires import pathway_actions
from terresante.questionnaires.archive import Unreadable
from terresante.questionnaires.editors.values import with_values
from terresante.questionnaires.models import PathwayVersion
from terresante.questionnaires.pathway import check
from terresante.questionnaires.tests.factories import files, published_version
from terresante.questionnaires.tests.pathways import small
from tests.cast import login
from tests.walls import walls_down

pytestmark = pytest.mark.commits

URL = "/administration/parcours/"
SCHEDULE = """step;questionnaire;from;to;times;remind;grey;orange;red;role
matin;quotidien;D0;D10;08:00;12:00;12:00;14:00;18:00;patient
"""
SCORES = """# ce que dit la température
[[score]]
id = "chaleur"
questionnaire = "quotidien"
title = "Chaleur"
max = 2
formula = 3
[[score.part]]
label = "Fièvre"
expression = "iif(item.where(linkId='temperature').answer.value.value > 38, 2, 0)"
max = 2
[[score.band]]
from = 0
to = 2
label = "Sans gravité"
"""
LATER = files()["pathway.toml"].replace("[anchor]\n", '[anchor]\nlater = { naissance = "Naissance" }\n')
FRAMED = {
    "cadre-summary": "Suivi d’une semaine.",
    "cadre-anchor": "Premier jour",
    "cadre-statuses": "testé positif\n\nsuspect",
    "cadre-ages": "",
    "cadre-ages-to": "17",
    "cadre-sex": "",
    "cadre-criteria": "Répond au téléphone\n\n A une balance chez elle ",
    "cadre-confirm": "20",
    "cadre-take_red": "5",
    "cadre-take_orange": "120",
}
STEP = {
    "row-0-step": "matin",
    "row-0-questionnaire": "quotidien",
    "row-0-role": "carer",
    "row-0-from": "-2",
    "row-0-from-unit": "D",
    "row-0-to": "28",
    "row-0-to-unit": "D",
    "row-0-every": "7",
    "row-0-every-unit": "d",
    "row-0-times": "09:30, 20:00",
    "row-0-remind": "+2h",
    "row-0-grey": "",
    "row-0-orange": "+4h",
    "row-0-red": "",
    "row-1-role": "patient",
}


@pytest.fixture
def draft(admin, request):
    made = getattr(request, "param", {"schedule.csv": SCHEDULE, "scores.toml": SCORES})
    return pathway_actions.clone(admin, published_version(**made).pk)


@pytest.fixture
def screen(client, admin, draft):
    """Sends the fields of one part of the draft, as its page was read."""
    login(client, admin)

    def sent(part, said=None, query=""):
        here = f"{URL}versions/{draft.pk}/modifier/{part}/{query}"
        if said is None:
            return client.get(here)
        with walls_down():
            seen = PathwayVersion.objects.get(pk=draft.pk).changed_at.isoformat()
        return client.post(here, {"seen": seen, **said})

    return sent


def kept(draft):
    with walls_down():
        return PathwayVersion.objects.get(pk=draft.pk)


def page_of(answer):
    return answer.content.decode()


def beside(page, name):
    return page.partition(f'id="{name}-erreur">')[2].partition("</p>")[0]


def test_delays_and_whom_it_is_for_are_edited_in_a_form(screen, draft):
    page = page_of(screen("cadre"))
    assert 'name="cadre-confirm" type="text" inputmode="decimal" value="15"' in page

    assert screen("cadre", FRAMED).status_code == 302

    said = kept(draft).read()
    assert (said.delays.confirm, said.delays.take_red, said.delays.take_orange) == (20, 5, 120)
    assert (said.meant.ages, said.statuses) == ("0..17", ("testé positif", "suspect"))
    assert said.meant.criteria == ("Répond au téléphone", "A une balance chez elle")
    assert (said.anchor_label, said.summary) == ("Premier jour", "Suivi d’une semaine.")
    assert screen("cadre", {**FRAMED, "cadre-ages-to": "", "cadre-statuses": ""}).status_code == 302
    assert (kept(draft).read().meant.highest, kept(draft).read().statuses) == (None, ())


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("confirm", "quinze", "Écrivez un nombre entier de minutes, entre 0 et 1440."),
        ("take_red", "0", "entre 1 et 1440."),
        ("take_orange", "12,5", "entre 1 et 10080."),
        ("ages", "enfants", "Écrivez un âge en années entières, de 0 à 130, ou laissez vide."),
        ("ages-to", "131", "de 0 à 130"),
        ("ages-to", "9" * 200, "de 0 à 130"),
        ("criteria", "Une\nUne", "« Une » est écrit deux fois : retirez-en un."),
        ("sex", "autre", "Choisissez dans la liste."),
        ("summary", " ", "Écrivez ce que suit ce parcours"),
    ],
)
def test_a_delay_or_an_age_that_is_none_is_refused_at_its_field(screen, draft, field, typed, sentence):
    before = kept(draft).files

    refused = screen("cadre", {**FRAMED, f"cadre-{field}": typed})

    page = page_of(refused)
    assert refused.status_code == 422 and f'<a href="#cadre-{field}">' in page
    assert french(sentence) in beside(page, f"cadre-{field}")
    assert ('aria-describedby="cadre-ages-aide cadre-ages-erreur"' in page) is (field == "ages")
    assert "Suivi d’une semaine." in page or field == "summary"
    assert kept(draft).files == before


@pytest.mark.parametrize(
    ("before", "low", "high", "after"),
    [
        ("< 3", "", "2", "< 3"),
        ("< 3", "", "3", "0..3"),
        (">= 18", "18", "", ">= 18"),
        (">= 18", "18", "65", "18..65"),
        ("0..17", "0", "17", "0..17"),
        ("0..17", "", "", ""),
    ],
)
def test_two_ages_are_written_as_the_file_says_them(screen, draft, before, low, high, after):
    with walls_down():
        enrolled = {
            **draft.files,
            "pathway.toml": f'{draft.files["pathway.toml"]}[enrolment]\nages = "{before}"\n',
        }
        PathwayVersion.objects.filter(pk=draft.pk).update(files=enrolled)
    shown = page_of(screen("cadre"))
    assert shown.count('id="cadre-ages') == 4

    assert screen("cadre", {**FRAMED, "cadre-ages": low, "cadre-ages-to": high}).status_code == 302
    assert kept(draft).read().meant.ages == after


def test_ages_in_the_wrong_order_are_refused(screen, draft):
    page = page_of(screen("cadre", {**FRAMED, "cadre-ages": "18"}))
    assert "au-dessous de 18" in beside(page, "cadre-ages-to")


def test_a_value_changes_where_it_stands_and_the_comments_stay():
    text = (
        'code = "x"  # ne change plus\ntitle = "X" # le titre\n[delays]   # en minutes\n'
        "confirm = 15   # pour mesurer à nouveau\n[enrolment]\nstatuses = [\n  'a',\n]\n"
    )

    def changed(edits, before=text):
        return with_values({"pathway.toml": before}, "pathway.toml", edits)["pathway.toml"]

    told = changed({("delays", "confirm"): 20, ("delays", "take_red"): 5, ("", "summary"): 'dit « "oui" »'})
    assert "confirm = 20   # pour mesurer à nouveau\n" in told and "take_red = 5\n" in told
    assert "[delays]   # en minutes\n" in told and '# ne change plus\ntitle = "X" # le titre' in told
    assert told.index("summary") < told.index("[delays]")
    assert changed({("anchor", "label"): "Jour"}).endswith('\n[anchor]\nlabel = "Jour"\n')
    # What stands on several lines is written whole again, rather than wrong.
    assert 'statuses = ["b"]' in changed({("enrolment", "statuses"): ["b"]})
    assert "confirm" not in changed({("delays", "confirm"): None})
    with pytest.raises(Unreadable, match="Fichiers"):
        changed({("delays", "confirm"): 20}, "confirm = = 3")


def test_the_schedule_is_a_form_a_step_and_says_itself_in_words(screen, draft):
    page = page_of(screen("calendrier"))
    words = (
        "Du jour 0 au jour 10, chaque jour à 8 h. Rappel à 12 h. Sans réponse : gris à 12 h, orange à 14 h"
    )
    assert french(words) in page
    assert 'name="row-0-to" type="text" value="10"' in page and '<option value="patient" selected>' in page

    assert screen("calendrier", STEP).status_code == 302

    (step,) = kept(draft).read().schedule
    assert (step.start, step.end, step.every, step.times) == ("D-2", "D28", "7d", "09:30, 20:00")
    assert (step.remind, step.grey, step.orange, step.red, step.role) == ("+2h", "", "+4h", "", "carer")
    assert "anchor" not in kept(draft).files["schedule.csv"]
    assert "tous les 7 jours à 9 h 30 et 20 h. Rappel 2 h après. Sans réponse : orange 4 h après." in page_of(
        screen("calendrier")
    ).replace("\u00a0", " ")
    assert screen("calendrier", {"row-0-step": "", "row-0-role": "patient"}).status_code == 302
    assert "schedule.csv" not in kept(draft).files


@pytest.mark.parametrize("draft", [{"schedule.csv": SCHEDULE, "pathway.toml": LATER}], indirect=True)
def test_a_step_that_stops_at_no_date_goes_to_its_last_day(screen, draft):
    page = page_of(screen("calendrier"))
    for column, nothing in (("anchor", "La date de référence"), ("until", "Son dernier jour")):
        offered = page.partition(f'<select id="row-0-{column}"')[2].partition("</select>")[0]
        assert f'<option value="">{nothing}</option>' in offered and "Naissance" in offered


@pytest.mark.parametrize(
    ("column", "typed", "sentence"),
    [
        ("from", "demain", "demain"),
        ("to", "-9", "vient avant"),
        ("times", "", "l’heure manque"),
        ("orange", "D-1", "une seule date"),
        ("remind", "tôt", "tôt"),
        ("questionnaire", "", "il n’y a pas de"),
    ],
)
def test_a_step_that_cannot_be_says_so_at_its_field_and_keeps_from_being_published(
    screen, draft, column, typed, sentence
):
    name = f"row-0-{column}"
    assert screen("calendrier", {**STEP, name: typed}).status_code == 302
    page = page_of(screen("calendrier"))
    assert french(sentence).lower() in beside(page, name).lower(), beside(page, name)
    assert '<details class="rule" open>' in page
    assert [one for one in check(kept(draft).files) if not one.is_warning]


def test_a_score_is_edited_tried_before_it_is_saved_and_its_formula_counted(screen, draft):
    page = page_of(screen("scores"))
    assert "Chaleur" in page and 'name="q-temperature"' in page
    edited = {
        "score-0-id": "chaleur",
        "score-0-questionnaire": "quotidien",
        "score-0-title": "Chaleur du jour",
        "score-0-max": "3",
        "score-0-missing": "zero",
        "score-0-expression": "",
        "score-0-part-0-label": "Fièvre",
        "score-0-part-0-expression": "iif(item.where(linkId='temperature').answer.value.value > 38, 2, 0)",
        "score-0-part-0-max": "2",
        "score-0-part-1-label": "Mauvaise nuit",
        "score-0-part-1-expression": "iif(item.where(linkId='sommeil').answer.value.code = 'mauvais', 1, 0)",
        "score-0-part-1-max": "1",
        "score-0-part-2-label": "",
        "score-0-band-0-from": "0",
        "score-0-band-0-to": "3",
        "score-0-band-0-label": "Sans gravité",
        "score-0-band-0-colour": "",
        "score-1-missing": "unknown",
    }
    answers = {"q-temperature": "39", "q-sommeil": "mauvais"}
    before = kept(draft).files

    tried = screen("scores", {**edited, **answers, "essai": "quotidien"})

    page = page_of(tried).replace("\u00a0", " ")
    assert tried.status_code == 200 and kept(draft).files == before
    assert "Chaleur du jour : 3 sur 3, sans gravité" in page
    assert "<dt>Mauvaise nuit</dt><dd>1</dd>" in page and 'value="39"' in page
    assert "Chaleur du jour : 0 sur 3" in page_of(screen("scores", {**edited, "essai": "quotidien"})).replace(
        "\u00a0", " "
    )
    assert screen("scores", edited).status_code == 302
    (score,) = kept(draft).read().scores
    assert (score.title, score.maximum, score.formula, len(score.parts)) == (
        "Chaleur du jour",
        Decimal(3),
        4,
        2,
    )
    assert screen("scores", {**edited, "score-0-title": "Chaleur"}).status_code == 302
    assert kept(draft).read().scores[0].formula == 4


def test_a_calculation_that_cannot_be_is_said_at_its_field_when_tried_and_when_saved(screen, draft):
    wrong = {
        "score-0-id": "chaleur",
        "score-0-questionnaire": "quotidien",
        "score-0-title": "Chaleur",
        "score-0-max": "deux",
        "score-0-expression": "item.where(linkId='temperatur').answer.value",
    }
    refused = screen("scores", wrong)
    assert refused.status_code == 422
    assert french("« deux » n’est pas un nombre") in beside(page_of(refused), "score-0-max")
    wrong["score-0-max"] = "2"
    tried = page_of(screen("scores", {**wrong, "essai": "quotidien", "q-temperature": "39"}))
    assert "temperatur" in beside(tried, "score-0-expression") and "vouliez-vous" in tried
    assert screen("scores", wrong).status_code == 302
    page = page_of(screen("scores"))
    assert "vouliez-vous" in beside(page, "score-0-expression")
    checked = page_of(screen("questions"))
    assert f"{URL}versions/{draft.pk}/modifier/scores/#score-0-expression" in checked
    removed = screen("scores", {**wrong, "score-0-removed": "1"})
    assert removed.status_code == 302 and "scores.toml" not in kept(draft).files


def test_the_scores_of_each_form_are_tried_apart(screen, draft, admin):
    other = '{"resourceType": "Questionnaire", "status": "active", "title": "Logement", "item": []}'
    score = SCORES.replace("chaleur", "place").replace('"quotidien"', '"logement"')
    files = {**draft.files, "questionnaires/logement.json": other, "scores.toml": f"{SCORES}\n{score}"}
    pathway_actions.save_draft(admin, draft.pk, files=files, seen=draft.changed_at)
    page = page_of(screen("scores"))
    assert 'name="essai" value="quotidien"' in page and "?essai=logement#essai-de" in page
    assert 'name="essai" value="logement"' in page_of(screen("scores", query="?essai=logement"))
    assert 'name="essai"' not in page_of(screen("scores", query="?essai=rien"))


def test_a_file_that_is_no_toml_is_not_written_over(admin, screen, draft):
    files = {**draft.files, "scores.toml": "[[score]\nid ="}
    pathway_actions.save_draft(admin, draft.pk, files=files, seen=draft.changed_at)
    refused = screen(
        "scores", {"score-0-id": "x", "score-0-title": "X", "score-0-questionnaire": "quotidien"}
    )
    assert refused.status_code == 422 and "« scores.toml » ne se lit pas" in page_of(refused).replace(
        "\u00a0", " "
    )
    assert kept(draft).files["scores.toml"] == "[[score]\nid ="


def test_a_number_without_end_is_a_mistake_of_its_file(screen, draft):
    """Python writes none of more than 4,300 digits; TOML reads any."""
    endless = "0x" + "f" * 6000
    text = SCORES.replace("max = 2\nformula", f"max = {endless}\nformula")
    assert screen("fichiers", {"content": text}, "?fichier=scores.toml").status_code == 302

    assert screen("scores").status_code == 200
    refused = screen(
        "scores", {"score-0-id": "x", "score-0-title": "X", "score-0-questionnaire": "quotidien"}
    )
    assert refused.status_code == 422 and kept(draft).files["scores.toml"] == text
    with pytest.raises(Unreadable):
        with_values(
            {"pathway.toml": f"[delays]\nconfirm = {endless}\n"}, "pathway.toml", {("", "title"): "X"}
        )


@pytest.mark.parametrize("draft", [{"schedule.csv": SCHEDULE}], indirect=True)
def test_what_is_edited_in_forms_is_replayed_and_published(client, admin, screen, draft):
    assert screen("cadre", FRAMED).status_code == 302
    assert screen("calendrier", STEP).status_code == 302
    assert [str(one) for one in check(kept(draft).files) if not one.is_warning] == []
    assert client.get(f"{URL}versions/{draft.pk}/rejouer/").status_code == 200

    client.post(f"{URL}versions/{draft.pk}/publier/", {"note": "Une fois par semaine"})

    row = kept(draft)
    assert row.status == "published" and row.read().schedule[0].every == "7d"
    with walls_down():
        first = PathwayVersion.objects.get(pathway_id=row.pathway_id, number=1)
    assert first.read().schedule[0].every == "" and first.read().delays.confirm == 15


def test_thresholds_are_folded_by_question_and_what_differs_is_open(screen, draft):
    page = page_of(screen("seuils"))
    assert page.count('<details class="rule">') >= 2 and '<details class="rule" open>' not in page
    rows = {
        f"row-{n}-{column}": value for n, row in enumerate(_rules(draft)) for column, value in row.items()
    }

    assert screen("seuils", {**rows, "row-0-red": ">= 40"}).status_code == 302

    page = page_of(screen("seuils"))
    assert page.count('<details class="rule" open>') == 1 and "Modifié" in page
    assert 'name="row-0-red-0-low" value="40"' in page and 'name="row-0-red-1-low" value=""' in page
    assert next(one.red for one in kept(draft).read().rules) == ">= 40"


def _rules(draft):
    header, *lines = [line.split(";") for line in draft.files["rules.csv"].splitlines()]
    return [dict(zip(header, line, strict=True)) for line in lines]


def test_only_the_platform_s_administrator_reaches_the_new_parts(client, cast, screen, draft):
    login(client, cast.brun)
    for part in ("cadre", "calendrier", "scores", "seuils"):
        here = f"{URL}versions/{draft.pk}/modifier/{part}/"
        assert client.get(here).status_code in (403, 404)
        assert client.post(here, {"essai": "quotidien", **FRAMED, **STEP}).status_code in (403, 404)
    with pytest.raises(Refused):
        pathway_actions.save_draft(cast.brun, draft.pk, files=small(), seen=draft.changed_at)
