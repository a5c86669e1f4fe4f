from hypothesis import given, settings
from hypothesis import strategies as st

from terresante.interop.mllp.framing import Decoder, Fault, Piece, framed

CONTENT = st.binary(min_size=1, max_size=60).filter(lambda content: not set(content) & {0x0B, 0x1C})


def test_several_messages_in_one_packet():
    pieces = Decoder().feed(framed(b"MSH|1") + framed(b"MSH|2") + framed(b"MSH|3"))
    assert pieces == [Piece(b"MSH|1"), Piece(b"MSH|2"), Piece(b"MSH|3")]


@settings(deadline=None)
@given(st.lists(CONTENT, min_size=1, max_size=5), st.lists(st.integers(1, 7), min_size=1, max_size=20))
def test_messages_survive_any_split(contents, cuts):
    stream = b"".join(framed(content) for content in contents)
    decoder, found, position, turn = Decoder(), [], 0, 0
    while position < len(stream):
        size = cuts[turn % len(cuts)]
        found += decoder.feed(stream[position : position + size])
        position, turn = position + size, turn + 1
    assert found == [Piece(content) for content in contents]
    assert not decoder.is_within_a_message
    assert decoder.end() == []


def test_the_final_return_may_be_missing():
    assert Decoder().feed(b"\x0bMSH|1\x1c\x0bMSH|2\x1c") == [Piece(b"MSH|1"), Piece(b"MSH|2")]


def test_a_message_without_its_start_byte_is_known_by_its_header():
    assert Decoder().feed(b"MSH|1\x1c\r" + framed(b"MSH|2")) == [Piece(b"MSH|1"), Piece(b"MSH|2")]


def test_noise_between_messages_is_told_apart():
    pieces = Decoder().feed(framed(b"MSH|1") + b"keep-alive\x1c\r" + b"\r\n hello" + framed(b"MSH|2"))
    assert pieces == [
        Piece(b"MSH|1"),
        Piece(b"keep-alive", Fault.NOISE),
        Piece(b" hello", Fault.NOISE),
        Piece(b"MSH|2"),
    ]


def test_a_message_cut_short_by_the_next_one_is_unfinished():
    pieces = Decoder().feed(b"\x0bMSH|cut" + framed(b"MSH|whole"))
    assert pieces == [Piece(b"MSH|cut", Fault.UNFINISHED), Piece(b"MSH|whole")]


def test_a_message_cut_short_by_the_end_of_the_stream_is_unfinished():
    decoder = Decoder()
    assert decoder.feed(b"\x0bMSH|cut") == []
    assert decoder.is_within_a_message
    assert decoder.end() == [Piece(b"MSH|cut", Fault.UNFINISHED)]


def test_an_oversized_message_keeps_only_its_head():
    decoder = Decoder(limit=10_000)
    pieces = decoder.feed(b"\x0bMSH|")
    while not pieces:
        pieces = decoder.feed(b"x" * 1000)
    assert [piece.fault for piece in pieces] == [Fault.TOO_LARGE]
    assert pieces[0].content.startswith(b"MSH|xxx")
    assert len(pieces[0].content) <= 4096


def test_an_oversized_message_in_one_packet_is_refused_too():
    (piece,) = Decoder(limit=100).feed(framed(b"MSH|" + b"x" * 200))
    assert piece.fault is Fault.TOO_LARGE


def test_a_message_of_exactly_the_limit_passes():
    assert Decoder(limit=100).feed(framed(b"x" * 100)) == [Piece(b"x" * 100)]


def test_returns_between_messages_are_not_a_message_begun():
    decoder = Decoder()
    assert decoder.feed(framed(b"MSH|1") + b"\r\n\r\n") == [Piece(b"MSH|1")]
    assert not decoder.is_within_a_message
