"""What the person says, before and after there is a record, and what each regime asks; refusals first."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.utils import timezone

from terresante.care_team import actions
from terresante.care_team.access import CIRCLE_READ, RECORD_READ, SAMU_OPEN
from terresante.care_team.actions import GivenConsent, NewMember
from terresante.care_team.enums import (
    Basis,
    ConsentGround,
    ConsentKind,
    DataClass,
    RecipientCategory,
)
from terresante.care_team.models import CareTeamParticipant, Consent
from terresante.care_team.queries.audience import Draft
from terresante.care_team.queries.regime import persons_to_inform, records_without_consent
from terresante.directory.enums import OrganizationKind, Profession
from terresante.kernel import access, ports, rls
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.events import Event
from terresante.kernel.ids import new_id
from terresante.kernel.models import AuditEntry
from terresante.kernel.switch_changes import change
from terresante.notes.access import NOTE_READ
from terresante.notes.actions import NewNote, publish_note
from terresante.notes.models import Note
from terresante.notifications.queries import users_to_tell
from terresante.patients.enums import InformationSupport
from terresante.patients.models import CareRecord, Patient
from terresante.patients.traits import Traits
from tests.cast import join, organization, professional
from tests.walls import walls_down

pytestmark = pytest.mark.commits

NEWCOMER = Traits(
    birth_name="VAUTRIN",
    birth_given_names="SOLANGE",
    birth_date=date(1951, 6, 9),
    sex="F",
    birth_place_code="94028",
)
PROOF = "formulaire signé du 3 mars"
WHY = "décidé en comité du 3 mars"
REASON = "appel du 15, douleur thoracique"


def consent(**more):
    return GivenConsent(given_at=timezone.now() - timedelta(days=1), proof=PROOF, **more)


@pytest.fixture
def regime_2019(administrator):
    change(administrator, "legal_regime", "consent", WHY)


@pytest.fixture
def psychologist(cast):
    """Outside the team; his own patient is Léon."""
    with walls_down():
        cast.actors["paul"] = professional(
            "paul", Profession.PSYCHOLOGIST, organization("Cabinet", OrganizationKind.SOLO_PRACTICE)
        )
        join(cast.leon_record, practitioner_id=cast.paul.person_id)
    return cast.paul


def reads(actor, record):
    with rls.acting(actor):
        return access.list(actor, RECORD_READ, CareRecord).filter(pk=record.pk).exists()


def notes_read(actor, record):
    with rls.acting(actor):
        rls.open_record(record.patient_id)
        return set(
            access.list(actor, NOTE_READ, Note).filter(record=record).values_list("data_class", flat=True)
        )


def told_live(actor, record, data_class):
    told = Event(patient_id=record.patient_id, data_class=data_class)
    with rls.acting(Actor.job("live"), read_only=True):
        return bool(ports.live_readers([told], [actor])[0])


def told_by_email(actor, record, data_class):
    with rls.acting(Actor.job("e-mails")):
        (told,) = users_to_tell([Event(patient_id=record.patient_id, data_class=data_class)])
    return actor.user_id in {person.user_id for person in told}


def shown_as_reader(actor, record, data_class):
    with rls.acting(Actor.job("qui verra")):
        rls.open_record(record.patient_id)
        asking = Actor.job("qui verra")
        readers = access.audience(Draft(asked_by=asking, patient_id=record.patient_id, data_class=data_class))
    return any(reader.reads for reader in readers if reader.key == actor.person_id)


# The SAMU.


def test_only_a_regulator_of_a_samu_opens_for_a_call(samu):
    patient_id = samu.madeleine_record.patient_id
    for actor in (samu.brun, samu.urgentiste, samu.arm, samu.madeleine):
        with pytest.raises(Refused):
            actions.open_for_call(actor, patient_id, reason=REASON)

    opened = actions.open_for_call(samu.lea, patient_id, reason=REASON)
    assert (opened.kind, opened.expires_at - opened.opened_at) == ("samu", timedelta(hours=4))
    assert reads(samu.lea, samu.madeleine_record)
    assert not reads(samu.hugo, samu.madeleine_record)
    with pytest.raises(Refused):
        publish_note(
            samu.lea,
            samu.madeleine_record.pk,
            note=NewNote(id=new_id(), data_class=DataClass.CARE, text="vue"),
        )
    with walls_down():
        assert AuditEntry.objects.get(action=SAMU_OPEN.code).purpose == "break_glass"


def test_each_of_the_two_doors_obeys_its_own_opposition(samu):
    record = samu.madeleine_record
    actions.record_choice(samu.amar, record.pk, kind=ConsentKind.OPPOSITION_SAMU, proof=PROOF)

    with pytest.raises(Refused, match="SAMU"):
        actions.open_for_call(samu.lea, record.patient_id, reason=REASON)
    actions.open_in_emergency(samu.urgentiste, record.patient_id, reason="retrouvée inconsciente")

    actions.record_choice(samu.brun, samu.leon_record.pk, kind=ConsentKind.OPPOSITION_EMERGENCY, proof=PROOF)
    with pytest.raises(Refused):
        actions.open_in_emergency(samu.urgentiste, samu.leon_record.patient_id, reason=REASON)
    actions.open_for_call(samu.lea, samu.leon_record.patient_id, reason=REASON)


def test_who_acts_for_a_samu_does_not_go_round_its_opposition_by_the_other_door(samu):
    for kind in (None, ConsentKind.OPPOSITION_SAMU):
        if kind:
            actions.record_choice(samu.amar, samu.madeleine_record.pk, kind=kind, proof=PROOF)
        for actor in (samu.lea, samu.arm):
            with pytest.raises(Refused):
                actions.open_in_emergency(actor, samu.madeleine_record.patient_id, reason=REASON)


def test_an_opposition_ends_the_accesses_that_it_speaks_of_and_no_other(samu):
    record = samu.madeleine_record
    actions.open_for_call(samu.lea, record.patient_id, reason=REASON)
    actions.open_in_emergency(samu.urgentiste, record.patient_id, reason="retrouvée inconsciente")

    actions.record_choice(samu.amar, record.pk, kind=ConsentKind.OPPOSITION_EMERGENCY, proof=PROOF)
    assert reads(samu.lea, record) and not reads(samu.urgentiste, record)

    actions.record_choice(samu.amar, record.pk, kind=ConsentKind.OPPOSITION_SAMU, proof=PROOF)
    assert not reads(samu.lea, record)


# Consent outside the team.


def test_a_member_by_consent_reads_what_was_consented_to_and_nothing_else(cast, psychologist):
    record = cast.madeleine_record
    for data_class in (DataClass.CARE, DataClass.COORDINATION):
        publish_note(cast.amar, record.pk, note=NewNote(id=new_id(), data_class=data_class, text="suite"))
    assert notes_read(psychologist, record) == set()

    member = NewMember(
        practitioner_id=psychologist.person_id, basis=Basis.CONSENT, consent=consent(scope=[DataClass.CARE])
    )
    actions.add_member(cast.amar, record.pk, member=member)

    assert notes_read(psychologist, record) == {"care"}
    for asked in (told_live, told_by_email, shown_as_reader):
        assert asked(psychologist, record, DataClass.CARE), asked
        assert not asked(psychologist, record, DataClass.COORDINATION), asked
    with rls.acting(psychologist):
        rls.open_record(record.patient_id)
        assert not access.list(psychologist, CIRCLE_READ, CareTeamParticipant).filter(record=record).exists()
    with pytest.raises(Refused):
        publish_note(
            psychologist,
            record.pk,
            note=NewNote(id=new_id(), data_class=DataClass.COORDINATION, text="hors du consentement"),
        )
    with walls_down():
        kept = Consent.objects.get(practitioner_id=psychologist.person_id)
    assert (kept.scope, kept.category, kept.ground) == (
        ["care"],
        RecipientCategory.OTHER,
        ConsentGround.GIVEN,
    )


def test_a_consent_withdrawn_cuts_at_the_next_question(cast, psychologist):
    record = cast.madeleine_record
    member = NewMember(
        practitioner_id=psychologist.person_id, basis=Basis.CONSENT, consent=consent(scope=[DataClass.CARE])
    )
    actions.add_member(cast.amar, record.pk, member=member)
    assert reads(psychologist, record)

    with walls_down():
        choice = Consent.objects.get(practitioner_id=psychologist.person_id)
    withdrawn = actions.withdraw_choice(cast.amar, record.pk, choice.pk, proof="appel de la personne")

    assert not reads(psychologist, record)
    for asked in (told_live, told_by_email, shown_as_reader):
        assert not asked(psychologist, record, DataClass.CARE), asked
    assert reads(psychologist, cast.leon_record)
    assert (withdrawn.withdrawn_by_name, withdrawn.withdrawal_proof) == (
        cast.amar.name,
        "appel de la personne",
    )


def test_a_consent_that_has_ended_opens_nothing_and_leaves_its_place(cast, psychologist):
    record = cast.madeleine_record
    member = NewMember(
        practitioner_id=psychologist.person_id,
        basis=Basis.CONSENT,
        consent=consent(expires_at=timezone.now() + timedelta(hours=1)),
    )
    period = actions.add_member(cast.amar, record.pk, member=member)
    assert reads(psychologist, record)

    with walls_down():
        CareTeamParticipant.objects.filter(pk=period.pk).update(
            started_at=timezone.now() - timedelta(days=2), expires_at=timezone.now() - timedelta(seconds=1)
        )
    assert not reads(psychologist, record)
    with rls.acting(psychologist):
        assert rls.open_record(record.patient_id) == ""
        assert not Note.objects.filter(record=record).exists()

    again = actions.add_member(cast.amar, record.pk, member=replace(member, consent=consent()))
    assert again.pk != period.pk and reads(psychologist, record)


def test_a_consent_to_nothing_already_past_or_without_a_later_information_is_refused(cast, psychologist):
    for wrong, field in (
        (consent(scope=[]), "scope"),
        (consent(expires_at=timezone.now() - timedelta(days=1)), "expires_on"),
        (GivenConsent(proof=PROOF), "consented_at"),
        (GivenConsent(given_at=timezone.now()), "proof"),
        (GivenConsent(proof=PROOF, ground=ConsentGround.UNABLE), "inform_by"),
        (
            GivenConsent(
                proof=PROOF, ground=ConsentGround.URGENT, inform_by=timezone.localdate() + timedelta(days=31)
            ),
            "inform_by",
        ),
    ):
        member = NewMember(practitioner_id=psychologist.person_id, basis=Basis.CONSENT, consent=wrong)
        with pytest.raises(Invalid) as refused:
            actions.add_member(cast.amar, cast.madeleine_record.pk, member=member)
        assert field in refused.value.fields

    assert not reads(psychologist, cast.madeleine_record)


def test_who_could_not_be_asked_is_listed_until_he_is_told(cast, psychologist):
    record = cast.madeleine_record
    due = timezone.localdate() + timedelta(days=3)
    unable = GivenConsent(proof="coma, famille avertie", ground=ConsentGround.UNABLE, inform_by=due)
    member = NewMember(practitioner_id=psychologist.person_id, basis=Basis.CONSENT, consent=unable)
    actions.add_member(cast.amar, record.pk, member=member)

    with rls.acting(cast.amar):
        (choice,) = persons_to_inform(cast.amar)
    with rls.acting(cast.brun):
        assert persons_to_inform(cast.brun) == []
    assert choice.inform_by == due
    with pytest.raises(NotFound):
        actions.inform_later(cast.brun, record.pk, choice.pk, proof="entretien")

    actions.inform_later(cast.amar, record.pk, choice.pk, proof="entretien au réveil")
    with rls.acting(cast.amar):
        assert persons_to_inform(cast.amar) == []
    with pytest.raises(Conflict):
        actions.inform_later(cast.amar, record.pk, choice.pk, proof="entretien")


# Before there is a record.


def test_who_refuses_any_record_has_none_made_under_any_key(cast):
    patient_id = actions.oppose_creation(cast.amar, traits=NEWCOMER, proof=PROOF)

    for known in (patient_id, None):
        with pytest.raises(Refused, match="opposée"):
            actions.create_record(cast.brun, traits=NEWCOMER, patient_id=known)
    with pytest.raises(Refused, match="opposée"):
        actions.create_kept_record(cast.samira, traits=NEWCOMER)
    with rls.acting(cast.brun):
        assert not rls.found_record(patient_id)
    with pytest.raises(Conflict):
        actions.oppose_creation(cast.brun, traits=NEWCOMER, proof=PROOF)
    with walls_down():
        assert not CareRecord.objects.filter(patient_id=patient_id).exists()
        assert Patient.objects.filter(match_birth_name="VAUTRIN").count() == 1
        assert AuditEntry.objects.filter(action="consent.oppose_creation", patient_id=patient_id).exists()


def test_another_person_of_the_same_name_has_a_record_all_the_same(cast):
    actions.oppose_creation(cast.amar, traits=NEWCOMER, proof=PROOF)
    sister = replace(NEWCOMER, birth_given_names="HELENE")

    assert actions.create_record(cast.amar, traits=sister).holder_id == cast.amar.organization_id


def test_the_opposition_taken_back_lets_a_record_be_made(cast):
    patient_id = actions.oppose_creation(cast.amar, traits=NEWCOMER, proof=PROOF)
    with pytest.raises(Invalid):
        actions.allow_creation(cast.brun, patient_id, proof="")
    actions.allow_creation(cast.brun, patient_id, proof="appel de la personne")

    assert actions.create_record(cast.brun, traits=NEWCOMER, patient_id=patient_id).patient_id == patient_id
    with pytest.raises(Conflict):
        actions.allow_creation(cast.brun, patient_id, proof="appel de la personne")
    with walls_down():
        kept = Consent.objects.get(patient_id=patient_id)
    assert (kept.withdrawn_by_name, kept.withdrawal_proof) == (cast.brun.name, "appel de la personne")


def test_who_has_a_record_opposes_it_in_its_pages_and_lifts_it_himself(cast):
    patient_id = cast.madeleine_record.patient_id
    with pytest.raises(Conflict):
        actions.oppose_creation(cast.brun, traits=NEWCOMER, proof=PROOF, patient_id=patient_id)
    actions.record_choice(
        cast.amar, cast.madeleine_record.pk, kind=ConsentKind.OPPOSITION_RECORD, proof=PROOF
    )
    with pytest.raises(Conflict):
        actions.allow_creation(cast.brun, patient_id, proof="appel de la personne")


# The regime of 2019.


def test_under_the_regime_of_2019_nothing_is_made_shared_or_joined_without_consent(cast, regime_2019):
    with pytest.raises(Invalid):
        actions.create_record(cast.amar, traits=NEWCOMER)
    record = actions.create_record(cast.amar, traits=NEWCOMER, consent=consent())
    with pytest.raises(Invalid):
        actions.share_record(cast.amar, record.pk, support=InformationSupport.ORAL_WITH_NOTICE)
    actions.share_record(cast.amar, record.pk, support=InformationSupport.ORAL_WITH_NOTICE, consent=consent())
    actions.add_member(cast.amar, record.pk, member=NewMember(practitioner_id=cast.jules.person_id))

    assert reads(cast.jules, record)


def test_changing_the_regime_closes_nothing_and_lets_nobody_more_in_before_the_consent(
    cast, administrator, regime_2019
):
    record = cast.madeleine_record
    assert reads(cast.ines, record)
    with pytest.raises(Refused, match="consentement"):
        actions.add_member(cast.amar, record.pk, member=NewMember(practitioner_id=cast.jules.person_id))
    with rls.acting(cast.amar):
        assert [one.pk for one in records_without_consent(cast.amar, None)] == [record.pk]

    actions.record_sharing_consent(cast.amar, record.pk, consent=consent())
    actions.add_member(cast.amar, record.pk, member=NewMember(practitioner_id=cast.jules.person_id))
    assert reads(cast.jules, record)
    with rls.acting(cast.amar):
        assert list(records_without_consent(cast.amar, None)) == []
    with rls.acting(cast.brun):
        assert [one.pk for one in records_without_consent(cast.brun, None)] == [cast.leon_record.pk]

    change(administrator, "legal_regime", "information", WHY)
    actions.add_member(cast.brun, cast.leon_record.pk, member=NewMember(practitioner_id=cast.ines.person_id))


def test_the_database_lets_no_circle_grow_without_consent_either(cast, regime_2019):
    """A forgotten check of the action: the row itself is refused."""
    with pytest.raises(Exception, match="row-level security"), rls.acting(cast.amar):
        rls.open_record(cast.madeleine_record.patient_id)
        join(cast.madeleine_record, practitioner_id=cast.jules.person_id)


@pytest.mark.parametrize("regime", ["information", "consent"])
def test_a_consent_to_sharing_taken_back_closes_the_record_as_an_opposition_does(cast, administrator, regime):
    record = cast.madeleine_record
    choice = actions.record_sharing_consent(cast.amar, record.pk, consent=consent())
    if regime == "consent":
        change(administrator, "legal_regime", regime, WHY)
    actions.withdraw_choice(cast.amar, record.pk, choice.pk, proof="courrier")

    assert not reads(cast.amar, record) and not reads(cast.ines, record)
    assert reads(cast.brun, cast.leon_record)
    actions.lift_opposition(cast.madeleine, record.pk)
    assert reads(cast.amar, record)


def test_an_emergency_asks_for_no_consent_in_either_regime(cast, regime_2019):
    """L1111-17 CSP: the opposition of the person is what closes it."""
    actions.open_in_emergency(
        cast.urgentiste, cast.madeleine_record.patient_id, reason="retrouvée inconsciente"
    )

    assert reads(cast.urgentiste, cast.madeleine_record)
