import pytest
from django.template.loader import get_template

from terresante.kernel.ui.typography import spaced

NBSP = "\u00a0"


def test_the_signs_of_a_template_hold_to_the_word_before_them():
    assert spaced("<h2>Terminer « {{ one.title }} » ?</h2>") == (
        f"<h2>Terminer «{NBSP}{{{{ one.title }}}}{NBSP}»{NBSP}?</h2>"
    )


@pytest.mark.parametrize(
    "source",
    [
        '<a href="{% if one > two %}x ?y{% endif %}" title="a : b">',
        "<code>>= 39 : 1</code>",
        "{% icon x ? %}",
        '{{ value|default:"a : b" }}',
        "{# why : because #}",
        "12:30, https://exemple.fr",
    ],
)
def test_what_nobody_reads_as_french_stays_as_it_is(source):
    assert spaced(source) == source


def test_every_page_is_read_with_them():
    assert f"Du mal à respirer ou parler{NBSP}?" in get_template("ui/call_15.html").render()
