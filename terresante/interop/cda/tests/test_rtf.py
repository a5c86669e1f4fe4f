"""Letters in RTF: their words, and nothing else."""

import random

import pytest

from terresante.interop.cda.rtf import LONGEST, MOST_PIECES, text_of_rtf

SAID = {
    "letters of Windows": (rb"{\rtf1\ansi\ansicpg1252 Fi\'e8vre \'e0 39\'b0}", "Fièvre à 39°"),
    "letters of a Mac": (rb"{\rtf1\mac \'8et\'8e}", "été"),
    "letters of Unicode, with those that stand for them": (
        rb"{\rtf1\uc1 l\u8217\'92h\u244?pital}",
        "l’hôpital",
    ),
    "two that stand for one": (rb"{\rtf1{\uc2 \u8364 EU}\uc0 \u233 t\u233 }", "€été"),
    "a surrogate alone": (rb"{\rtf1 a\u-10179?b}", "a\ufffdb"),
    "lines and paragraphs": (
        rb"{\rtf1 un\line deux\par\par\par trois\tab quatre}",
        "un\ndeux\n\ntrois\tquatre",
    ),
    "a table": (rb"{\rtf1\trowd Dose\cell 1 g\cell\row}", "Dose\t1 g"),
    "signs": (rb"{\rtf1 \{a\\b\}\~c\endash d}", "{a\\b}\u00a0c–d"),
    "what is not of the text": (
        rb"{\rtf1{\fonttbl{\f0 Arial;}}{\*\generator X;}{\info{\title T}}{\pict\wmetafile8 0102}a{\v hidden}b}",
        "ab",
    ),
    "a field": (rb'{\rtf1{\field{\*\fldinst HYPERLINK "http://x"}{\fldrslt ici}}}', "ici"),
    "groups that never end": (rb"{\rtf1{{{a", "a"),
    "ends without a beginning": (rb"{\rtf1 a}}}}b", "ab"),
    "nothing": (rb"{\rtf1}", ""),
    "ends of line that are none": (b"{\\rtf1 un\r\ndeux}", "undeux"),
}


@pytest.mark.parametrize(("content", "text"), SAID.values(), ids=SAID)
def test_its_words_are_read(content, text):
    assert text_of_rtf(content) == text


def test_what_is_damaged_is_read_and_what_is_monstrous_is_read_so_far():
    chance = random.Random("rtf")  # a reproducible damage
    sources = [content for content, _ in SAID.values()]
    for _ in range(500):
        raw = bytearray(chance.choice(sources))
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        assert isinstance(text_of_rtf(bytes(raw)), str)
    assert text_of_rtf(b"{" * 7_000_000) == ""
    assert len(text_of_rtf(b"{\\rtf1 " + b"a" * 7_000_000)) == LONGEST
    assert len(text_of_rtf(b"\\u233?" * 900_000)) == MOST_PIECES // 2
