"""From the files of `data/` to the people and places they describe."""

import datetime
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simulators.region import identifiers
from simulators.region.model import (
    Account,
    Commune,
    Identity,
    Member,
    Moment,
    Note,
    Paper,
    Professional,
    Relative,
    Section,
    SentLetter,
    Stay,
    Story,
    Structure,
    Unit,
)
from simulators.region.results import read_reports
from simulators.region.wording import said, typeset

DATA = Path(__file__).parent / "data"
_NOTE = re.compile(r"^@ (\d+) (\d{2}:\d{2}) (\S+) (\S+)\n(.+?)(?=^@ |\Z)", re.MULTILINE | re.DOTALL)
# After the words of a note: « + form: what it shows ».
_JOINED = re.compile(r"^\+ (\w+): ", re.MULTILINE)
_WITH_FINESS = frozenset(
    "public_hospital private_hospital pharmacy laboratory ssiad had ehpad cmp csapa health_centre".split()
)
# TRE_G15 codes of those who are in the RPPS; the others have no national number here.
_WITH_RPPS = frozenset({"10", "21", "50", "60", "70", "80", "91", "94", "95", "93", "96", "41", "35"})
_GENERAL_MEDICINE = ("SM54", "Médecine générale")
_SUPPORT = frozenset({"dac", "3c"})
_CONSENT_ASKED = frozenset({"41", "42", "51", "307", "350"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What stories take place in."""

    today: datetime.date
    communes: tuple[Commune, ...]
    birth_places: tuple[Commune, ...]
    structures: dict[str, Structure]
    professionals: dict[str, Professional]

    def place(self, code: str) -> Commune:
        return next(place for place in (*self.communes, *self.birth_places) if place.code == code)

    def basis_of(self, who: str) -> str:
        """A structure of support shares by law; a person outside the care team, by consent (DOMAIN.md 2.1)."""
        if who in self.structures:
            return "support" if self.structures[who].kind in _SUPPORT else "care_team"
        return "consent" if self.professionals[who].profession in _CONSENT_ASKED else "care_team"


def read_setting(today: datetime.date) -> Setting:
    places = _toml("places.toml")
    communes = tuple(Commune(*row) for row in places["communes"])
    structures = dict(_structures({place.code: place for place in communes}))
    return Setting(
        today=today,
        communes=communes,
        birth_places=tuple(Commune(*row) for row in places["birth_places"]),
        structures=structures,
        professionals=dict(_professionals()),
    )


def read_accounts() -> tuple[Account, ...]:
    return tuple(
        Account(
            **{
                **row,
                "role": typeset(row["role"]),
                "shows": typeset(row["shows"]),
                "relative_of": tuple(row.get("relative_of", ())),
            }
        )
        for row in _toml("people.toml")["accounts"]
    )


def read_stories(setting: Setting) -> Iterator[Story]:
    phones = identifiers.phones(identifiers.MOBILE, start=4000)
    for order, path in enumerate(sorted((DATA / "stories").glob("*.toml"))):
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        yield _story(path.stem.partition("-")[2], content, setting, phones, order)


def _structures(communes: dict[str, Commune]) -> Iterator[tuple[str, Structure]]:
    phones = identifiers.phones(identifiers.LANDLINE, start=1000)
    for number, (key, row) in enumerate(_toml("structures.toml").items()):
        commune = communes[row["commune"]]
        yield (
            key,
            Structure(
                key=key,
                name=typeset(row["name"]),
                short_name=typeset(row.get("short_name", "")),
                kind=row["kind"],
                commune=commune,
                address=typeset(row["address"]),
                phone=next(phones),
                finess=identifiers.finess(commune.code[:2], number) if row["kind"] in _WITH_FINESS else "",
                oid=row.get("oid", ""),
                is_psychiatric=row.get("is_psychiatric", False),
                units=tuple(_unit(unit) for unit in row.get("units", [])),
            ),
        )


def _unit(row: list[str]) -> Unit:
    return Unit(code=row[0], name=row[1], sensitivity=row[2] if len(row) > 2 else "ordinary")


def _professionals() -> Iterator[tuple[str, Professional]]:
    phones = identifiers.phones(identifiers.MOBILE, start=2000)
    people = _toml("people.toml")
    women = frozenset(people["women"].split())
    for number, row in enumerate(people["professionals"]):
        key, family, given, title, profession, label, structure, *duties = row
        code = _GENERAL_MEDICINE[0] if label == _GENERAL_MEDICINE[1] else ""
        yield (
            key,
            Professional(
                key=key,
                family=family,
                given=given,
                title=title,
                is_woman=key in women,
                profession=profession,
                specialty=code,
                specialty_label=typeset(label),
                structure=structure,
                phone=next(phones),
                rpps=identifiers.rpps(number) if profession in _WITH_RPPS else "",
                duties=tuple(duties),
                also=tuple(people["also"].get(key, ())),
            ),
        )


def _story(key: str, content: dict[str, Any], setting: Setting, phones: Iterator[str], order: int) -> Story:
    identity = _identity(content, setting, phones, order)
    return Story(
        key=key,
        identity=identity,
        founder=content["founder"],
        since=content["since"],
        programme=content.get("programme", ""),
        support=content.get("support", "oral_notice"),
        members=tuple(_member(text, setting) for text in content["members"]),
        relatives=tuple(_relative(row, phones) for row in content.get("relatives", [])),
        notes=tuple(read_notes(content["journal"], setting.today)),
        papers=tuple(read_papers(key, setting, identity)),
        letters=(*read_letters(key, setting), *read_reports(key)),
        stays=tuple(_stay(row) for row in content.get("stays", [])),
        oppositions=tuple(_opposition(text) for text in content.get("oppositions", [])),
        is_written_by_hand=True,
    )


def _identity(content: dict[str, Any], setting: Setting, phones: Iterator[str], order: int) -> Identity:
    born = _born(content, setting.today, order)
    place = setting.place(content["birth_place"])
    has_ins = content["status"] == "QUAL"
    return Identity(
        birth_name=content["birth_name"],
        given=content["given"],
        used_name=content.get("used_name", ""),
        sex=content["sex"],
        born=born,
        birth_place=place,
        status=content["status"],
        ins=identifiers.ins(sex=content["sex"], born=born, place=place.code, order=900 + order)
        if has_ins
        else "",
        phone=content.get("phone") or next(phones),
        address=typeset(content["address"]),
        commune=setting.place(content["commune"]),
    )


def _born(content: dict[str, Any], today: datetime.date, order: int) -> datetime.date:
    """Fixed, or so many days or years (and some days) before today, so that nobody outgrows the story."""
    if "born" in content:
        return datetime.date.fromisoformat(content["born"])
    days = (
        content["born_days"]
        if "born_days" in content
        else int(content["born_years"] * 365.25) + 20 + 23 * order
    )
    return today - datetime.timedelta(days=days)


def _member(text: str, setting: Setting) -> Member:
    who, since = text.split()
    return Member(who=who, role="member", basis=setting.basis_of(who), since=int(since))


def _relative(row: dict[str, Any], phones: Iterator[str]) -> Relative:
    return Relative(
        name=row["name"],
        link=row["link"],
        phone=row.get("phone") or next(phones),
        is_trusted=row.get("trusted", False),
        is_to_warn=row.get("warn", False),
        is_carer=row.get("carer", False),
    )


def read_notes(journal: str, today: datetime.date) -> Iterator[Note]:
    """Oldest first. Raises ValueError when part of the journal is no note."""
    found = [match.groups() for match in _NOTE.finditer(journal)]
    if journal.count("@ ") != len(found):
        raise ValueError(f"a note of the journal has no readable heading: {journal[:60]}")
    for days, clock, author, data_class, text in sorted(found, key=lambda row: (-int(row[0]), row[1])):
        words, *joined = _JOINED.split(text)
        yield Note(
            at=moment(f"{days} {clock}"),
            author=author,
            data_class=data_class,
            text=said(words, today),
            joined=tuple(zip(joined[::2], (line.strip() for line in joined[1::2]), strict=True)),
        )


def read_papers(story: str, setting: Setting, about: Identity) -> Iterator[Paper]:
    """Oldest first, each on the paper of the structure of who wrote it."""
    rows = [row for row in _toml("papers.toml")["papers"] if row["story"] == story]
    person = f"{about.given.split()[0]} {about.used_name or about.birth_name}"
    born = f"{about.born:%d/%m/%Y}"
    for row in sorted(rows, key=lambda row: -moment(row["at"]).days):
        who, at = setting.professionals[row["author"]], moment(row["at"])
        name = f"{who.title} {who.given} {who.family}".strip()
        place = setting.structures[who.structure]
        day = f"{at.on(setting.today):%d/%m/%Y}"
        yield Paper(
            at=at,
            author=row["author"],
            type=row["type"],
            title=typeset(row["title"]),
            text=said(row["text"], setting.today),
            by=typeset(row.get("by", "")),
            form=row.get("form", "pdf"),
            is_hidden=row.get("hidden", False),
            is_replacing=row.get("replaces", False),
            letterhead=(
                typeset(row.get("by", "")) or place.name,
                f"{place.commune.name}, le {day}",
                "",
                f"Concerne : {person}, né(e) le {born}",
            ),
            signature=typeset(row.get("by", "")) or name,
        )


def read_letters(story: str, setting: Setting) -> Iterator[SentLetter]:
    for row in _toml("letters.toml")["letters"]:
        if row["story"] == story:
            yield SentLetter(
                at=moment(row["at"]),
                sender=row["sender"],
                type=row["type"],
                title=typeset(row["title"]),
                by=row["by"],
                role=row.get("role", "G15_10/SM26"),
                sections=tuple(_section(each, setting) for each in row["passages"]),
            )


def _section(row: dict[str, Any], setting: Setting) -> Section:
    return Section(
        code=row["code"],
        title=typeset(row["title"]),
        text=said(row.get("text", ""), setting.today),
        items=tuple(typeset(each) for each in row.get("list", [])),
        head=tuple(typeset(each) for each in row.get("head", [])),
        rows=tuple(tuple(typeset(cell) for cell in cells) for cells in row.get("rows", [])),
        results=tuple(tuple(each) for each in row.get("results", [])),
    )


def _stay(row: dict[str, Any]) -> Stay:
    return Stay(
        hospital=row["hospital"],
        unit=row["unit"],
        reason=typeset(row["reason"]),
        came=moment(row["came"]),
        gone=moment(row["gone"]) if "gone" in row else None,
        patient_class=row.get("patient_class", "I"),
    )


def _opposition(text: str) -> tuple[str, int]:
    kind, days = text.split()
    return kind, int(days)


def moment(text: str) -> Moment:
    """`6 17:45`: six days before today, at 17:45."""
    days, clock = text.split()
    hour, minute = clock.split(":")
    return Moment(days=int(days), hour=int(hour), minute=int(minute))


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads((DATA / name).read_text(encoding="utf-8"))
