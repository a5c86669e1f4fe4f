"""Sets a world up in the database: who is there, then what happens, in order."""

from dataclasses import replace

from django.db import connection

from tests.access.oracle import model
from tests.access.oracle.model import (
    World,
)
from tests.access.oracle.play import play
from tests.access.oracle.stage import (
    Built,
    at_the_door,
    bring_actors,
    bring_relatives,
    found_patients,
    known_relatives,
    structures_and_people,
)
from tests.access.oracle.stage import born as born
from tests.access.oracle.stage import called as called
from tests.access.oracle.stage import marker as marker
from tests.walls import walls_down


def build(world: World) -> Built:
    _as_delivered()
    built = Built(world)
    with walls_down():
        structures_and_people(built)
        found_patients(built)
        known_relatives(built)
    bring_actors(built)
    for number, move in enumerate(world.moves):
        play(built, replace(world, moves=world.moves[:number]), move, number)
    bring_relatives(built)
    for reader in model.readers(world):
        if reader.acts_for is not None:
            built.actors[reader] = at_the_door(built, reader)
    return built


def _as_delivered() -> None:
    """Settings are the whole deployment's: those of the world before are not of this one."""
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute("DELETE FROM kernel_switchchange")
        cursor.execute("SET ROLE terresante_app")
