"""Random worlds, and the smallest one that still shows a difference. Imports nothing of the platform."""

import dataclasses
from collections.abc import Callable
from random import Random

from tests.access.oracle.model import (
    CLASSES,
    PHYSICIANS,
    PROFESSIONS,
    RESCUERS,
    BreaksGlass,
    Delegates,
    Joins,
    Leaves,
    Lifts,
    Move,
    Opposes,
    Professional,
    Revokes,
    World,
    Writes,
    members,
    opposed,
)


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
    drawn = World(structures, professionals, patients, known, ())
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
    return Professional(profession, here, struck_off=chance.random() < 0.1, former=former)


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
    kinds = ("join", "leave", "oppose", "lift", "break", "delegate", "revoke", "write")
    match chance.choices(kinds, (30, 12, 6, 5, 12, 8, 3, 35))[0]:
        case "join":
            from_hour = 24 if chance.random() < 0.1 else -48
            return _of_one(chance, Joins(patient, who, structure, from_hour))
        case "leave":
            return _of_one(chance, Leaves(patient, who, structure))
        case "oppose":
            return Opposes(patient, emergency=chance.random() < 0.5)
        case "lift":
            return Lifts(patient)
        case "break":
            professional = drawn.professionals[who or 0]
            places = (*professional.structures, *professional.former)
            return BreaksGlass(patient, who or 0, chance.choice(places), chance.choice((0, 0, 3, 5)))
        case "delegate" if pairs := _desks(drawn):
            from_day, to_day = chance.choice(((0, None), (0, None), (0, 1), (-2, 0), (1, None)))
            return Delegates(*chance.choice(pairs), from_day, to_day)
        case "revoke" if pairs := _desks(drawn):
            return Revokes(*chance.choice(pairs))
        case _:
            return Writes(
                number,
                patient,
                chance.choice(CLASSES),
                private_to=structure if chance.random() < 0.25 else None,
                hidden=chance.random() < 0.25,
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


def _of_one(chance: Random, move: Joins | Leaves) -> Joins | Leaves:
    if chance.random() < 0.35:
        return dataclasses.replace(move, who=None)
    return dataclasses.replace(move, structure=None)


def _fits(before: World, move: Move) -> bool:
    match move:
        case Joins():
            return not _is_inside(before, move) and False not in opposed(before, move.patient)
        case Leaves():
            member = ("who", move.who) if move.who is not None else ("structure", move.structure or 0)
            return member in members(before, move.patient) and False not in opposed(before, move.patient)
        case Opposes():
            return move.emergency not in opposed(before, move.patient)
        case Lifts():
            return False in opposed(before, move.patient)
        case Delegates():
            return not _is_given(before, move)
        case Revokes():
            return _is_given(before, move)
        case BreaksGlass():
            # A past attempt is set in place, not played: it stands before every opposition.
            past = move.hours_ago > 0
            return not (
                past and any(isinstance(m, Opposes) and m.patient == move.patient for m in before.moves)
            )
    return True


def _is_inside(before: World, move: Joins | Leaves) -> bool:
    """An open period, be it in the future."""
    inside = False
    for earlier in before.moves:
        if isinstance(earlier, Joins | Leaves) and (earlier.patient, earlier.who, earlier.structure) == (
            move.patient,
            move.who,
            move.structure,
        ):
            inside = isinstance(earlier, Joins)
    return inside


def _is_given(before: World, move: Delegates | Revokes) -> bool:
    """Said and not revoked, be it over or to come."""
    asked = (move.who, move.secretary, move.structure)
    said = [
        earlier
        for earlier in before.moves
        if isinstance(earlier, Delegates | Revokes)
        and (earlier.who, earlier.secretary, earlier.structure) == asked
    ]
    return bool(said) and isinstance(said[-1], Delegates)
