import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.template import engines
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse

from terresante.kernel.ids import new_id
from terresante.kernel.ui import assets, links
from terresante.kernel.ui.frame import LEVEL_ICONS, Action, Badge, Chip, Level, RecordFrame, Tab
from terresante.kernel.ui.tests import cast
from tests.costs import tags_drawn

KERNEL = Path(__file__).resolve().parents[2]


def render(source, **context):
    return engines["django"].from_string(source).render(context)


@pytest.fixture
def manifest(tmp_path, monkeypatch):
    path = tmp_path / "manifest.json"
    monkeypatch.setattr(assets, "manifest_path", lambda: path)
    return path


def test_an_entry_takes_its_hashed_name(manifest):
    manifest.write_text('{"islands/main.ts": {"file": "assets/main-ab12.js"}}')
    assert render('{% vite_asset "islands/main.ts" %}') == (
        '<script type="module" src="/static/assets/main-ab12.js"></script>'
    )


def test_a_page_is_served_and_a_check_warns_when_the_front_end_is_not_built(manifest):
    assert (
        render('{% vite_asset "styles/main.scss" %}')
        == '<link rel="stylesheet" href="/static/styles/main.scss">'
    )
    assert [message.id for message in assets.front_end_is_built()] == ["ui.W001"]


@pytest.mark.parametrize("level", list(Level)[:5])
def test_a_level_always_has_a_shape_and_a_word(level):
    html = render("{% level value %}", value=level)
    assert f"#{LEVEL_ICONS[level]}" in html
    assert re.sub(r"<[^>]+>", "", html).strip()


def test_an_unknown_level_is_refused():
    with pytest.raises(ValueError, match="purple"):
        render('{% level "purple" %}')


def test_text_is_escaped_everywhere():
    hostile = "<script>alert(1)</script>"
    html = render(
        "{% badge text %}{% icon 'x' label=text %}{% counter 2 text %}{% level 'red' text %}", text=hostile
    )
    assert "<script>" not in html


def test_a_decorative_icon_is_hidden_and_a_lone_one_is_named():
    assert 'aria-hidden="true"' in render('{% icon "bed" %}')
    assert 'role="img" aria-label="Retour"' in render('{% icon "chevron-left" label="Retour" %}')


def test_a_date_is_exact_on_hover():
    html = render("{% when moment %}", moment=datetime(2024, 2, 12, 8, 30, tzinfo=UTC))
    assert 'datetime="2024-02-12T08:30:00+00:00"' in html
    assert "lundi 12\u00a0février 2024 à 9\u00a0h\u00a030" in html
    assert ">12\u00a0févr. 2024<" in html


def test_a_counter_at_zero_shows_nothing_and_has_an_upper_bound():
    assert render("{% counter 0 'non lu' %}") == ""
    assert "99+" in render("{% counter 250 'non lu' 'non lus' %}")
    assert " non lus" in render("{% counter 2 'non lu' 'non lus' %}")


def test_every_icon_named_in_a_template_or_in_python_exists():
    icons = Path(settings.BASE_DIR) / "frontend" / "icons"
    known = set((icons / "lucide.txt").read_text().split())
    own = ElementTree.parse(icons / "own.svg")  # noqa: S314 - our own file
    known |= {str(symbol.get("id")) for symbol in own.iter("{http://www.w3.org/2000/svg}symbol")}
    sources = [path for path in KERNEL.parent.rglob("*") if path.suffix in {".html", ".py"}]
    named = {
        name
        for path in sources
        for name in re.findall(r"""\{% icon ["']([^"']+)["']|icon=["']([^"']+)["']""", path.read_text())
        for name in name
        if name
    }
    assert named
    assert named - known == set()


def test_no_template_has_inline_style_or_script():
    for path in KERNEL.rglob("*.html"):
        source = path.read_text()
        assert not re.search(r"\sstyle=|\son\w+=|<style|<script", source), path


def record(**changes):
    plain = RecordFrame(
        given_name="Pierrette",
        family_name="ISIDORE",
        facts="F",
        back_url="/retour",
        identity=Badge(text="Identité qualifiée", level=Level.GREEN),
        tabs=(),
        bottom_tabs=(),
    )
    return replace(plain, **changes)


def test_the_main_action_can_submit_the_form_of_the_page():
    save = Action(label="Enregistrer la note", form_id="note")
    html = render_to_string("record.html", {"desk": cast.desk(), "record": record(main_action=save)})
    assert '<button class="btn btn-main" type="submit" form="note">' in html


def test_the_current_tab_is_said():
    html = render_to_string(
        "record.html",
        {"desk": cast.desk(), "record": record(tabs=(Tab(label="Notes", url="/n", current=True),))},
    )
    assert '<a href="/n" aria-current="page">Notes' in html


def test_what_tabs_menus_and_chips_say_is_escaped_and_counted():
    hostile = '"><script>'
    tabs = (Tab(label=hostile, url=hostile, counter=2, unread=True), Tab(label="Cercle", url="/c", counter=7))
    chips = (
        Chip(label=hostile, url=hostile, count=0, current=True),
        Chip(label="Tout", url="/", level=Level.RED),
    )

    told = render('{% tab_links tabs "non lu" "non lus" %}', tabs=tabs)
    menu = render('{% menu_links tabs %}{% menu_links tabs "non lu" "non lus" %}', tabs=tabs)
    drawn = render("{% chip_links chips %}", chips=chips)

    assert "<script>" not in told + menu + drawn
    assert '2<span class="visually-hidden"> non lus</span>' in told
    assert '<span class="counter-total">7</span>' in told
    assert menu.count("non lus") == 1
    assert 'aria-current="true"' in drawn and "<b>0</b>" in drawn
    assert '<li><a class="chip is-red" href="/">Tout</a></li>' in drawn


def test_an_address_that_holds_keys_alone_is_looked_for_once(monkeypatch):
    """Bad: Django's patterns tried again by each page, for each of its addresses."""
    asked = []

    def looked_for(name, args):
        asked.append(name)
        return reverse(name, args=args)

    monkeypatch.setattr(links, "reverse", looked_for)
    links._pattern.cache_clear()
    once = "{% url 'overview:record' key %} {% url 'overview:search' %}"
    source = f"{once} {{% url 'overview:record' key as kept %}}{{{{ kept }}}}"
    key = new_id()

    for _ in range(2):
        drawn = render(source, key=key)

    assert drawn == f"/dossiers/{key}/ /recherche/ /dossiers/{key}/"
    assert asked == ["overview:record", "overview:search"]


def test_an_address_of_nothing_known_is_still_an_error():
    with pytest.raises(NoReverseMatch):
        render("{% url 'overview:record' key %}", key="")
    with pytest.raises(NoReverseMatch):
        render("{% url 'overview:unknown' %}")


def test_a_tab_more_is_drawn_at_once():
    """Bad: a tag for each word of each tab. The frame of a record took a tenth of its page."""

    def tags(number):
        tabs = tuple(Tab(label="Notes", url="/n", icon="note", unread=True, counter=1) for _ in range(number))
        framed = record(tabs=tabs, bottom_tabs=tabs, more_tabs=tabs, is_summary=True)
        with tags_drawn() as drawn:
            render_to_string("record.html", {"desk": cast.desk(), "record": framed})
        return drawn.total

    assert tags(12) == tags(2)


def test_neutral_facts_leave_the_phone_unless_essential():
    assert Badge(text="Vit seule").is_fact
    assert not Badge(text="Anticoagulant", essential=True).is_fact
    assert not Badge(text="Allergie", level=Level.RED).is_fact


@pytest.mark.parametrize("code", ["400", "403", "404", "409", "413", "500", "503", "offline"])
def test_an_error_page_says_why_and_whom_to_ask_without_any_context(code):
    html = render_to_string(f"{code}.html")
    assert "Pourquoi" in html
    assert "À qui vous adresser" in html
