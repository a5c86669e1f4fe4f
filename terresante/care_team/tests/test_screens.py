import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from terresante.care_team import actions
from terresante.care_team.enums import ConsentKind, TeamRole
from terresante.care_team.models import CareTeamParticipant, Consent, EmergencyAccess
from terresante.care_team.queries import log
from terresante.kernel import rls
from terresante.kernel.ids import new_id
from terresante.kernel.models import AuditEntry
from terresante.patients.models import Patient
from tests.cast import client_of
from tests.walls import walls_down

pytestmark = pytest.mark.commits
HOSTILE = "<script>alert(1)</script>'; DROP TABLE kernel_user; --"
MOST_QUERIES = 26


def url(name, cast, *more):
    return reverse(f"care_team:{name}", args=[cast.madeleine_record.pk, *more])


def participant(cast, actor):
    with walls_down():
        return CareTeamParticipant.objects.get(
            member_id=actor.person_id, patient_id=cast.madeleine_record.patient_id
        )


def record_urls(cast):
    ines = participant(cast, cast.ines).pk
    return [
        url("circle", cast),
        url("add_member", cast),
        url("add_practitioner", cast, cast.brun.person_id),
        url("add_organization", cast, cast.brun.organization_id),
        url("remove_member", cast, ines),
        url("choices", cast),
        url("oppose_record", cast),
        url("oppose_emergency", cast),
        url("access_log", cast),
    ]


@pytest.mark.parametrize("name", ["brun", "jules", "urgentiste", "dpo", "identito", "leon"])
def test_pages_of_a_record_do_not_exist_for_those_outside_it(cast, name):
    client = client_of(cast.actors[name])

    for page in record_urls(cast):
        assert client.get(page).status_code == 404, page
        assert "MADELEINE" not in client.get(page).content.decode().upper()


def test_every_page_opens_for_a_member_with_few_queries(cast):
    client = client_of(cast.amar)

    for page in record_urls(cast):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = client.get(page)
        assert answer.status_code == 200, page
        assert len(queries) <= MOST_QUERIES, (page, len(queries))


def test_the_circle_takes_no_more_queries_when_it_grows(cast):
    client = client_of(cast.amar)
    with CaptureQueriesContext(connection) as small:
        client.get(url("circle", cast))
    for actor in (cast.brun, cast.jules, cast.urgentiste):
        actions.add_member(
            cast.amar, cast.madeleine_record.pk, member=actions.NewMember(practitioner_id=actor.person_id)
        )
    with CaptureQueriesContext(connection) as large:
        client.get(url("circle", cast))

    assert len(large) == len(small)


def test_a_removed_member_is_refused_at_the_next_request_of_a_living_session(cast):
    client = client_of(cast.ines)
    assert client.get(url("circle", cast)).status_code == 200
    page = url("remove_member", cast, participant(cast, cast.ines).pk)
    pages = record_urls(cast)

    client_of(cast.amar).post(page, {"reason": "déménagement"})

    for each in pages:
        assert client.get(each).status_code == 404, each
        assert client.post(each).status_code in (404, 405), each


def test_a_professional_is_found_and_added_in_four_taps(cast):
    client = client_of(cast.amar)
    circle = client.get(url("circle", cast)).content.decode()
    assert url("add_member", cast) in circle
    found = client.get(url("add_member", cast), {"name": "brun", "profession": "", "commune": ""})
    join = url("add_practitioner", cast, cast.brun.person_id)
    assert join in found.content.decode()
    assert "lira" in client.get(join).content.decode()

    answer = client.post(join, {"role": "member", "basis": "care_team"})

    assert answer.status_code == 302
    assert client_of(cast.brun).get(url("circle", cast)).status_code == 200


def test_outside_the_team_a_dated_consent_with_its_proof_is_needed(cast):
    client = client_of(cast.amar)
    join = url("add_practitioner", cast, cast.brun.person_id)

    refused = client.post(join, {"role": "member", "basis": "consent"})
    undated = client.post(join, {"role": "member", "basis": "consent", "proof": "formulaire signé"})
    future = client.post(
        join,
        {"role": "member", "basis": "consent", "proof": "formulaire", "consented_at": "2999-01-01"},
    )

    assert [page.status_code for page in (refused, undated, future)] == [422, 422, 422]
    with walls_down():
        assert not Consent.objects.exists()
    added = client.post(
        join,
        {
            "role": "member",
            "basis": "consent",
            "proof": "formulaire signé",
            "consented_at": "2020-01-01",
            "scope": ["circle", "care"],
        },
    )
    assert added.status_code == 302
    with walls_down():
        consent = Consent.objects.get()
        assert (consent.practitioner_id, consent.proof) == (cast.brun.person_id, "formulaire signé")
        assert (consent.scope, consent.category) == (["care", "circle"], "health")


def test_withdrawing_a_consent_cuts_access_at_once(cast):
    test_outside_the_team_a_dated_consent_with_its_proof_is_needed(cast)
    brun = client_of(cast.brun)
    assert brun.get(url("circle", cast)).status_code == 200
    with walls_down():
        consent = Consent.objects.get()

    client_of(cast.amar).post(url("withdraw_choice", cast, consent.pk))

    assert brun.get(url("circle", cast)).status_code == 404


def test_replacing_the_attending_doctor_is_confirmed(cast):
    client = client_of(cast.amar)
    join = url("add_practitioner", cast, cast.brun.person_id)

    asked = client.post(join, {"role": "attending", "basis": "care_team"})
    assert asked.status_code == 409
    done = client.post(join, {"role": "attending", "basis": "care_team", "replaces": "on"})

    assert done.status_code == 302
    assert participant(cast, cast.brun).role == TeamRole.ATTENDING
    assert participant(cast, cast.amar).role == TeamRole.MEMBER


def test_a_nurse_is_never_the_attending_doctor(cast):
    join = url("add_practitioner", cast, cast.jules.person_id)

    answer = client_of(cast.amar).post(join, {"role": "attending", "basis": "care_team", "replaces": "on"})

    assert answer.status_code == 422
    assert participant(cast, cast.amar).role == TeamRole.ATTENDING


def test_opposing_the_record_closes_it_and_the_patient_alone_opens_it_again(cast):
    amar, patient = client_of(cast.amar), client_of(cast.madeleine)
    assert "vous compris" in amar.get(url("oppose_record", cast)).content.decode()

    assert amar.post(url("oppose_record", cast), {"proof": ""}).status_code == 422
    amar.post(url("oppose_record", cast), {"proof": "entretien de ce jour"})

    assert amar.get(url("circle", cast)).status_code == 404
    assert client_of(cast.colin).get(url("circle", cast)).status_code == 404
    assert "Je lève mon opposition" in patient.get(reverse("portal:choices")).content.decode()
    patient.post(reverse("portal:lift_opposition"))
    assert amar.get(url("circle", cast)).status_code == 200
    assert patient.post(reverse("portal:lift_opposition")).status_code == 409


@pytest.mark.parametrize(
    ("name", "said", "unsaid"),
    [
        ("oppose_record", "le dossier est fermé à tout le cercle", "continue de lire"),
        ("oppose_emergency", "pourra ouvrir ce dossier, même en urgence", "Le médecin régulateur"),
        ("oppose_samu", "Le médecin régulateur d’un SAMU ne pourra pas lire", "même en urgence"),
    ],
)
def test_each_opposition_says_what_it_closes(cast, name, said, unsaid):
    page = client_of(cast.amar).get(url(name, cast)).content.decode()

    assert said in page
    assert unsaid not in page


def test_an_opposition_stops_the_emergency_access_that_is_open(cast):
    emergency = client_of(cast.urgentiste)
    opens(emergency, cast)
    assert emergency.get(url("circle", cast)).status_code == 200

    client_of(cast.amar).post(url("oppose_emergency", cast), {"proof": "courrier du jour"})

    assert emergency.get(url("circle", cast)).status_code == 404


def opens(client, cast, reason="Coma, sans témoin ni ordonnance"):
    page = reverse("care_team:break_glass", args=[cast.madeleine_record.patient_id])
    return client.post(page, {"reason": reason})


def test_break_glass_says_who_it_is_and_opens_with_a_red_strip(cast):
    client = client_of(cast.urgentiste)
    page = reverse("care_team:break_glass", args=[cast.madeleine_record.patient_id])
    shown = client.get(page).content.decode()
    assert "LEROUX" in shown
    assert "4 heures" in shown

    assert opens(client, cast, "urgent").status_code == 422
    assert opens(client, cast).status_code == 302

    record = client.get(url("circle", cast)).content.decode()
    assert "Accès en urgence" in record
    assert url("add_member", cast) not in record
    assert client.post(url("oppose_record", cast), {"proof": "aucune preuve"}).status_code == 403
    assert client.get(url("access_log", cast)).status_code == 403


def test_break_glass_is_for_clinicians_and_refused_when_opposed(cast):
    page = reverse("care_team:break_glass", args=[cast.madeleine_record.patient_id])
    assert client_of(cast.leon).get(page).status_code == 403
    assert client_of(cast.dpo).get(page).status_code == 403
    actions.record_choice(
        cast.amar, cast.madeleine_record.pk, kind=ConsentKind.OPPOSITION_EMERGENCY, proof="courrier"
    )

    refused = opens(client_of(cast.urgentiste), cast)

    assert refused.status_code == 403
    assert "opposée" in refused.content.decode()


def test_the_reason_is_shown_to_the_patient_and_to_the_privacy_officer_who_examines(cast):
    opens(client_of(cast.urgentiste), cast)
    officer = client_of(cast.dpo)
    with walls_down():
        access_id = EmergencyAccess.objects.get().pk

    assert "Coma, sans témoin" in client_of(cast.madeleine).get(reverse("portal:accesses")).content.decode()
    assert "Coma" not in client_of(cast.leon).get(reverse("portal:accesses")).content.decode()
    listed = officer.get(reverse("care_team:emergencies")).content.decode()
    assert "M. L.\u00a0· 1939" in listed
    assert "LEROUX" not in listed
    review = reverse("care_team:review", args=[access_id])
    assert officer.post(review, {"note": "ok"}).status_code == 422
    said = {"note": "Urgence vitale confirmée par le service.", "outcome": "justified"}
    assert officer.post(review, said).status_code == 302
    assert "Urgence vitale confirmée" in officer.get(reverse("care_team:emergencies")).content.decode()


@pytest.mark.parametrize("name", ["amar", "urgentiste", "madeleine"])
def test_the_privacy_officer_pages_are_refused_to_others(cast, name):
    opens(client_of(cast.urgentiste), cast)
    with walls_down():
        access_id = EmergencyAccess.objects.get().pk
    client = client_of(cast.actors[name])

    assert client.get(reverse("care_team:emergencies")).status_code == 403
    assert client.get(reverse("care_team:refusals")).status_code == 403
    assert (
        client.post(reverse("care_team:review", args=[access_id]), {"note": "Rien à dire."}).status_code
        == 403
    )


def test_refused_attempts_are_read_by_the_privacy_officer_only(cast):
    client_of(cast.brun).get(url("circle", cast))

    assert "BRUN" in client_of(cast.dpo).get(reverse("care_team:refusals")).content.decode()
    assert "BRUN" not in client_of(cast.amar).get(url("access_log", cast)).content.decode()
    assert "BRUN" not in client_of(cast.madeleine).get(reverse("portal:accesses")).content.decode()


def test_the_log_says_who_from_where_why_and_pages_without_repeating(cast):
    amar, ines = client_of(cast.amar), client_of(cast.ines)
    for _ in range(35):
        amar.get(url("circle", cast))
        ines.get(url("circle", cast))

    first = amar.get(url("access_log", cast)).content.decode()
    assert "Camille INES, infirmier, Cabinet des Lilas" in re.sub(r"<[^>]*>", "", first)
    [following] = re.findall(r'href="(\?avant=[^"]+)"', first)
    second = amar.get(url("access_log", cast) + following).content.decode()

    rows = [page.count('class="event') - page.count('class="event-') for page in (first, second)]
    assert rows[0] == 60
    assert 10 <= rows[1] < 60
    one = amar.get(url("access_log", cast), {"personne": cast.ines.person_id}).content.decode()
    assert "AMAR</span>" not in one.partition("<main")[2]


def test_a_visit_is_one_line_that_unfolds_its_accesses_and_a_form_opened_changes_nothing(cast):
    ines = client_of(cast.ines)
    for _ in range(3):
        ines.get(url("circle", cast))
    ines.get(url("add_member", cast))

    page = client_of(cast.amar).get(url("access_log", cast)).content.decode()

    assert len(re.findall(r'class="kind">Camille INES', page)) == 1
    assert "4\u00a0accès" in page
    assert len(re.findall(r"</time> Ouvrir le dossier|</time> Consulter le cercle", page)) == 4
    assert "Modifier le cercle" not in page


def test_an_earlier_visit_stays_a_line_of_its_own(cast):
    ines = client_of(cast.ines)
    ines.get(url("circle", cast))
    ines.get(url("circle", cast))
    with rls.acting(cast.amar):
        rls.open_record(cast.madeleine_record.patient_id)
        line = log.accesses_of(cast.amar, cast.madeleine_record.patient_id).lines[0]
    earlier = replace(line, at=line.at - timedelta(minutes=31))

    visits = log.AccessPage(lines=[line, line, earlier], next_cursor="").visits

    assert [len(visit.lines) for visit in visits] == [2, 1]


@pytest.mark.parametrize(
    "query", ["?avant=%27%3B--", "?avant=2026-01-01~x", "?personne=1%20OR%201", "?avant=~"]
)
def test_a_forged_query_of_the_log_is_harmless(cast, query):
    assert client_of(cast.amar).get(url("access_log", cast) + query).status_code == 200


def test_ids_of_another_record_are_not_found(cast):
    with walls_down():
        jules = CareTeamParticipant.objects.get(practitioner_id=cast.jules.person_id)
        theirs = Consent.objects.create(
            patient_id=cast.leon_record.patient_id, kind="opposition_emergency", recorded_by_name="x"
        )
    client = client_of(cast.amar)

    for page in (
        url("remove_member", cast, jules.pk),
        url("remove_member", cast, new_id()),
        url("withdraw_choice", cast, theirs.pk),
        url("add_practitioner", cast, new_id()),
        url("add_organization", cast, new_id()),
        reverse("care_team:circle", args=[new_id()]),
        reverse("care_team:break_glass", args=[new_id()]),
    ):
        assert client.get(page).status_code == 404, page
        assert (
            client.post(
                page, {"role": "member", "basis": "care_team", "reason": "dix lettres au moins"}
            ).status_code
            == 404
        )
    with walls_down():
        assert CareTeamParticipant.objects.get(pk=jules.pk).ended_at is None


def test_hostile_text_is_shown_as_text_everywhere(cast):
    client, emergency = client_of(cast.amar), client_of(cast.urgentiste)
    for field in ("name", "commune", "profession"):
        assert client.get(url("add_member", cast), {field: HOSTILE}).status_code == 200
    client.post(url("remove_member", cast, participant(cast, cast.ines).pk), {"reason": HOSTILE})
    opens(emergency, cast, HOSTILE)
    client.post(url("oppose_emergency", cast), {"proof": HOSTILE})
    pages = [
        client.get(url("add_member", cast), {"name": HOSTILE}),
        client.get(url("circle", cast)),
        client.get(url("choices", cast)),
        client_of(cast.madeleine).get(reverse("portal:accesses")),
        client_of(cast.dpo).get(reverse("care_team:emergencies")),
    ]

    for page in pages:
        text = page.content.decode()
        assert "<script>alert" not in text
        assert "&lt;script&gt;" in text


def test_the_patient_reads_his_log_without_his_own_visits(cast):
    client_of(cast.amar).get(url("circle", cast))
    patient = client_of(cast.madeleine)
    patient.get(reverse("portal:accesses"))

    text = re.sub(r"<[^>]*>", "", patient.get(reverse("portal:accesses")).content.decode())

    assert "Camille AMAR, médecin, Cabinet des Lilas, a consulté votre dossier" in text
    assert "pour vos soins" in text
    assert "Madeleine LEROUX, patient" not in text
    with walls_down():
        assert AuditEntry.objects.filter(actor_kind="patient", action="access_log.read").count() == 2


@pytest.mark.parametrize("name", ["home", "circle", "choices", "lift_opposition"])
def test_the_portal_is_the_patients(cast, name):
    page = reverse(f"portal:{name}")

    assert client_of(cast.madeleine).get(page).status_code == 200
    assert client_of(cast.amar).get(page).status_code == 403
    other = client_of(cast.leon).get(page).content.decode()
    assert "MADELEINE" not in other.upper()
    assert "AMAR" not in other


def test_the_patient_changes_no_row_by_himself(cast):
    patient_id = cast.madeleine_record.patient_id
    with rls.acting(cast.madeleine):
        assert rls.open_record(patient_id) == "patient"
        assert Patient.objects.filter(pk=patient_id).update(phone="0") == 0
        assert CareTeamParticipant.objects.filter(patient_id=patient_id).update(role="member") == 0
        assert Consent.objects.filter(patient_id=patient_id).update(proof="x") == 0
