"""What a patient does with her own hand: her circle, who saw her record, what she contests (MISSION B4)."""

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from terresante.care_team import actions as circle
from terresante.care_team.access import RECORD_READ
from terresante.care_team.enums import Basis, ComplaintState, ConsentKind, Sector
from terresante.care_team.events import AccessesSeen
from terresante.care_team.jobs import tell_of_accesses
from terresante.care_team.models import AccessComplaint, CareTeamParticipant, Consent, FirstAccess
from terresante.care_team.queries import open_record, read_record
from terresante.care_team.queries.log import first_accesses_of
from terresante.directory.enums import OrganizationKind, Profession
from terresante.directory.models import Organization
from terresante.kernel import audit, ports, rls
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, NotFound, Refused
from terresante.kernel.events import Event, restore
from terresante.kernel.models import AuditEntry, OutboundMessage, OutboxEvent
from terresante.patients.enums import DelegationBasis
from terresante.patients.models import RelatedPerson
from terresante.portal import actions
from tests.cast import client_of, join, organization, professional, represented_by
from tests.walls import dispatched, wait_for_older_transactions, walls_down

pytestmark = pytest.mark.commits
MOST_QUERIES_OF_THE_LOG = 26


def period(cast, member_id):
    with walls_down():
        return CareTeamParticipant.objects.get(
            patient_id=cast.madeleine_record.patient_id, member_id=member_id, ended_at=None
        )


def reads_as(actor, record):
    """As the page of a record: its reading leaves its line."""
    with audit.collecting() as trail:
        with rls.acting(actor, read_only=True):
            read_record(actor, record.pk)
        with rls.acting(actor):
            audit.record_reads(actor, trail, page=RECORD_READ)


def follow_the_trail():
    wait_for_older_transactions()
    tell_of_accesses()


def told():
    with rls.acting(Actor.job("tests")):
        return sorted(
            OutboxEvent.objects.filter(kind__in=["AccessesSeen", "ProfessionalCame"]).values_list(
                "kind", flat=True
            )
        )


def mailed():
    return sorted(OutboundMessage.objects.values_list("recipient", flat=True))


def test_a_nurse_removed_on_the_phone_reads_nothing_at_once_and_those_concerned_are_told(cast):
    with walls_down():
        Organization.objects.filter(pk=cast.colin.organization_id).update(email="dac@example.org")
    ines, mine = client_of(cast.ines), client_of(cast.madeleine)
    notes = reverse("notes:list", args=[cast.madeleine_record.pk])
    assert ines.get(notes).status_code == 200

    url = reverse("portal:remove_member", args=[period(cast, cast.ines.person_id).pk])
    assert "ne lira plus rien" in mine.get(url).content.decode()
    assert mine.post(url).status_code == 302

    assert ines.get(notes).status_code == 404
    OutboundMessage.objects.all().delete()
    dispatched()
    assert mailed() == ["dac@example.org", "ines@example.org"]
    with walls_down():
        row = AuditEntry.objects.filter(action="own_circle.edit").get()
        assert row.user_id == cast.madeleine.user_id


def test_the_last_member_is_not_removed_and_the_sentence_says_what_to_do(cast):
    with walls_down():
        CareTeamParticipant.objects.filter(patient_id=cast.madeleine_record.patient_id).exclude(
            practitioner_id=cast.amar.person_id
        ).delete()

    url = reverse("portal:remove_member", args=[period(cast, cast.amar.person_id).pk])
    answer = client_of(cast.madeleine).post(url)

    assert answer.status_code == 403
    assert "dernier membre" in answer.content.decode()
    assert period(cast, cast.amar.person_id).ended_at is None


def test_the_treating_doctor_and_a_structure_that_keeps_the_door_open_are_said_before(cast):
    with walls_down():
        join(cast.madeleine_record, organization_id=cast.amar.organization_id)
    page = client_of(cast.madeleine).get(
        reverse("portal:remove_member", args=[period(cast, cast.amar.person_id).pk])
    )

    assert "C’est le médecin traitant" in page.content.decode()
    assert "Cabinet des Lilas, qui fait partie de l’équipe" in page.content.decode()


def test_nobody_but_the_patient_or_her_guardian_uses_her_hand(cast):
    """Léon has his own circle; a carer decides nothing; a member removes by his own door."""
    with walls_down():
        carer = represented_by(cast.madeleine_record, "Lucie", DelegationBasis.CARER)
        guardian = represented_by(cast.madeleine_record, "Claire", DelegationBasis.GUARDIANSHIP)
        other = represented_by(cast.leon_record, "Paul", DelegationBasis.GUARDIANSHIP)
    target = period(cast, cast.ines.person_id)
    for actor in (cast.leon, carer, other, cast.amar):
        with pytest.raises((NotFound, Refused)):
            actions.remove_member(actor, cast.madeleine_record.pk, target.pk)
        with rls.acting(actor), connection.cursor() as cursor:
            rls.open_record(cast.madeleine_record.patient_id)
            cursor.execute("SELECT patient_removes(%s, 'x')", [target.pk])
            assert cursor.fetchone() == (None,)
    actions.remove_member(guardian, cast.madeleine_record.pk, target.pk)
    with walls_down():
        row = AuditEntry.objects.get(action="own_circle.edit")
        assert row.detail["for"] == "Madeleine LEROUX"


def test_a_member_of_a_restricted_sector_leaves_without_the_others_hearing_of_it(cast):
    member = period(cast, cast.ines.person_id)
    with walls_down():
        CareTeamParticipant.objects.filter(pk=member.pk).update(
            sector=Sector.PSYCHIATRY, restricted_to_id=cast.ines.organization_id
        )

    actions.remove_member(cast.madeleine, cast.madeleine_record.pk, member.pk)

    with walls_down():
        rows = OutboxEvent.objects.filter(kind__in=["MemberLeft", "MemberRemovedByPatient"])
        events = [restore(row) for row in rows]
    assert len(events) == 2
    assert {(event.sector, event.restricted_to_id) for event in events} == {
        (Sector.PSYCHIATRY, cast.ines.organization_id)
    }


def test_a_professional_added_by_the_patient_enters_on_her_dated_consent(cast):
    mine = client_of(cast.madeleine)
    page = mine.get(reverse("portal:search"), {"name": "brun"}).content.decode()
    assert "BRUN" in page
    url = reverse("portal:add_practitioner", args=[cast.brun.person_id])
    assert "Pourra lire" in mine.get(url).content.decode()

    assert mine.post(url).status_code == 302

    added = period(cast, cast.brun.person_id)
    assert (added.basis, added.added_by_name) == ("consent", "Madeleine LEROUX")
    with walls_down():
        assert Consent.objects.filter(practitioner_id=cast.brun.person_id, withdrawn_at=None).count() == 1
    assert mine.post(url).status_code == 409
    actions.remove_member(cast.madeleine, cast.madeleine_record.pk, added.pk)
    with walls_down():
        assert not Consent.objects.filter(practitioner_id=cast.brun.person_id, withdrawn_at=None).exists()


def test_nobody_is_added_under_an_opposition(cast):
    circle.record_choice(
        cast.amar, cast.madeleine_record.pk, kind=ConsentKind.OPPOSITION_RECORD, proof="courrier"
    )
    with pytest.raises(Refused, match="opposez"):
        actions.add_practitioner(cast.madeleine, cast.madeleine_record.pk, cast.brun.person_id)


def test_she_names_her_trusted_person_and_the_one_to_warn(cast):
    mine = client_of(cast.madeleine)
    said = {"name": "Anne", "relationship": "child", "is_trusted_person": "on"}
    assert mine.post(reverse("portal:new_relative"), said).status_code == 302
    with walls_down():
        anne = RelatedPerson.objects.get(name="Anne")
    assert (anne.is_trusted_person, anne.is_person_to_warn) == (True, False)
    changed = {**said, "is_person_to_warn": "on"}
    assert mine.post(reverse("portal:relative", args=[anne.pk]), changed).status_code == 302
    with walls_down():
        anne.refresh_from_db()
    assert anne.is_person_to_warn
    assert client_of(cast.leon).get(reverse("portal:relative", args=[anne.pk])).status_code == 404


def test_the_first_access_of_a_professional_is_told_once_and_never_again(cast):
    follow_the_trail()  # the first run of a deployment knows the past
    reads_as(cast.ines, cast.madeleine_record)
    reads_as(cast.ines, cast.madeleine_record)
    follow_the_trail()
    reads_as(cast.ines, cast.madeleine_record)
    follow_the_trail()

    assert told() == ["AccessesSeen", "AccessesSeen", "ProfessionalCame"]
    with walls_down():
        first = FirstAccess.objects.get(practitioner_id=cast.ines.person_id)
        assert first.patient_id == cast.madeleine_record.patient_id
    OutboundMessage.objects.all().delete()
    dispatched()
    assert mailed() == ["madeleine@example.org"]
    page = client_of(cast.madeleine).get(reverse("portal:accesses")).content.decode()
    assert "Pour la première fois" in page


def test_of_a_psychiatric_nurse_the_patient_is_told_and_nobody_else(cast):
    """Claire represents Madeleine; Inès is of the circle: neither learns that Odile exists."""
    with walls_down():
        centre = organization("CMP du Parc", OrganizationKind.CMP)
        odile = professional("odile", Profession.PSYCHIATRIC_NURSE, centre)
        claire = represented_by(cast.madeleine_record, "Claire", DelegationBasis.GUARDIANSHIP)
    circle.add_member(
        cast.amar,
        cast.madeleine_record.pk,
        member=circle.NewMember(practitioner_id=odile.person_id, basis=Basis.CARE_TEAM),
    )
    follow_the_trail()
    OutboxEvent.objects.all().delete()
    reads_as(odile, cast.madeleine_record)
    follow_the_trail()

    assert told() == ["AccessesSeen", "ProfessionalCame"]
    with rls.acting(Actor.job("live"), read_only=True):
        came = [
            restore(row) for row in OutboxEvent.objects.filter(kind__in=["AccessesSeen", "ProfessionalCame"])
        ]
        for reached in ports.live_readers(came, [cast.madeleine, claire, cast.ines, cast.leon]):
            assert reached == {cast.madeleine.correlation_id}
    dispatched()
    assert mailed() == ["madeleine@example.org"]
    assert "ODILE" in client_of(cast.madeleine).get(reverse("portal:accesses")).content.decode()
    for other in (claire, cast.ines):
        with rls.acting(other):
            open_record(other, cast.madeleine_record.pk)
            came_first = first_accesses_of(other, cast.madeleine_record.patient_id)
            assert odile.person_id not in {first.practitioner_id for first in came_first}
            assert odile.person_id not in FirstAccess.objects.values_list("practitioner_id", flat=True)


def test_what_the_deployment_knew_before_is_not_told(cast):
    reads_as(cast.ines, cast.madeleine_record)
    follow_the_trail()

    assert told() == []
    reads_as(cast.ines, cast.madeleine_record)
    follow_the_trail()
    assert told() == ["AccessesSeen"]


def test_a_refusal_and_her_own_reading_are_nobodys_access(cast):
    follow_the_trail()
    client_of(cast.brun).get(reverse("notes:list", args=[cast.madeleine_record.pk]))
    client_of(cast.madeleine).get(reverse("portal:accesses"))
    follow_the_trail()

    assert told() == []


def test_what_moves_her_page_is_told_to_her_and_to_nobody_of_the_circle(cast):
    with walls_down():
        guardian = represented_by(cast.madeleine_record, "Claire", DelegationBasis.GUARDIANSHIP)
        carer = represented_by(cast.madeleine_record, "Lucie", DelegationBasis.CARER)
    everybody = [*(cast.actors[name] for name in ("madeleine", "leon", "amar", "ines", "colin", "dpo"))]

    moved: Event = AccessesSeen(patient_id=cast.madeleine_record.patient_id)
    with rls.acting(Actor.job("live"), read_only=True):
        (reached,) = ports.live_readers([moved], [*everybody, guardian, carer])

    assert reached == {cast.madeleine.correlation_id, guardian.correlation_id}


def test_the_page_of_a_guardian_does_not_move_because_she_watches_it(cast):
    with walls_down():
        guardian = represented_by(cast.madeleine_record, "Claire", DelegationBasis.GUARDIANSHIP)
    follow_the_trail()
    client_of(guardian).get(reverse("portal:accesses"))
    follow_the_trail()

    assert told() == []


def entry_of(cast, actor):
    with walls_down():
        return AuditEntry.objects.filter(
            patient_id=cast.madeleine_record.patient_id, user_id=actor.user_id, outcome="done"
        ).latest("at")


def test_an_access_is_contested_in_one_click_and_the_answer_comes_back(cast):
    reads_as(cast.ines, cast.madeleine_record)
    entry, mine = entry_of(cast, cast.ines), client_of(cast.madeleine)
    assert mine.post(reverse("portal:contest", args=[entry.pk])).status_code == 302
    assert mine.post(reverse("portal:contest", args=[entry.pk])).status_code == 409
    with walls_down():
        contested = AccessComplaint.objects.get(entry_id=entry.pk)

    officer = client_of(cast.dpo)
    queue = officer.get(reverse("care_team:complaints")).content.decode()
    assert "Camille INES" in queue
    assert "LEROUX" not in queue
    url = reverse("care_team:answer_complaint", args=[contested.pk])
    assert officer.post(url, {"state": "justified", "answer": ""}).status_code == 422
    answer = "Cette infirmière vous soigne à domicile depuis un mois."
    assert officer.post(url, {"state": "justified", "answer": answer}).status_code == 302

    assert answer in mine.get(reverse("portal:accesses")).content.decode()
    OutboundMessage.objects.all().delete()
    dispatched()
    assert mailed() == ["madeleine@example.org"]
    with pytest.raises(Conflict):
        circle.answer_complaint(
            cast.dpo, contested.pk, state=ComplaintState.UNJUSTIFIED, answer="Une autre réponse."
        )
    with walls_down():
        actions_told = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"complaint.make", "complaint.answer"} <= actions_told


def test_the_officer_reaches_nothing_of_the_record_of_who_contests(cast):
    reads_as(cast.ines, cast.madeleine_record)
    actions.contest_access(cast.madeleine, cast.madeleine_record.pk, entry_of(cast, cast.ines).pk)

    officer = client_of(cast.dpo)
    for name in ("notes:list", "overview:record", "care_team:access_log"):
        assert officer.get(reverse(name, args=[cast.madeleine_record.pk])).status_code == 404


def test_nobody_contests_for_another_nor_answers_without_the_duty(cast):
    reads_as(cast.ines, cast.madeleine_record)
    entry = entry_of(cast, cast.ines)
    with walls_down():
        carer = represented_by(cast.madeleine_record, "Lucie", DelegationBasis.CARER)
    for actor in (cast.leon, cast.amar, cast.dpo, carer):
        with pytest.raises((NotFound, Refused)):
            actions.contest_access(actor, cast.madeleine_record.pk, entry.pk)
    # One's own record does not lend its door to the line of another's.
    assert client_of(cast.leon).post(reverse("portal:contest", args=[entry.pk])).status_code == 404
    contested = actions.contest_access(cast.madeleine, cast.madeleine_record.pk, entry.pk)
    for actor in (cast.amar, cast.ines, cast.madeleine):
        with pytest.raises((NotFound, Refused)):
            circle.answer_complaint(
                actor, contested.pk, state=ComplaintState.JUSTIFIED, answer="Tout va bien ici."
            )
    # The circle does not even know of it: one of them is whom it is about.
    with rls.acting(cast.ines):
        rls.open_record(cast.madeleine_record.patient_id)
        assert not AccessComplaint.objects.exists()
    with pytest.raises(DatabaseError, match="permission denied"), rls.acting(cast.dpo):
        AccessComplaint.objects.filter(pk=contested.pk).update(accessor_name="Personne")


def test_the_page_of_who_saw_costs_the_same_with_many_accesses(cast):
    mine = client_of(cast.madeleine)
    for _ in range(3):
        reads_as(cast.ines, cast.madeleine_record)
    mine.get(reverse("portal:accesses"))
    with CaptureQueriesContext(connection) as few:
        mine.get(reverse("portal:accesses"))
    for number in range(12):
        reads_as(cast.ines if number % 2 else cast.amar, cast.madeleine_record)
    with CaptureQueriesContext(connection) as many:
        mine.get(reverse("portal:accesses"))

    assert len(many) == len(few) <= MOST_QUERIES_OF_THE_LOG
