"""A citizen vouched for by FranceConnect: his own record, or a task for the identity desk and nothing shown."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone

from terresante.accounts.federation import protocol
from terresante.accounts.models import FederatedIdentity, Session, User
from terresante.accounts.tests.issuer import Issuer, serving
from terresante.accounts.tests.steps import is_in
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, NotFound
from terresante.kernel.models import AuditEntry
from terresante.patients import link_actions as actions
from terresante.patients.enums import LinkCause, LinkState
from terresante.patients.models import LinkRequest, Patient, PatientAccount
from terresante.patients.pivot import is_whole, read_pivot
from tests.cast import login, shared_record
from tests.walls import walls_down, without_keys

pytestmark = pytest.mark.commits
BEGIN, BACK = "/connexion/franceconnect/", "/connexion/franceconnect/retour/"
WAITS, NO = "Votre demande est transmise", "n’a pas pu rattacher"


@pytest.fixture
def issuer(settings):
    made = Issuer(sub="opaque-1")
    server = serving(made)
    settings.FRANCECONNECT = {"issuer": made.url, "client": made.client, "secret": "tests", "discovery": ""}
    settings.BASE_URL = "http://testserver"
    protocol.forget_providers()
    yield made
    server.shutdown()
    server.server_close()


def pivot(**other):
    """Madeleine LEROUX, born on 2 April 1939 in Créteil (tests/cast.py)."""
    return {
        "family_name": "LEROUX",
        "given_name": "Madeleine",
        "birthdate": "1939-04-02",
        "gender": "female",
        "birthplace": "94028",
        "birthcountry": "99100",
        "preferred_username": "",
        **other,
    }


def log_in(issuer, client=None, **claims):
    client = client or Client()
    issuer.person = pivot(**claims)
    location = client.get(BEGIN)["Location"]
    return client, client.get(BACK, issuer.grant(location))


def waits(visit, *, words=WAITS):
    client, response = visit
    assert response.status_code == 403
    page = response.content.decode()
    assert words in page
    assert "1939" not in without_keys(page) and "LEROUX" not in page.upper()
    return not is_in(client)


def the_request() -> LinkRequest:
    with walls_down():
        return LinkRequest.objects.get(state=LinkState.OPEN)


def patient_of(client):
    with walls_down():
        session = Session.objects.get(session_key=client.session.session_key)
        return PatientAccount.objects.get(user=session.user).patient_id


def without_account(record) -> None:
    with walls_down(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM patients_patientaccount WHERE patient_id = %s", [record.patient_id])


def change(record, **traits) -> None:
    with walls_down():
        Patient.objects.filter(pk=record.patient_id).update(**traits)


# Who is nobody here, or nearly somebody


def test_one_trait_apart_shows_nothing_and_opens_a_task(cast, issuer):
    for different in (
        {"family_name": "LEROUXEL"},
        {"given_name": "Madeline"},
        {"given_name": "Madeleine Rose"},
        {"birthdate": "1939-04-03"},
        {"gender": "male"},
        {"birthplace": "94046"},
        {"birthplace": "", "birthcountry": "99127"},
    ):
        assert waits(log_in(issuer, **different)), different
        request = the_request()
        assert request.cause == LinkCause.NOBODY
        assert not FederatedIdentity.objects.exists()


def test_the_same_person_asking_again_is_one_task(cast, issuer):
    log_in(issuer, given_name="Madeleine Rose")
    log_in(issuer, given_name="Madeleine Anne")

    assert the_request().birth_given_names == "Madeleine Anne"


@pytest.mark.parametrize(
    "missing",
    [
        {"given_name": ""},
        {"given_name": None},
        {"family_name": ""},
        {"birthdate": ""},
        {"birthdate": "1939-13-45"},
        {"gender": ""},
        {"birthplace": "", "birthcountry": ""},
        {"birthplace": "", "birthcountry": "99100"},
    ],
)
def test_an_incomplete_pivot_identity_is_nobody(cast, issuer, missing):
    """Some people have no given name at the civil status: the desk, never a guess."""
    assert waits(log_in(issuer, **missing))
    assert the_request().cause == LinkCause.INCOMPLETE


def test_two_records_with_the_five_traits_are_for_the_desk(cast, issuer):
    with walls_down():
        shared_record(cast.brun, "LEROUX", "MADELEINE", date(1939, 4, 2))

    assert waits(log_in(issuer))
    assert the_request().cause == LinkCause.SEVERAL


def test_a_twin_enters_her_own_record_and_not_her_sister_s(cast, issuer):
    with walls_down():
        twin = shared_record(cast.brun, "LEROUX", "MARGUERITE", date(1939, 4, 2))
    client, response = log_in(issuer, given_name="Marguerite")

    assert response["Location"] == "/mon-dossier/"
    assert patient_of(client) == twin.patient_id


def test_an_identity_without_a_record_opens_nothing(cast, issuer):
    with walls_down(), connection.cursor() as cursor:
        for table in ("care_team_careteamparticipant", "patients_carerecord"):
            cursor.execute(f"DELETE FROM {table} WHERE patient_id = %s", [cast.madeleine_record.patient_id])  # noqa: S608

    assert waits(log_in(issuer))


@pytest.mark.parametrize(
    "flag", [{"is_doubtful": True}, {"is_fictitious": True}, {"deceased_on": date(2026, 1, 1)}]
)
def test_a_doubtful_identity_or_a_dead_person_s_is_for_the_desk(cast, issuer, flag):
    change(cast.madeleine_record, **flag)

    assert waits(log_in(issuer))
    assert the_request().cause == LinkCause.DOUBTFUL


# Who is somebody here


def test_five_equal_traits_open_the_person_s_own_account(cast, issuer):
    """Her account of before, with its own login: one person, one account."""
    client, response = log_in(issuer, family_name="Leroux", given_name="Madeleine")

    assert response["Location"] == "/mon-dossier/"
    assert client.get("/mon-dossier/").status_code == 200
    session = Session.objects.get(session_key=client.session.session_key)
    assert (session.user_id, session.opened_by) == (cast.madeleine.user_id, "franceconnect")
    identity = FederatedIdentity.objects.get()
    assert (identity.subject, identity.user_id) == ("opaque-1", cast.madeleine.user_id)


def test_a_record_without_an_account_gets_one_at_the_first_login(cast, issuer):
    without_account(cast.madeleine_record)
    client, _ = log_in(issuer, email="madeleine@mail.example")
    log_in(issuer)

    assert patient_of(client) == cast.madeleine_record.patient_id
    user = FederatedIdentity.objects.get().user
    assert (user.email, user.has_usable_password()) == ("madeleine@mail.example", False)


def test_a_usage_name_is_no_trait(cast, issuer):
    client, response = log_in(issuer, preferred_username="DUBOIS")

    assert response.status_code == 302 and is_in(client)


def test_somebody_born_abroad_is_known_by_the_country(cast, issuer):
    change(cast.madeleine_record, birth_place_code="99352")
    client, _ = log_in(issuer, birthplace="", birthcountry="99352")

    assert is_in(client)


def test_a_signed_userinfo_is_read_as_franceconnect_gives_it(cast, issuer):
    issuer.signed_userinfo = True
    client, _ = log_in(issuer)

    assert is_in(client)


def test_a_citizen_s_proof_opens_no_professional_pages(cast, issuer):
    """Dr Amar is Madeleine's account holder too: FranceConnect says nothing of her profession."""
    with walls_down(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE patients_patientaccount SET user_id = %s WHERE user_id = %s",
            [cast.amar.user_id, cast.madeleine.user_id],
        )
    client, response = log_in(issuer)

    assert response["Location"] == "/mon-dossier/"
    assert client.get("/mon-dossier/").status_code == 200
    with walls_down():
        entry = AuditEntry.objects.filter(action="account.login", user_id=cast.amar.user_id).latest("at")
    assert entry.actor_kind == "patient"


def test_traits_that_changed_since_the_last_login_show_nothing(cast, issuer):
    log_in(issuer)
    for side in ({"birth_name": "MARTIN", "match_birth_name": "MARTIN"}, {"birth_name": "LEROUX"}):
        change(cast.madeleine_record, **side)
        client, response = log_in(issuer)
        if side["birth_name"] == "MARTIN":
            assert waits((client, response))
            assert the_request().cause == LinkCause.CHANGED
        else:
            assert is_in(client)

    assert waits(log_in(issuer, family_name="LEROUX DE LINCY"))


def test_a_closed_account_stays_closed(cast, issuer):
    with walls_down():
        User.objects.filter(pk=cast.madeleine.user_id).update(is_active=False)
    client, response = log_in(issuer)

    assert response.status_code == 403 and not is_in(client)


# The desk


def test_what_the_desk_linked_opens_at_the_next_login(cast, issuer):
    log_in(issuer, given_name="Madeleine Rose")
    actions.attach(
        cast.identito,
        the_request().pk,
        patient_id=cast.madeleine_record.patient_id,
        reason="acte de naissance vu",
    )
    client, response = log_in(issuer, given_name="Madeleine Rose")

    assert response["Location"] == "/mon-dossier/"
    assert patient_of(client) == cast.madeleine_record.patient_id
    with walls_down():
        rows = AuditEntry.objects.filter(action="identity.attach", user_id=cast.identito.user_id)
        assert [row.patient_id for row in rows] == [cast.madeleine_record.patient_id]


def test_a_decision_holds_until_either_side_changes(cast, issuer):
    log_in(issuer, given_name="Madeleine Rose")
    actions.attach(
        cast.identito,
        the_request().pk,
        patient_id=cast.madeleine_record.patient_id,
        reason="acte de naissance vu",
    )
    log_in(issuer, given_name="Madeleine Rose")

    assert waits(log_in(issuer, given_name="Madeleine Rose Anne"))
    change(cast.madeleine_record, birth_place_code="75113")
    assert waits(log_in(issuer, given_name="Madeleine Rose"))


def test_another_person_of_the_same_traits_does_not_inherit_the_decision(cast, issuer):
    log_in(issuer, given_name="Madeleine Rose")
    actions.attach(
        cast.identito,
        the_request().pk,
        patient_id=cast.madeleine_record.patient_id,
        reason="acte de naissance vu",
    )
    issuer.sub = "opaque-2"

    assert waits(log_in(issuer, given_name="Madeleine Rose"))


def test_who_was_refused_is_told_whom_to_ask_and_opens_no_other_task(cast, issuer):
    log_in(issuer, given_name="Madeleine Rose")
    actions.refuse(cast.identito, the_request().pk, reason="personne inconnue ici")

    assert waits(log_in(issuer, given_name="Madeleine Rose"), words=NO)
    with walls_down():
        assert not LinkRequest.objects.filter(state=LinkState.OPEN).exists()
        LinkRequest.objects.update(decided_at=timezone.now() - timedelta(days=31))
    assert waits(log_in(issuer, given_name="Madeleine Rose"))
    assert the_request().state == LinkState.OPEN


def test_a_decision_is_taken_once_with_a_reason_and_by_the_desk_alone(cast, issuer):
    log_in(issuer, given_name="Madeleine Rose")
    request, patient = the_request(), cast.madeleine_record.patient_id
    for actor in (cast.amar, cast.brun, cast.madeleine, cast.dpo):
        with pytest.raises(NotFound):
            actions.attach(actor, request.pk, patient_id=patient, reason="parce que")
    with pytest.raises(Invalid):
        actions.attach(cast.identito, request.pk, patient_id=patient, reason=" ")
    actions.refuse(cast.identito, request.pk, reason="personne inconnue ici")
    with pytest.raises(Conflict):
        actions.attach(cast.identito, request.pk, patient_id=patient, reason="acte de naissance vu")


def test_the_database_shows_the_tasks_to_the_desk_and_to_jobs_alone(cast, issuer):
    log_in(issuer, given_name="Madeleine Rose")
    seen = {}
    for actor in (cast.amar, cast.madeleine, cast.dpo, cast.identito, Actor.job("tests")):
        with rls.acting(actor):
            seen[actor.name] = LinkRequest.objects.count()

    assert [seen[a.name] for a in (cast.amar, cast.madeleine, cast.dpo)] == [0, 0, 0]
    assert seen[cast.identito.name] == seen["tests"] == 1


def test_a_decision_is_not_rewritten_by_sql_of_the_desk(cast, issuer):
    log_in(issuer, given_name="Madeleine Rose")
    actions.refuse(cast.identito, the_request().pk, reason="personne inconnue ici")
    with rls.acting(cast.identito), connection.cursor() as cursor:
        cursor.execute("UPDATE patients_linkrequest SET reason = 'autre'")
        assert cursor.rowcount == 0
        cursor.execute("DELETE FROM patients_linkrequest")
        assert cursor.rowcount == 0
    with pytest.raises(DatabaseError), rls.acting(cast.identito), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO patients_linkrequest SELECT gen_random_uuid(), 'x', 'y', cause, 'open', birth_name,"
            " birth_given_names, birth_date, lunar_birth_date, sex, birth_place_code, used_name, now(), now(), '',"
            " NULL, '', '', NULL FROM patients_linkrequest"
        )


def test_identities_of_people_nobody_knows_are_not_kept(cast, issuer):
    log_in(issuer, given_name="Madeleine Rose")
    with walls_down():
        LinkRequest.objects.update(seen_at=timezone.now() - timedelta(days=91))
    with rls.acting(Actor.job("tests")):
        assert actions.purge_requests() == 1


def test_the_desk_compares_decides_and_sees_what_it_decided(cast, issuer, client):
    log_in(issuer, given_name="Madeleine Rose")
    login(client, cast.identito)
    request = the_request()
    page = f"/identites/rattachements/{request.pk}/"

    assert "Madeleine Rose" in client.get("/identites/rattachements/").content.decode()
    shown = client.get(page).content.decode()
    assert "Ce que dit FranceConnect" in shown and str(cast.madeleine_record.patient_id) in shown
    without = client.post(f"{page}decider/", {"reason": "acte de naissance vu"})
    assert without.status_code == 422 and "Choisissez l’identité" in without.content.decode()
    told = {"patient": str(cast.madeleine_record.patient_id), "reason": "acte de naissance vu"}
    assert client.post(f"{page}decider/", told)["Location"] == "/identites/rattachements/"
    assert "acte de naissance vu" in client.get(page).content.decode()


def test_the_list_costs_the_same_with_fifty_requests(cast, client, django_assert_max_num_queries):
    login(client, cast.identito)
    with walls_down():
        LinkRequest.objects.bulk_create(
            LinkRequest(issuer="x", subject=str(number), cause=LinkCause.NOBODY, sex="F")
            for number in range(60)
        )
    client.get("/identites/rattachements/")
    with django_assert_max_num_queries(14):
        page = client.get("/identites/rattachements/").content.decode()

    assert "Les 50 plus anciennes" in page


def test_others_have_no_such_page(cast, issuer, client):
    log_in(issuer, given_name="Madeleine Rose")
    for actor in (cast.amar, cast.dpo):
        login(client, actor)
        assert client.get("/identites/rattachements/").status_code == 403
        assert client.get(f"/identites/rattachements/{the_request().pk}/").status_code in (403, 404)


# Pure


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        (pivot(birthdate="1939-00-00"), (date(1939, 1, 1), "1939-01-00")),
        (pivot(birthdate="1939"), (date(1939, 1, 1), "1939-01-00")),
    ],
)
def test_an_unknown_day_of_birth_is_kept_as_said(claims, expected):
    read = read_pivot(claims)

    assert read.birth_date == expected[0]
    assert read.lunar_birth_date


@pytest.mark.parametrize("claims", [{}, {"given_name": ["A"]}, {"birthdate": 19390402}, {"gender": None}])
def test_claims_of_another_shape_are_no_pivot_identity(claims):
    assert not is_whole(read_pivot(claims))
