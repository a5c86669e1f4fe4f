"""The patients nobody wrote by hand: eight ways to be ill, drawn with a fixed seed so that two loads agree."""

import datetime
import random
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from simulators.region import identifiers
from simulators.region.model import Identity, Member, Moment, Note, Relative, Stay, Story
from simulators.region.reading import DATA, Setting
from simulators.region.wording import typeset

SEED = 20_260_417
GERIATRICIAN = "georges"
# As on the mock-up of his first screen: 38 patients with those of the stories, 11 of them with heart failure.
GERIATRICIAN_FOLLOWS = {
    "insuffisance cardiaque": 9,
    "hanche opérée": 8,
    "troubles cognitifs": 9,
    "diabète": 6,
}
# Nothing new in his records since his last visit but what the stories tell.
_QUIET_DAYS = 3
_CURRENT_STAYS = 6
_OLDEST_NOTE = 300
_NUMBER = re.compile(r"\[(\d+(?:\.\d+)?)\.\.(\d+(?:\.\d+)?)\]")
_LINKS = ("child", "child", "spouse", "neighbour", "sibling")


@dataclass(frozen=True, slots=True)
class _Team:
    communes: tuple[str, ...]
    doctors: tuple[str, ...]
    nurses: tuple[str, ...]
    pharmacists: tuple[str, ...]
    aides: tuple[str, ...]
    social: tuple[str, ...]


class Crowd:
    """Draws stories one after the other; a Crowd serves once."""

    def __init__(self, setting: Setting) -> None:
        content = tomllib.loads((DATA / "crowd.toml").read_text(encoding="utf-8"))
        self._setting = setting
        self._random = random.Random(SEED)  # noqa: S311 -- content, no secret
        self._families: list[str] = content["family_names"].split()
        self._given = {
            key: content[key].split() for key in ("women_old", "women_young", "men_old", "men_young")
        }
        self._streets: list[str] = content["streets"].split("|")
        self._teams = [_Team(**{key: tuple(names) for key, names in row.items()}) for row in content["teams"]]
        self._templates: list[dict[str, Any]] = content["templates"]
        self._phones = identifiers.phones(identifiers.MOBILE, start=5000)
        self._names_taken: set[tuple[str, str]] = set()
        self._left_to_follow = dict(GERIATRICIAN_FOLLOWS)
        self._current_stays = 0
        self._recent: list[list[str]] = []

    def stories(self, count: int) -> Iterator[Story]:
        for number in range(count):
            yield self._story(number)

    def _story(self, number: int) -> Story:
        template = self._templates[number % len(self._templates)]
        team = self._teams[(number // len(self._templates)) % len(self._teams)]
        identity = self._identity(template, team, number)
        since = self._random.randint(60, 600)
        people = self._people(template, team)
        is_followed = self._left_to_follow.get(template["key"], 0) > 0 and team is not self._teams[-1]
        if is_followed:
            self._left_to_follow[template["key"]] -= 1
        notes = tuple(self._notes(template, people, since, earliest=_QUIET_DAYS if is_followed else 1))
        return Story(
            key=f"crowd-{number:03d}",
            identity=identity,
            founder=people["doctor"],
            since=since,
            programme="",
            support=self._random.choice(("oral_notice", "oral_notice", "posted")),
            members=self._members(template, people, since, is_followed=is_followed),
            relatives=self._relatives(identity),
            notes=notes,
            stays=self._stays(template, since, first_note=notes[0].at.days),
        )

    def _identity(self, template: dict[str, Any], team: _Team, number: int) -> Identity:
        draw = self._random
        sex = template.get("sex") or draw.choice("FM")
        years = draw.randint(*template["ages"])
        born = self._setting.today - datetime.timedelta(days=int(years * 365.25) + draw.randint(3, 340))
        names = self._given[("women" if sex == "F" else "men") + ("_old" if years > 55 else "_young")]
        family, given = self._name(names)
        place = draw.choice(self._setting.birth_places + self._setting.communes)
        status = draw.choices(("QUAL", "VALI", "RECUP", "PROV"), (78, 12, 4, 6))[0]
        is_married = sex == "F" and years > 40 and draw.random() < 0.7
        return Identity(
            birth_name=family.upper(),
            given=given,
            used_name=draw.choice(self._families).upper() if is_married else "",
            sex=sex,
            born=born,
            birth_place=place,
            status=status,
            ins=identifiers.ins(sex=sex, born=born, place=place.code, order=100 + number)
            if status in {"QUAL", "RECUP"}
            else "",
            phone=next(self._phones),
            address=typeset(f"{draw.randint(1, 118)} {draw.choice(self._streets)}"),
            commune=self._setting.place(draw.choice(team.communes)),
        )

    def _name(self, given_names: Sequence[str]) -> tuple[str, str]:
        while True:
            drawn = (self._random.choice(self._families), self._random.choice(given_names))
            if drawn not in self._names_taken:
                self._names_taken.add(drawn)
                return drawn

    def _people(self, template: dict[str, Any], team: _Team) -> dict[str, str]:
        draw = self._random
        roles = {
            "doctor": draw.choice(team.doctors),
            "nurse": draw.choice(team.nurses),
            "pharmacist": draw.choice(team.pharmacists),
            "aide": draw.choice(team.aides),
            "social": draw.choice(team.social),
        }
        named = {step["by"] for step in template["steps"]} - roles.keys()
        return roles | {name: name for name in sorted(named)}

    def _members(
        self, template: dict[str, Any], people: dict[str, str], since: int, *, is_followed: bool
    ) -> tuple[Member, ...]:
        writers = {people[step["by"]] for step in template["steps"]}
        wanted = writers | set(template["also"]) | {people["pharmacist"]}
        if is_followed:
            wanted |= {GERIATRICIAN, "deux-rives"}
        if self._random.random() < 0.5:
            wanted.add(people["nurse"])
        return tuple(
            Member(
                who=who,
                role="member",
                basis=self._setting.basis_of(who),
                since=since - self._random.randint(0, 25),
            )
            for who in sorted(wanted - {people["doctor"]})
        )

    def _relatives(self, identity: Identity) -> tuple[Relative, ...]:
        if self._random.random() < 0.35:
            return ()
        names = self._given[self._random.choice(("women_young", "men_young"))]
        family = identity.used_name or identity.birth_name
        trusted = self._random.random() < 0.4
        link = self._random.choice(_LINKS)
        if link == "neighbour":
            family = self._random.choice(self._families).upper()
        return (
            Relative(
                name=f"{self._random.choice(names)} {family}",
                link=link,
                phone=next(self._phones),
                is_trusted=trusted,
                is_to_warn=True,
                is_carer=self._random.random() < 0.3,
            ),
        )

    def _notes(
        self, template: dict[str, Any], people: dict[str, str], since: int, *, earliest: int
    ) -> Iterator[Note]:
        steps = template["steps"] + self._random.sample(template["steps"], self._random.randint(0, 1))
        latest = min(since - 26, template.get("span", _OLDEST_NOTE))
        days = sorted(
            self._random.sample(range(earliest, max(latest, earliest + 9)), len(steps)), reverse=True
        )
        weight = self._random.randint(49, 92)
        self._random.shuffle(steps)
        said: set[str] = set()
        for day, step in zip(days, steps, strict=True):
            yield Note(
                at=Moment(
                    days=day, hour=self._random.randint(8, 18), minute=self._random.choice(range(0, 60, 5))
                ),
                author=people[step["by"]],
                data_class=step["class"],
                text=self._text(
                    step["lists"], weight + self._random.choice((-0.6, -0.3, 0.0, 0.2, 0.5)), said
                ),
            )

    def _text(self, lists: Sequence[Sequence[str]], weight: float, said: set[str]) -> str:
        """One sentence of each list, none said before of this patient, nor all three shortly before of another."""
        while True:
            chosen = [self._random.choice([text for text in texts if text not in said]) for texts in lists]
            if chosen not in self._recent:
                break
        said.update(chosen)
        self._recent = [*self._recent[-15:], chosen]
        text = " ".join(chosen).replace("<poids>", f"{weight:.1f}".replace(".", ","))
        return typeset(_NUMBER.sub(self._number, text))

    def _number(self, bounds: re.Match[str]) -> str:
        low, high = bounds[1], bounds[2]
        if "." not in low:
            return str(self._random.randint(int(low), int(high)))
        digits = len(low.partition(".")[2])
        return f"{self._random.uniform(float(low), float(high)):.{digits}f}".replace(".", ",")

    def _stays(self, template: dict[str, Any], since: int, *, first_note: int) -> tuple[Stay, ...]:
        if "stay" not in template or self._random.random() > 0.4:
            return ()
        hospital, unit, reason, nights = template["stay"]
        follows = template.get("stay_comes_first", False)
        is_current = (
            not follows
            and self._current_stays < _CURRENT_STAYS
            and nights > 3
            and self._random.random() < 0.2
        )
        self._current_stays += is_current
        came = self._random.randint(4, 7) if is_current else self._random.randint(30, max(31, since - 30))
        came = first_note + nights + 5 if follows else came
        gone = None if is_current else Moment(days=came - nights, hour=11, minute=30)
        hour, minute = self._random.randint(9, 19), self._random.choice((5, 20, 35, 50))
        return (
            Stay(
                hospital=hospital,
                unit=unit,
                reason=reason,
                came=Moment(days=came, hour=hour, minute=minute),
                gone=gone,
                patient_class="I",
            ),
        )
