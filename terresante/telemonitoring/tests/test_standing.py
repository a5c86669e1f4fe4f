"""With nothing to fill, who answers at home is told why and what comes next; professionals, who suspended it."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, NotFound
from terresante.kernel.models import AuditEntry
from terresante.kernel.ui import wording
from terresante.patients.enums import DelegationBasis
from terresante.questionnaires.tests.factories import files
from terresante.telemonitoring import jobs
from terresante.telemonitoring.course import actions as course_actions
from terresante.telemonitoring.enums import EndReason, ExpectedState
from terresante.telemonitoring.models import Cell, Expected, FollowUp
from terresante.telemonitoring.tests.at_home import enrolled, opened, path_of
from terresante.telemonitoring.tests.factories import SCHEDULE, cell_of, followed, pathway
from tests.cast import login, represented_by
from tests.walls import walls_down

pytestmark = pytest.mark.commits
WHY = "hospitalisée en psychiatrie"


def said(answer):
    return answer.content.decode().replace("\u00a0", " ")


def own_page(client, actor):
    login(client, actor)
    return said(client.get("/mon-dossier/suivi/"))


def day(moment):
    return wording.long_date(moment).replace("\u00a0", " ")


def suspended(actor, given, **more):
    follow_up = given.follow_up
    return course_actions.suspend(actor, follow_up.record_id, follow_up.pk, words=WHY, **more)


@pytest.fixture
def given(cast):
    found, _ = enrolled(cast.amar, cast.madeleine_record)
    with walls_down():
        Cell.objects.update(phone="+33199001122")
    return found


@pytest.mark.parametrize("until", [None, 9])
def test_who_answers_is_told_that_it_is_paused_by_each_door_and_not_why(client, cast, given, until):
    resumes_on = until and timezone.localdate() + timedelta(days=until)
    with walls_down():
        paul = represented_by(cast.madeleine_record, "Paul", DelegationBasis.CARER, scope=("answers",))
        luc = represented_by(cast.leon_record, "Luc", DelegationBasis.CARER, scope=("answers",))
    assert "Répondre" in own_page(client, cast.madeleine)

    suspended(cast.amar, given, resumes_on=resumes_on)

    client.logout()
    for page in (
        said(opened(client, given)),
        own_page(client, cast.madeleine),
        own_page(client, paul),
    ):
        assert "Le suivi est en pause" in page
        assert f"Depuis le {day(timezone.localtime())}, il n’y a plus de questions à remplir." in page
        assert (
            f"reviennent le {day(resumes_on)}" if resumes_on else "date de reprise n’est pas encore"
        ) in page
        assert 'href="tel:+33199001122"' in page and 'href="tel:15"' in page
        assert "Rien à remplir" not in page and WHY not in page and cast.amar.name not in page
    assert "en pause" not in own_page(client, luc)


def test_without_network_too(client, cast, given):
    suspended(cast.amar, given, resumes_on=date(timezone.localdate().year + 1, 1, 2))
    login(client, cast.madeleine)
    assert "data-kit" in said(client.get("/mon-dossier/suivi/"))

    for kit in (client.get(reverse("portal:offline_kit")).json(), _kit_of_link(client, given)):
        (stopped,) = kit["stopped"]
        assert (stopped["state"], stopped["since"]) == ("paused", wording.long_date(timezone.localtime()))
        assert stopped["until"].startswith("2\u00a0janvier")
        assert (kit["expected"], kit["phone"]) == ([], "+33199001122")


def _kit_of_link(client, given):
    client.logout()
    opened(client, given)
    return client.get("/suivi/kit/").json()


def test_a_professional_reads_who_suspended_it_why_and_until_when(client, cast, given):
    resumes_on = timezone.localdate() + timedelta(days=9)
    keys = [given.follow_up.record_id, given.follow_up.pk]
    login(client, cast.amar)
    form = reverse("telemonitoring:suspend", args=keys)
    for wrong, sentence in (
        ({"words": " "}, "Écrivez pourquoi"),
        ({"words": WHY, "resumes_on": timezone.localdate().isoformat()}, "Choisissez un jour à venir"),
        ({"words": WHY, "resumes_on": "2099-01-01"}, "Choisissez un jour à venir"),
    ):
        refused = client.post(form, wrong)
        assert refused.status_code == 422 and sentence in said(refused)

    client.post(form, {"words": WHY, "resumes_on": resumes_on.isoformat()})

    login(client, cast.ines)
    page = said(client.get(reverse("telemonitoring:one", args=keys)))
    assert f"Télésuivi suspendu le {day(timezone.localtime())} par {cast.amar.name}" in page
    assert f"Motif : {WHY}<" in page and f"Il reprend de lui-même le {day(resumes_on)}." in page
    assert f"par {cast.amar.name}, reprend le" in said(
        client.get(reverse("telemonitoring:list", args=keys[:1]))
    )
    login(client, cast.brun)
    assert client.get(reverse("telemonitoring:one", args=keys)).status_code == 404
    assert client.get(form).status_code == 404
    assert client.post(form, {"words": WHY}).status_code == 404


def test_it_goes_on_by_itself_on_its_day_and_then_says_nothing_of_its_pause(client, cast, given):
    today = timezone.localdate()
    suspended(cast.amar, given, resumes_on=today + timedelta(days=2))
    job = Actor.job("tests")

    assert course_actions.resume_what_is_due(job, today + timedelta(days=1)) == 0
    assert course_actions.resume_what_is_due(job, today + timedelta(days=2)) == 1
    assert course_actions.resume_what_is_due(job, today + timedelta(days=2)) == 0

    with walls_down():
        row = FollowUp.objects.get(pk=given.follow_up.pk)
        waiting = Expected.objects.filter(follow_up=row, state=ExpectedState.WAITING)
        assert (row.state, row.suspended_at, row.resumes_on, row.suspend_words) == ("active", None, None, "")
        assert waiting.exists() and not waiting.filter(next_reminder_at=None).exists()
        entry = AuditEntry.objects.filter(object_id=row.pk, actor_kind="job").latest("at")
    assert entry.detail["step"] == "resumed"
    assert "en pause" not in own_page(client, cast.madeleine)
    with pytest.raises(Conflict):
        course_actions.resume(cast.amar, row.record_id, row.pk)


def test_without_a_day_it_waits_for_somebody_and_an_end_says_no_pause(client, cast, given):
    suspended(cast.amar, given)
    jobs.resume_follow_ups()
    row = given.follow_up
    with walls_down():
        assert FollowUp.objects.get(pk=row.pk).state == "suspended"
    course_actions.end(cast.amar, row.record_id, row.pk, reason=EndReason.RECOVERED)
    page = own_page(client, cast.madeleine)
    assert "Le suivi est terminé" in page and "en pause" not in page
    assert f"terminé depuis le {day(timezone.localtime())}" in page and 'href="tel:+33199001122"' in page
    with walls_down():
        FollowUp.objects.update(ended_at=timezone.now() - timedelta(days=31))
    assert "Vous n’avez pas de suivi en ce moment." in own_page(client, cast.madeleine)


def test_nobody_else_suspends(cast, given):
    for who in (cast.brun, cast.jules):
        with pytest.raises(NotFound):
            suspended(who, given)
    with pytest.raises(Invalid):
        course_actions.suspend(cast.amar, given.follow_up.record_id, given.follow_up.pk, words="")


def test_what_has_not_begun_what_comes_next_and_what_is_over_say_so(client, cast):
    ahead = timezone.localdate() + timedelta(days=30)
    given = followed(cast.amar, cast.madeleine_record, cell_of(cast.amar.organization_id), anchor_on=ahead)
    page = own_page(client, cast.madeleine)
    assert "Le suivi n’a pas encore commencé" in page and "Premières questions : " in page
    assert f"{ahead.day}" in page.partition("Premières questions : ")[2][:40]
    rows = {"follow_up_id": given.follow_up.pk}
    with walls_down():
        first = Expected.objects.filter(**rows).earliest("opens_at")
        Expected.objects.filter(pk=first.pk).update(
            opens_at=timezone.now() - timedelta(days=1), state=ExpectedState.MISSED,
            next_reminder_at=None, next_colour_at=None,
        )  # fmt: skip
    page = own_page(client, cast.madeleine)
    assert "Rien à remplir pour le moment" in page and "Prochaines questions : " in page
    with walls_down():
        Expected.objects.filter(**rows).exclude(pk=first.pk).update(
            state=ExpectedState.CANCELLED, next_reminder_at=None, next_colour_at=None
        )
    page = own_page(client, cast.madeleine)
    assert "Toutes les questions prévues sont passées." in page
    client.logout()
    assert "Toutes les questions prévues sont passées." in said(opened(client, given))


def test_what_waits_for_a_date_says_which(client, cast):
    head = files("naissance")["pathway.toml"].replace(
        "[anchor]", '[anchor]\nlater = { naissance = "Date de l’accouchement" }'
    )
    later = SCHEDULE.replace("role\n", "role;anchor\n").replace("patient\n", "patient;naissance\n")
    version = pathway("naissance", schedule=later, **{"pathway.toml": head})
    given = followed(cast.amar, cast.madeleine_record, cell_of(cast.amar.organization_id), version)

    page = own_page(client, cast.madeleine)

    assert "quand l’équipe connaîtra cette date : date de l’accouchement." in page
    assert path_of(given)


def test_a_link_of_a_paused_follow_up_opens_and_that_of_an_ended_one_does_not(client, cast, given):
    suspended(cast.amar, given)
    assert "Le suivi est en pause" in said(opened(client, given))
    course_actions.end(cast.amar, given.follow_up.record_id, given.follow_up.pk, reason=EndReason.RECOVERED)
    client.logout()
    assert "Ce lien ou ce code n’ouvre rien" in said(opened(client, given))
