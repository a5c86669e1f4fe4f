from dataclasses import dataclass

import pytest

from simulators.sms import SimulatedSms
from terresante.directory.enums import OrganizationKind, Profession
from terresante.kernel.actor import Actor
from terresante.kernel.ports import bound
from terresante.telemonitoring.models import Cell
from terresante.telemonitoring.tests.factories import cell_of
from tests.cast import Cast, organization, professional
from tests.walls import walls_down


@dataclass
class Watch:
    """Two cells of two structures, each with its nurse, who is in no circle by herself."""

    cell: Cell
    operator: Actor
    other_cell: Cell
    other_operator: Actor


@pytest.fixture
def watch(cast: Cast) -> Watch:
    with walls_down():
        here = organization("Centre de télésuivi Est", OrganizationKind.DAC)
        there = organization("Centre de télésuivi Ouest", OrganizationKind.DAC)
        nurse = professional("operatrice", Profession.NURSE, here)
        other = professional("voisine", Profession.NURSE, there)
    return Watch(cell_of(here.pk), nurse, cell_of(there.pk), other)


@pytest.fixture
def sms(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    """Messages leave."""
    monkeypatch.setattr(bound, "sms", SimulatedSms(tmp_path))
