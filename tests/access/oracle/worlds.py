"""Random worlds, and the smallest one that still shows a difference. Imports nothing of the platform."""

import dataclasses
from collections.abc import Callable
from random import Random
from typing import Any

from tests.access.oracle.model import (
    CIRCLE,
    CLASSES,
    EMERGENCY,
    FIXED,
    PHYSICIANS,
    PROFESSIONS,
    RECORD,
    RESCUERS,
    SAMU,
    STAY,
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
    Regime,
    Removes,
    Restricts,
    Revokes,
    Withdraws,
    World,
    Writes,
    delegation,
    holder,
    may_join,
    members,
    opposed,
    right,
)
from tests.access.oracle.moves import Names, Professional, Unnames
from tests.access.oracle.sectors import SECTORS, named_now, secret, sector_of_person


def world(seed: int) -> World:
    chance = Random(seed)
    structures, patients = chance.randint(2, 4), chance.randint(2, 3)
    professionals = tuple(_professional(chance, structures) for _ in range(chance.randint(3, 6)))
    known = tuple(
        (structure, patient)
        for structure in range(structures)
        for patient in range(patients)
        if chance.random() < 0.25
    )
    # The eighteenth birthday is where the rules turn: it comes often.
    grown_up_for = tuple(chance.choice((-4000, -1, 0, 1, 20000)) for _ in range(patients))
    sectors = tuple(chance.choice((*SECTORS, "", "", "", "", "")) for _ in range(structures))
    samus = (structures - 1,) if chance.random() < 0.5 else ()
    drawn = World(
        structures,
        professionals,
        patients,
        known,
        (),
        relatives=chance.randint(1, 2),
        grown_up_for=grown_up_for,
        # A SAMU is of no sector.
        sectors=tuple("" if at in samus else sector for at, sector in enumerate(sectors)),
        samus=samus,
        kept=((patients - 1, 0),) if chance.random() < 0.3 else (),
    )
    for number in range(chance.randint(8, 22)):
        drawn = dataclasses.replace(drawn, moves=(*drawn.moves, *_moves(chance, drawn, number)))
    return drawn


def smallest(broken: World, still_fails: Callable[[World], bool]) -> World:
    """Takes moves away one by one, as long as the difference remains."""
    shrunk = True
    while shrunk:
        shrunk = False
        for position in reversed(range(len(broken.moves))):
            moves = broken.moves[:position] + broken.moves[position + 1 :]
            tried = dataclasses.replace(broken, moves=moves)
            if is_possible(tried) and still_fails(tried):
                broken, shrunk = tried, True
    return broken


def is_possible(world: World) -> bool:
    """Nobody joins twice or leaves what he has not joined; nobody joins an opposed record."""
    for position in range(len(world.moves)):
        before = dataclasses.replace(world, moves=world.moves[:position])
        if not _fits(before, world.moves[position]):
            return False
    return True


def _professional(chance: Random, structures: int) -> Professional:
    places = tuple(sorted(chance.sample(range(structures), chance.choice((1, 1, 2)))))
    # Gone from one of them since: all that is left to some.
    former = places[-1:] if chance.random() < 0.15 else ()
    # Rescuers and secretaries are at both ends of the rules: they come more often.
    profession = chance.choice((*PROFESSIONS, *sorted(RESCUERS), "doctor", "secretary"))
    here = tuple(place for place in places if place not in former)
    specialty = chance.choice((*SECTORS, "", "", "", "")) if profession == "doctor" else ""
    return Professional(
        profession, here, struck_off=chance.random() < 0.1, specialty=specialty, former=former
    )


def _moves(chance: Random, drawn: World, number: int) -> tuple[Move, ...]:
    for _ in range(20):
        move = _move(chance, drawn, number)
        if _fits(drawn, move):
            return (move,)
    return ()


def _move(chance: Random, drawn: World, number: int) -> Move:
    patient = chance.randrange(drawn.patients)
    who: int | None = chance.randrange(len(drawn.professionals))
    structure: int | None = chance.randrange(drawn.structures)
    relative = chance.randrange(drawn.relatives)
    names, odds = zip(*_ODDS.items(), strict=True)
    match chance.choices(names, odds)[0]:
        case "delegate":
            return _delegates(chance, patient, relative)
        case "withdraw":
            return Withdraws(patient, relative)
        case "restrict":
            return Restricts(patient, relative)
        case "remove":
            return _of_one(chance, Removes(patient, who, structure))
        case "join":
            from_hour = 24 if chance.random() < 0.1 else -48
            return _by_consent(chance, _of_one(chance, Joins(patient, who, structure, from_hour)))
        case "leave":
            return _of_one(chance, Leaves(patient, who, structure))
        case "oppose":
            return Opposes(patient, chance.choice((RECORD, EMERGENCY, EMERGENCY, SAMU)))
        case "lift":
            return Lifts(patient)
        case "break":
            professional = drawn.professionals[who or 0]
            at = chance.choice((*professional.structures, *professional.former))
            call = (at in drawn.samus) if chance.random() < 0.8 else chance.random() < 0.5
            return BreaksGlass(patient, who or 0, at, chance.choice((0, 0, 3, 5)), call)
        case "agree":
            return Agrees(patient)
        case "regime":
            return Regime(consent=chance.random() < 0.5)
        case "grant":
            return Grants(chance.choice(PROFESSIONS), chance.choice(CLASSES), chance.choice(("", "r", "rw")))
        case "lend" if pairs := _desks(drawn):
            from_day, to_day = chance.choice(((0, None), (0, None), (0, 1), (-2, 0), (1, None)))
            return Lends(*chance.choice(pairs), from_day, to_day)
        case "revoke" if pairs := _desks(drawn):
            return Revokes(*chance.choice(pairs))
        case "name":
            kept_by = structure if chance.random() < 0.5 else None
            return _of_one(
                chance, Names(patient, chance.choice(SECTORS), who, structure, restricted_to=kept_by)
            )
        case "hand":
            return HandsOver(patient, who or 0, chance.randrange(len(drawn.professionals)))
        case "unname" if named := named_now(drawn, patient):
            return Unnames(chance.choice(named))
        case _:
            return _writes(chance, drawn, number, patient)


def _writes(chance: Random, drawn: World, number: int, patient: int) -> Writes:
    written = Writes(
        number,
        patient,
        chance.choice(CLASSES),
        hidden=chance.random() < 0.2,
        hidden_from_relatives=chance.random() < 0.25,
    )
    structure = chance.randrange(drawn.structures)
    match chance.choices(("all", "structure", "person", "restricted"), (50, 20, 12, 18))[0]:
        case "structure":
            return dataclasses.replace(written, private_to=structure)
        case "person":
            return dataclasses.replace(
                written, private_to_who=chance.randrange(len(drawn.professionals)), hidden=False
            )
        case "restricted":
            return dataclasses.replace(written, sector=chance.choice(SECTORS), restricted_to=structure)
    return written


_ODDS = {
    "join": 30,
    "leave": 8,
    "oppose": 6,
    "lift": 5,
    "break": 14,
    "write": 35,
    "delegate": 20,
    "withdraw": 4,
    "restrict": 3,
    "remove": 4,
    "lend": 8,
    "revoke": 3,
    "agree": 3,
    "regime": 3,
    "grant": 5,
    "name": 10,
    "unname": 3,
    "hand": 8,
}


def _delegates(chance: Random, patient: int, relative: int) -> Delegates:
    basis = chance.choice(("parental", "guardianship", "carer", "carer"))
    scope = tuple(sorted(chance.sample(("care", "coordination", "stay"), chance.randint(0, 3))))
    return Delegates(
        patient,
        relative,
        basis,
        from_day=chance.choice((-30, -30, 0, 1)),
        until_day=chance.choice((None, None, 0, 1, -1)),
        scope=scope if basis == "carer" else (),
        claimed=chance.random() < 0.85,
    )


def _desks(drawn: World) -> list[tuple[int, int, int]]:
    """(physician, secretary, structure where both work)."""
    people = list(enumerate(drawn.professionals))
    return [
        (who, secretary, structure)
        for who, physician in people
        for secretary, helper in people
        for structure in physician.structures
        if physician.profession in PHYSICIANS
        and helper.profession == "secretary"
        and not helper.struck_off
        and structure in helper.structures
    ]


def _by_consent(chance: Random, move: Joins | Leaves | Removes) -> Joins | Leaves | Removes:
    if not isinstance(move, Joins) or move.who is None or move.from_hour > 0 or chance.random() > 0.3:
        return move
    scope = tuple(sorted(chance.sample(CLASSES, chance.randint(1, 3)))) if chance.random() < 0.8 else None
    return dataclasses.replace(move, scope=scope, until_hour=chance.choice((None, 24, -1)))


def _of_one(chance: Random, move: Any) -> Any:
    if chance.random() < 0.35:
        return dataclasses.replace(move, who=None)
    return dataclasses.replace(move, structure=None)


def _fits(before: World, move: Move) -> bool:
    if (
        isinstance(move, Joins | Leaves | Removes | Agrees | Names | HandsOver)
        and holder(before, move.patient) is not None
    ):
        return False
    match move:
        case Joins():
            return not _is_inside(before, move) and RECORD not in opposed(before, move.patient)
        case Delegates():
            began = move.until_day is None or move.until_day >= move.from_day
            return began and not _has_delegation(before, move)
        case Withdraws():
            return delegation(before, move.relative, move.patient) is not None
        case Restricts():
            given = delegation(before, move.relative, move.patient)
            return given is not None and given.basis == "parental"
        case Removes():
            member = ("who", move.who) if move.who is not None else ("structure", move.structure or 0)
            # The last member stays: periods to come count.
            return member in members(before, move.patient) and len(_open_members(before, move.patient)) > 1
        case Agrees():
            return RECORD not in opposed(before, move.patient) and not any(
                isinstance(m, Agrees) and m.patient == move.patient for m in before.moves
            )
        case Regime():
            said = [m.consent for m in before.moves if isinstance(m, Regime)]
            return move.consent != (said[-1] if said else False)
        case Grants():
            return _may_grant(before, move)
        case Leaves():
            member = ("who", move.who) if move.who is not None else ("structure", move.structure or 0)
            return member in members(before, move.patient) and RECORD not in opposed(before, move.patient)
        case Opposes():
            return move.to not in opposed(before, move.patient)
        case Lifts():
            return RECORD in opposed(before, move.patient)
        case Lends():
            return not _is_given(before, move)
        case Revokes():
            return _is_given(before, move)
        case Names():
            member = ("who", move.who) if move.who is not None else ("structure", move.structure or 0)
            is_member = member in members(before, move.patient)
            return is_member and not secret(before, move)[0] and move not in named_now(before, move.patient)
        case HandsOver():
            return _may_hand_over(before, move)
        case Unnames():
            return move.named in named_now(before, move.named.patient)
        case BreaksGlass():
            # A past attempt is set in place, not played: it stands before every opposition.
            past = move.hours_ago > 0
            return not (
                past and any(isinstance(m, Opposes) and m.patient == move.patient for m in before.moves)
            )
    return True


def _may_hand_over(before: World, move: HandsOver) -> bool:
    """A care that is not consented to for one person, by who still works, to a colleague who may know of it."""
    inside, giver, taker = (
        members(before, move.patient),
        *(before.professionals[n] for n in (move.who, move.to)),
    )
    given, is_there = inside.get(("who", move.who)), ("who", move.to) in inside
    if given is None or given.scope is not None or given.until_hour is not None or move.who == move.to:
        return False
    if not (giver.structures and taker.structures) or giver.struck_off or taker.struck_off:
        return False
    if RECORD in opposed(before, move.patient) or ("who", move.to) in _open_members(
        before, move.patient
    ) - set(inside):
        return False
    sector = secret(before, given)[0]
    return (is_there or may_join(before.moves, move.patient)) and sector in ("", sector_of_person(taker))


def _may_grant(before: World, move: Grants) -> bool:
    """What the law leaves to a deployment, and is not the right in force."""
    if (move.profession, move.data_class) in FIXED or move.right == right(
        before, move.profession, move.data_class
    ):
        return False
    if move.data_class == CIRCLE:
        return move.right != ""
    return move.data_class != STAY or move.right != "rw"


def _has_delegation(before: World, move: Delegates) -> bool:
    """One at a time for a relative and a person, restricted ones included."""
    last = None
    for earlier in before.moves:
        if isinstance(earlier, Delegates | Withdraws) and (earlier.patient, earlier.relative) == (
            move.patient,
            move.relative,
        ):
            last = earlier
    return isinstance(last, Delegates)


def _open_members(before: World, patient: int) -> set[tuple[str, int]]:
    inside: set[tuple[str, int]] = set()
    for number, move in enumerate(before.moves):
        if isinstance(move, Joins) and not may_join(before.moves[:number], patient):
            continue
        if isinstance(move, Joins | Leaves | Removes) and move.patient == patient:
            member = ("who", move.who) if move.who is not None else ("structure", move.structure or 0)
            (inside.add if isinstance(move, Joins) else inside.discard)(member)
        if isinstance(move, HandsOver) and move.patient == patient:
            inside -= {("who", move.who)}
            inside |= {("who", move.to)}
    return inside


def _is_inside(before: World, move: Joins) -> bool:
    """An open period, be it in the future, or past its end without anybody having said so."""
    member = ("who", move.who) if move.who is not None else ("structure", move.structure or 0)
    return member in _open_members(before, move.patient)


def _is_given(before: World, move: Lends | Revokes) -> bool:
    """Said and not revoked, be it over or to come."""
    asked = (move.who, move.secretary, move.structure)
    said = [
        earlier
        for earlier in before.moves
        if isinstance(earlier, Lends | Revokes)
        and (earlier.who, earlier.secretary, earlier.structure) == asked
    ]
    return bool(said) and isinstance(said[-1], Lends)
