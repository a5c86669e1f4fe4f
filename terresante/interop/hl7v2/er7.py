"""HL7 v2 in its "pipe and hat" form (ER7): a lazy reader, fast enough for a region's admissions."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

ERASED = '""'  # HL7 v2.5 chapter 2.5.3: the sender asks that the value be removed

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_IN_WINDOWS_ONLY = re.compile(rb"[\x80-\x9f]")
_LINE_ENDS = re.compile("\r\n|\r|\n")
# Those that senders write without any field. Three other letters on a line are a word of the text above: « RAS ».
_MAY_BE_BARE = frozenset(
    "EVN PID PD1 ROL NK1 PV1 PV2 DB1 OBX AL1 IAM DG1 DRG PR1 GT1 IN1 IN2 IN3 ACC UB1 UB2 PDA MRG ARV ORC OBR NTE TXA "
    "PRT SPM SAC TQ1 TQ2 CTD CTI FT1 BLG CON MSA ERR SFT UAC DSC".split()
)
_CODECS = {
    "": "",
    "unicodeutf8": "utf-8",
    "unicode": "utf-8",
    "utf8": "utf-8",
    "88591": "iso8859-1",
    "iso88591": "iso8859-1",
    "latin1": "iso8859-1",
    **{
        f"{prefix}8859{part}": f"iso8859-{part}"
        for prefix in ("", "iso")
        for part in (2, 3, 4, 5, 6, 7, 8, 9, 15)
    },
    "ascii": "ascii",
}


class NotEr7(Exception):
    """The bytes are no HL7 v2 message: no MSH segment, or one too short to declare its separators."""


class Undecodable(Exception):
    """The bytes do not follow the character set that MSH-18 declares."""

    def __init__(self, declared: str) -> None:
        super().__init__(declared)
        self.declared = declared


@dataclass(frozen=True, slots=True)
class Separators:
    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"


STANDARD = Separators()


class Segment:
    """Fields are numbered as in the standard: from 1, and MSH-1 is the field separator itself."""

    __slots__ = ("_codec", "_fields", "_separators", "name")

    def __init__(self, line: str, separators: Separators, codec: str) -> None:
        fields = line.split(separators.field)
        self.name = fields[0]
        if self.name == "MSH":
            fields.insert(1, separators.field)
        self._fields = fields
        self._separators = separators
        self._codec = codec

    def __len__(self) -> int:
        return len(self._fields) - 1

    def raw(self, field: int) -> str:
        return self._fields[field] if field < len(self._fields) else ""

    def value(self, field: int, component: int = 1, subcomponent: int = 1) -> str:
        """Of the first repetition; empty when absent, and when the sender erases it (`""`)."""
        raw = self._fields[field] if field < len(self._fields) else ""
        if not raw:
            return ""
        return self._piece(raw.split(self._separators.repetition, 1)[0], component, subcomponent)

    def repetitions(self, field: int) -> list["Repetition"]:
        """Empty repetitions are left out."""
        raw = self._fields[field] if field < len(self._fields) else ""
        return (
            [Repetition(self, part) for part in raw.split(self._separators.repetition) if part] if raw else []
        )

    def _piece(self, raw: str, component: int, subcomponent: int) -> str:
        separators = self._separators
        components = raw.split(separators.component)
        if component > len(components):
            return ""
        pieces = components[component - 1].split(separators.subcomponent)
        if subcomponent > len(pieces):
            return ""
        piece = pieces[subcomponent - 1].strip()
        if piece == ERASED:
            return ""
        return unescape(piece, separators, self._codec) if separators.escape in piece else piece


class Repetition:
    __slots__ = ("_segment", "raw")

    def __init__(self, segment: Segment, raw: str) -> None:
        self._segment = segment
        self.raw = raw

    def value(self, component: int = 1, subcomponent: int = 1) -> str:
        return self._segment._piece(self.raw, component, subcomponent)  # noqa: SLF001  # the same unit

    @property
    def is_erased(self) -> bool:
        return self.raw == ERASED or self.raw.startswith(ERASED + self._segment._separators.component)  # noqa: SLF001


class Message:
    """Segments are cut into fields when they are asked for."""

    __slots__ = ("_cut", "_lines", "codec", "declared_charset", "is_charset_doubtful", "separators")

    def __init__(self, lines: list[str], separators: Separators, codec: str, declared_charset: str) -> None:
        self._lines = lines
        self._cut: dict[int, Segment] = {}
        self.separators = separators
        self.codec = codec
        self.declared_charset = declared_charset
        self.is_charset_doubtful = False

    def segment(self, name: str) -> Segment | None:
        return next(self._named(name), None)

    def segments(self, name: str) -> list[Segment]:
        return list(self._named(name))

    def names(self) -> list[str]:
        return [line[:3] for line in self._lines]

    def __iter__(self) -> Iterator[Segment]:
        return (self._segment_at(index) for index in range(len(self._lines)))

    def _named(self, name: str) -> Iterator[Segment]:
        for index, line in enumerate(self._lines):
            if line.startswith(name):
                yield self._segment_at(index)

    def _segment_at(self, index: int) -> Segment:
        found = self._cut.get(index)
        if found is None:
            found = self._cut[index] = Segment(self._lines[index], self.separators, self.codec)
        return found


def read(raw: bytes) -> Message:
    """Raises NotEr7 or Undecodable."""
    content, header, separators = _opened(raw)
    declared = _declared_charset(header, separators)
    text, codec, is_doubtful = _decoded(content, declared)
    # As letters, not bytes: some senders write a « ˜ » that is two of them.
    separators = _separators(_LINE_ENDS.split(text[:4096], maxsplit=1)[0])
    # PostgreSQL holds no NUL in a text, and no sender means one.
    message = Message(_segment_lines(text.replace("\x00", ""), separators.field), separators, codec, declared)
    message.is_charset_doubtful = is_doubtful
    return message


def read_header(raw: bytes) -> Message:
    """The MSH segment alone, whatever follows it. Raises NotEr7."""
    _, header, separators = _opened(raw)
    declared = _declared_charset(header, separators)
    return Message([header], separators, _codec(declared) or "utf-8", declared)


def unescape(text: str, separators: Separators = STANDARD, codec: str = "utf-8") -> str:
    """Unknown sequences stay as they came."""
    escape = separators.escape
    if not escape or escape not in text:
        return text
    plain = {
        "F": separators.field,
        "S": separators.component,
        "T": separators.subcomponent,
        "R": separators.repetition,
        "E": escape,
        "H": "",
        "N": "",
        ".br": "\n",
    }

    def replaced(match: re.Match[str]) -> str:
        sequence = match[1]
        if sequence in plain:
            return plain[sequence]
        if sequence.startswith("X"):
            return _from_hexadecimal(sequence[1:], codec) or match[0]
        return match[0]

    mark = re.escape(escape)
    return re.sub(f"{mark}([A-Z.][A-Za-z0-9+.]*){mark}", replaced, text)


def escaped(text: str, separators: Separators = STANDARD) -> str:
    """A free text made safe for a field; line ends become `.br`."""
    mark = separators.escape
    table: dict[str | int, str | int | None] = {
        mark: f"{mark}E{mark}",
        separators.field: f"{mark}F{mark}",
        separators.component: f"{mark}S{mark}",
        separators.subcomponent: f"{mark}T{mark}",
        separators.repetition: f"{mark}R{mark}",
        "\n": f"{mark}.br{mark}",
    }
    return _LINE_ENDS.sub("\n", text).translate(str.maketrans(table))


def encoded(text: str, codec: str) -> bytes:
    """Letters the character set lacks lose their accent, rather than the message its reader."""
    try:
        return text.encode(codec)
    except UnicodeEncodeError:
        plain = text.translate({0x2019: "'", 0x153: "oe", 0x152: "OE", 0xA0: " ", 0x202F: " ", 0x2026: "..."})
        return "".join(_representable(letter, codec) for letter in plain).encode(codec)


def _representable(letter: str, codec: str) -> str:
    try:
        letter.encode(codec)
    except UnicodeEncodeError:
        spread = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode("ascii")
        return spread or "?"
    return letter


def _opened(raw: bytes) -> tuple[bytes, str, Separators]:
    content = raw.lstrip(_BYTE_ORDER_MARK + b" \t\r\n\x0b")
    header = _LINE_ENDS.split(content[:4096].decode("iso8859-1"), maxsplit=1)[0]
    if not header.startswith("MSH") or len(header) < 8:
        raise NotEr7
    return content, header, _separators(header)


def _separators(header: str) -> Separators:
    field = header[3]
    marks = header[4:].split(field, 1)[0]
    marks += "^~\\&"[len(marks) :]
    return Separators(field, marks[0], marks[1], marks[2], marks[3])


def _declared_charset(header: str, separators: Separators) -> str:
    fields = header.split(separators.field)
    return fields[17].split(separators.repetition, 1)[0].strip() if len(fields) > 17 else ""


def _decoded(content: bytes, declared: str) -> tuple[str, str, bool]:
    """The text, the codec, and whether the character set is a guess or looks wrong."""
    codec = _codec(declared)
    if content.isascii():
        return content.decode("ascii"), codec or "utf-8", False
    if codec:
        try:
            text = content.decode(codec)
        except UnicodeDecodeError:
            raise Undecodable(declared) from None
        if codec == "iso8859-1" and _IN_WINDOWS_ONLY.search(content):
            # No text has those control characters: it is Windows-1252, announced as its neighbour.
            return content.decode("cp1252", "replace"), codec, True
        return text, codec, codec.startswith("iso") and _is_utf8(content)
    if _is_utf8(content):
        return content.decode("utf-8"), "utf-8", True
    return content.decode("iso8859-15"), "iso8859-15", True


def _codec(declared: str) -> str:
    return _CODECS.get(re.sub(r"[^a-z0-9]", "", declared.lower()), "")


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _segment_lines(text: str, field_separator: str) -> list[str]:
    """A line not beginning like a segment continues the one before: senders forget to escape line ends."""
    lines: list[str] = []
    pending: list[str] = []
    for line in _LINE_ENDS.split(text):
        if not line:
            continue
        if _begins_segment(line, field_separator):
            if pending:
                lines[-1] = "\n".join([lines[-1], *pending])
                pending = []
            lines.append(line)
        elif lines:
            pending.append(line)
    if pending:
        lines[-1] = "\n".join([lines[-1], *pending])
    return lines


def _begins_segment(line: str, field_separator: str) -> bool:
    if len(line) == 3:
        return line in _MAY_BE_BARE or (line[0] == "Z" and line.isalnum() and line.isupper())
    return line[3:4] == field_separator and line[:3].isalnum()


def _from_hexadecimal(digits: str, codec: str) -> str:
    try:
        return bytes.fromhex(digits).decode(codec).replace("\x00", "")
    except (ValueError, UnicodeDecodeError):
        return ""
