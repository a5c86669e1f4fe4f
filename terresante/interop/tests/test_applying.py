import pytest

from terresante.interop.tests import wire
from terresante.stays.models import Encounter
from tests.walls import walls_down

pytestmark = pytest.mark.commits


@pytest.fixture
def hospital(cast):
    return wire.connect()


def test_a_message_of_a_known_person_becomes_a_stay(cast, hospital):
    wire.know(cast.madeleine_record, hospital)

    codes = wire.receive(hospital, wire.stamped("A01", pid=wire.person(cast.madeleine_record)))

    assert (codes, wire.apply()) == (["AA"], 1)
    assert wire.states() == [("applied", "stay")]
    with walls_down():
        assert Encounter.objects.get().patient_id == cast.madeleine_record.patient_id
