import time

import hl7  # type: ignore[import-untyped]  # published without types
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terresante.interop.hl7v2 import er7
from terresante.interop.hl7v2.tests.messages import MSH, PID, adt

PLAIN = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="|^~\\&\x7f\x85"), max_size=8
).map(str.strip)


def message_of(raw):
    return er7.read(raw)


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_segments_end_with_any_line_end(end):
    message = message_of(adt("A01", end=end))
    assert message.names() == ["MSH", "EVN", "PID", "PV1", "ZBE"]
    assert message.segment("PID").value(5) == "ESSAI"


def test_the_header_counts_its_separator_as_a_field():
    header = message_of(adt("A01")).segment("MSH")
    assert header.raw(1) == "|"
    assert header.raw(2) == "^~\\&"
    assert header.value(3) == "GAM"
    assert header.value(9, 2) == "A01"
    assert header.value(12, 3) == "2.11"


def test_fields_repetitions_components_and_subcomponents():
    pid = message_of(adt("A01")).segment("PID")
    assert [name.value(7) for name in pid.repetitions(5)] == ["L", "D"]
    assert pid.value(3, 4, 2) == "750000222"
    assert pid.value(3, 4, 9) == pid.value(3, 99) == pid.value(99) == ""
    assert pid.repetitions(99) == []


def test_declared_separators_are_used():
    raw = b"MSH$*!%@$GAM*X@Y$$$$20250311$$ADT*A01$M1$P$2.5\rPID$1$$A*1!B*2\r"
    message = message_of(raw)
    assert message.segment("MSH").value(3, 2, 2) == "Y"
    assert [part.value(2) for part in message.segment("PID").repetitions(3)] == ["1", "2"]


def test_a_separator_of_two_bytes_is_one_letter():
    """A tilde that a word processor made typographic, in a message in UTF-8."""
    raw = MSH.replace("{trigger}", "A28").replace("^~", "^˜") + "\rPID|||1^^^A&1.2.3&ISO^PI˜2^^^B^PI\r"

    message = er7.read(raw.encode())

    assert message.separators.repetition == "˜"
    header, person = message.segment("MSH"), message.segment("PID")
    assert header is not None and person is not None
    first, second = person.repetitions(3)
    assert (first.value(4, 2), second.value(4), header.value(9, 2)) == ("1.2.3", "B", "A28")


def test_repeated_segments():
    message = message_of(adt("A01", "ROL|1|UC|ODRP", "ROL|2|UC|AT"))
    assert [rol.value(3) for rol in message.segments("ROL")] == ["ODRP", "AT"]
    assert message.segment("ZFA") is None
    assert [segment.name for segment in message][-1] == "ROL"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"a\F\b\S\c\T\d\R\e\E\f", r"a|b^c&d~e\f"),
        (r"x\X0D0A\y", "x\r\ny"),
        (r"x\X00\y", r"x\X00\y"),
        ("x\x00y", "xy"),
        (r"caf\XC3A9\ noir", "café noir"),
        (r"un\.br\deux", "un\ndeux"),
        (r"\H\gras\N\ ", "gras"),
        (r"inconnu \Zzz\ et \X9\ reste", r"inconnu \Zzz\ et \X9\ reste"),
        (r"C:\dossier", r"C:\dossier"),
    ],
)
def test_escape_sequences(written, read):
    message = message_of(adt("A01", pid=PID.replace("ESSAI", written)))
    assert message.segment("PID").value(5) == read.strip()


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=30))
def test_escaped_text_comes_back(text):
    assert er7.unescape(er7.escaped(text)) == text
    assert not set(er7.escaped(text)) & set("|^~&\n")


def test_an_erased_field_reads_as_empty():
    segment = er7.Segment('PID|""|""^^^X', er7.STANDARD, "utf-8")
    assert segment.value(1) == ""
    assert segment.repetitions(1)[0].is_erased
    assert segment.repetitions(2)[0].is_erased


def test_a_word_of_three_letters_alone_on_its_line_is_text_and_a_bare_segment_is_a_segment():
    message = er7.read(b"MSH|^~\\&|A\rPV2\rOBX|1|TX|C^Conclusion||Scanner :\rRAS\rDr X||||||F\rORC\rZFT\r")

    assert message.names() == ["MSH", "PV2", "OBX", "ORC", "ZFT"]
    observed = message.segment("OBX")
    assert observed is not None and observed.value(5) == "Scanner :\nRAS\nDr X"


def test_an_unescaped_line_end_stays_in_its_segment():
    message = message_of(adt("A01", "NTE|1||premier\ndeuxieme\ntroisieme", "ZFM|8"))
    assert message.names()[-2:] == ["NTE", "ZFM"]
    assert message.segment("NTE").value(3) == "premier\ndeuxieme\ntroisieme"


@pytest.mark.parametrize(
    ("declared", "codec"),
    [
        ("UNICODE UTF-8", "utf-8"),
        ("UTF-8", "utf-8"),
        ("8859/1", "iso8859-1"),
        ("8859/15", "iso8859-15"),
        ("8859/2", "iso8859-2"),
        ("ISO 8859-9", "iso8859-9"),
        ("8859/15~UNICODE UTF-8", "iso8859-15"),
    ],
)
def test_the_declared_character_set_is_followed(declared, codec):
    raw = adt("A01", msh=MSH.replace("UNICODE UTF-8", declared), pid=PID.replace("ESSAI", "RÉMI")).decode()
    message = message_of(raw.encode(codec))
    assert message.segment("PID").value(5) == "RÉMI"
    assert not message.is_charset_doubtful


@pytest.mark.parametrize("codec", ["utf-8", "iso8859-15"])
def test_without_a_declared_character_set_it_is_guessed_and_flagged(codec):
    raw = adt("A01", msh=MSH.replace("|UNICODE UTF-8", ""), pid=PID.replace("ESSAI", "NOËL")).decode()
    message = message_of(raw.encode(codec))
    assert message.segment("PID").value(5) == "NOËL"
    assert message.is_charset_doubtful


def test_windows_letters_announced_as_latin_are_read_and_flagged():
    raw = adt("A01", msh=MSH.replace("UNICODE UTF-8", "8859/1"), pid=PID.replace("ESSAI", "L’HAŸ")).decode()
    message = message_of(raw.encode("cp1252"))
    assert message.segment("PID").value(5) == "L’HAŸ"
    assert message.is_charset_doubtful


def test_utf8_announced_as_latin_is_flagged():
    raw = adt("A01", msh=MSH.replace("UNICODE UTF-8", "8859/1"), pid=PID.replace("ESSAI", "NOËL"))
    assert message_of(raw).is_charset_doubtful


@pytest.mark.parametrize("declared", ["UNICODE UTF-8", "ASCII"])
def test_bytes_that_contradict_the_character_set_are_undecodable(declared):
    raw = adt("A01", msh=MSH.replace("UNICODE UTF-8", declared), pid=PID.replace("ESSAI", "NOËL"))
    with pytest.raises(er7.Undecodable):
        message_of(raw.decode().encode("iso8859-15"))


@pytest.mark.parametrize(
    "raw", [b"", b"\r\n", b"PID|1", b"MSH", b"MSH|^~", b"\xff\xfeM\0S\0H\0|\0^\0~\0", b"<xml/>"]
)
def test_what_is_no_message(raw):
    with pytest.raises(er7.NotEr7):
        message_of(raw)


def test_a_byte_order_mark_and_blank_lines_before_the_header_are_forgiven():
    assert message_of(b"\xef\xbb\xbf\r\n" + adt("A01")).segment("MSH").value(10) == "M1"


def test_answers_lose_accents_rather_than_fail():
    assert er7.encoded("enregistré – cœur …", "ascii") == b"enregistre ? coeur ..."
    assert er7.encoded("œuvre", "iso8859-15") == "œuvre".encode("iso8859-15")


@settings(deadline=None)
@given(
    st.lists(
        st.lists(st.lists(PLAIN, min_size=1, max_size=3), min_size=1, max_size=3), min_size=1, max_size=5
    )
)
def test_same_reading_as_python_hl7(fields):
    segment = "ZZZ|" + "|".join("~".join("^".join(parts) for parts in field) for field in fields)
    raw = f"{MSH.replace('{trigger}', 'A01')}\r{segment}\r"
    ours = message_of(raw.encode()).segment("ZZZ")
    oracle = hl7.parse(raw).segment("ZZZ")
    for number in range(1, len(fields) + 1):
        assert ours.raw(number) == str(oracle[number])
        for component in (1, 2, 3):
            assert ours.value(number, component) == component_of(oracle, number, component)


def component_of(oracle, number, component):
    """python-hl7 refuses to go past the last component, where we answer an empty text."""
    try:
        return str(oracle.extract_field(1, number, 1, component)).strip()
    except IndexError:
        return "" if component > 1 else str(oracle[number])


@pytest.mark.parametrize(
    "content",
    [
        b"\\" * 2_000_000,
        b"\\A" * 1_000_000,
        b"~" * 2_000_000,
        b"\n" * 2_000_000,
        b"ab\n" * 700_000,
        b"&^" * 1_000_000,
    ],
)
def test_a_hostile_field_is_read_in_linear_time(content):
    raw = adt("A01") + b"NTE|1||" + content
    start = time.process_time()
    segment = message_of(raw).segment("NTE")
    segment.value(3)
    assert time.process_time() - start < 3
