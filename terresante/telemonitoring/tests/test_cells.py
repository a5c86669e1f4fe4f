"""A cell is kept by who administers its structure; its hours are read as people write them."""

import pytest
from django.urls import reverse

from terresante.directory.models import PractitionerRole
from terresante.telemonitoring.cells.forms import read_day, write_day
from terresante.telemonitoring.models import Cell
from terresante.telemonitoring.tests.board_factories import make_cell
from tests.cast import login
from tests.walls import walls_down


def test_hours_are_read_as_people_write_them():
    assert read_day("9h-12h30, 14:00 – 18:00") == [["09:00", "12:30"], ["14:00", "18:00"]]
    assert read_day(" ") == []
    assert write_day([["00:00", "24:00"]]) == "00:00-24:00"
    for wrong in ("9-12", "25:00-26:00", "9:00"):
        with pytest.raises(ValueError, match=r"."):
            read_day(wrong)


def watched(client):
    """Whether the bar leads to the board: only of who works where people are followed at home."""
    return f'href="{reverse("board:board")}"' in client.get(reverse("overview:home")).content.decode()


@pytest.mark.commits
def test_an_administrator_of_the_structure_opens_a_cell_and_another_one_does_not(cast, client):
    with walls_down():
        other = make_cell(cast.brun, "Cellule du Canal")
        PractitionerRole.objects.filter(practitioner_id=cast.colin.person_id).update(
            duties=["local_administrator"]
        )
    login(client, cast.colin)
    address = reverse("board:new_cell", args=[cast.colin.organization_id])
    said = {"name": "Cellule Est", "lock_minutes": "15", "is_active": "on", "on_call_phone": "0612345678"}
    wrong = client.post(address, {**said, "day_1": "18:00-9:00"})
    assert wrong.status_code == 422
    assert "fermeture suit" in wrong.content.decode()
    said |= {"day_1": "9:00-18:00", "physician": str(cast.samira.user_id), "days_off": "25/12/2026"}
    assert client.post(address, said).status_code == 302
    cell = Cell.objects.get(name="Cellule Est")
    assert (cell.opening_hours, cell.days_off) == ({"1": [["09:00", "18:00"]]}, ["2026-12-25"])
    assert cell.physician_id == cast.samira.user_id
    assert client.post(address, said).status_code == 422
    shown = client.get(reverse("board:cells")).content.decode()
    assert "Cellule Est" in shown
    assert "Cellule du Canal" not in shown
    assert watched(client)
    closed = {name: value for name, value in said.items() if name != "is_active"}
    assert client.post(reverse("board:cell", args=[cell.pk]), closed).status_code == 302
    assert not watched(client)
    stranger = {**said, "name": "Autre", "physician": str(cast.brun.user_id)}
    assert client.post(reverse("board:cell", args=[cell.pk]), stranger).status_code == 422
    assert client.get(reverse("board:cell", args=[other.pk])).status_code == 403
    assert client.get(reverse("board:new_cell", args=[cast.brun.organization_id])).status_code == 403
    login(client, cast.amar)
    assert client.get(reverse("board:cells")).status_code == 403
