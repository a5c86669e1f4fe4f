"""A PDF that keeps and that a screen reader reads, from a template and JSON, without a network."""

import re
import zlib

import pytest

from terresante.kernel import printing

SHEET = "overview/emergency_sheet.typ"


def told(**changed):
    person = {
        "strong": "Jeanne Test",
        "text": "fille",
        "source": "",
        "phone": "01 00 00 00 00",
        "phone_url": "",
    }
    return {
        "name": "Camille ESSAI",
        "identity": "F · 80 ans",
        "reach": ["1 rue d’Essai"],
        "parts": [{"title": "Proches", "icon": "", "lines": [person], "empty": "", "grave": True}],
        "left_out": "",
        "reference": "Fiche",
        "foot": "Imprimée par Camille",
        "qr": '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><path d="M0 0h4v4H0z"/></svg>',
        "qr_alt": "Adresse de la fiche",
        "qr_said": "La fiche à jour",
        **changed,
    }


def pages(made: bytes) -> int:
    streams = (
        zlib.decompress(found) for found in re.findall(rb"stream\n(\x78.*?)\nendstream", made, re.DOTALL)
    )
    plain = made + b"".join(streams)
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", plain))


def test_what_is_printed_keeps_and_is_read_aloud():
    made = printing.pdf(SHEET, told(), title="Fiche d’urgence")

    assert made.startswith(b"%PDF-")
    assert b"<pdfaid:part>3</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>" in made
    assert b"<pdfuaid:part>1</pdfuaid:part>" in made
    assert b"/Lang(fr-FR)" in made and b"AtkinsonHyperlegible" in made
    assert pages(made) == 1


@pytest.mark.parametrize("name", ["#panic(1)", "*Léa* _Test_ $x$ \\ #", "](//x)", "= Titre", "<a>@b"])
def test_what_somebody_wrote_is_shown_and_never_run(name):
    made = printing.pdf(SHEET, told(name=name, identity=name, foot=name), title=name)

    # Run, `#panic` would have stopped both tries, and a stray sign the first one.
    assert b"<pdfuaid:part>1</pdfuaid:part>" in made


def test_a_letter_that_no_font_draws_does_not_stop_the_page(caplog):
    made = printing.pdf(SHEET, told(name="Léa 名 \U0001f600"), title="Fiche")

    assert made.startswith(b"%PDF-") and b"pdfuaid:part" not in made
    assert "without its standards" in caplog.text and "Léa" not in caplog.text


@pytest.mark.parametrize(
    "template", ["../settings.typ", "overview/../../x.typ", "/etc/passwd", "overview/sheet.html"]
)
def test_only_a_template_of_an_app_is_printed(template):
    with pytest.raises(ValueError, match="no template"):
        printing.pdf(template, {}, title="")
