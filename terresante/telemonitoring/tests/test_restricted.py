"""Psychiatry and addictology: a form and a follow-up keep to their sector, existence included (DOMAIN.md 2.1)."""

from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from terresante.care_team import actions
from terresante.care_team.queries import open_record
from terresante.care_team.queries.limits import Limits
from terresante.directory.enums import OrganizationKind, Profession
from terresante.feed.models import FeedItem
from terresante.kernel import access, rls
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Invalid
from terresante.kernel.events import restore
from terresante.kernel.ids import new_id
from terresante.kernel.live import events as live
from terresante.kernel.live.events import LiveEvent
from terresante.kernel.models import AuditEntry, OutboundMessage, OutboxEvent
from terresante.patients.enums import DelegationBasis
from terresante.patients.models import CareRecord
from terresante.questionnaires import actions as questionnaires
from terresante.questionnaires.access import RESPONSE_READ
from terresante.questionnaires.models import QuestionnaireResponse
from terresante.questionnaires.pathway import folder
from terresante.questionnaires.pathway_actions import load
from terresante.questionnaires.tests.factories import new_response, published_version
from terresante.questionnaires.tests.shelf import SHIPPED
from terresante.telemonitoring import handlers, jobs
from terresante.telemonitoring.access import FOLLOW_UP_READ
from terresante.telemonitoring.answering.doors import permit_of_account
from terresante.telemonitoring.contacts.actions import NewContact, add_contact
from terresante.telemonitoring.course import actions as course
from terresante.telemonitoring.enums import EndReason
from terresante.telemonitoring.events import AnswerDue
from terresante.telemonitoring.models import Contact, Expected, FollowUp
from terresante.telemonitoring.tests.at_home import answer, enrolled, kept, opened, sent_later, stored
from terresante.telemonitoring.tests.factories import cell_of, followed, pathway
from tests.cast import login, organization, professional, represented_by
from tests.walls import walls_down

pytestmark = pytest.mark.commits
CIRCLE = ("amar", "ines", "colin")


@pytest.fixture
def psy(cast):
    """Odile, psychiatric nurse of the CMP, whom Dr Amar brought."""
    with walls_down():
        cmp = organization("CMP du Parc", OrganizationKind.CMP)
        cast.actors["odile"] = professional("odile", Profession.PSYCHIATRIC_NURSE, cmp)
    member = actions.NewMember(practitioner_id=cast.odile.person_id)
    actions.add_member(cast.amar, cast.madeleine_record.pk, member=member)
    return cast


def sees(actor, record, action, model):
    with rls.acting(actor):
        open_record(actor, record.pk)
        return access.list(actor, action, model, patient_id=record.patient_id).exists()


def followed_there(psy):
    return enrolled(psy.odile, psy.madeleine_record)


def test_a_form_of_a_psychiatric_nurse_keeps_to_her_sector_until_somebody_corrects_it_too(psy):
    record, version = psy.madeleine_record, published_version()
    first = questionnaires.answer(psy.odile, new_response(record, version))
    questionnaires.answer(
        psy.odile,
        new_response(record, version, answers={"temperature": 38, "sommeil": "bon"}, replaces=first.pk),
    )

    for name in (*CIRCLE, "odile", "madeleine"):
        knows = name in ("odile", "madeleine")
        assert sees(psy.actors[name], record, RESPONSE_READ, QuestionnaireResponse) == knows, name
    with walls_down():
        assert set(QuestionnaireResponse.objects.values_list("sector", flat=True)) == {"psychiatry"}
        assert set(FeedItem.objects.filter(kind="questionnaire").values_list("sector", flat=True)) == {
            "psychiatry"
        }
        told = OutboxEvent.objects.filter(kind__endswith="QuestionnaireAnswered")
        assert {row.payload["sector"] for row in told} == {"psychiatry"}
    assert questionnaires.answer(psy.amar, new_response(record, version)).sector == ""


def test_what_a_support_structure_keeps_to_itself_stays_there(cast):
    with walls_down():
        CareRecord.objects.filter(pk=cast.madeleine_record.pk).update(
            kept_by_id=cast.colin.organization_id, holder_id=cast.colin.organization_id, is_shared=False
        )

    row = questionnaires.answer(
        cast.colin, new_response(cast.madeleine_record, published_version(data_class="care"))
    )

    assert row.private_to_id == cast.colin.organization_id


def test_a_follow_up_of_psychiatry_is_known_to_its_sector_alone_whoever_answers(client, psy):
    record = psy.madeleine_record
    given, expected = followed_there(psy)
    with walls_down():
        guardian = represented_by(record, "Claire", DelegationBasis.GUARDIANSHIP)
    opened(client, given)
    answer(client, f"/suivi/repondre/{expected}/", temperature="39,5", sommeil="bon")
    login(client, psy.madeleine)
    answer(client, f"/mon-dossier/suivi/{expected}/", temperature="39,4")

    rows = stored()
    assert [(row.source, row.sector) for row in rows] == [("link", "psychiatry"), ("patient", "psychiatry")]
    for actor in (*(psy.actors[name] for name in (*CIRCLE, "odile", "madeleine")), guardian):
        knows = actor in (psy.odile, psy.madeleine)
        assert sees(actor, record, FOLLOW_UP_READ, FollowUp) == knows, actor.name
        assert sees(actor, record, RESPONSE_READ, QuestionnaireResponse) == knows, actor.name
    with rls.acting(psy.amar):
        open_record(psy.amar, record.pk)
        shown = AuditEntry.objects.filter(patient_id=record.patient_id).values_list("action", flat=True)
        assert not {one for one in shown if one.startswith(("follow_up", "response", "alert"))}
    login(client, guardian)
    assert client.get(f"/mon-dossier/suivi/{expected}/").status_code == 404


def test_an_answer_kept_without_network_keeps_to_the_sector_of_its_follow_up(client, psy):
    _, expected = followed_there(psy)

    assert (
        sent_later(
            client, kept(permit_of_account(psy.madeleine.user_id, session=new_id()), expected)
        ).status_code
        == 200
    )
    assert [row.sector for row in stored()] == ["psychiatry"]


def test_what_is_due_in_psychiatry_is_told_to_her_alone(psy):
    """Not to her guardian, and not by the live stream to the rest of the circle."""
    _, expected = followed_there(psy)
    with walls_down():
        represented_by(psy.madeleine_record, "Claire", DelegationBasis.GUARDIANSHIP)
        Expected.objects.filter(pk=expected).update(next_reminder_at=timezone.now())
    jobs.remind_due(timezone.now())

    with walls_down():
        due = OutboxEvent.objects.get(kind="AnswerDue")
        told = restore(due)
    assert isinstance(told, AnswerDue)
    connected = [psy.actors[name] for name in (*CIRCLE, "odile", "madeleine")]
    (reached,) = live.readers([LiveEvent(1, told)], connected)
    assert reached == {one.correlation_id for one in (psy.odile, psy.madeleine)}
    with rls.acting(Actor.job("tests")):
        handlers.tell_what_is_due([told])
    with walls_down():
        assert set(OutboundMessage.objects.values_list("recipient", flat=True)) == {"madeleine@example.org"}


def test_nobody_of_another_sector_watches_or_begins_a_follow_up_of_psychiatry(psy):
    """Another cell would know of it, or would see nothing while the person believes that somebody watches."""
    version, elsewhere = pathway(), cell_of(psy.colin.organization_id)

    with pytest.raises(Invalid, match="votre secteur"):
        followed(psy.odile, psy.madeleine_record, elsewhere, version)
    with pytest.raises(Invalid, match="psychiatrie"):
        followed(psy.amar, psy.madeleine_record, cell_of(psy.odile.organization_id), version)
    assert followed(psy.amar, psy.madeleine_record, elsewhere, version).follow_up.sector == ""


def test_who_is_unknown_to_the_circle_is_not_named_by_what_she_does_to_a_follow_up_of_everybody(client, psy):
    record, version = psy.madeleine_record, load(Actor.job("tests"), folder(SHIPPED / "covid-adulte"))[0]
    said = {"status": version.read().statuses[0]}
    follow_up = followed(psy.amar, record, cell_of(psy.colin.organization_id), version, **said).follow_up
    keys = (record.pk, follow_up.pk)

    course.adapt(psy.odile, *keys, status=follow_up.status, personal={"spo2-floor": Decimal(88)})
    add_contact(psy.odile, *keys, contact=NewContact(name="Une voisine"))
    course.suspend(psy.odile, *keys, words="Part en cure")
    here = reverse("telemonitoring:one", args=keys)
    login(client, psy.ines)
    pages = [client.get(here).content.decode()]
    course.resume(psy.odile, *keys)
    course.end(psy.odile, *keys, reason=EndReason.RECOVERED)
    pages.append(client.get(here).content.decode())

    assert "Fixé par un professionnel de l’équipe le" in pages[0]
    assert "par un professionnel de l’équipe" in pages[0].partition("Télésuivi suspendu")[2][:120]
    assert not any(psy.odile.name in page for page in pages)
    with walls_down():
        kept = FollowUp.objects.get(pk=follow_up.pk)
        names = {kept.ended_by_name, *Contact.objects.values_list("added_by_name", flat=True)}
        assert names == {"un professionnel de l’équipe"}
        # The trail still says who.
        assert AuditEntry.objects.filter(actor_name=psy.odile.name, patient_id=record.patient_id).exists()


def test_what_keeps_to_its_sector_names_who_did_it(psy):
    given, _ = followed_there(psy)
    keys = (psy.madeleine_record.pk, given.follow_up.pk)
    ended = course.end(psy.odile, *keys, reason=EndReason.RECOVERED)
    assert ended.ended_by_name == psy.odile.name


def test_who_is_unknown_to_the_circle_is_not_named_by_an_answer_that_everybody_reads(psy):
    record, version = psy.madeleine_record, published_version()
    first = questionnaires.answer(psy.amar, new_response(record, version))
    assert first.respondent_name == psy.amar.name
    rows = [
        questionnaires.answer(psy.odile, new_response(record, version, **said))
        for said in (
            {"replaces": first.pk, "answers": {"temperature": 38, "sommeil": "bon"}},
            {"limits": Limits()},
        )
    ]

    for row in rows:
        assert (row.respondent_name, row.sector) == ("un professionnel de l’équipe", "")
        assert (row.respondent_role, row.organization_name) == ("", "")
        assert sees(psy.ines, record, RESPONSE_READ, QuestionnaireResponse)
    with walls_down():
        assert AuditEntry.objects.filter(actor_name=psy.odile.name, object_id=rows[0].pk).exists()
