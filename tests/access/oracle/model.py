"""The rules again, by somebody who has not read the platform: its code is not imported here (a test holds that).

Read from DOMAIN.md 2.1 (sharing law, matrix) and DESIGN.md 5 (bases). A world is what happened, in order; every
question below replays it and answers for the end of it. Hours are counted from now: -1 is an hour ago.
"""

from tests.access.oracle.moves import (
    EMERGENCY,
    RECORD,
    SAMU,
    Agrees,
    BreaksGlass,
    Delegates,
    Grants,
    HandsOver,
    Joins,
    Leaves,
    Lends,
    Lifts,
    Move,
    Opposes,
    Reader,
    Regime,
    Removes,
    Restricts,
    Revokes,
    Withdraws,
    World,
    Writes,
)
from tests.access.oracle.sectors import named_now, secret, sector_of_person, sector_of_structure

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
pharmacist          r  rw rw -  r r
physiotherapist     r  rw rw -  r r
psychologist        r  rw rw r  r r
social_worker       -  -  rw rw r rw
home_help           -  r  rw -  r r
coordinator         r  rw rw rw r rw
secretary           -  -  -  -  r rw
other               -  -  -  -  - r
"""
CLASSES = (MEDICAL, CARE, COORDINATION, SOCIAL, STAY, CIRCLE)
RIGHTS = {
    line.split()[0]: dict(zip(CLASSES, (each.strip("-") for each in line.split()[1:]), strict=True))
    for line in TABLE.strip().splitlines()
}
PROFESSIONS = tuple(RIGHTS)
# L1111-17: who opens a record in an emergency; a SAMU has a door of its own, its doctors'.
RESCUERS = frozenset({"doctor", "nurse", "midwife"})
REGULATORS = frozenset({"doctor"})
# Professions whose rights a deployment changes together, and those it may not change (R1110-1, R1110-2, R1110-3).
TOGETHER = (frozenset({"nurse", "psychiatric_nurse", "midwife"}),)
FIXED = {(profession, MEDICAL) for profession in ("social_worker", "home_help", "secretary", "other")} | {
    ("other", data_class) for data_class in CLASSES
}


EMERGENCY_HOURS = 4


def readers(world: World) -> list[Reader]:
    """Everybody who may come to a door, with somebody struck off or gone from there, who has nothing in his hands."""
    people = [
        Reader("professional", who, structure)
        for who, professional in enumerate(world.professionals)
        for structure in (*professional.structures, *professional.former)
    ]
    acting = [
        Reader("professional", move.secretary, move.structure, acts_for=move.who)
        for move in world.moves
        if isinstance(move, Lends)
    ]
    patients = [Reader("patient", patient) for patient in range(world.patients)]
    gateways = [Reader("gateway", None, structure) for structure in range(world.structures)]
    relatives = [
        Reader("representative", relative, patient=patient)
        for relative in range(world.relatives)
        for patient in range(world.patients)
    ]
    return [*people, *dict.fromkeys(acting), *patients, *gateways, *relatives, Reader("job")]


def works(world: World, reader: Reader) -> bool:
    """Struck off or gone from the structure this morning, refused this morning."""
    return reader.kind != "professional" or _works_at(world, reader.who or 0, reader.structure)


def _works_at(world: World, who: int, structure: int | None) -> bool:
    professional = world.professionals[who]
    return structure in professional.structures and not professional.struck_off


# Medical professions (L4111-1) of this world, and who works at their desk.
PHYSICIANS = frozenset({"doctor", "midwife"})


def is_delegated(world: World, who: int, secretary: int, structure: int) -> bool:
    """In force today: said by a physician to a secretary of the same structure, both still there, ended by neither."""
    physician, helper = world.professionals[who], world.professionals[secretary]
    if physician.profession not in PHYSICIANS or helper.profession != "secretary":
        return False
    if physician.struck_off or structure not in physician.structures or structure not in helper.structures:
        return False
    in_force = False
    for move in world.moves:
        if not isinstance(move, Lends | Revokes):
            continue
        if (move.who, move.secretary, move.structure) != (who, secretary, structure):
            continue
        if isinstance(move, Revokes):
            in_force = False
        else:
            in_force = move.from_day <= 0 and (move.to_day is None or move.to_day > 0)
    return in_force


def acting_for(world: World, reader: Reader) -> int | None:
    """Whom this reader really acts for: a delegation that is over leaves her in her own role."""
    if reader.acts_for is None or reader.who is None or reader.structure is None:
        return None
    is_so = is_delegated(world, reader.acts_for, reader.who, reader.structure)
    return reader.acts_for if is_so else None


def opposed(world: World, patient: int) -> set[str]:
    """The oppositions in force."""
    return _opposed(world.moves, patient)


def _opposed(moves: tuple[Move, ...], patient: int) -> set[str]:
    said: set[str] = set()
    for move in moves:
        if isinstance(move, Opposes) and move.patient == patient:
            said.add(move.to)
        if isinstance(move, Lifts) and move.patient == patient:
            said.discard(RECORD)
    return said


def holder(world: World, patient: int) -> int | None:
    """The support structure that keeps her record to itself."""
    return dict(world.kept).get(patient)


def may_join(moves: tuple[Move, ...], patient: int) -> bool:
    """Under the regime of 2019, nobody before the consent; what was joined before stays."""
    regimes = [move.consent for move in moves if isinstance(move, Regime)]
    agreed = any(isinstance(move, Agrees) and move.patient == patient for move in moves)
    return agreed or not (regimes and regimes[-1])


def glass_opens(world: World, number: int) -> bool:
    """Whether the attempt that stands at this place of the moves opens the record."""
    move = world.moves[number]
    assert isinstance(move, BreaksGlass)
    who, closing = world.professionals[move.who], SAMU if move.call else EMERGENCY
    return (
        who.profession in (REGULATORS if move.call else RESCUERS)
        and (move.structure in world.samus) == move.call
        and _works_at(world, move.who, move.structure)
        and holder(world, move.patient) is None
        and not _opposed(world.moves[:number], move.patient) & {RECORD, closing}
    )


def members(world: World, patient: int) -> dict[tuple[str, int], Joins]:
    """Who is in the circle now, whether or not an opposition closes it: ("who", 3), ("structure", 1)."""
    inside: dict[tuple[str, int], Joins] = {}
    if holder(world, patient) is not None:
        inside["structure", holder(world, patient) or 0] = Joins(patient, structure=holder(world, patient))
    for number, move in enumerate(world.moves):
        if isinstance(move, Joins | Leaves | Removes) and move.patient == patient:
            member = ("who", move.who) if move.who is not None else ("structure", move.structure or 0)
            if not isinstance(move, Joins):
                inside.pop(member, None)
            elif move.from_hour <= 0 and may_join(world.moves[:number], patient):
                inside[member] = move
        if isinstance(move, HandsOver) and move.patient == patient:
            inside.pop(("who", move.who), None)
            inside.setdefault(("who", move.to), Joins(patient, move.to))
    return {member: move for member, move in inside.items() if move.until_hour is None or move.until_hour > 0}


def former(world: World, patient: int) -> set[int]:
    """Who handed this patient over: he reads for thirty days, unless he came back and left (or his time there is over),
    or was opposed since.
    """
    reading: set[int] = set()
    for number, move in enumerate(world.moves):
        if isinstance(move, HandsOver) and move.patient == patient:
            reading.add(move.who)
        if isinstance(move, Leaves | Removes) and move.patient == patient and move.who is not None:
            reading.discard(move.who)
        if isinstance(move, Joins) and move.patient == patient and move.who is not None:
            is_over = move.until_hour is not None and move.until_hour <= 0
            if is_over and may_join(world.moves[:number], patient):
                reading.discard(move.who)
        if isinstance(move, Opposes) and move.patient == patient and move.to == RECORD:
            reading.clear()
    return reading


def basis(world: World, reader: Reader, patient: int) -> str:
    """On what ground this reader opens this patient's record; '' for none (DESIGN.md 5, closed list)."""
    if not works(world, reader):
        return ""
    if reader.kind == "job":
        return "job"
    if reader.kind == "patient":
        return "patient" if reader.who == patient else ""
    if reader.kind == "representative":
        return _by_delegation(world, reader, patient)
    if reader.kind == "gateway":
        return "gateway" if (reader.structure, patient) in world.known else ""
    if reader.kind != "professional":
        return ""
    inside = members(world, patient)
    if RECORD not in opposed(world, patient):
        if ("who", reader.who) in inside or ("who", acting_for(world, reader)) in inside:
            return "member"
        if ("structure", reader.structure) in inside:
            return "structure"
    if reader.who in former(world, patient):
        return "former"
    return "break_glass" if in_emergency(world, reader, patient) else ""


def delegation(world: World, relative: int, patient: int) -> Delegates | None:
    """The last access given to this relative for this person, unless it was taken back or cut by a judge."""
    found: Delegates | None = None
    for move in world.moves:
        if isinstance(move, Delegates | Withdraws | Restricts) and (move.patient, move.relative) == (
            patient,
            relative,
        ):
            found = move if isinstance(move, Delegates) else None
    return found


def _by_delegation(world: World, reader: Reader, patient: int) -> str:
    """DOMAIN.md 2.6: dated, proven, withdrawn at once; a parent's ends by itself at eighteen, the same day."""
    if reader.patient != patient:
        return ""
    given = delegation(world, reader.who or 0, patient)
    if given is None or not given.claimed or given.from_day > 0:
        return ""
    if given.until_day is not None and given.until_day < 0:
        return ""
    if given.basis == "parental" and world.grown_up_for[patient] >= 0:
        return ""
    return "carer" if given.basis == "carer" else "representative"


def in_emergency(world: World, reader: Reader, patient: int) -> bool:
    """Four hours, in the structure he acted for; an opposition that comes after ends it."""
    for number, move in enumerate(world.moves):
        if not isinstance(move, BreaksGlass) or move.patient != patient:
            continue
        mine = (move.who, move.structure) == (reader.who, reader.structure)
        closing = (RECORD, SAMU if move.call else EMERGENCY)
        ended = any(
            isinstance(later, Opposes) and later.patient == patient and later.to in closing
            for later in world.moves[number:]
        )
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
    if row.hidden_from_relatives and reader.kind == "representative":
        return False
    return not (row.hidden and reader.kind in ("patient", "representative"))


def knows(world: World, reader: Reader, patient: int, sector: str, structure: int | None) -> bool:
    """Whether this reader may learn that something of a sector exists about this patient."""
    if not sector or reader.kind == "job" or (reader.kind == "patient" and reader.who == patient):
        return True
    if reader.structure is not None and reader.structure == structure:
        return True
    if reader.kind != "professional" or reader.who is None or reader.structure is None:
        return False
    if not {("who", reader.who), ("structure", reader.structure)} & set(members(world, patient)):
        return False
    if RECORD in opposed(world, patient):
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


def reads(world: World, reader: Reader, row: Writes) -> bool:
    """The whole rule for one row."""
    return (
        basis(world, reader, row.patient) != ""
        and within_limits(world, reader, row)
        and reads_class(world, reader, row.data_class)
        and covered(world, reader, row.patient, row.data_class)
    )


def covered(world: World, reader: Reader, patient: int, data_class: str) -> bool:
    """A member by consent reads what was consented to; his structure's own place, or an emergency, asks no scope."""
    if reader.kind != "professional":
        return True
    if in_emergency(world, reader, patient) or reader.who in former(world, patient):
        return True
    if RECORD in opposed(world, patient):
        return False
    return _is_covered(world, reader, patient, data_class)


def reads_class(world: World, reader: Reader, data_class: str) -> bool:
    if reader.kind == "gateway":
        return data_class == STAY
    if reader.kind == "representative":
        given = delegation(world, reader.who or 0, reader.patient or 0)
        is_carer = given is not None and given.basis == "carer"
        return not is_carer or data_class == CIRCLE or data_class in given.scope
    if reader.kind != "professional":
        return True
    return "r" in right(world, world.professionals[reader.who or 0].profession, data_class)


def reads_circle(world: World, reader: Reader, patient: int) -> bool:
    return reads_class(world, reader, CIRCLE) and covered(world, reader, patient, CIRCLE)


def right(world: World, profession: str, data_class: str) -> str:
    """What the table says, until the deployment said otherwise."""
    same = next((group for group in TOGETHER if profession in group), frozenset({profession}))
    said = [
        move.right
        for move in world.moves
        if isinstance(move, Grants) and move.profession in same and move.data_class == data_class
    ]
    return said[-1] if said else RIGHTS[profession][data_class]


def writes_class(world: World, reader: Reader, data_class: str) -> bool:
    if reader.kind != "professional":
        return False
    return "w" in right(world, world.professionals[reader.who or 0].profession, data_class)


def edits_circle(world: World, reader: Reader, patient: int) -> bool:
    """Break-glass only reads; the rest is a member's, by his profession."""
    inside = basis(world, reader, patient) in ("member", "structure")
    return inside and writes_class(world, reader, CIRCLE) and _covered_inside(world, reader, patient)


def _covered_inside(world: World, reader: Reader, patient: int) -> bool:
    """As `covered` for the circle, an emergency apart: it changes nothing."""
    return _is_covered(world, reader, patient, CIRCLE)


def _is_covered(world: World, reader: Reader, patient: int, data_class: str) -> bool:
    inside = members(world, patient)
    places = (("who", reader.who), ("who", acting_for(world, reader)), ("structure", reader.structure))
    mine = [inside.get((what, which)) for what, which in places if which is not None]
    return any(one is not None and (one.scope is None or data_class in one.scope) for one in mine)


def reads_log(world: World, reader: Reader, patient: int) -> bool:
    ground = basis(world, reader, patient)
    return ground in ("patient", "representative") or (
        ground in ("member", "structure") and _covered_inside(world, reader, patient)
    )


def decides(world: World, reader: Reader, patient: int) -> bool:
    """Who removes a member, lifts an opposition, contests an access: the person, or whom the law lets decide."""
    return basis(world, reader, patient) in ("patient", "representative")


def follows(world: World, reader: Reader, patient: int, ground: str) -> bool:
    """In person ("who"), for whom he acts then, or through the structure he acts for ("structure")."""
    in_person = acting_for(world, reader)
    who = reader.who if in_person is None else in_person
    member = who if ground == "who" else reader.structure
    is_inside = (ground, member) in members(world, patient)
    return is_inside and works(world, reader) and RECORD not in opposed(world, patient)


def finds(world: World, reader: Reader, patient: int) -> bool:
    """The search shows identities to every professional, a kept one to its structure alone."""
    return holder(world, patient) in (None, reader.structure)


def found(world: World, reader: Reader, patient: int) -> set[str]:
    """Where the search shows somebody named with his birth date: "mine" for whoever reaches the record; "outside",
    identity alone, for a professional whose circles he is not in (A10). One's own emergency shows both. A relative
    chooses for whom he acts, and searches nobody; a kept record shows nobody outside its structure that it exists.
    """
    ground = basis(world, reader, patient) if reader.kind != "representative" else ""
    is_shown = reader.kind == "professional" and holder(world, patient) in (None, reader.structure)
    is_outside = is_shown and ground not in ("member", "structure")
    return ({"mine"} if ground else set()) | ({"outside"} if is_outside else set())


def sees_period(world: World, reader: Reader, period: Joins, bringer: int | None, opened: int | None) -> bool:
    """One's own periods and those of whom one acts for, past ones included; the whole circle of the record that is
    open; the patient's own circle. But for members whose presence is kept from who asks.
    """
    if not knows_of(world, reader, period, bringer):
        return False
    if period.patient == opened or (reader.kind == "patient" and reader.who == period.patient):
        return True
    return reader.kind == "professional" and _is_own(world, reader, period)


def knows_of(world: World, reader: Reader, period: Joins, bringer: int | None) -> bool:
    """Oneself, one's structure, whom one acts for, the member one brought; else as the sector says."""
    brought = reader.kind == "professional" and bringer is not None and bringer == reader.who
    return (
        _is_own(world, reader, period)
        or brought
        or knows(world, reader, period.patient, *secret(world, period))
    )


def _is_own(world: World, reader: Reader, period: Joins) -> bool:
    who = (reader.who, acting_for(world, reader))
    if reader.kind == "professional" and period.who is not None and period.who in who:
        return True
    return period.structure is not None and period.structure == reader.structure


def rows(world: World) -> list[Writes]:
    return [move for move in world.moves if isinstance(move, Writes)]
