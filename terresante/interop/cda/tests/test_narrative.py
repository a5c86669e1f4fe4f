import re

import pytest

from simulators.hospital.documents import Passage, cda
from terresante.interop.cda import narrative
from terresante.interop.cda.body import all_sections, read_cda
from terresante.interop.cda.narrative import rendered
from terresante.interop.cda.tests import letters

TAGS = set(
    "p div ul ol li table caption thead tbody tfoot tr td th strong em u br sub sup small del ins".split()
)
ATTRIBUTES = re.compile(
    r' (?:class="(?:table(?: table-cards)?|table-scroll)"|tabindex="0"|data-label="[^"<>]*"'
    r'|scope="(?:col|row)"|(?:col|row)span="\d+")'
)


def shown(narrative):
    raw = cda(letters.letter(passages=(Passage("1-1", "T", narrative),)))
    return rendered(read_cda(raw).body.sections[0].narrative)


@pytest.mark.parametrize(
    ("narrative", "html"),
    [
        ("Texte <br/> simple", "Texte <br> simple"),
        ("<paragraph>Un</paragraph><paragraph/>", "<p>Un</p>"),
        ("<paragraph>Un<list><item>a</item></list></paragraph>", "<div>Un<ul><li>a</li></ul></div>"),
        (
            '<list listType="ordered"><caption>L</caption><item>a</item><item> </item></list>',
            "<p><strong>L</strong> </p><ol><li>a</li></ol>",
        ),
        ('<content styleCode="Bold">a</content>', "<strong>a</strong>"),
        ('<content styleCode="xRed Emphasis Bold">a</content>', "<em><strong>a</strong></em>"),
        ('<content revised="delete">a</content>', "<del>a</del>"),
        ("H<sub>2</sub>O <footnote>note</footnote>", "H<sub>2</sub>O <small>note</small>"),
        ('<linkHtml href="javascript:alert(1)">ici</linkHtml>', "ici"),
        (
            '<renderMultiMedia referencedObject="X"><caption>ECG</caption></renderMultiMedia>',
            "<em><strong>ECG</strong> </em>",
        ),
        ("<table/>", ""),
    ],
)
def test_each_element_of_the_narrative_has_one_form(narrative, html):
    assert shown(narrative) == html


def test_a_table_says_what_its_headers_head():
    html = shown(
        "<table><caption>Doses</caption><thead><tr><th>Jour</th><th colspan='2'>Dose</th></tr></thead>"
        "<tbody><tr><th>Lundi</th><td rowspan='3' styleCode='Bold'>1 g</td><td/></tr></tbody></table>"
    )

    assert html == (
        '<div class="table-scroll" tabindex="0"><table class="table"><caption>Doses</caption>'
        '<thead><tr><th scope="col">Jour</th><th scope="col" colspan="2">Dose</th></tr></thead>'
        '<tbody><tr><th scope="row">Lundi</th><td rowspan="3"><strong>1 g</strong></td><td></td></tr></tbody>'
        "</table></div>"
    )


def test_a_first_row_of_headers_alone_heads_its_columns():
    assert shown("<table><tr><th>A</th><th>B</th></tr></table>").count('scope="col"') == 2


def test_on_a_telephone_each_cell_says_what_heads_it():
    html = shown(
        "<table><tr><th>Médicament</th><th>Dose <content styleCode='Bold'>&quot;max&gt;&quot;</content></th></tr>"
        "<tr><td>Apixaban</td><td>5 mg</td></tr></table>"
    )

    assert '<table class="table table-cards">' in html
    assert '<td data-label="Médicament">Apixaban</td>' in html
    assert '<td data-label="Dose &quot;max&gt;&quot;">5 mg</td>' in html


@pytest.mark.parametrize(
    "rows",
    [
        "<tr><td>sans titre</td><td>1</td></tr>",
        "<tr><th>A</th><th>B</th></tr><tr><td>une seule</td></tr>",
        "<tr><th>A</th><th>B</th></tr><tr><td colspan='2'>large</td></tr>",
        "<tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2</td></tr><tr><th>C</th><th>D</th></tr>",
    ],
)
def test_a_table_of_another_shape_stays_a_table(rows):
    html = shown(f"<table>{rows}</table>")

    assert 'class="table"' in html
    assert "data-label" not in html


@pytest.mark.parametrize("span", ["999999999999", "-1", "x", "1e9", "٣"])
def test_a_span_is_a_small_number_or_nothing(span):
    html = shown(f"<table><tr><td colspan='{span}'>a</td></tr></table>")

    assert re.findall(r'colspan="(\d+)"', html) in ([], ["50"])


def counted(monkeypatch, name):
    """How often the renderer calls this function of its own."""
    calls, inner = [], getattr(narrative, name)

    def counting(*args, **kwargs):
        calls.append(1)
        return inner(*args, **kwargs)

    monkeypatch.setattr(narrative, name, counting)
    return calls


def test_tables_inside_the_headers_of_tables_are_each_drawn_once(monkeypatch):
    """Twice each, twenty of them would never be drawn."""
    calls, depth = counted(monkeypatch, "_row_groups"), 12

    shown("<table><tr><th>A</th><th>" * depth + "fin" + "</th></tr></table>" * depth)

    assert len(calls) == depth


def test_nested_spans_do_not_look_through_each_other_s_words(monkeypatch):
    calls, depth, breaks = counted(monkeypatch, "local_name"), 60, 500

    html = shown("<content>" * depth + "<br/>" * breaks + "</content>" * depth)

    assert html.count("<br>") == breaks
    assert len(calls) < 2 * (depth + breaks)


def test_a_style_said_again_and_again_is_one_style():
    assert shown(f'<content styleCode="{"Bold Italics " * 500}">a</content>') == "<strong><em>a</em></strong>"


def test_what_heads_a_column_is_said_again_in_few_letters():
    long = "très " * 1000
    html = shown(f"<table><tr><th>A</th><th>{long}</th></tr>{'<tr><td>1</td><td>2</td></tr>' * 100}</table>")

    labels = set(re.findall(r'data-label="([^"]*)"', html))
    assert labels == {"A", f"{long[:59]}…"}
    assert len(html) < 25_000


HOSTILE = [
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<script xmlns='http://www.w3.org/1999/xhtml'>alert(1)</script>",
    "<script>alert(1)</script><style>*{}</style><iframe src='x'/><object data='x'/>",
    "<content onclick='alert(1)' styleCode='Bold&quot; onclick=&quot;alert(1)' style='x:y' class='x'>x</content>",
    "<img src='x' onerror='alert(1)'/><paragraph href='javascript:alert(1)' xmlns:h='x' h:onload='y'>a</paragraph>",
    "<table onload='x'><script>a</script><tr onclick='x'><td headers='&quot;&gt;'>a<b/></td><x>y</x></tr></table>",
    "<linkHtml href='https://exemple.invalid'><content>x</content></linkHtml>",
]


@pytest.mark.parametrize("narrative", HOSTILE)
def test_only_our_own_elements_and_attributes_come_out(narrative):
    """Read by a regular expression that knows nothing of the renderer."""
    html = shown(narrative)

    for tag in re.findall(r"<[^>]*>", html):
        found = re.fullmatch(r"</?(\w+)([^<>]*)>", tag)
        assert found is not None and found[1] in TAGS
        assert not ATTRIBUTES.sub("", found[2])


def test_the_stylesheet_of_the_sender_is_not_looked_at():
    raw = letters.structured()
    assert b"xml-stylesheet" in raw

    html = "".join(rendered(section.narrative) for section in all_sections(read_cda(raw).body.sections))

    assert "CDA-FO" not in html
    assert ">Paracétamol</td>" in html


def test_every_word_of_the_narrative_is_shown():
    section = read_cda(letters.structured()).body.sections[1]
    assert section.narrative is not None
    words = "".join(section.narrative.itertext())

    assert re.sub(r"<[^>]*>", "", rendered(section.narrative)) == words
