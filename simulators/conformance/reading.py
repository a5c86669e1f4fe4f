"""A published message read by hand: lines and separators, nothing of the platform's own reader."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
_SEGMENT = re.compile(r"[A-Z][A-Z0-9]{2}$")
_TS = re.compile(r"(\d{4}(?:\d{2}){0,5})(?:\.\d+)?([+-]\d{4})?")
_INS_OIDS = {f"1.2.250.1.213.1.4.{last}" for last in (8, 9, 10, 11)}
# Of the INS and of what looks like it: no hospital's own number, however it is typed.
_NATIONAL = re.compile(r"1\.2\.250\.1\.213\.1\.4\.|ASIP-SANTE-INS")
_SECRET_UNIT = re.compile(r"PSYCHIATR|PEDOPSY|ADDICT|ALCOOLO|ORTHOGENIE|\bIVG\b|SOUS X\b|SOUS LE SECRET")
ACTIONS = ("INSERT", "UPDATE", "CANCEL", "DELETE")
Number = tuple[str, str]


class Sample:
    """One file. `value(segment, field, component)` counts as the standard does; first repetition, else empty."""

    def __init__(self, name: str, raw: bytes) -> None:
        self.name = name
        self.raw = raw
        text = raw.lstrip(b"\xef\xbb\xbf \t\r\n").decode("latin-1")
        header = re.split(r"[\r\n]", text, maxsplit=1)[0]
        self.marks = (header[3:7] + "|^~\\"[len(header[3:7]) :]) if header.startswith("MSH") else "|^~\\"
        fields = header.split(self.marks[0])
        self.charset = fields[17].split(self.marks[2])[0] if len(fields) > 17 else ""
        self.segments: dict[str, list[list[str]]] = {}
        for line in re.split(r"[\r\n]+", self._decoded(text)):
            parts = line.split(self.marks[0])
            if _SEGMENT.match(parts[0]):
                self.segments.setdefault(parts[0], []).append(parts)

    @property
    def is_hl7(self) -> bool:
        return "MSH" in self.segments

    @cached_property
    def is_undecodable(self) -> bool:
        codec = {"UNICODE UTF-8": "utf-8", "UTF-8": "utf-8", "ASCII": "ascii"}.get(self.charset, "latin-1")
        try:
            self.raw.decode(codec)
        except UnicodeDecodeError:
            return True
        return False

    def field(self, segment: str, number: int, *, occurrence: int = 0) -> str:
        rows = self.segments.get(segment, [])
        if occurrence >= len(rows):
            return ""
        index = number - 1 if segment == "MSH" else number
        return rows[occurrence][index] if index < len(rows[occurrence]) else ""

    def repetitions(self, segment: str, number: int, *, occurrence: int = 0) -> list[list[str]]:
        """Components of each repetition; `""` (erased) reads as empty."""
        found = self.field(segment, number, occurrence=occurrence)
        return [
            ["" if part.strip() == '""' else part.strip() for part in text.split(self.marks[1])]
            for text in found.split(self.marks[2])
            if text
        ]

    def value(self, segment: str, number: int, component: int = 1) -> str:
        first = next(iter(self.repetitions(segment, number)), [])
        return first[component - 1] if component <= len(first) else ""

    @property
    def trigger(self) -> str:
        return self.value("MSH", 9, 2)

    @property
    def sent_at(self) -> datetime | None:
        return moment(self.value("MSH", 7))

    def numbers(self, segment: str = "PID", *, field: int = 3, occurrence: int = 0) -> list[Number]:
        """(IPP, authority) of each identifier of type PI, or without a type."""
        found = []
        for repetition in self.repetitions(segment, field, occurrence=occurrence):
            value, _, _, assigner, kind, *_ = [*repetition, "", "", "", ""]
            namespace, universal, *_ = [*assigner.split("&"), ""]
            authority = universal or namespace
            if value and kind in ("PI", "") and authority and not _NATIONAL.match(authority):
                found.append((value, authority))
        return found

    @property
    def matricule(self) -> str:
        """The INS that may be kept: a right key under an INS authority, and a validated identity."""
        if "VALI" not in [part[0] for part in self.repetitions("PID", 32)]:
            return ""
        right = [
            (assigner.split("&")[1].endswith(".9"), value)
            for value, _, _, assigner, *_ in ([*part, "", "", "", ""] for part in self.repetitions("PID", 3))
            if "&" in assigner and assigner.split("&")[1] in _INS_OIDS and is_key_right(value)
        ]
        return min(right, default=(False, ""))[1]

    @property
    def visit(self) -> str:
        account = self.value("PID", 18)
        return self.value("PV1", 19) or (f"dossier {account}" if account else "")

    @property
    def is_secret(self) -> bool:
        """Asked by the sender, or told by the name of a unit (no unit is declared in a conformance database)."""
        reliability = {part[0] for part in self.repetitions("PID", 32)}
        names = [[*part, *[""] * 7][6] for part in self.repetitions("PID", 5)]
        units = " ".join(part for field in range(7, 10) for part in [self.value("ZBE", field)])
        return (
            self.value("PV1", 16) in ("Y", "I")
            or self.value("PV2", 22) == "Y"
            or self.value("PD1", 12) == "Y"
            or bool(reliability & {"ANOM", "CACH"})
            or "S" in names
            or "ZFS" in self.segments
            or any(self.value("ZFV", field) for field in (4, 5, 10))
            or bool(_SECRET_UNIT.search(normalised(f"{units} {self.value('PV1', 3)}")))
        )

    @property
    def is_death(self) -> bool:
        died = self.value("PID", 30) == "Y" or bool(self.value("PID", 29))
        return died or self.value("ZFM", 2) == "9"

    @property
    def identity(self) -> "Identity":
        names = [[*part, *[""] * 7] for part in self.repetitions("PID", 5)]
        birth = next(
            (name for kind in ("L", "", "M") for name in names if name[6] == kind),
            ["", "", "", "", "", "", ""],
        )
        places = [[*part, *[""] * 9] for part in self.repetitions("PID", 11)]
        place = next((part[8] for part in places if part[6] == "BDL"), "")
        sex = self.value("PID", 8)
        return Identity(
            birth_name=birth[0],
            given_names=birth[2] or birth[1],
            born=day(self.value("PID", 7)),
            sex=sex if sex in ("M", "F") else "",
            birth_place=place if re.fullmatch(r"(\d\d|2[AB])\d{3}", place) else "",
        )

    def _decoded(self, text: str) -> str:
        codec = {"8859/1": "latin-1", "8859/15": "iso8859-15"}.get(self.charset, "utf-8")
        try:
            return text.encode("latin-1").decode(codec)
        except UnicodeDecodeError:
            return text


@dataclass(frozen=True)
class Identity:
    """Five traits as published; empty when the message does not give one."""

    birth_name: str
    given_names: str
    born: date | None
    sex: str
    birth_place: str

    @property
    def is_complete(self) -> bool:
        return bool(self.compared[0] and self.compared[1] and self.born)

    @property
    def compared(self) -> tuple[str, str, str, str, str]:
        first = normalised(self.given_names).split(" ")[0]
        born = self.born.isoformat() if self.born else ""
        return normalised(self.birth_name), first, born, self.sex, self.birth_place

    def differing(self, other: "Identity") -> int:
        """How many traits known on both sides differ."""
        pairs = zip(self.compared, other.compared, strict=True)
        return sum(bool(ours and theirs and ours != theirs) for ours, theirs in pairs)

    def is_same(self, other: "Identity") -> bool:
        return all(self.compared) and self.compared == other.compared


def samples_of(folder: Path) -> list[Sample]:
    """Every HL7 v2 file of the folder, the oldest message first."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and b"MSH" in (raw := path.read_bytes())[:16]:
            found.append(Sample(str(path.relative_to(folder)), raw))
    longest_ago = datetime(1, 1, 2, tzinfo=PARIS)
    return sorted(found, key=lambda sample: (sample.sent_at or longest_ago, sample.name))


def moment(text: str) -> datetime | None:
    match = _TS.fullmatch(text)
    if match is None:
        return None
    digits, offset = match[1].ljust(14, "0"), match[2]
    month, last = digits[4:6].replace("00", "01"), digits[6:8].replace("00", "01")
    try:
        naive = datetime.strptime(f"{digits[:4]}{month}{last}{digits[8:]}", "%Y%m%d%H%M%S")  # noqa: DTZ007
    except ValueError:
        return None
    if not offset:
        return naive.replace(tzinfo=PARIS)
    sign = -1 if offset[0] == "-" else 1
    return naive.replace(tzinfo=timezone(sign * timedelta(hours=int(offset[1:3]), minutes=int(offset[3:5]))))


def day(text: str) -> date | None:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None


def normalised(name: str) -> str:
    spread = unicodedata.normalize("NFKD", name.replace("’", "'").replace("Œ", "OE").replace("œ", "oe"))
    plain = "".join(letter for letter in spread if not unicodedata.combining(letter)).upper()
    return re.sub(r" {2,}", " ", re.sub(r"[^A-Z' -]+", " ", plain)).strip()


def is_key_right(matricule: str) -> bool:
    body, key = matricule[:13].replace("2A", "19").replace("2B", "18"), matricule[13:]
    return len(matricule) == 15 and body.isdecimal() and key == f"{97 - int(body) % 97:02d}"
