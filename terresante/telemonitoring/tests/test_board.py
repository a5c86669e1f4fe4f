"""The board of a cell, its pages, and who sees nothing of them."""

import re
from copy import copy
from datetime import timedelta

import pytest
from django.db.models.base import ModelState
from django.urls import reverse
from django.utils import timezone

from terresante.care_team.models import CareTeamParticipant
from terresante.kernel.ids import new_id
from terresante.kernel.models import OutboxEvent
from terresante.kernel.ui.wording import french
from terresante.patients.models import CareRecord, Patient
from terresante.questionnaires.tests.factories import made_version
from terresante.telemonitoring.alerts.actions import close_alert, record_call, take_alert
from terresante.telemonitoring.alerts.enums import AlertOutcome, CallResult
from terresante.telemonitoring.board.queries import PER_PAGE
from terresante.telemonitoring.models import Cell, FollowUp
from terresante.telemonitoring.tests.board_factories import (
    answer,
    followed,
    make_cell,
    make_follow_up,
    operators,
    others_followed,
    silence,
)
from tests.cast import join, login, shared_record
from tests.costs import blocks_of, queries_of
from tests.walls import counted, walls_down, without_keys

pytestmark = pytest.mark.commits
BOARD = "/telesuivi/"


@pytest.fixture
def awa(cast):
    with walls_down():
        return operators(cast)[0]


def page(client, actor, address=BOARD, **headers):
    login(client, actor)
    return client.get(address, **headers)


def row_of(follow_up):
    return f"{reverse('board:row')}?suivi={follow_up.pk}"


def test_the_board_says_colour_word_rule_value_threshold_and_who_has_taken_it(cast, awa, client):
    follow_up = followed(cast)
    answer(follow_up, "red")
    shown = page(client, awa).content.decode()
    assert "Madeleine LEROUX" in shown
    for words in ("Rouge", "Température 39,2", "seuil", "J9", "Prendre", "aucun appel", "Cellule Est"):
        assert words in shown
    take_alert(awa, follow_up.pk)
    record_call(awa, follow_up.pk, result=CallResult.VOICEMAIL)
    shown = page(client, awa).content.decode()
    assert "Vous" in shown
    assert "message laissé" in shown
    assert f'data-live-url="{row_of(follow_up)}"' in shown


def test_neither_row_nor_counter_nor_event_for_who_is_of_another_cell(cast, awa, client):
    """Brun has his own cell and his own patient; Amar is of the circle, and of no cell; Samira reads no such class."""
    follow_up, other = followed(cast), others_followed(cast)
    answer(follow_up, "red")
    answer(other, "orange")
    brun = page(client, cast.brun).content.decode()
    assert "Madeleine" not in brun
    assert "Léon" in brun or "Leon" in brun
    assert "Rouge <b>0</b>" in brun
    assert "Orange <b>1</b>" in brun
    assert page(client, cast.brun, row_of(follow_up)).content.decode().count("Madeleine") == 0
    assert page(client, cast.brun, reverse("board:alert", args=[follow_up.pk])).status_code == 404
    assert "Madeleine" not in page(client, cast.samira).content.decode()
    amar = page(client, cast.amar).content.decode()
    assert "Madeleine" in amar
    assert "Mon réseau" not in amar
    assert page(client, cast.madeleine).status_code == 403
    events = OutboxEvent.objects.filter(
        kind__in=("AlertOpened", "FollowUpChanged"), patient_id=follow_up.patient_id
    )
    with walls_down():
        assert {event.payload["data_class"] for event in events} == {"medical"}


def test_once_it_has_ended_it_is_on_no_board_and_nothing_is_done_to_it(cast, awa, client):
    follow_up = followed(cast)
    answer(follow_up, "red")
    with walls_down():
        FollowUp.objects.filter(pk=follow_up.pk).update(
            state="ended", end_reason="recovered", ended_at=timezone.now()
        )
    assert "Madeleine" not in page(client, awa).content.decode()
    client.post(reverse("board:take", args=[follow_up.pk]))
    assert "est terminé" in client.get(BOARD).content.decode()


def test_who_works_for_the_cell_sees_nobody_whose_circle_his_structure_has_left(cast, awa, client):
    follow_up = followed(cast)
    answer(follow_up, "red")
    with walls_down():
        CareTeamParticipant.objects.filter(organization_id=cast.colin.organization_id).update(
            ended_at=timezone.now()
        )
    shown = page(client, awa).content.decode()
    assert "Madeleine" not in shown
    assert "Rouge <b>0</b>" in shown
    assert page(client, awa, reverse("board:alert", args=[follow_up.pk])).status_code == 404
    assert client.post(reverse("board:take", args=[follow_up.pk])).status_code == 404
    assert "Madeleine" not in client.get(row_of(follow_up)).content.decode()


def test_chips_count_filter_and_search(cast, awa, client):
    follow_up = followed(cast)
    silence(follow_up, "orange")
    assert "Madeleine" in page(client, awa, f"{BOARD}?filtre=en-retard").content.decode()
    assert "Madeleine" not in page(client, awa, f"{BOARD}?filtre=rouge").content.decode()
    assert "Madeleine" in page(client, awa, f"{BOARD}?filtre=a-prendre&q=lerou").content.decode()
    assert "Personne de ce nom" in page(client, awa, f"{BOARD}?q=martin").content.decode()
    assert "Madeleine" not in page(client, awa, f"{BOARD}?qui=mes-patients").content.decode()
    part = page(client, awa, f"{BOARD}?partie=filtres", HTTP_HX_REQUEST="true").content.decode()
    assert "<html" not in part
    assert "À prendre <b>1</b>" in part
    assert page(client, awa, f"{BOARD}?partie=autre", HTTP_HX_REQUEST="true").status_code == 404


def lives(patient_id, postal_code, city):
    with walls_down():
        Patient.objects.filter(pk=patient_id).update(postal_code=postal_code, city=city)


def test_a_territory_is_where_the_person_lives_not_where_her_cell_is(cast, awa, client):
    """Her follow-up takes her address as it is, and as it becomes; the chips count what is left."""
    lives(cast.madeleine.person_id, "94300", "Vincennes")
    answer(followed(cast, territory="Seine-et-Marne"), "red")
    shown = page(client, awa).content.decode()
    assert "Val-de-Marne (94), en entier\u00a0· 1" in shown
    assert "94300 Vincennes\u00a0· 1" in shown
    for place, is_there in (("94", True), ("94300", True), ("77", False), ("94000", False), ("2A", False)):
        shown = page(client, awa, f"{BOARD}?territoire={place}").content.decode()
        assert ("Madeleine" in shown) == is_there, place
        assert f"Rouge <b>{int(is_there)}</b>" in shown, place
    assert "Madeleine" in page(client, awa, f"{BOARD}?territoire=94&q=lerou&filtre=rouge").content.decode()
    assert "Madeleine" not in page(client, awa, f"{BOARD}?territoire=77&q=lerou").content.decode()
    assert "Madeleine" in page(client, awa, f"{BOARD}?territoire=partout").content.decode()

    lives(cast.madeleine.person_id, "20200", "BASTIA")
    assert "Madeleine" in page(client, awa, f"{BOARD}?territoire=2B").content.decode()
    assert "Madeleine" not in page(client, awa, f"{BOARD}?territoire=94").content.decode()


def test_the_places_of_others_are_not_told(cast, awa, client):
    """Léon is followed by another cell; Brun lists his own territory, and none of hers."""
    lives(cast.madeleine.person_id, "94300", "Vincennes")
    lives(cast.leon_record.patient_id, "77170", "Brie-Comte-Robert")
    followed(cast)
    others_followed(cast)
    assert "77170" not in without_keys(page(client, awa).content.decode())
    shown = page(client, cast.brun, f"{BOARD}?territoire=94300").content.decode()
    assert "77170" in shown
    assert "Vincennes" not in shown
    assert "Madeleine" not in shown


def test_an_operator_goes_through_the_page_of_an_alert_without_javascript(cast, awa, client):
    follow_up = followed(cast, physician_id=awa.user_id)
    answer(follow_up, "red", to_confirm=True)
    shown = page(client, awa, reverse("board:alert", args=[follow_up.pk])).content.decode()
    for words in (
        "Pourquoi cette couleur",
        "à mesurer de nouveau",
        "Prendre l’alerte",
        "Transmettre",
    ):
        assert words in shown
    here = reverse("board:alert", args=[follow_up.pk])
    assert client.post(reverse("board:take", args=[follow_up.pk])).url == here
    assert client.post(reverse("board:call", args=[follow_up.pk]), {}).status_code == 422
    client.post(reverse("board:call", args=[follow_up.pk]), {"result": "reached", "note": "Va mieux"})
    assert client.post(reverse("board:close", args=[follow_up.pk]), {"outcome": "advice"}).status_code == 422
    client.post(reverse("board:close", args=[follow_up.pk]), {"outcome": "advice", "reason": "Repos"})
    shown = client.get(here).content.decode()
    assert "Va mieux" in shown
    assert french("Conseil donné : Repos") in shown
    client.post(reverse("board:release", args=[follow_up.pk]))
    assert "Rien n’attend" in client.get(here).content.decode()


def test_twelve_hundred_patients_cost_what_one_page_costs(cast, awa, client):
    """Statements and blocks: fifty rows are read, and the rest is counted by groups."""
    follow_up = followed(cast)
    answer(follow_up, "red")
    page(client, awa)
    few = queries_of(client, BOARD)
    with walls_down():
        record = shared_record(cast.amar, "MARTIN", "ANNE", timezone.localdate() - timedelta(days=20000))
        join(record, organization_id=cast.colin.organization_id)
        version = made_version()
        template = make_follow_up(record, follow_up.cell, version=version)
        _many(template, 1199)
    counted(Patient, CareRecord, CareTeamParticipant, FollowUp)
    assert queries_of(client, BOARD) <= few + 1
    assert queries_of(client, f"{BOARD}?territoire=94") <= few + 1
    assert blocks_of(client, BOARD) < 30_000
    shown = client.get(BOARD).content.decode()
    assert shown.count("data-row") == PER_PAGE
    assert "1201" in shown.replace("\u00a0", "").replace("\u202f", "")


def test_the_circles_of_those_whom_nobody_watches_are_not_read(cast, awa, client):
    """A structure may be in 200,000 of them: what its board, or one line of it, asks is asked of those it shows."""
    follow_up = followed(cast)
    answer(follow_up, "red")
    client.defaults["HTTP_HX_REQUEST"] = "true"
    asked = (f"{BOARD}?partie=lignes", row_of(follow_up))
    alone = [_blocks_of_shown(client, awa, address) for address in asked]
    with walls_down():
        record = shared_record(cast.amar, "MARTIN", "ANNE", timezone.localdate() - timedelta(days=20000))
        join(record, organization_id=cast.colin.organization_id)
        _many(make_follow_up(record, make_cell(cast.brun)), 400)
        FollowUp.objects.exclude(pk=follow_up.pk).update(
            state="ended", end_reason="recovered", ended_at=timezone.now()
        )
    counted(Patient, CareRecord, CareTeamParticipant, FollowUp)
    for address, before in zip(asked, alone, strict=True):
        # Each circle is two blocks at least.
        assert _blocks_of_shown(client, awa, address) < before + 400, address


def _blocks_of_shown(client, awa, address):
    """Of the second time: the first one passes over what was updated."""
    assert "Madeleine" in page(client, awa, address).content.decode()
    return blocks_of(client, address, kept=True)


def test_a_board_of_several_cells_shows_the_worst_of_them_all(cast, awa, client):
    """The first of each cell are chosen apart, then put in one order; a page further goes on where the first ends."""
    first = followed(cast).cell
    with walls_down():
        record = shared_record(cast.amar, "MARTIN", "ANNE", timezone.localdate() - timedelta(days=20000))
        join(record, organization_id=cast.colin.organization_id)
        version = made_version()
        other = Cell.objects.create(organization_id=first.organization_id, name="Cellule Ouest")
        for cell in (first, other):
            _many(make_follow_up(record, cell, version=version), 39)
        worst = FollowUp.objects.filter(cell=other).order_by("pk")[30]
        FollowUp.objects.filter(pk=worst.pk).update(colour="red")
    shown = [page(client, awa, f"{BOARD}?page={number}").content.decode() for number in (1, 2)]
    assert [one.count("data-row") for one in shown] == [PER_PAGE, 81 - PER_PAGE]
    lines = re.findall(r"/ligne/\?suivi=([0-9a-f-]{36})", "".join(shown))
    assert lines[0] == str(worst.pk)
    assert len(set(lines)) == 81
    alone = page(client, awa, f"{BOARD}?cellule={other.pk}").content.decode()
    assert alone.count("data-row") == 40
    assert "Cellule Ouest <b>40</b>" in alone


def _many(template: FollowUp, number: int) -> None:
    """Each of a person of her own, in the circle of the same structure."""
    towns = ("94300", "94000", "77170", "75012")
    patients = [_again(template.patient, postal_code=towns[each % 4]) for each in range(number)]
    records = [_again(template.record, patient=one) for one in patients]
    member = CareTeamParticipant.objects.get(patient_id=template.patient_id, practitioner=None)
    Patient.objects.bulk_create(patients)
    CareRecord.objects.bulk_create(records)
    CareTeamParticipant.objects.bulk_create(
        [_again(member, patient=one.patient, record=one) for one in records]
    )
    FollowUp.objects.bulk_create([_again(template, patient=one.patient, record=one) for one in records])


def _again(row, **values):
    again = copy(row)
    again.pk, again._state = new_id(), ModelState()
    for name, value in values.items():
        setattr(again, name, value)
    return again


def test_the_activity_is_counted_for_the_cell_and_told_to_nobody_else(cast, awa, client):
    follow_up, other = followed(cast), others_followed(cast)
    answer(follow_up, "red")
    answer(other, "red")
    record_call(awa, follow_up.pk, result=CallResult.REACHED)
    close_alert(awa, follow_up.pk, outcome=AlertOutcome.FALSE_ALARM, reason="Thermomètre cassé.")
    address = reverse("board:statistics", args=[follow_up.cell_id])
    shown = page(client, awa, address).content.decode()
    assert "Fausse alerte" in shown
    assert "1, dont 1 rouges, 0 orange, 0 sans réponse" in shown
    assert "100 %" in shown.replace("\u00a0", " ")
    text = client.get(f"{address}?format=csv").content.decode()
    assert "false;Température;;1" in text
    assert "LEROUX" not in text + shown
    assert page(client, cast.brun, address).status_code == 403
