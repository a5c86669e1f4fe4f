"""The rules again, by somebody who has not read the platform: its code is not imported here (a test holds that).

Read from DOMAIN.md 2.1 (sharing law, matrix) and DESIGN.md 5 (bases). A world is what happened, in order; every
question below replays it and answers for the end of it. Hours are counted from now: -1 is an hour ago.
"""

from dataclasses import dataclass

MEDICAL, CARE, COORDINATION, SOCIAL, STAY, CIRCLE = (
    "medical",
    "care",
    "coordination",
    "social",
    "stay",
    "circle",
)

# DOMAIN.md 2.1, default matrix: what each profession's column reads (r) and writes (w), typed again by hand.
# Medical notes, liaison notes of care and of coordination, social and protection, stays, circle.
TABLE = """
doctor              rw rw rw r  r rw
nurse               rw rw rw r  r rw
psychiatric_nurse   rw rw rw r  r rw
midwife             rw rw rw r  r rw
pharmacist          r  r  r  -  r r
physiotherapist     r  rw rw -  r r
psychologist        r  rw rw r  r r
social_worker       -  -  rw rw r rw
home_help           -  r  rw -  r r
coordinator         r  rw rw rw r rw
secretary           -  -  -  -  r rw
other               -  -  r  -  - r
"""
CLASSES = (MEDICAL, CARE, COORDINATION, SOCIAL, STAY, CIRCLE)
RIGHTS = {
    line.split()[0]: dict(zip(CLASSES, line.split()[1:], strict=True)) for line in TABLE.strip().splitlines()
}
PROFESSIONS = tuple(RIGHTS)
# L1111-17: who opens a record in an emergency.
RESCUERS = frozenset({"doctor", "nurse", "midwife"})
# DOMAIN.md 2.1, last row but one: care whose very existence is kept to those who give it.
SECTORS = ("psychiatry", "addictology")


@dataclass(frozen=True)
class Professional:
    profession: str
    structures: tuple[int, ...]
    struck_off: bool = False
    # Of his specialty; a psychiatric nurse needs none.
    specialty: str = ""
    # Where he worked until yesterday.
    former: tuple[int, ...] = ()


@dataclass(frozen=True)
class Joins:
    """A person (`who`) or a structure (`structure`) enters the circle; `from_hour` may be in the future."""

    patient: int
    who: int | None = None
    structure: int | None = None
    from_hour: int = -48


@dataclass(frozen=True)
class Leaves:
    patient: int
    who: int | None = None
    structure: int | None = None


@dataclass(frozen=True)
class Opposes:
    """The patient says no: to the whole record, or (`emergency`) to its opening in an emergency."""

    patient: int
    emergency: bool = False


@dataclass(frozen=True)
class Lifts:
    """The patient takes back his opposition to the record."""

    patient: int


@dataclass(frozen=True)
class BreaksGlass:
    """Attempted; whether it opens is for the rules to say. `hours_ago` past four, it has expired since."""

    patient: int
    who: int
    structure: int
    hours_ago: int = 0


@dataclass(frozen=True)
class Writes:
    """A row about a patient, with its limits. `row` names it."""

    row: int
    patient: int
    data_class: str
    private_to: int | None = None
    hidden: bool = False
    # A professional alone.
    private_to_who: int | None = None
    sector: str = ""
    restricted_to: int | None = None


@dataclass(frozen=True)
class Names:
    """A member may know of a sector from now on: of all of it, or of what the structure `restricted_to` does."""

    patient: int
    sector: str
    who: int | None = None
    structure: int | None = None
    restricted_to: int | None = None


@dataclass(frozen=True)
class Unnames:
    """That name is withdrawn."""

    named: Names


Move = Joins | Leaves | Opposes | Lifts | BreaksGlass | Writes | Names | Unnames


@dataclass(frozen=True)
class World:
    structures: int
    professionals: tuple[Professional, ...]
    patients: int
    # (structure, patient): the establishment knows the patient under one of its identifiers.
    known: tuple[tuple[int, int], ...]
    moves: tuple[Move, ...]
    # The sector of each structure; '' for those of none, and for those that are not said.
    sectors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Reader:
    """kind: professional, patient, representative, gateway or job."""

    kind: str
    who: int | None = None
    structure: int | None = None


EMERGENCY_HOURS = 4


def readers(world: World) -> list[Reader]:
    """Everybody who may come to a door, with somebody struck off or gone from there, who has nothing in his hands."""
    people = [
        Reader("professional", who, structure)
        for who, professional in enumerate(world.professionals)
        for structure in (*professional.structures, *professional.former)
    ]
    patients = [Reader("patient", patient) for patient in range(world.patients)]
    gateways = [Reader("gateway", None, structure) for structure in range(world.structures)]
    return [*people, *patients, *gateways, Reader("representative", 0), Reader("job")]


def works(world: World, reader: Reader) -> bool:
    """Struck off or gone from the structure this morning, refused this morning."""
    return reader.kind != "professional" or _works_at(world, reader.who or 0, reader.structure)


def _works_at(world: World, who: int, structure: int | None) -> bool:
    professional = world.professionals[who]
    return structure in professional.structures and not professional.struck_off


def opposed(world: World, patient: int) -> set[bool]:
    """The oppositions in force: {False} to the record, {True} to emergencies."""
    return _opposed(world.moves, patient)


def _opposed(moves: tuple[Move, ...], patient: int) -> set[bool]:
    said: set[bool] = set()
    for move in moves:
        if isinstance(move, Opposes) and move.patient == patient:
            said.add(move.emergency)
        if isinstance(move, Lifts) and move.patient == patient:
            said.discard(False)
    return said


def glass_opens(world: World, number: int) -> bool:
    """Whether the attempt that stands at this place of the moves opens the record."""
    move = world.moves[number]
    assert isinstance(move, BreaksGlass)
    return (
        world.professionals[move.who].profession in RESCUERS
        and _works_at(world, move.who, move.structure)
        and not _opposed(world.moves[:number], move.patient)
    )


def members(world: World, patient: int) -> set[tuple[str, int]]:
    """Who is in the circle now, whether or not an opposition closes it: ("who", 3), ("structure", 1)."""
    inside: set[tuple[str, int]] = set()
    for move in world.moves:
        if isinstance(move, Joins | Leaves) and move.patient == patient:
            member = ("who", move.who) if move.who is not None else ("structure", move.structure or 0)
            if isinstance(move, Leaves):
                inside.discard(member)
            elif move.from_hour <= 0:
                inside.add(member)
    return inside


def basis(world: World, reader: Reader, patient: int) -> str:
    """On what ground this reader opens this patient's record; '' for none (DESIGN.md 5, closed list)."""
    if not works(world, reader):
        return ""
    if reader.kind == "job":
        return "job"
    if reader.kind == "patient":
        return "patient" if reader.who == patient else ""
    if reader.kind == "gateway":
        return "gateway" if (reader.structure, patient) in world.known else ""
    if reader.kind != "professional":
        return ""
    inside = members(world, patient)
    if False not in opposed(world, patient):
        if ("who", reader.who) in inside:
            return "member"
        if ("structure", reader.structure) in inside:
            return "structure"
    return "break_glass" if _has_broken(world, reader, patient) else ""


def _has_broken(world: World, reader: Reader, patient: int) -> bool:
    """Four hours, in the structure he acted for; an opposition that comes after ends it."""
    for number, move in enumerate(world.moves):
        if not isinstance(move, BreaksGlass) or move.patient != patient:
            continue
        mine = (move.who, move.structure) == (reader.who, reader.structure)
        ended = any(isinstance(later, Opposes) and later.patient == patient for later in world.moves[number:])
        if mine and glass_opens(world, number) and move.hours_ago < EMERGENCY_HOURS and not ended:
            return True
    return False


def reaches_unopened(world: World, reader: Reader, patient: int) -> bool:
    """What plain SQL sees before any record is opened: one's own patients; a gateway and a job see nobody."""
    return reader.kind in ("professional", "patient") and basis(world, reader, patient) != ""


def within_limits(world: World, reader: Reader, row: Writes) -> bool:
    """Private to a structure or a person, hidden from the patient, restricted: what the database itself holds."""
    if row.private_to is not None and reader.kind != "job" and reader.structure != row.private_to:
        return False
    himself = reader.kind == "professional" and reader.who == row.private_to_who
    if row.private_to_who is not None and reader.kind != "job" and not himself:
        return False
    if not knows(world, reader, row.patient, row.sector, row.restricted_to):
        return False
    return not (row.hidden and reader.kind in ("patient", "representative"))


def sector_of_structure(world: World, structure: int) -> str:
    return world.sectors[structure] if structure < len(world.sectors) else ""


def sector_of_person(professional: Professional) -> str:
    return "psychiatry" if professional.profession == "psychiatric_nurse" else professional.specialty


def secret(world: World, member: Joins | Names) -> tuple[str, int | None]:
    """What the presence of a member tells, and the structure that knows of it anyhow; who works elsewhere too is told
    by nothing but his own specialty.
    """
    if member.who is None:
        sector = sector_of_structure(world, member.structure or 0)
        return sector, member.structure if sector else None
    professional = world.professionals[member.who]
    own, places = sector_of_person(professional), professional.structures
    if own:
        first = places[0] if places else None
        return own, next((at for at in places if sector_of_structure(world, at) == own), first)
    if places and all(sector_of_structure(world, at) for at in places):
        return sector_of_structure(world, places[0]), places[0]
    return "", None


def knows(world: World, reader: Reader, patient: int, sector: str, structure: int | None) -> bool:
    """Whether this reader may learn that something of a sector exists about this patient."""
    if not sector or reader.kind == "job" or (reader.kind == "patient" and reader.who == patient):
        return True
    if reader.structure is not None and reader.structure == structure:
        return True
    if reader.kind != "professional" or reader.who is None or reader.structure is None:
        return False
    if not {("who", reader.who), ("structure", reader.structure)} & members(world, patient):
        return False
    if False in opposed(world, patient):
        return False
    shares = sector in (
        sector_of_person(world.professionals[reader.who]),
        sector_of_structure(world, reader.structure),
    )
    return shares or any(
        named.sector == sector
        and named.restricted_to in (None, structure)
        and (
            (named.who is not None and named.who == reader.who)
            or (named.structure is not None and named.structure == reader.structure)
        )
        for named in named_now(world, patient)
    )


def named_now(world: World, patient: int) -> list[Names]:
    named: list[Names] = []
    for move in world.moves:
        if isinstance(move, Names) and move.patient == patient:
            named.append(move)
        if isinstance(move, Unnames) and move.named in named:
            named.remove(move.named)
    return named


def reads(world: World, reader: Reader, row: Writes) -> bool:
    """The whole rule for one row."""
    return (
        basis(world, reader, row.patient) != ""
        and within_limits(world, reader, row)
        and reads_class(world, reader, row.data_class)
    )


def reads_class(world: World, reader: Reader, data_class: str) -> bool:
    if reader.kind == "gateway":
        return data_class == STAY
    if reader.kind != "professional":
        return True
    return "r" in RIGHTS[world.professionals[reader.who or 0].profession][data_class]


def writes_class(world: World, reader: Reader, data_class: str) -> bool:
    if reader.kind != "professional":
        return False
    return "w" in RIGHTS[world.professionals[reader.who or 0].profession][data_class]


def edits_circle(world: World, reader: Reader, patient: int) -> bool:
    """Break-glass only reads; the rest is a member's, by his profession."""
    return basis(world, reader, patient) in ("member", "structure") and writes_class(world, reader, CIRCLE)


def reads_log(world: World, reader: Reader, patient: int) -> bool:
    return basis(world, reader, patient) in ("member", "structure", "patient")


def follows(world: World, reader: Reader, patient: int, ground: str) -> bool:
    """In person ("who") or through the structure he acts for ("structure")."""
    member = reader.who if ground == "who" else reader.structure
    is_inside = (ground, member) in members(world, patient)
    return is_inside and works(world, reader) and False not in opposed(world, patient)


def found(world: World, reader: Reader, patient: int) -> set[str]:
    """Where the search shows somebody named with his birth date: "mine" for whoever reaches the record; "outside",
    identity alone, for a professional whose circles he is not in (A10). One's own emergency shows both.
    """
    ground = basis(world, reader, patient)
    is_outside = reader.kind == "professional" and ground not in ("member", "structure")
    return ({"mine"} if ground else set()) | ({"outside"} if is_outside else set())


def sees_period(world: World, reader: Reader, period: Joins, bringer: int | None, opened: int | None) -> bool:
    """One's own periods, past ones included; the whole circle of the record that is open; the patient's own circle.

    But for members whose presence is kept from who asks.
    """
    if not knows_of(world, reader, period, bringer):
        return False
    if period.patient == opened or (reader.kind == "patient" and reader.who == period.patient):
        return True
    return reader.kind == "professional" and _is_own(reader, period)


def knows_of(world: World, reader: Reader, period: Joins, bringer: int | None) -> bool:
    """Oneself, one's structure, the member one brought; else as the sector says."""
    brought = reader.kind == "professional" and bringer is not None and bringer == reader.who
    return _is_own(reader, period) or brought or knows(world, reader, period.patient, *secret(world, period))


def _is_own(reader: Reader, period: Joins) -> bool:
    if reader.kind == "professional" and period.who is not None and period.who == reader.who:
        return True
    return period.structure is not None and period.structure == reader.structure


def rows(world: World) -> list[Writes]:
    return [move for move in world.moves if isinstance(move, Writes)]
