"""The tab « Santé » as the circle uses it, without JavaScript."""

from datetime import timedelta

import pytest
from django.utils import timezone

from terresante.care_team import actions as team
from terresante.health_record.models import AllergyIntolerance, Observation
from terresante.health_record.tests.factories import added, allergy, declared, directive, each_kind, weight
from tests.cast import login
from tests.costs import queries_of
from tests.walls import dispatched, walls_down

pytestmark = pytest.mark.commits


def url(record, rest=""):
    return f"/dossiers/{record.pk}/sante/{rest}"


def page(client, record, rest=""):
    return client.get(url(record, rest)).content.decode()


def test_the_tab_is_that_of_who_reads_medical_data(client, cast):
    added(cast.amar, cast.madeleine_record)
    for name, status in (("amar", 200), ("colin", 200), ("samira", 403), ("brun", 404), ("jules", 404)):
        login(client, cast.actors[name])
        assert client.get(url(cast.madeleine_record)).status_code == status, name
    login(client, cast.samira)
    assert "/sante/" not in client.get(f"/dossiers/{cast.madeleine_record.pk}/").content.decode()


def test_an_allergy_is_added_seen_in_the_header_confirmed_and_refuted(client, cast):
    login(client, cast.amar)
    record = cast.madeleine_record
    sent = {
        "substance": "Pénicilline",
        "category": "medication",
        "criticality": "high",
        "clinical_status": "active",
        "reaction": "Œdème",
        "level": "shared",
        "relatives_see": "yes",
    }
    asked = client.post(url(record, "allergies/ajouter/"), {**sent, "recompute": "1"})
    assert asked.status_code == 200 and "Verront cette ligne" in asked.content.decode()
    assert client.post(url(record, "allergies/ajouter/"), {**sent, "substance": ""}).status_code == 422
    assert client.post(url(record, "allergies/ajouter/"), sent, follow=True).status_code == 200
    assert client.post(url(record, "allergies/ajouter/"), sent).status_code == 422
    shown = page(client, record)
    assert "Allergies : pénicilline" in shown and "Œdème" in shown and "Camille AMAR" in shown
    with walls_down():
        line = AllergyIntolerance.objects.get()

    answer = client.post(
        url(record, f"allergies/{line.pk}/avis/"),
        {"verdict": "refuted", "reason": "Test négatif"},
        follow=True,
    )

    assert answer.status_code == 200 and "Test négatif" in answer.content.decode()
    shown = page(client, record)
    assert "Allergies : pénicilline" not in shown and "1\u00a0ligne passée ou écartée" in shown


def test_what_the_person_declared_says_so_until_a_professional_confirms_it(client, cast):
    line = declared(cast.madeleine, cast.madeleine_record, allergy("Arachide"))
    login(client, cast.ines)

    shown = page(client, cast.madeleine_record)
    assert "Déclaré par la patiente, non confirmé" in shown
    assert "Allergies : arachide (déclaré, non confirmé)" in shown
    client.post(
        url(cast.madeleine_record, f"allergies/{line.pk}/avis/"), {"verdict": "confirmed", "reason": ""}
    )

    shown = page(client, cast.madeleine_record)
    assert (
        "non confirmé" not in shown
        and "Dit par la personne" in shown
        and "confirmé par Camille INES" in shown
    )


def test_limits_of_care_stand_first_under_the_name(client, cast):
    added(cast.amar, cast.madeleine_record)
    added(cast.amar, cast.madeleine_record, directive())
    login(client, cast.ines)

    shown = page(client, cast.madeleine_record)

    assert shown.index("Limites de soins : ne pas réanimer") < shown.index("Allergies : pénicilline")


def test_a_correction_goes_through_the_form_and_the_older_words_stay(client, cast):
    line = added(cast.amar, cast.madeleine_record, weight("62.5"))
    login(client, cast.ines)
    form = page(client, cast.madeleine_record, f"mesures/{line.pk}/corriger/")
    assert 'value="62,50"' in form or 'value="62,5"' in form
    sent = {"code": "29463-7", "value": "65,2", "effective_at": "2026-11-20T08:30", "reason": "Lu de travers"}

    answer = client.post(url(cast.madeleine_record, f"mesures/{line.pk}/corriger/"), sent, follow=True)

    said = answer.content.decode()
    assert "65,2\u00a0kg" in said and "62,5\u00a0kg" in said and "Lu de travers" in said
    with walls_down():
        assert Observation.objects.count() == 2


def test_a_measure_is_a_curve_and_the_same_values_as_a_table(client, cast):
    now = timezone.now()
    for days, value in ((9, "61.2"), (4, "63"), (0, "65.4")):
        added(cast.ines, cast.madeleine_record, weight(value, now - timedelta(days=days)))
    login(client, cast.amar)

    shown = page(client, cast.madeleine_record, "mesures/")

    assert shown.count('class="chart-dot"') == 3 and "<table" in shown and "Poids (kg)" in shown
    for value in ("61,2", "63", "65,4"):
        assert f"{value}\u00a0kg" in shown
    assert "style=" not in shown.split("<main")[1]


def test_the_person_s_own_line_is_told_as_hers(client, cast):
    declared(cast.madeleine, cast.madeleine_record, allergy("Arachide"))
    dispatched()
    login(client, cast.amar)

    timeline = client.get(f"/dossiers/{cast.madeleine_record.pk}/chronologie/").content.decode()

    assert "dit par la personne" in timeline and f"{cast.madeleine.name}, " not in timeline


def test_a_measure_tells_its_own_day_when_it_is_another_one(client, cast):
    now = timezone.now()
    added(cast.ines, cast.madeleine_record, weight("61.2", now))
    login(client, cast.amar)
    same = page(client, cast.madeleine_record)
    added(cast.ines, cast.madeleine_record, weight("63", now - timedelta(days=9)))
    with walls_down():
        Observation.objects.filter(effective_at__gt=now - timedelta(days=1)).update(is_current=False)

    assert "mesure\u00a0:" not in same and "mesure\u00a0:" in page(client, cast.madeleine_record)


def test_an_unknown_kind_or_a_line_of_another_kind_or_record_is_not_found(client, cast):
    line = added(cast.amar, cast.madeleine_record)
    other = added(cast.brun, cast.leon_record)
    login(client, cast.amar)
    for rest in (
        "autre/ajouter/",
        f"directives/{line.pk}/",
        f"allergies/{other.pk}/",
        f"allergies/{other.pk}/avis/",
    ):
        assert client.get(url(cast.madeleine_record, rest)).status_code == 404, rest


def test_an_emergency_reads_the_health_and_finds_no_button_to_write(client, cast):
    added(cast.amar, cast.madeleine_record)
    team.open_in_emergency(cast.urgentiste, cast.madeleine_record.patient_id, reason="Coma, inconnue")
    login(client, cast.urgentiste)

    shown = page(client, cast.madeleine_record)

    assert "pénicilline" in shown and "Ajouter une allergie" not in shown
    assert client.get(url(cast.madeleine_record, "allergies/ajouter/")).status_code == 403


def test_the_page_costs_as_much_with_many_lines_as_with_few(client, cast):
    login(client, cast.ines)
    for said in each_kind():
        added(cast.amar, cast.madeleine_record, said)
    client.get(url(cast.madeleine_record))
    few = queries_of(client, url(cast.madeleine_record))
    for number in range(6):
        added(cast.amar, cast.madeleine_record, allergy(f"Produit {number}"))
        added(cast.amar, cast.madeleine_record, weight(f"{60 + number}"))
    client.get(url(cast.madeleine_record))

    assert queries_of(client, url(cast.madeleine_record)) == few <= 32
