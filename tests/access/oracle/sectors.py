"""What a sector keeps from view: whose presence, and whom somebody named. Imports nothing of the platform."""

from tests.access.oracle.moves import Joins, Names, Professional, Unnames, World

# DOMAIN.md 2.1, last row but one: care whose very existence is kept to those who give it.
SECTORS = ("psychiatry", "addictology")


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


def named_now(world: World, patient: int) -> list[Names]:
    named: list[Names] = []
    for move in world.moves:
        if isinstance(move, Names) and move.patient == patient:
            named.append(move)
        if isinstance(move, Unnames) and move.named in named:
            named.remove(move.named)
    return named
