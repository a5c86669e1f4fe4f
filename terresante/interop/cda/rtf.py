"""The words of a text in RTF (Microsoft, RTF 1.9.1), without its looks: many programs of practices write nothing else.

Pure, in one pass. Nothing is run, opened nor fetched: pictures, objects and fields are left out. Nothing raises.
"""

import re
from dataclasses import dataclass, replace
from itertools import islice

START = b"{\\rtf"
# Characters kept, and pieces looked at: a letter of a thousand pages.
LONGEST, MOST_PIECES = 2_000_000, 1_000_000
_TOKEN = re.compile(
    r"\\([a-zA-Z]{1,32})(-?\d{1,9})?\x20?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z'])|([{}])|([^\\{}\r\n]+)|[\r\n]"
)
# Groups that hold no words of the text.
_SILENT = frozenset(
    {
        *("fonttbl", "colortbl", "stylesheet", "info", "pict", "object", "listtable", "listoverridetable"),
        *("rsidtbl", "generator", "xmlnstbl", "themedata", "datastore", "latentstyles", "fldinst", "filetbl"),
        *("revtbl", "userprops", "bkmkstart", "bkmkend", "mmathPr", "pgptbl"),
    }
)
_WRITTEN = {
    **dict.fromkeys(("par", "line", "sect", "page", "row"), "\n"),
    **dict.fromkeys(("tab", "cell", "nestcell"), "\t"),
    "emdash": "—",
    "endash": "–",
    "lquote": "‘",
    "rquote": "’",
    "ldblquote": "“",
    "rdblquote": "”",
    "bullet": "•",
    "nestrow": "\n",
}
_SIGNS = {"~": "\u00a0", "_": "-", "\\": "\\", "{": "{", "}": "}", "\n": "\n", "\r": "\n"}
_CODE_PAGES = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850", "ansi": "cp1252"}
_KNOWN = frozenset({437, 850, 852, 874, 932, 936, 949, 950, *range(1250, 1259)})
_BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class _Group:
    """`skip`: characters that stand for a Unicode one, for readers that know none (`\\uc`)."""

    is_silent: bool = False
    is_hidden: bool = False
    skip: int = 1


class _Reading:
    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._size = 0
        self._stack: list[_Group] = []
        self._group = _Group()
        self._codec = "cp1252"
        self._left_out = 0
        # Bytes of one letter may be two, in eastern code pages.
        self._bytes = bytearray()

    def text(self, content: str) -> str:
        for match in islice(_TOKEN.finditer(content), MOST_PIECES):
            if match[3] is None:
                self._decode()
            self._take(match)
            if self._size >= LONGEST:
                break
        self._decode()
        lines = (line.rstrip() for line in "".join(self._pieces).split("\n"))
        return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()

    def _take(self, match: re.Match[str]) -> None:
        word, number, byte, sign, brace, plain = match.groups()
        if word is not None:
            self._word(word, int(number) if number else None)
        elif byte is not None:
            self._byte(int(byte, 16))
        elif sign is not None:
            self._sign(sign)
        elif brace == "{":
            self._stack.append(self._group)
        elif brace == "}":
            self._group = self._stack.pop() if self._stack else _Group()
            self._left_out = 0
        elif plain is not None:
            self._say(plain[self._left_out :])
            self._left_out = max(0, self._left_out - len(plain))

    def _word(self, word: str, number: int | None) -> None:
        if word in _SILENT:
            self._group = replace(self._group, is_silent=True)
        elif word in _WRITTEN:
            self._say(_WRITTEN[word])
        elif word == "u" and number is not None:
            code = number % 0x10000
            self._say(chr(code) if not 0xD800 <= code < 0xE000 else "\ufffd")
            self._left_out = self._group.skip
        elif word == "uc":
            self._group = replace(self._group, skip=min(max(number or 0, 0), 8))
        elif word == "v":
            self._group = replace(self._group, is_hidden=number != 0)
        elif word == "ansicpg" and number in _KNOWN:
            self._codec = f"cp{number}"
        elif word in _CODE_PAGES:
            self._codec = _CODE_PAGES[word]

    def _byte(self, value: int) -> None:
        if self._left_out:
            self._left_out -= 1
        elif not (self._group.is_silent or self._group.is_hidden):
            self._bytes.append(value)

    def _decode(self) -> None:
        if self._bytes:
            self._say(self._bytes.decode(self._codec, "replace"))
            self._bytes.clear()

    def _sign(self, sign: str) -> None:
        if sign == "*":
            # What follows is for who knows it.
            self._group = replace(self._group, is_silent=True)
        elif sign in _SIGNS:
            self._say(_SIGNS[sign])

    def _say(self, text: str) -> None:
        if not (self._group.is_silent or self._group.is_hidden):
            text = text[: LONGEST - self._size]
            self._pieces.append(text)
            self._size += len(text)


def text_of_rtf(content: bytes) -> str:
    """'' for what holds no word."""
    return _Reading().text(content.decode("latin-1").replace("\x00", ""))
