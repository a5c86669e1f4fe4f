"""Random worlds, and the smallest one that still shows a difference. Imports nothing of the platform."""

import dataclasses
from collections.abc import Callable
from random import Random

from tests.access.oracle.model import (
    CLASSES,
    PROFESSIONS,
    RESCUERS,
    SECTORS,
    BreaksGlass,
    Joins,
    Leaves,
    Lifts,
    Move,
    Names,
    Opposes,
    Professional,
    Unnames,
    World,
    Writes,
    members,
    named_now,
    opposed,
    secret,
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
    sectors = tuple(chance.choice((*SECTORS, "", "", "", "", "")) for _ in range(structures))
    drawn = World(structures, professionals, patients, known, (), sectors)
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
    kinds = {
        "join": 30, "leave": 12, "oppose": 6, "lift": 5, "break": 12, "write": 35, "name": 10, "unname": 3
    }  # fmt: skip
    match chance.choices(list(kinds), list(kinds.values()))[0]:
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
        case "name":
            kept_by = structure if chance.random() < 0.5 else None
            named = Names(patient, chance.choice(SECTORS), who, structure, restricted_to=kept_by)
            return _of_one(chance, named)
        case "unname":
            return _unnames(chance, drawn, patient)
        case _:
            return _writes(chance, drawn, number, patient)


def _unnames(chance: Random, drawn: World, patient: int) -> Move:
    named = named_now(drawn, patient)
    return Unnames(chance.choice(named)) if named else Lifts(patient)


def _writes(chance: Random, drawn: World, number: int, patient: int) -> Writes:
    written = Writes(number, patient, chance.choice(CLASSES), hidden=chance.random() < 0.2)
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


def _of_one(chance: Random, move: Joins | Leaves | Names) -> Joins | Leaves | Names:
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
        case Names():
            is_told = move in named_now(before, move.patient)
            return _is_inside(before, move) and not secret(before, move)[0] and not is_told
        case Unnames():
            return move.named in named_now(before, move.named.patient)
        case BreaksGlass():
            # A past attempt is set in place, not played: it stands before every opposition.
            past = move.hours_ago > 0
            return not (
                past and any(isinstance(m, Opposes) and m.patient == move.patient for m in before.moves)
            )
    return True


def _is_inside(before: World, move: Joins | Leaves | Names) -> bool:
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
