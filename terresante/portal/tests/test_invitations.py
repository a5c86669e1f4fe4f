"""How a relative opens the access that was recorded for him: his link, his code, his account."""

import re

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.test import Client
from django.urls import reverse

from terresante.kernel.models import AuditEntry
from terresante.kernel.outbound import deliver_waiting
from terresante.patients.models import Delegation
from terresante.portal.tests.test_relatives import acting, as_relative, days, relative_of
from tests.cast import client_of
from tests.walls import walls_down

pytestmark = pytest.mark.commits


def recorded_by_hand(cast, **more):
    """Through the form of a professional; the code his screen shows, and the link that the e-mail carries."""
    person = relative_of(cast.madeleine_record)
    answer = client_of(cast.amar).post(
        reverse("care_team:delegate", args=[cast.madeleine_record.pk, person.pk]),
        {
            "basis": "guardianship",
            "mission": "person",
            "email": "Claire.Morel@example.org",
            "proof": "judgment",
            "court": "Tribunal judiciaire de Créteil",
            "judged_on": days(-20).isoformat(),
            "valid_until": days(900).isoformat(),
            **more,
        },
    )
    code = re.search(r"[A-Z2-9]{5}-[A-Z2-9]{5}", answer.content.decode())
    deliver_waiting()
    link = re.search(r"/invitation/[\w-]+/", str(mail.outbox[-1].body)) if mail.outbox else None
    return person, answer, code and code.group(), link and link.group()


@pytest.mark.parametrize("basis", ["curatorship", "safeguard"])
def test_a_measure_that_leaves_her_rights_to_the_person_opens_nothing_and_says_why(cast, basis):
    person, answer, code, _ = recorded_by_hand(cast, basis=basis)

    assert answer.status_code == 422
    assert "n’ouvre pas d’accès" in answer.content.decode()
    assert code is None
    with walls_down():
        assert not Delegation.objects.filter(related_person=person).exists()


def test_a_guardian_opens_her_access_with_the_link_and_the_code_and_logs_in(cast):
    person, _, code, link = recorded_by_hand(cast)
    text = f"{mail.outbox[-1].subject} {mail.outbox[-1].body}"
    newcomer = Client()

    assert code
    assert "Madeleine" not in text
    assert "LEROUX" not in text
    assert code not in text
    assert newcomer.get(link).headers["Location"] == reverse("portal:claim")
    words = {"new": "tulipe lampe orage 77", "again": "tulipe lampe orage 77"}
    assert newcomer.post(reverse("portal:claim"), {"given_code": "AAAAA-BBBBB", **words}).status_code == 422
    opened = newcomer.post(reverse("portal:claim"), {"given_code": code.lower(), **words})

    assert "Votre accès est ouvert" in opened.content.decode()
    user = get_user_model().objects.get(login="claire.morel@example.org")
    assert user.check_password("tulipe lampe orage 77")
    with walls_down():
        given = Delegation.objects.get(related_person=person)
        assert given.user_id == user.pk
        assert AuditEntry.objects.filter(action="delegation.claim", patient_id=given.patient_id).count() == 1
    newcomer.force_login(user)
    page = newcomer.get(reverse("portal:accesses")).content.decode()
    assert "Vous agissez pour <b>Madeleine LEROUX</b>" in page
    # The same link opens nothing twice.
    again = Client()
    again.get(link)
    assert again.post(reverse("portal:claim"), {"given_code": code, **words}).status_code == 422


def test_a_wrong_code_five_times_closes_the_invitation_and_says_nothing_more(cast):
    _, _, code, link = recorded_by_hand(cast)
    words = {"new": "tulipe lampe orage 77", "again": "tulipe lampe orage 77"}
    stranger = Client()
    stranger.get(link)
    said = [stranger.post(reverse("portal:claim"), {"given_code": "AAAAA-BBBBB", **words}) for _ in range(5)]
    too_late = stranger.post(reverse("portal:claim"), {"given_code": code, **words})
    nowhere = Client()
    nowhere.get("/invitation/nothing-like-a-token/")
    unknown = nowhere.post(reverse("portal:claim"), {"given_code": code, **words})

    sentence = "Ce lien ou ce code n’est pas valable"
    assert all(sentence in answer.content.decode() for answer in (*said, too_late, unknown))
    assert not get_user_model().objects.filter(login="claire.morel@example.org").exists()


def test_who_has_an_account_adds_the_second_person_to_it_and_a_professional_does_not(cast):
    guardian = as_relative(cast.leon_record, "Claire")
    _, _, code, link = recorded_by_hand(cast)
    doctor = client_of(cast.brun)
    doctor.get(link)
    assert "professionnel" in doctor.post(reverse("portal:claim"), {"given_code": code}).content.decode()
    known = acting(guardian)
    known.get(link)

    assert known.post(reverse("portal:claim"), {"given_code": code}).status_code == 302
    page = known.get(reverse("portal:circle")).content.decode()
    assert "Vous agissez pour <b>Leon LEROUX</b>" in page
    assert "Passer à Madeleine LEROUX" in page
