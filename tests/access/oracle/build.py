"""Sets a world up in the database: by the platform's own actions wherever somebody may act, else behind the walls."""

from dataclasses import replace
from uuid import UUID

from django.db import connection

from terresante.kernel import rls
from terresante.kernel.actor import Actor
from tests.access.oracle import model
from tests.access.oracle.model import (
    World,
)
from tests.access.oracle.play import play
from tests.access.oracle.stage import Built as Built
from tests.access.oracle.stage import at_the_door, come, patients, relatives, represent, structures_and_people
from tests.access.oracle.stage import born as born
from tests.access.oracle.stage import called as called
from tests.access.oracle.stage import marker as marker
from tests.walls import walls_down


def build(world: World) -> Built:
    _as_delivered()
    built = Built(world)
    with walls_down():
        structures_and_people(built)
        patients(built)
        relatives(built)
    come(built)
    for number, move in enumerate(world.moves):
        play(built, replace(world, moves=world.moves[:number]), move, number)
    represent(built)
    for reader in model.readers(world):
        if reader.acts_for is not None:
            built.actors[reader] = at_the_door(built, reader)
    return built


def opens(actor: Actor, patient_id: UUID) -> str:
    with rls.acting(actor):
        return rls.open_record(patient_id)


def _as_delivered() -> None:
    """Settings are the whole deployment's: those of the world before are not of this one."""
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute("DELETE FROM kernel_switchchange")
        cursor.execute("SET ROLE terresante_app")
