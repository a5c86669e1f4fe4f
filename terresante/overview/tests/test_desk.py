"""Home, lists and search: mine and nobody else's, in a handful of queries."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from terresante.accounts.models import User
from terresante.care_team.enums import DataClass
from terresante.directory.models import Organization, PractitionerRole
from terresante.feed.enums import FeedKind
from terresante.feed.models import FeedItem, ReadCursor
from terresante.kernel import slots
from terresante.kernel.models import AuditEntry
from terresante.kernel.slots import FactLine
from terresante.overview import desk_queries, search_queries
from terresante.patients.models import CareRecord, Patient
from tests.cast import join, login, shared_record
from tests.costs import queries_of, tags_of
from tests.walls import walls_down

pytestmark = pytest.mark.commits


@pytest.fixture(autouse=True)
def lines(monkeypatch):
    def shown(actor, ids):
        return {key: FactLine(strong="Hémoglobine basse", source="laboratoire", url="/x") for key in ids}

    monkeypatch.setattr(slots, "facts", dict.fromkeys(FeedKind.values, shown))


def told(record, kind, *, hours=1, **more):
    with walls_down():
        return FeedItem.objects.create(
            patient_id=record.patient_id,
            kind=kind,
            object_id=record.pk,
            occurred_at=timezone.now() - timedelta(hours=hours),
            data_class=more.pop("data_class", DataClass.STAY),
            **more,
        )


def page(client, url, **query):
    response = client.get(url, query)
    assert response.status_code == 200
    return response.content.decode()


def test_the_home_page_shows_what_is_new_for_my_patients_and_not_for_others(client, cast):
    told(cast.madeleine_record, FeedKind.ADMISSION, is_alert=True)
    told(cast.leon_record, FeedKind.ADMISSION, is_alert=True)

    amar = page(login(client, cast.amar), "/")
    brun = page(login(client, cast.brun), "/")

    assert "Madeleine LEROUX" in amar and "Leon LEROUX" not in amar
    assert "Leon LEROUX" in brun and "Madeleine LEROUX" not in brun
    assert "À traiter d’abord" in amar


def test_alerts_come_by_gravity_then_by_age_and_the_rest_after(client, cast):
    with walls_down():
        others = [
            shared_record(cast.amar, name, "ZOE", date(1950, 1, 1)) for name in ("VIEUX", "RECENT", "NOTE")
        ]
    told(others[1], FeedKind.DISCHARGE, hours=2, is_alert=True)
    told(others[0], FeedKind.ADMISSION, hours=40, is_alert=True)
    told(cast.madeleine_record, FeedKind.EMERGENCY_VISIT, hours=1, is_alert=True)
    told(others[2], FeedKind.NOTE, hours=90, data_class=DataClass.CARE)

    shown = page(login(client, cast.amar), "/")

    names = ["Madeleine LEROUX", "Zoe VIEUX", "Zoe RECENT", "Nouveau pour vous", "Zoe NOTE"]
    places = [shown.index(name) for name in names]
    assert places == sorted(places)


def test_what_i_wrote_or_read_is_not_new(client, cast):
    told(cast.madeleine_record, FeedKind.NOTE, author_id=cast.amar.user_id, data_class=DataClass.CARE)
    told(cast.madeleine_record, FeedKind.ADMISSION, is_alert=True)
    with walls_down():
        ReadCursor.objects.create(
            user_id=cast.amar.user_id,
            patient_id=cast.madeleine_record.patient_id,
            read_up_to=timezone.now(),
            visited_at=timezone.now(),
        )

    assert "Rien de nouveau" in page(login(client, cast.amar), "/")
    assert "Admission" in page(login(client, cast.ines), "/")


def test_a_fact_whose_profession_or_object_is_out_of_reach_is_not_shown(client, cast, monkeypatch):
    told(cast.madeleine_record, FeedKind.NOTE, data_class=DataClass.MEDICAL)
    with walls_down():
        User.objects.filter(pk=cast.samira.user_id).get()
        join(cast.madeleine_record, practitioner_id=cast.samira.person_id)

    assert "Rien de nouveau" in page(login(client, cast.samira), "/")
    monkeypatch.setattr(slots, "facts", {kind: lambda actor, ids: {} for kind in FeedKind.values})
    assert "Rien de nouveau" in page(login(client, cast.amar), "/")


def test_chips_filter_and_count(client, cast):
    told(cast.madeleine_record, FeedKind.NOTE, data_class=DataClass.CARE)
    told(cast.madeleine_record, FeedKind.ADMISSION, is_alert=True)

    notes = page(login(client, cast.amar), "/", filtre="notes")

    assert "Alertes <b>1</b>" in notes and "Tout <b>2</b>" in notes
    assert "À traiter d’abord" not in notes and "Nouveau pour vous" in notes


def test_an_empty_filter_does_not_say_that_nothing_is_new(client, cast):
    told(cast.madeleine_record, FeedKind.NOTE, data_class=DataClass.CARE)

    alerts = page(login(client, cast.amar), "/", filtre="alertes")

    assert "Rien de ce type" in alerts and "Voir toutes les nouveautés" in alerts
    assert "ien de nouveau" not in alerts


def test_a_newcomer_is_told_what_to_do(client, cast):
    assert "créez le dossier" in page(login(client, cast.urgentiste), "/")


def test_the_home_page_of_many_patients_takes_a_handful_of_queries(client, cast):
    with walls_down():
        records = [
            shared_record(cast.amar, f"NOM{chr(65 + n % 26)}", "ZOE", date(1950, 1, 1)) for n in range(40)
        ]
    for record in records[:25]:
        told(record, FeedKind.ADMISSION, is_alert=True)
    login(client, cast.amar)

    with CaptureQueriesContext(connection) as many:
        page(client, "/")
    with CaptureQueriesContext(connection) as listed:
        page(client, "/patients/")

    # Session, account, situations, two transactions and their contexts, audit row, frame (2), page (3), homonyms (1).
    assert len(many) <= 19, len(many)
    assert len(listed) <= 16, len(listed)


def test_all_my_patients_are_listed_by_name_twenty_a_page(client, cast):
    with walls_down():
        for n in range(24):
            shared_record(cast.amar, f"NOM{chr(65 + n)}", "ZOE", date(1950, 1, 1))
    login(client, cast.amar)

    first, second = page(client, "/patients/"), page(client, "/patients/", page=2)

    assert "1 à 20 sur 25" in first and "Madeleine LEROUX" in first
    assert "Zoe NOMA" in first and "Zoe NOMX" in second
    assert "Leon" not in first + second


def test_a_patient_more_is_drawn_at_once(client, cast):
    """Bad: a tag for each of its words. Twenty patients took a quarter of the page."""
    login(client, cast.amar)
    pages = ("/patients/", "/recherche/?q=leroux")
    few = [(tags_of(client, address), queries_of(client, address)) for address in pages]
    with walls_down():
        for n in range(10):
            shared_record(cast.amar, "LEROUX", f"ZOE{chr(65 + n)}", date(1950, 1, 1))

    assert [(tags_of(client, address), queries_of(client, address)) for address in pages] == few


def test_what_a_list_says_of_a_patient_is_shown_letter_by_letter(client, cast):
    with walls_down():
        Patient.objects.filter(pk=cast.madeleine_record.patient_id).update(
            used_name="<b>GARNIER</b>", birth_name="<i>LEROUX</i>", city="<i>Cachan</i>"
        )
        CareRecord.objects.filter(pk=cast.madeleine_record.pk).update(is_shared=False)
    login(client, cast.amar)

    mine, found = page(client, "/patients/"), page(client, "/recherche/", q="leroux")

    for shown in (mine, found):
        assert "<i>" not in shown and "<b>GARNIER" not in shown
        assert '<span class="birth-name">née &lt;i&gt;LEROUX&lt;/i&gt;</span>' in shown
        assert '<td data-label="Commune">&lt;i&gt;Cachan&lt;/i&gt;</td>' in shown
        assert '<span class="tag">Pas encore partagé</span>' in shown
        assert '<td class="is-empty" data-label="En ce moment">—</td>' in shown
    assert '<td data-label="Votre rôle">Médecin traitant</td>' in mine and "Votre rôle" not in found


def test_the_patients_of_a_structure_are_paged_by_place(client, cast):
    with walls_down():
        dac = Organization.objects.get(pk=cast.colin.organization_id)
        for n in range(21):
            join(
                shared_record(cast.brun, f"NOM{chr(65 + n)}", "ZOE", date(1950, 1, 1)), organization_id=dac.pk
            )
    login(client, cast.colin)

    first = page(client, "/patients/structure/")
    following = first.split('href="?')[1].split('"')[0]
    second = client.get(f"/patients/structure/?{following}").content.decode()

    assert "22\u00a0patients" in first
    assert "Zoe NOMS" in first and "Zoe NOMU" not in first
    assert "Zoe NOMU" in second and "Madeleine" not in second and "Leon" not in first + second


def test_a_structure_is_never_counted_beyond_a_thousand(client, cast, monkeypatch):
    monkeypatch.setattr(desk_queries, "MOST_PATIENTS", 0)

    assert "plus de 1 000" in page(login(client, cast.colin), "/patients/structure/")


@pytest.mark.parametrize(
    "text", ["lero", "Madel", "leroux madeleine", "MADELEINE léroux", "leroux 02/04/1939"]
)
def test_my_patients_are_found_by_name(client, cast, text):
    found = page(login(client, cast.amar), "/recherche/", q=text)

    assert "Madeleine LEROUX" in found
    assert "Leon" not in found
    with walls_down():
        assert not AuditEntry.objects.filter(action="record.search").exists()


def test_the_patients_of_my_structure_are_found_too(client, cast):
    assert "Madeleine LEROUX" in page(login(client, cast.colin), "/recherche/", q="leroux")


@pytest.mark.parametrize("text", ["leroux leon 12/09/1941", "Léon Le 12091941", "1941-09-12 LE leon"])
def test_the_region_is_searched_by_both_names_and_the_birth_date(client, cast, text):
    found = page(login(client, cast.amar), "/recherche/", q=text)

    assert "LEON LEROUX" in found and "Identité provisoire" in found
    assert f"/dossiers/{cast.leon_record.pk}" not in found
    with walls_down():
        assert AuditEntry.objects.filter(action="record.search", user_id=cast.amar.user_id).count() == 1


@pytest.mark.parametrize(
    "text", ["leroux 12/09/1941", "leroux l 12/09/1941", "leroux leon", "leon leroux 1941"]
)
def test_the_region_is_not_searched_by_less(client, cast, text):
    assert "LEON LEROUX" not in page(login(client, cast.amar), "/recherche/", q=text)


def test_the_fields_of_the_detailed_search_ask_the_same(client, cast):
    fields = {"name": "leroux", "given_name": "leon", "born": "12/09/1941"}

    assert "LEON LEROUX" in page(login(client, cast.amar), "/recherche/", **fields)


def test_region_wide_searches_are_limited_by_the_hour_and_mine_are_not(client, cast, monkeypatch):
    monkeypatch.setattr(search_queries, "REGION_SEARCHES_PER_HOUR", 2)
    login(client, cast.amar)
    for _ in range(2):
        page(client, "/recherche/", q="leroux leon 12/09/1941")

    limited = page(client, "/recherche/", q="leroux leon 12/09/1941")

    assert "Vous avez fait 2 recherches" in limited and "LEON LEROUX" not in limited
    assert "Madeleine LEROUX" in page(client, "/recherche/", q="leroux")
    assert "LEON LEROUX" in page(login(client, cast.ines), "/recherche/", q="leroux leon 12/09/1941")


def test_a_date_that_does_not_exist_is_said(client, cast):
    assert "n’existe pas" in page(login(client, cast.amar), "/recherche/", q="leroux leon 31/02/1941")


def test_patients_do_not_search(client, cast):
    found = page(login(client, cast.leon), "/recherche/", q="leroux madeleine 02/04/1939")

    assert "MADELEINE" not in found.upper().replace("LEROUX MADELEINE 02/04/1939", "")


def test_a_toast_tells_a_new_alert_of_my_patient_only(client, cast):
    alert = told(cast.madeleine_record, FeedKind.ADMISSION, is_alert=True)
    asked = {"object": str(alert.pk)}

    assert "Madeleine LEROUX\u00a0: Hémoglobine basse" in page(login(client, cast.amar), "/annonce/", **asked)
    assert not page(login(client, cast.brun), "/annonce/", **asked)


def test_somebody_of_two_structures_chooses_and_keeps_the_choice(client, cast):
    with walls_down():
        role = PractitionerRole.objects.get(practitioner_id=cast.amar.person_id)
        role.pk, role.organization_id = None, cast.colin.organization_id
        role.id = type(role)._meta.get_field("id").default()
        role.save(force_insert=True)
    login(client, cast.amar)

    asked = page(client, "/situation/", next="/patients/")
    chosen = client.post("/situation/", {"situation": str(role.id), "next": "/patients/"})

    assert "DAC Est" in asked and "Cabinet des Lilas" in asked
    assert chosen.headers["Location"] == "/patients/"
    assert "DAC Est" in page(client, "/patients/structure/")
    assert (
        client.post("/situation/", {"situation": str(role.id), "next": "//ailleurs.example"}).headers[
            "Location"
        ]
        == "/"
    )


def test_somebody_of_one_structure_passes_on(client, cast):
    assert login(client, cast.amar).get("/situation/").headers["Location"] == "/"


def test_without_an_account_there_is_no_page(client, cast):
    for url in (
        "/",
        "/patients/",
        "/patients/structure/",
        "/patients/nouveau/",
        "/recherche/?q=leroux",
        "/annonce/",
    ):
        assert client.get(url).headers["Location"].startswith("/connexion/"), url


def test_who_is_struck_off_is_refused_the_same_day_and_told_why(client, cast):
    login(client, cast.amar)
    with walls_down():
        PractitionerRole.objects.filter(practitioner_id=cast.amar.person_id).update(
            period_end=timezone.localdate()
        )

    sent_away = client.get("/", follow=True)

    assert "Votre compte ne donne plus accès" in sent_away.content.decode()
    assert "Madeleine" not in sent_away.content.decode()


def test_homonyms_and_twins_are_said_wherever_somebody_is_chosen(client, cast):
    with walls_down():
        twin = shared_record(cast.brun, "LEROUX", "MADELON", date(1939, 4, 2))
        shared_record(cast.brun, "LEROUX", "MADELEINE", date(1944, 1, 9))
        shared_record(cast.brun, "SEULE", "JEANNE", date(1939, 4, 2))
    gp = login(client, cast.amar)

    mine = page(gp, "/recherche/", q="leroux madeleine")
    assert "Homonyme : vérifiez la date de naissance" in mine
    abroad = page(gp, "/recherche/", q="leroux madelon 02/04/1939")
    assert "Même nom, né le même jour" in abroad
    assert str(twin.patient_id) in abroad
    assert "Homonyme" not in page(gp, "/recherche/", q="seule jeanne 02/04/1939")
    assert "Même nom" not in page(gp, "/recherche/", q="seule jeanne 02/04/1939")
