"""The editor of a draft: what is refused stays as it was typed, and each mistake is said where it is corrected."""

from decimal import Decimal

import pytest

from terresante.kernel.ui.wording import french
from terresante.questionnaires import pathway_actions
from terresante.questionnaires.models import PathwayVersion
from terresante.questionnaires.tests.factories import draft_of, published_version
from tests.cast import login
from tests.walls import walls_down

pytestmark = pytest.mark.commits

URL = "/administration/parcours/"
TYPED = {
    "quotidien:temperature:text": "Température ce matin ?",
    "quotidien:temperature:help": "Sous le bras.",
    "quotidien:temperature:lowest": "trente",
    "quotidien:temperature:highest": "43",
    "quotidien:sommeil:text": "",
    "quotidien:sommeil:option:bon": "Très bien",
    "quotidien:sommeil:option:mauvais": "",
    "quotidien:nuit:text": "Pourquoi ?",
    "quotidien:nuit:removed": "1",
    "quotidien:+:text": "Toussez-vous ?",
    "quotidien:+:type": "choice",
    "quotidien:+:choices": "Non",
    "quotidien:+:unit": "°C",
}


def test_a_question_that_is_refused_is_shown_as_it_was_typed_with_a_sentence_beside_it(client, admin):
    own = pathway_actions.clone(admin, published_version().pk)
    login(client, admin)
    here = f"{URL}versions/{own.pk}/modifier/questions/"
    sent = {"seen": own.changed_at.isoformat(), **TYPED}

    refused = client.post(here, sent)
    page = refused.content.decode()

    assert refused.status_code == 422
    for typed in (
        "Température ce matin ?",
        "Sous le bras.",
        "trente",
        "Très bien",
        "Pourquoi ?",
        "Toussez-vous ?",
    ):
        assert f'value="{typed}"' in page, typed
    assert ">Non</textarea>" in page and '<option value="choice" selected>' in page
    assert 'name="quotidien:nuit:removed" value="1" checked' in page
    assert 'name="quotidien:temperature:required" value="1">' in page
    for name, said in (
        ("quotidien:temperature:lowest", "« trente » n’est pas un nombre"),
        ("quotidien:sommeil:text", "Écrivez la question, ou cochez"),
        ("quotidien:sommeil:option:mauvais", "Écrivez les mots de cette réponse."),
        ("quotidien:+:choices", "une par ligne, deux au moins"),
        ("quotidien:+:unit", "Une unité ne va qu’avec un nombre"),
    ):
        beside = page.partition(f'id="{name}-erreur">')[2].partition("</p>")[0]
        assert french(said) in beside, name
        assert f'<a href="#{name}">' in page and f'aria-describedby="{name}-erreur"' in page
    with walls_down():
        assert PathwayVersion.objects.get(pk=own.pk).files == own.files


def test_bounds_in_the_wrong_order_are_refused_then_what_is_right_is_kept(client, admin):
    own = pathway_actions.clone(admin, published_version().pk)
    login(client, admin)
    here = f"{URL}versions/{own.pk}/modifier/questions/"
    mended = {
        "seen": own.changed_at.isoformat(),
        **TYPED,
        "quotidien:temperature:lowest": "44",
        "quotidien:sommeil:text": "Et la nuit ?",
        "quotidien:sommeil:option:mauvais": "Mal",
        "quotidien:+:choices": "Non\nOui",
        "quotidien:+:unit": "",
    }
    page = client.post(here, mended).content.decode()
    assert (
        "au-dessous de la plus petite"
        in page.partition('id="quotidien:temperature:highest-erreur">')[2][:200]
    )
    assert client.post(here, {**mended, "quotidien:temperature:lowest": "34,5"}).status_code == 302
    form = draft_of(own).read().forms["quotidien"]
    assert [one.link_id for one in form.questions] == ["temperature", "sommeil", "toussez-vous"]
    assert (form.questions[0].lowest, form.questions[0].help) == (Decimal("34.5"), "Sous le bras.")


@pytest.mark.parametrize(
    ("part", "typed"),
    [
        ("questions", {"quotidien:temperature:text": "Et ce matin ?"}),
        ("seuils", {"row-0-rule": "temperature", "row-0-why": "Et ce matin ?"}),
        ("textes", {"text-red": "Et ce matin ?"}),
        ("fichiers", {"content": "Et ce matin ?"}),
    ],
)
def test_what_somebody_else_saved_meanwhile_is_not_overwritten_at_the_second_try(client, admin, part, typed):
    own = pathway_actions.clone(admin, published_version().pk)
    theirs = {**own.files, "texts.toml": own.files["texts.toml"].replace("À demain", "À bientôt")}
    saved = pathway_actions.save_draft(admin, own.pk, files=theirs, seen=own.changed_at)
    login(client, admin)
    here = f"{URL}versions/{own.pk}/modifier/{part}/"

    first = client.post(here, {"seen": own.changed_at.isoformat(), **typed})
    page = first.content.decode()
    seen = page.partition('name="seen" value="')[2].partition('"')[0]
    again = client.post(here, {"seen": seen, **typed})

    assert (first.status_code, again.status_code) == (422, 422)
    assert "Et ce matin ?" in page and "Quelqu’un d’autre a modifié ce brouillon" in page
    assert draft_of(own).files == saved.files


def test_a_draft_that_is_not_published_says_each_mistake_where_it_is_corrected(client, admin):
    own = pathway_actions.clone(admin, published_version().pk)
    wrong = {
        **own.files,
        "rules.csv": own.files["rules.csv"].replace("36.0..37.9", "37.9..36.0"),
        "texts.toml": own.files["texts.toml"].replace("Appelez le 15 ou le 112.", "Attendez."),
    }
    own = pathway_actions.save_draft(admin, own.pk, files=wrong, seen=own.changed_at)
    login(client, admin)
    here = f"{URL}versions/{own.pk}/"

    refused = client.post(f"{here}publier/", {"note": "Essai"})
    page = refused.content.decode()

    assert refused.status_code == 422
    assert french("ne peut pas être publié : 2 erreurs sont à corriger") in page
    assert f'<a href="{here}modifier/seuils/#row-0-green">rules.csv, ligne 2</a>' in page
    assert f'<a href="{here}modifier/textes/#text-red">texts.toml, ligne' in page
    edited = client.get(f"{here}modifier/seuils/").content.decode()
    beside = edited.partition('id="row-0-green-erreur">')[2].partition("</span>")[0]
    assert "le plus petit nombre d’abord" in beside and "colonne" not in beside
    there = client.get(f"{here}modifier/fichiers/?fichier=rules.csv&ligne=2").content.decode()
    assert "Ligne 2" in there and "<code>temperature;quotidien;temperature;37.9..36.0" in there
    for odd in ("999", "x", "-1", "0", "²"):
        assert client.get(f"{here}modifier/fichiers/?fichier=rules.csv&ligne={odd}").status_code == 200
