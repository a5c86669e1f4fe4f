import html
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from terresante.care_team.models import CareTeamParticipant, CircleInvitation, JoinRequest
from terresante.care_team.tests.test_inviting import link
from terresante.care_team.tests.test_joining import asks, basis
from terresante.care_team.tests.test_screens import MOST_QUERIES, participant, record_urls, url
from terresante.directory.models import Organization, Practitioner
from tests.cast import client_of
from tests.walls import walls_down

pytestmark = pytest.mark.commits


def text(answer):
    return " ".join(html.unescape(answer.content.decode()).split())


def test_from_the_search_to_the_circle_by_the_screens_alone(cast):
    record = cast.madeleine_record
    asker, doctor = client_of(cast.jules), client_of(cast.amar)
    found = asker.get(
        reverse("overview:search"), {"name": "Leroux", "given_name": "Madeleine", "born": "02/04/1939"}
    )
    ask = reverse("care_team:ask_to_join", args=[record.patient_id])
    assert ask in found.content.decode()
    page = text(asker.get(ask))
    assert "Madeleine" in page.title() and "AMAR" not in page and "DAC Est" not in page

    sent = asker.post(ask, {"reason": "follows", "words": "à domicile"}, follow=True)
    assert "En attente" in text(sent)
    with walls_down():
        key = JoinRequest.objects.get().pk

    circle = text(doctor.get(url("circle", cast)))
    assert "JULES" in circle and "à domicile" in circle
    join = url("add_practitioner", cast, cast.jules.person_id)
    assert "A demandé le" in text(doctor.get(join))
    fields = {"role": "member", "basis": "care_team", "reason": "follows", "words": "", "answer": "Bienvenue"}
    doctor.post(join, fields)

    assert basis(cast.jules, record) == "member"
    answered = text(asker.get(reverse("care_team:own_requests")))
    assert "Acceptée" in answered and "Bienvenue" in answered and "AMAR" not in answered
    assert asker.post(reverse("care_team:withdraw_request", args=[key])).status_code == 409


def test_a_refusal_is_written_by_the_circle_and_read_by_who_asked(cast):
    asks(cast.jules, cast.madeleine_record)
    with walls_down():
        key = JoinRequest.objects.get().pk
    doctor = client_of(cast.amar)
    refuse = url("refuse_request", cast, key)
    assert "JULES" in text(doctor.get(refuse))
    assert client_of(cast.brun).get(refuse).status_code == 404
    doctor.post(refuse, {"answer": "Madame a déjà son infirmière"})

    assert "Madame a déjà son infirmière" in text(
        client_of(cast.jules).get(reverse("care_team:own_requests"))
    )
    assert "demandes à rejoindre" not in text(doctor.get(url("circle", cast))).lower()


def test_the_patient_reads_who_asks_and_answers(cast):
    asks(cast.jules, cast.madeleine_record)
    with walls_down():
        key = JoinRequest.objects.get().pk
    patient = client_of(cast.madeleine)
    answer = reverse("portal:answer_request", args=[key])
    assert answer in patient.get(reverse("portal:circle")).content.decode()
    assert "ne lit rien" in text(patient.get(answer))
    assert client_of(cast.leon).get(answer).status_code == 404
    patient.post(answer, {"accept": "1", "answer": ""})

    assert basis(cast.jules, cast.madeleine_record) == "member"


def test_an_invitation_goes_from_the_form_to_the_circle(cast, nova, mailoutbox):
    doctor = client_of(cast.amar)
    form = {
        "family_name": "NOVA",
        "given_name": "Camille",
        "profession": "60",
        "email": "nova@example.org",
        "reason": "follows",
        "joins": "yes",
    }
    assert doctor.post(url("invite", cast), {**form, "email": "non"}).status_code == 422
    doctor.post(url("invite", cast), form)
    assert "nova@example.org" in text(doctor.get(url("add_member", cast)))
    _, token = link()
    with walls_down():
        key = CircleInvitation.objects.get().pk

    guest = client_of(nova)
    door = reverse("care_team:answer_circle_invitation", args=[token])
    shown = text(guest.get(door))
    assert "LEROUX" in shown and "vous entrez dans le cercle" in shown
    stranger = text(client_of(cast.jules).get(door))
    assert "LEROUX" not in stranger and "autre adresse" in stranger
    guest.post(door, {"invitation": key, "accept": "1"})

    assert basis(nova, cast.madeleine_record) == "member"
    assert "n’est plus valable" in text(guest.get(door))


def test_a_period_is_shown_and_changed_and_each_person_is_called_and_written_to(cast):
    doctor = client_of(cast.amar)
    with walls_down():
        Practitioner.objects.filter(pk=cast.ines.person_id).update(
            phone="01 45 00 00 01", mssante_email="ines@mssante.example"
        )
        Organization.objects.filter(pk=cast.samira.organization_id).update(phone="01 45 00 00 02")
    ines = participant(cast, cast.ines).pk
    last = timezone.localdate() + timedelta(days=20)
    change = url("change_member", cast, ines)
    wrong = doctor.post(change, {"reason": "replaces", "words": "", "ends_on": "2020-01-01"})
    assert wrong.status_code == 422 and "se termine après" in text(wrong)
    doctor.post(change, {"reason": "replaces", "words": "Mme Roux", "ends_on": f"{last}"})

    shown = text(doctor.get(url("circle", cast)))
    assert "a rejoint le cercle : remplace un professionnel (Mme Roux)" in shown
    assert "jusqu’au" in shown
    for address in ("tel:0145000001", "mailto:ines@mssante.example", "tel:0145000002"):
        assert address in shown, address
    assert reverse("notes:write", args=[cast.madeleine_record.pk]) in shown
    with walls_down():
        assert timezone.localdate(CareTeamParticipant.objects.get(pk=ines).expires_at) == last + timedelta(1)


def test_the_pages_of_joining_take_few_queries(cast):
    asks(cast.jules, cast.madeleine_record)
    asks(cast.urgentiste, cast.madeleine_record)
    ines = participant(cast, cast.ines).pk
    pages = [record_urls(cast)[0], url("invite", cast), url("change_member", cast, ines)]
    for actor, found in (
        (cast.amar, pages),
        (cast.jules, [reverse("care_team:own_requests")]),
        (cast.madeleine, [reverse("portal:circle")]),
    ):
        client = client_of(actor)
        for page in found:
            with CaptureQueriesContext(connection) as queries:
                assert client.get(page).status_code == 200, page
            assert len(queries) <= MOST_QUERIES, (page, len(queries))
