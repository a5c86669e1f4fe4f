from datetime import timedelta

import pytest
from django.utils import timezone

from terresante.accounts.models import User
from terresante.care_team.queries import open_record
from terresante.kernel import rls
from terresante.stays.slots import where_the_person_is
from terresante.stays.tests.reports import NOW, Hospital, cancelled, movement
from tests.walls import walls_down

pytestmark = pytest.mark.commits


@pytest.fixture
def stay(cast):
    hospital = Hospital(cast.madeleine_record)
    shift = timezone.now() - NOW
    hours = shift / timedelta(hours=1)
    hospital.reports(movement("admission", hours=hours), now=timezone.now())
    return hospital


def page(client, actor, record):
    with walls_down():
        client.force_login(User.objects.get(pk=actor.user_id))
    return client.get(f"/dossiers/{record.pk}/sejours/")


def test_the_page_of_stays_is_closed_to_those_outside_the_circle(cast, client, stay):
    for name in ("brun", "jules", "urgentiste", "dpo", "leon"):
        assert page(client, getattr(cast, name), cast.madeleine_record).status_code == 404, name


def test_the_circle_sees_the_stay_and_its_movements(cast, client, stay):
    shown = page(client, cast.ines, cast.madeleine_record)

    assert shown.status_code == 200
    assert "Hôpital Saint-Martin, Cardiologie" in shown.content.decode()


def test_a_record_without_stay_says_so(cast, client):
    assert "Aucun séjour" in page(client, cast.brun, cast.leon_record).content.decode()


def test_the_header_says_where_she_is_in_the_feminine(cast, stay):
    with rls.acting(cast.ines):
        opened = open_record(cast.ines, cast.madeleine_record.pk)
        [badge] = where_the_person_is(cast.ines, opened.patient.pk)

    assert badge.text.startswith("Hospitalisée · Hôpital Saint-Martin, cardiologie, depuis ")


def header(client, actor, record):
    with walls_down():
        client.force_login(User.objects.get(pk=actor.user_id))
    return client.get(f"/dossiers/{record.pk}/a-savoir/")


def test_the_header_asked_again_follows_the_stay_to_a_death_and_back(cast, client, stay):
    """What the live stream has a page ask: the badges alone."""
    hours = (timezone.now() - NOW) / timedelta(hours=1) + 1
    assert "Hospitalisée" in header(client, cast.ines, cast.madeleine_record).content.decode()
    assert header(client, cast.brun, cast.madeleine_record).status_code == 404

    stay.reports(movement("discharge", hours=hours, is_death=True), now=timezone.now())
    said = header(client, cast.ines, cast.madeleine_record).content.decode()
    assert "Décédée · Hôpital Saint-Martin, le " in said and "Hospitalisée" not in said
    assert "<main" not in said

    stay.reports(cancelled("discharge", hours=hours + 0.1), now=timezone.now())
    said = header(client, cast.ines, cast.madeleine_record).content.decode()
    assert "Hospitalisée" in said and "Décédée" not in said


def test_a_death_in_a_secret_stay_is_not_in_the_header(cast, client, stay):
    hours = (timezone.now() - NOW) / timedelta(hours=1) + 1
    stay.reports(movement("discharge", hours=hours, is_death=True, is_secret=True), now=timezone.now())

    assert "Décédée" not in header(client, cast.ines, cast.madeleine_record).content.decode()


def test_the_list_asked_again_is_the_list_alone(cast, client, stay):
    with walls_down():
        client.force_login(User.objects.get(pk=cast.ines.user_id))
    asked = client.get(f"/dossiers/{cast.madeleine_record.pk}/sejours/", headers={"HX-Request": "true"})

    assert "Cardiologie" in asked.content.decode() and "<main" not in asked.content.decode()
