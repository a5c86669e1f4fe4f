"""The person's pages are ready for another language: none of their words is drawn without being looked up."""

import ast
import html
import re
import struct
from pathlib import Path
from typing import Any

import pytest
from django.template import engines
from django.template.loader import get_template
from django.utils.translation import override

from terresante import portal
from terresante.care_team.enums import Confidentiality
from terresante.documents.tests.factories import filed
from terresante.kernel.ui.translation import catalogue, is_of_the_person, marked, texts
from terresante.kernel.ui.typography import pieces, spaced
from terresante.notes.tests.factories import published
from tests.cast import login

HERE = Path(portal.__file__).parent
# What stays French: kept as it was said; the words of the access log, which `care_team` says and these put right.
KEPT = {
    *("à la demande de la personne", "Donné dans l’espace de la personne"),
    *("votre équipe", "son équipe", "votre identité", "son identité"),
    *("vous a été donnée", "a été donnée à la personne"),
}
_FRENCH = re.compile(r"[’éèàçù]|^[A-ZÉÀ].* ")
_LOOKED_UP = re.compile(r"⟦[^⟦⟧]*⟧")
_PLACE = re.compile(r"%\(\w+\)s|<[^>]*>")


def compiled(said: dict[str, str]) -> bytes:
    """A catalogue as gettext reads it (.mo): sizes and places of the keys, then of what they become."""
    pairs = sorted((key.encode(), said[key].encode()) for key in said)
    columns = ([key for key, _ in pairs], [text for _, text in pairs])
    at, table, content = 28 + 16 * len(pairs), b"", b""
    for column in columns:
        for words in column:
            table += struct.pack("<II", len(words), at + len(content))
            content += words + b"\0"
    return struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 0) + table + content


@pytest.fixture
def another_language(settings, tmp_path):
    """Where each text stands between signs that nobody writes."""
    said = {text: f"⟦{text}⟧" for text in catalogue()}
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    head = "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=n != 1;\n"
    (folder / "django.mo").write_bytes(compiled({**said, "": head}))
    settings.LANGUAGES = [("fr", "Français"), ("de", "Deutsch")]
    settings.LOCALE_PATHS = [tmp_path]
    forget_templates()
    with override("de"):
        yield
    settings.LANGUAGES = settings.LANGUAGES[:1]
    forget_templates()


def forget_templates():
    django: Any = engines["django"]
    for loader in django.engine.template_loaders:
        loader.reset()


@pytest.mark.commits
def test_every_text_of_a_page_is_looked_up_in_its_language(client, cast, another_language):
    published(cast.ines, cast.madeleine_record, level=Confidentiality.CIRCLE_AND_PATIENT)
    filed(cast.amar, cast.madeleine_record, level=Confidentiality.CIRCLE_AND_PATIENT)
    login(client, cast.madeleine)
    own = {text for path in (HERE / "templates").rglob("*.html") for text in texts(spaced(path.read_text()))}

    for address in ("", "documents/", "notes/", "mon-cercle/", "ma-sante/", "ma-sante/allergies/", "copie/"):
        page = client.get(f"/mon-dossier/{address}").content.decode()
        drawn = re.sub(r"<(script|style|svg).*?</\1>|<[^>]*>", " ", page.split("<main")[1], flags=re.S)
        shown = re.sub(r"[ \t\n]+", " ", html.unescape(drawn))
        assert _LOOKED_UP.search(shown), address
        bare = shown
        while _LOOKED_UP.search(bare):  # a sentence holds values that are looked up themselves
            bare = _LOOKED_UP.sub("", bare)
        said = {part.strip() for text in own for part in _PLACE.split(text)}
        assert [text for text in said if len(text) > 12 and text in bare] == [], address
    form = client.get("/mon-dossier/ma-sante/allergies/").content.decode()
    assert "⟦Allergie à quoi\u00a0?⟧" in form or "⟦Allergie à quoi ?⟧" in form


def test_in_french_alone_a_page_is_read_as_it_stands():
    home: Any = get_template("portal/home.html")

    assert home.template.source == spaced((HERE / "templates/portal/home.html").read_text())


def test_a_text_is_one_key_whatever_its_lines_and_its_quotes_and_code_is_left_alone():
    source = '<p title="À lire">Un mot\n   « {{ a }} »{% if b %} dit "oui"{% endif %} &amp; 100 %</p><code>Rien</code>'

    assert marked(source) == (
        '<p title="{% translate "À lire" %}">{% blocktranslate with a=a %}Un mot « {{ a }} »{% endblocktranslate %}'
        "{% if b %}"
        ' {% translate "dit &quot;oui&quot;" %}{% endif %} &amp; 100 %</p><code>Rien</code>'
    )
    assert list(texts(source)) == ["À lire", "Un mot « %(a)s »", "dit &quot;oui&quot;"]
    tag = '{% include "ui/x.html" with newer="Plus récents" %}{% plural n "note" "notes" %}{% level "red" "Grave" %}'
    assert marked(tag) == (
        '{% include "ui/x.html" with newer=_("Plus récents") %}{% plural n _("note") _("notes") %}'
        '{% level "red" _("Grave") %}'
    )
    assert marked("{{ note.get_kind_display|lower }}") == "{{ note.get_kind_display|in_language|lower }}"


def test_a_sentence_is_one_key_with_the_values_it_holds():
    """Bad: « Vous acceptez que » and « lise votre dossier », which no other language says around a name."""
    source = "<p>Vous acceptez que\n  <b>{{ choice.practitioner }}</b> lise à 100 % {{ other.practitioner|lower }}.</p>"

    assert list(texts(source)) == [
        "Vous acceptez que <b>%(practitioner)s</b> lise à 100 %% %(practitioner_2)s."
    ]
    assert marked(source) == (
        "<p>{% blocktranslate with practitioner=choice.practitioner practitioner_2=other.practitioner|lower %}"
        "Vous acceptez que <b>{{ practitioner }}</b> lise à 100 % {{ practitioner_2 }}.{% endblocktranslate %}</p>"
    )
    dated = '<li>Fait {% when at %}, {% plural n "étape" "étapes" %}</li><b>Nom :</b>{% if a %}</b> fin'
    assert list(texts(dated)) == ["Fait %(when)s, %(plural)s", "étape", "étapes", "<b>Nom :</b>", "fin"]
    assert marked(dated) == (
        '<li>{% when at as when %}{% plural n _("étape") _("étapes") as plural %}'
        "{% blocktranslate %}Fait {{ when }}, {{ plural }}{% endblocktranslate %}</li>"
        "{% blocktranslate %}<b>Nom :</b>{% endblocktranslate %}"
        '{% if a %}</b> {% translate "fin" %}'
    )


@pytest.mark.parametrize("path", sorted(HERE.glob("*.py")), ids=lambda path: path.stem)
def test_the_code_of_these_pages_says_nothing_that_is_not_looked_up(path):
    tree = ast.parse(path.read_text())
    looked_up, unread = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in (
            "later",
            "gettext",
            "public",
            "Action",
        ):
            looked_up |= {id(one) for one in ast.walk(node)}
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            unread.add(id(node.value))
    said = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in looked_up | unread
    ]
    assert [text for text in said if _FRENCH.search(text) and text not in KEPT and "%s" not in text] == []


TEMPLATES = sorted(
    path
    for path in HERE.parent.rglob("templates/**/*.html")
    if is_of_the_person(path.as_posix().partition("/templates/")[2])
)
_CLASSES = re.compile(r"\{% block body_class %\}.*?\{% endblock body_class %\}")
_CUTS = re.compile(r"\{%\s*(?:if|endif)\b")
_IN_A_SENTENCE = re.compile(r"\{\{|</?(?:b|em|strong|sup)>|\{%\s*(?:when|when_exactly|elapsed|age|plural)\b")


def cut_sentences(source: str) -> list[str]:
    """Where words stand on both sides of a condition with nothing between that ends a clause: each side would be a
    text of its own, and no language but French puts them together so.
    """
    parts = [(piece, is_text) for piece, is_text in pieces(source) if piece]
    found = []
    for place, (piece, is_text) in enumerate(parts):
        if is_text or not _CUTS.match(piece):
            continue
        before = _run(reversed(parts[:place]))[::-1]
        after = _run(parts[place + 1 :])
        said, follows = "".join(before), "".join(after)
        if said.strip() and follows.strip() and _is_spoken(said + follows) and not _are_two(said, follows):
            found.append(f"{said[-40:]} ‖ {follows[:40]}")
    return found


def _run(parts):
    """What is read in one go from there: text, and values as signs."""
    run = []
    for piece, is_text in parts:
        if is_text:
            run.append(piece)
        elif not _IN_A_SENTENCE.match(piece):
            break
        elif not piece.startswith("<"):
            run.append("◌")
    return run


def _are_two(said, follows):
    """Two clauses, or a value that is a sentence and the next one."""
    if re.search(r"[.!?»…·(,:;]\s*$", said) or re.match(r"\s*[,.;·(:)]", follows):
        return True
    return not _is_spoken(said) and re.match(r"\s*[A-ZÀ-Ý]", follows) is not None


def _is_spoken(text):
    return re.search(r"[^\W\d_]", text) is not None


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_condition_stands_in_the_middle_of_a_sentence(path):
    """Good: the whole sentence in each branch. Bad: « Dire {% if … %}ce qu’elle{% else %}ce que je{% endif %} veut »"""
    assert cut_sentences(_CLASSES.sub("", path.read_text())) == []


def test_a_sentence_cut_by_a_condition_is_found():
    assert cut_sentences("<p>Fait {% if a %}par vous{% else %}par elle{% endif %} hier</p>") == [
        "Fait  ‖ par vous",
        "par elle ‖  hier",
    ]
    assert cut_sentences("<p>{% if a %}Fait par vous.{% else %}Fait par elle.{% endif %} Merci</p>") == []
    assert cut_sentences("<p>Fait par {{ name }}{% if day %}, le {{ day }}{% endif %}</p>") == []
