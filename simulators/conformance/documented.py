"""What IHE PAM France documents for each message, from its acknowledgement to its effect, in order of arrival."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from simulators.conformance.reading import ACTIONS, PARIS, Identity, Number, Sample, moment

_IDENTITY = {"A28", "A31", "A08"}
_REPLACE = {"A40", "A47"}
_RELATE = {"A24", "A37"}
_ENTRIES = {"A01", "A04", "A06", "A07"}
_PLANNED = {"A05", "A14"}
_CANCELS = {
    "A11": "A01", "A12": "A02", "A13": "A03", "A38": "A05", "A27": "A14", "A26": "A15", "A25": "A16",
    "A52": "A21", "A53": "A22", "A55": "A54", "Z81": "Z80", "Z85": "Z84",
}  # fmt: skip
_INSERTS = {*_ENTRIES, *_PLANNED, *_CANCELS.values()}
_MOVES = {*_INSERTS, *_CANCELS, "Z99"}
# HL7 v2.5, table 0003, and the French ones.
_KNOWN = re.compile(r"A(0[1-9]|[1-4]\d|5[0-5]|6[0-2])|Z8\d|Z99")
_LATE, _AHEAD = timedelta(hours=24), timedelta(hours=1)
_QUIET = ("O", "R")
_OPEN, _AWAY, _CLOSED, _CANCELLED, _EXPECTED = "en cours", "en permission", "terminé", "annulé", "prévu"


@dataclass(frozen=True)
class Effect:
    """`rung`: alerts announced by this message; `shown`: alerts of its stay that hold after it."""

    acknowledgement: str
    outcome: str
    stay: str = ""
    rung: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()

    def __str__(self) -> str:
        told = f"séjour {self.stay}" if self.stay else "aucun séjour"
        alerts = f"alerte {', '.join(self.rung)}" if self.rung else "sans alerte"
        held = f"; reste affiché : {', '.join(self.shown)}" if self.shown and self.shown != self.rung else ""
        return f"{self.acknowledgement:2}  {self.outcome:12}  {told}, {alerts}{held}"


def acknowledgement(sample: Sample) -> str:
    if not sample.is_hl7:
        return "AR"
    if sample.is_undecodable:
        return "AE"
    if sample.value("MSH", 9) == "ZAM" and sample.value("MSH", 10):
        # A business acknowledgement names nobody (INTEROP.md 5).
        return "AA" if sample.value("OBX", 3).startswith("ACK_") else "AE"
    if sample.value("MSH", 9) != "ADT" or not sample.value("MSH", 10):
        return "AR"
    if not _KNOWN.fullmatch(sample.trigger) or not f"{sample.value('MSH', 12)}2."[:2] == "2.":
        return "AR"
    return "AE" if _is_incomplete(sample) else "AA"


def _is_incomplete(sample: Sample) -> bool:
    names = sample.repetitions("PID", 5)
    if not sample.numbers() or not any("".join(name[:2]) for name in names):
        return True
    if sample.trigger in _MOVES and ("PV1" not in sample.segments or not sample.visit):
        return True
    if sample.trigger in {*_REPLACE, "A44"} and not any(part[0] for part in sample.repetitions("MRG", 1)):
        return True
    if sample.trigger in {*_REPLACE, "A44"} and not any(_assigner(p) for p in sample.repetitions("MRG", 1)):
        # HL7 v2.5, CX: an identifier is its authority's. It is that of PID-3 when there is one only.
        if len({authority for _, authority in sample.numbers()}) > 1:
            return True
    dated = [("MSH", 7), ("EVN", 2), *([("ZBE", 2)] if sample.trigger in _MOVES else [])]
    texts = [sample.value(segment, number) for segment, number in dated]
    return any(text and moment(text) is None for text in texts)


def _assigner(identifier: list[str]) -> str:
    return [*identifier, "", "", "", ""][3]


@dataclass
class Person:
    identity: Identity
    matricule: str = ""


@dataclass
class Stay:
    person: Person
    status: str = ""
    class_code: str = ""
    entries: dict[str, tuple[str, str]] = field(default_factory=dict)
    discharges: dict[str, datetime] = field(default_factory=dict)
    known: set[tuple[str, str]] = field(default_factory=set)
    cancelled: set[tuple[str, str]] = field(default_factory=set)
    shown: tuple[str, ...] = ()
    planned: dict[str, str] = field(default_factory=dict)
    is_undone: bool = False
    is_away: bool = False
    is_secret: bool = False
    is_dead: bool = False


@dataclass
class Documented:
    """The persons who have a record, by the numbers their hospital gives them, and what has been said of them."""

    persons: dict[Number, Person]
    stays: dict[tuple[str, str], Stay] = field(default_factory=dict)
    held: set[Number] = field(default_factory=set)
    seen: dict[bytes, Effect] = field(default_factory=dict)
    replaced: dict[Number, Number] = field(default_factory=dict)

    def effect_of(self, sample: Sample) -> Effect:
        again = self.seen.get(sample.raw)
        if again is not None:
            return Effect(again.acknowledgement, again.outcome, again.stay, (), again.shown)
        code = acknowledgement(sample)
        effect = self._accepted(sample) if code == "AA" else Effect(code, "refusé")
        if effect.outcome in ("à vérifier", "retenu"):
            self.held |= _everybody(sample)
        self.seen[sample.raw] = effect
        return effect

    def _accepted(self, sample: Sample) -> Effect:
        if sample.value("MSH", 9) == "ZAM":
            return Effect("AA", "sans effet")
        if self.held & _everybody(sample):
            return Effect("AA", "retenu")
        if sample.trigger in _REPLACE and (_numbers(sample, "MRG", 1) or not _names_ins(sample)):
            return Effect("AA", self._replaced(sample))
        if sample.trigger in _RELATE or sample.trigger == "A44":
            return Effect("AA", self._related(sample))
        if sample.trigger not in {*_IDENTITY, *_REPLACE, *_MOVES}:
            return Effect("AA", "sans effet")
        people = {id(found): found for n in _numbers(sample) if (found := self.persons.get(n))}
        if len(people) != 1:
            return Effect("AA", "à vérifier" if people else "sans dossier")
        person = next(iter(people.values()))
        apart = person.identity.differing(sample.identity)
        other = sample.matricule and person.matricule and sample.matricule != person.matricule
        if apart >= 2 or other:
            return Effect("AA", "à vérifier")
        return (
            self._movement(sample, person) if sample.trigger in _MOVES else _identity(sample, person, apart)
        )

    def _replaced(self, sample: Sample) -> str:
        dead, kept = _numbers(sample, "MRG", 1), _numbers(sample)
        pairs = [(d, k) for d in dead for k in kept if d[1] == k[1]]
        people = {id(found) for pair in pairs for n in pair if (found := self.persons.get(n))}
        if any(d == k for d, k in pairs) or any(self._end(k) == d for d, k in pairs):
            return "refusé"
        if len(people) != 1:
            return "à vérifier" if people else "sans dossier"
        for d, k in pairs:
            person = self.persons.get(d) or self.persons[k]
            self.persons[d] = self.persons[k] = person
            self.replaced[d] = k
        return "appliqué"

    def _end(self, number: Number) -> Number:
        while number in self.replaced:
            number = self.replaced[number]
        return number

    def _related(self, sample: Sample) -> str:
        other = (
            _numbers(sample, "MRG", 1)
            if sample.trigger == "A44"
            else _numbers(sample, "PID", 3, occurrence=1)
        )
        found = [self.persons[n] for n in [*_numbers(sample), *other] if n in self.persons]
        if not found:
            return "sans dossier"
        is_one = len({id(person) for person in found}) == 1
        if sample.trigger == "A24":
            return "appliqué" if is_one else "à vérifier"
        if sample.trigger == "A37":
            return "à vérifier" if is_one and len(found) > 1 else "sans effet"
        return "à vérifier"

    def _movement(self, sample: Sample, person: Person) -> Effect:
        key = (sample.numbers()[0][1], sample.visit)
        stay = self.stays.setdefault(key, Stay(person))
        if stay.person is not person:
            return Effect("AA", "à vérifier")
        told = Told.of(sample, stay)
        if told is None:
            return Effect("AA", "refusé")
        rung = tuple(kind for kind in _played(stay, told) if told.is_recent)
        stay.is_secret |= sample.is_secret
        if stay.is_secret:
            stay.shown = rung = ()
        status = _AWAY if stay.status == _OPEN and stay.is_away else stay.status
        return Effect("AA", "appliqué", status, rung, stay.shown)


def _numbers(sample: Sample, segment: str = "PID", number: int = 3, *, occurrence: int = 0) -> list[Number]:
    """Those of the hospital that sends: it speaks for no other."""
    own = sample.numbers()[0][1]
    return [
        found for found in sample.numbers(segment, field=number, occurrence=occurrence) if found[1] == own
    ]


def _everybody(sample: Sample) -> set[Number]:
    """What waits for one of them holds back the later messages of all."""
    named = [*_numbers(sample), *_numbers(sample, "PID", 3, occurrence=1), *_numbers(sample, "MRG", 1)]
    return set(named)


def _names_ins(sample: Sample) -> bool:
    return any(part[0] for part in sample.repetitions("MRG", 1))


def _identity(sample: Sample, person: Person, apart: int) -> Effect:
    """A28, A31, A08: a qualified identity contradicted in one trait waits for a person."""
    if person.matricule and apart:
        return Effect("AA", "à vérifier")
    if sample.matricule and person.identity.is_same(sample.identity):
        person.matricule = person.matricule or sample.matricule
    return Effect("AA", "appliqué")


@dataclass(frozen=True)
class Told:
    """A movement: the event it is about, what becomes of it, when."""

    event: str
    action: str
    number: str
    at: datetime
    class_code: str
    is_death: bool
    is_recent: bool
    # ZBE-5: inserted after the fact.
    is_historic: bool

    @classmethod
    def of(cls, sample: Sample, stay: Stay) -> "Told | None":
        fields = [sample.value("ZBE", n) for n in range(12)]
        place = next((n for n in (4, 5, 3, 6) if fields[n] in ACTIONS), 4)
        written, number = fields[place], sample.field("ZBE", 1)
        action = "CANCEL" if sample.trigger in _CANCELS else "INSERT"
        event = _CANCELS.get(sample.trigger, sample.trigger)
        if sample.trigger in ("A06", "A07", "Z99") and written == "CANCEL":
            action = "CANCEL"
        if sample.trigger == "Z99":
            action = "CANCEL" if action == "CANCEL" else "UPDATE"
            event = fields[place + 2] or next(
                (e for e, known in stay.known if known == number and number), ""
            )
            event = _CANCELS.get(event, event)
            if not event:
                return None
        at = _occurred_at(sample, event)
        sent = sample.sent_at or at
        said_at = (moment(sample.value("EVN", 2)) or sent) if action == "CANCEL" else at
        return cls(
            event=_family(event),
            action=action,
            number=number or f"{event} {at}",
            at=at,
            class_code=sample.value("PV1", 2),
            is_death=sample.is_death,
            is_recent=-_AHEAD <= sent - said_at <= _LATE,
            is_historic=fields[place + 1] == "Y" and action == "INSERT",
        )


def _family(event: str) -> str:
    return "A02" if event in ("Z80", "Z84") else event


def _occurred_at(sample: Sample, event: str) -> datetime:
    """ZBE-2; of a consultation, and of any discharge, the visit's own dates."""
    start = moment(sample.value("ZBE", 2))
    number = {"A01": 44, "A04": 44, "A03": 45}.get(event, 0)
    if number == 44 and sample.value("PV1", 2) not in _QUIET:
        number = 0
    own = moment(sample.value("PV1", number)) if number else None
    if own and start and len(sample.value("PV1", number)) == 8:
        own = None if own.date() == start.astimezone(PARIS).date() else own
    others = (moment(sample.value("EVN", 6)), moment(sample.value("EVN", 2)), sample.sent_at)
    return own or start or next((found for found in others if found), datetime.now(PARIS))


def _played(stay: Stay, told: Told) -> list[str]:
    """What rings, if it is recent; the stay is changed."""
    key = ("A01" if told.event in _ENTRIES else told.event, told.number)
    if told.action == "CANCEL":
        is_again = key in stay.cancelled
        stay.cancelled.add(key)
        return [] if is_again else _taken_back(stay, told)
    is_new = key not in stay.known and key not in stay.cancelled
    stay.known.add(key)
    if is_new:
        before = stay.shown
        rung = _happened(stay, told)
        if (told.action == "UPDATE" or told.is_historic) and "décès" not in rung:
            rung, stay.shown = [], tuple(kind for kind in before if _holds(kind, stay))
    else:
        rung = _death(stay, told)
    return rung


def _holds(kind: str, stay: Stay) -> bool:
    if kind in ("admission", "urgences", "sortie annulée"):
        return stay.status == _OPEN and stay.class_code not in _QUIET
    return kind == "décès" or stay.status == _CLOSED


def _happened(stay: Stay, told: Told) -> list[str]:
    if told.event in _PLANNED:
        stay.planned[told.number] = told.event
        stay.status = _EXPECTED if stay.status in ("", _CANCELLED) else stay.status
        return []
    rung: list[str] = []
    if told.event in _ENTRIES:
        rung = _arrival(stay, told)
    elif stay.is_undone:
        return []
    elif told.event == "A03":
        stay.discharges[told.number] = told.at
        stay.status = _CLOSED
        is_quiet = (told.class_code or stay.class_code) in _QUIET
        rung = [] if is_quiet or told.is_death or stay.is_dead else ["sortie"]
        stay.shown = tuple(rung) if told.is_recent else ()
    elif stay.status != _CLOSED:
        stay.status = _OPEN
        stay.is_away = told.event == "A21" or (stay.is_away and told.event != "A22")
    stay.class_code = told.class_code or stay.class_code
    return _death(stay, told) or rung


def _arrival(stay: Stay, told: Told) -> list[str]:
    kind = "admission" if told.event == "A06" else ""
    if told.event in ("A01", "A04") and told.class_code not in _QUIET:
        kind = "urgences" if told.class_code == "E" else "admission" if told.event == "A01" else ""
    stay.entries[told.number], stay.is_undone = (kind, told.class_code), False
    left = max(stay.discharges.values(), default=None)
    if left and (told.at <= left or told.event in ("A06", "A07")):
        return []
    stay.status, stay.is_away = _OPEN, stay.is_away and told.event in ("A06", "A07")
    if stay.is_dead:
        return []
    if told.class_code in _QUIET:
        stay.shown = ()
    elif kind == "admission":
        kept = tuple(shown for shown in stay.shown if shown == kind)
        stay.shown = (kind,) if told.is_recent else kept
    elif kind and any(other == "admission" for other, _ in stay.entries.values()):
        return []
    elif kind and told.is_recent:
        stay.shown = (kind,)
    return [kind] if kind else []


def _death(stay: Stay, told: Told) -> list[str]:
    if not told.is_death or stay.is_undone or stay.is_dead:
        return []
    stay.is_dead = True
    stay.shown = ("décès",) if told.is_recent else ()
    return ["décès"]


def _taken_back(stay: Stay, told: Told) -> list[str]:
    if told.event in _ENTRIES:
        return _entry_taken_back(stay, told)
    if told.event in _PLANNED:
        same = [number for number, event in stay.planned.items() if event == told.event]
        stay.planned.pop(told.number if told.number in same else next(reversed(same), ""), None)
        if stay.status in ("", _EXPECTED, _CANCELLED):
            stay.status = _EXPECTED if stay.planned else _CANCELLED
        return []
    if stay.is_undone:
        return []
    stay.class_code = stay.class_code or told.class_code
    if told.event == "A03":
        stay.discharges.pop(told.number, None) or (stay.discharges and stay.discharges.popitem())
        stay.status = _CLOSED if stay.discharges else _OPEN
        rung = [] if stay.discharges or stay.class_code in _QUIET else ["sortie annulée"]
        stay.shown = tuple(rung) if told.is_recent else ()
        return rung
    if stay.status != _CLOSED:
        stay.status = _OPEN
        stay.is_away = told.event == "A22" or (stay.is_away and told.event != "A21")
    return []


def _entry_taken_back(stay: Stay, told: Told) -> list[str]:
    stay.entries.pop(told.number, None) or (stay.entries and stay.entries.popitem())
    if not stay.entries:
        stay.is_undone, stay.shown = True, ()
        stay.status = _EXPECTED if stay.planned else _CANCELLED
        return []
    kind, stay.class_code = list(stay.entries.values())[-1]
    if stay.status == _OPEN and stay.class_code not in _QUIET and kind:
        stay.shown = (kind,)
    return []
