"""Who acts for somebody else: on what proof, until when, for whom; each refusal at both walls."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import DatabaseError, connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from terresante.care_team.access import RECORD_READ
from terresante.care_team.actions import relatives as relative_actions
from terresante.care_team.actions.relatives import NewDelegation
from terresante.care_team.enums import Confidentiality, ConsentKind, DataClass
from terresante.care_team.models import Consent
from terresante.care_team.queries import open_record
from terresante.health_record.models import AllergyIntolerance
from terresante.kernel import access, ports, rls
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.events import Event
from terresante.kernel.models import AuditEntry
from terresante.notes.access import NOTE_READ
from terresante.notes.models import Note
from terresante.notes.tests.factories import published
from terresante.patients.enums import DelegationBasis, DelegationProof
from terresante.patients.models import CareRecord, Delegation, Patient, RelatedPerson
from tests.cast import client_of, represented_by
from tests.walls import walls_down

pytestmark = pytest.mark.commits
TODAY = timezone.localdate
PARENT, GUARDIAN, CARER = DelegationBasis.PARENTAL, DelegationBasis.GUARDIANSHIP, DelegationBasis.CARER


def days(number):
    return TODAY() + timedelta(days=number)


def relative_of(record, name="Claire"):
    with walls_down():
        return RelatedPerson.objects.create(patient_id=record.patient_id, name=name, relationship="other")


def as_relative(record, name="Claire", basis=GUARDIAN, **how):
    with walls_down():
        return represented_by(record, name, basis, **how)


def given_to(actor):
    with walls_down():
        return Delegation.objects.get(related_person_id=actor.person_id)


def born(record, years, *, minus_days=0):
    """The patient turned that old so many days ago; negative: in so many days."""
    with walls_down():
        day = TODAY() - timedelta(days=minus_days)
        if (day.month, day.day) == (2, 29):
            day -= timedelta(days=1)
        patient = Patient.objects.get(pk=record.patient_id)
        patient.birth_date = day.replace(year=day.year - years)
        patient.save(update_fields=["birth_date"])


def reaches(actor, record):
    """(wall 1 alone, wall 2 alone): the rule behind the policies, and the basis of the database with plain SQL."""
    with walls_down(), rls.acting(actor):
        with walls_down():
            rule = access.list(actor, RECORD_READ, CareRecord).filter(pk=record.pk).exists()
    with rls.acting(actor, read_only=True), connection.cursor() as cursor:
        basis = rls.open_record(record.patient_id)
        cursor.execute("SELECT count(*) FROM patients_carerecord WHERE patient_id = %s", [record.patient_id])
        rows = cursor.fetchone()[0]
    assert rows == (1 if basis else 0)
    return rule, basis


def acting(actor):
    client = client_of(actor)
    session = client.session
    session[ports.ACTING_FOR_KEY] = str(actor.person_id)
    session.save()
    return client


def told_live(actor, record, **limits):
    with rls.acting(Actor.job("live"), read_only=True):
        return bool(ports.live_readers([Event(patient_id=record.patient_id, **limits)], [actor])[0])


@pytest.mark.parametrize(
    ("what", "dates"),
    [
        ("over", {"valid_until": days(-1)}),
        ("to come", {"valid_from": days(2)}),
        ("withdrawn", {"withdrawn_at": timezone.now()}),
        ("cut by a judge", {"restricted_at": timezone.now()}),
    ],
)
def test_an_access_that_does_not_hold_opens_nothing_at_either_wall(cast, what, dates):
    """The relative has an access that holds for somebody else: what is refused is this one."""
    held = as_relative(cast.leon_record, "Paul")
    user = get_user_model().objects.get(pk=held.user_id)
    ended = as_relative(cast.madeleine_record, "Paul", user=user, **dates)

    assert reaches(held, cast.leon_record) == (True, "representative")
    assert reaches(ended, cast.madeleine_record) == (False, ""), what
    assert not told_live(ended, cast.madeleine_record)
    # Asked for in the session, it gives the other person's pages.
    page = acting(ended).get(reverse("portal:circle")).content.decode()
    assert "LEROUX" in page
    assert "Madeleine" not in page


def test_an_access_for_one_person_opens_no_other(cast):
    guardian = as_relative(cast.leon_record, "Paul")
    published(cast.amar, cast.madeleine_record, data_class=DataClass.CARE)

    assert reaches(guardian, cast.madeleine_record) == (False, "")
    client = acting(guardian)
    assert client.get(reverse("notes:list", args=[cast.madeleine_record.pk])).status_code == 404
    with rls.acting(guardian), pytest.raises(NotFound):
        open_record(guardian, cast.madeleine_record.pk)


def test_nothing_is_read_before_the_record_is_open(cast):
    guardian = as_relative(cast.madeleine_record)
    published(cast.amar, cast.madeleine_record, data_class=DataClass.CARE)

    with rls.acting(guardian, read_only=True):
        assert not Note.objects.exists()
        assert not CareRecord.objects.exists()
        assert rls.open_record(cast.madeleine_record.patient_id) == "representative"
        assert Note.objects.count() == 1


def test_the_shoes_of_a_relative_are_worn_by_his_account_alone(cast):
    """Somebody with the key of a relative, and an account of his own."""
    guardian, other = as_relative(cast.madeleine_record), as_relative(cast.leon_record, "Paul")
    thief = replace(guardian, user_id=other.user_id)

    assert reaches(thief, cast.madeleine_record) == (False, "")
    assert not told_live(thief, cast.madeleine_record)


def test_a_guardian_reads_what_the_person_reads_and_a_carer_what_she_named(cast):
    record = cast.madeleine_record
    guardian, carer = as_relative(record), as_relative(record, "Lucie", CARER, scope=("care",))
    for kind in (DataClass.MEDICAL, DataClass.CARE, DataClass.COORDINATION):
        published(cast.amar, record, data_class=kind)
    published(cast.amar, record, data_class=DataClass.CARE, level=Confidentiality.CIRCLE)

    def read(actor):
        with rls.acting(actor, read_only=True):
            rls.open_record(record.patient_id)
            return {note.data_class for note in access.list(actor, NOTE_READ, Note)}

    assert read(guardian) == {"medical", "care", "coordination"}
    assert read(carer) == {"care"}
    assert told_live(carer, record, data_class="care")
    assert not told_live(carer, record, data_class="medical")
    assert not told_live(guardian, record, data_class="care", hidden_from_patient=True)
    assert not told_live(guardian, record, data_class="care", hidden_from_representative=True)


def test_a_carer_decides_nothing_and_sees_no_log(cast):
    carer = as_relative(cast.madeleine_record, "Lucie", CARER)
    client = acting(carer)

    assert client.get(reverse("portal:accesses")).status_code == 302
    assert client.get(reverse("portal:search")).status_code == 403
    assert client.post(reverse("portal:lift_opposition")).status_code == 403
    page = client.get(reverse("portal:circle")).content.decode()
    assert "Retirer" not in page


@pytest.mark.parametrize(("days_ago", "opens"), [(-1, True), (0, False), (1, False)])
def test_parental_access_ends_the_very_day_of_majority(cast, days_ago, opens):
    mother = as_relative(cast.madeleine_record, "Samia", PARENT)
    born(cast.madeleine_record, 18, minus_days=days_ago)

    assert reaches(mother, cast.madeleine_record) == (opens, "representative" if opens else "")
    assert told_live(mother, cast.madeleine_record) == opens


def test_a_judge_cuts_one_parent_and_not_the_other(cast):
    record = cast.madeleine_record
    born(record, 4)
    mother, father = as_relative(record, "Samia", PARENT), as_relative(record, "Julien", PARENT)

    relative_actions.restrict_parent(
        cast.amar, record.pk, given_to(father).pk, decision="JAF de Créteil, 12 mars 2026"
    )

    assert reaches(father, record) == (False, "")
    assert reaches(mother, record) == (True, "representative")
    assert not told_live(father, record)
    relative_actions.restrict_parent(cast.amar, record.pk, given_to(father).pk, decision="")
    assert reaches(father, record) == (True, "representative")


def test_a_professional_of_another_patient_gives_and_takes_no_access(cast):
    """Dr Brun writes the circle of Léon, and not hers."""
    person = relative_of(cast.madeleine_record)
    guardian = as_relative(cast.madeleine_record, "Anne")
    wanted = NewDelegation(basis=CARER, email="claire@example.org", proof=DelegationProof.SIGNED_FORM)

    for record in (cast.madeleine_record, cast.leon_record):
        with pytest.raises((NotFound, Refused)):
            relative_actions.record_delegation(cast.brun, record.pk, person.pk, delegation=wanted)
        with pytest.raises((NotFound, Refused)):
            relative_actions.withdraw_delegation(cast.brun, record.pk, given_to(guardian).pk)
    assert reaches(guardian, cast.madeleine_record) == (True, "representative")


def test_a_member_of_the_circle_ties_no_account_to_an_access(cast):
    """Bad: he writes a delegation with his own account in it, and reads in her name once removed."""
    person = relative_of(cast.madeleine_record)
    row = Delegation(
        patient_id=person.patient_id,
        related_person=person,
        user_id=cast.amar.user_id,
        basis=CARER,
        proof="signed_form",
        recorded_by_name="x",
        invited_email="x@example.org",
        token_hash="x",
        code_hash="x",
        invited_until=timezone.now(),
    )
    with pytest.raises(DatabaseError, match="row-level security"), rls.acting(cast.amar):
        rls.open_record(person.patient_id)
        row.save(force_insert=True)
    waiting = relative_actions.record_delegation(
        cast.amar,
        cast.madeleine_record.pk,
        person.pk,
        delegation=NewDelegation(basis=CARER, email="a@example.org", proof=DelegationProof.SIGNED_FORM),
    ).delegation
    with pytest.raises(DatabaseError, match="permission denied"), rls.acting(cast.amar):
        rls.open_record(person.patient_id)
        Delegation.objects.filter(pk=waiting.pk).update(user_id=cast.amar.user_id)


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"basis": GUARDIAN, "proof": DelegationProof.JUDGMENT, "mission": "property"}, "mission"),
        ({"basis": GUARDIAN, "proof": DelegationProof.JUDGMENT, "mission": "person"}, "judged_on"),
        ({"basis": GUARDIAN, "proof": DelegationProof.FAMILY_BOOK, "mission": "person"}, "proof"),
        ({"basis": PARENT, "proof": DelegationProof.SIGNED_FORM}, "proof"),
        ({"basis": CARER, "proof": DelegationProof.ONLINE}, "proof"),
        (
            {"basis": CARER, "proof": DelegationProof.SIGNED_FORM, "valid_until": days(-2)},
            "valid_until",
        ),
    ],
)
def test_an_access_without_its_ground_or_its_proof_is_not_recorded(cast, told, field):
    person = relative_of(cast.madeleine_record)
    wanted = NewDelegation(email="claire@example.org", **told)

    with pytest.raises(Invalid) as error:
        relative_actions.record_delegation(cast.amar, cast.madeleine_record.pk, person.pk, delegation=wanted)
    assert field in error.value.fields
    with walls_down():
        assert not Delegation.objects.filter(related_person=person).exists()


def test_the_database_knows_no_measure_about_property_alone(cast):
    person = relative_of(cast.madeleine_record)
    with pytest.raises(DatabaseError, match="delegation_is_about_the_person"), walls_down():
        Delegation.objects.create(
            patient_id=person.patient_id,
            related_person=person,
            basis=GUARDIAN,
            mission="property",
            proof="signed_form",
            recorded_by_name="x",
            invited_email="x@example.org",
            token_hash="x",
            code_hash="x",
            invited_until=timezone.now(),
        )


def test_a_parent_of_a_grown_up_gets_no_access(cast):
    person = relative_of(cast.madeleine_record)
    wanted = NewDelegation(basis=PARENT, email="a@example.org", proof=DelegationProof.FAMILY_BOOK)

    with pytest.raises(Invalid, match="majeure"):
        relative_actions.record_delegation(cast.amar, cast.madeleine_record.pk, person.pk, delegation=wanted)


def test_a_guardian_reads_of_another_s_choices_and_of_another_s_record(cast):
    guardian, patient_id = as_relative(cast.madeleine_record), cast.madeleine_record.patient_id
    with walls_down():
        for kind in ConsentKind:
            of = cast.brun.person_id if kind == ConsentKind.CONSENT_OUTSIDE_TEAM else None
            Consent.objects.create(
                patient_id=patient_id, kind=kind, practitioner_id=of, recorded_by_name="Paul"
            )
    client = acting(guardian)

    for address in ("portal:choices", "portal:lift_opposition"):
        page = client.get(reverse(address))
        said = re.sub(r"<[^>]*>", " ", page.content.decode().split("<main")[1].split("</main>")[0])
        assert page.status_code == 200
        assert "le dossier" in said
        assert not re.search(r"\b(votre|vos|mon|mes|Vous acceptez|Vous refusez)\b", said, re.IGNORECASE), (
            address
        )
    assert client.get(reverse("portal:choices")).content.decode().count("Accord pour") == 3


def test_a_guardian_of_two_persons_always_knows_for_whom_and_the_log_says_it(cast):
    leon = as_relative(cast.leon_record, "Claire")
    user = get_user_model().objects.get(pk=leon.user_id)
    madeleine = as_relative(cast.madeleine_record, "Claire", user=user)
    client = acting(leon)

    assert "Vous agissez pour <b>Leon LEROUX</b>" in client.get(reverse("portal:choices")).content.decode()
    client.post(reverse("portal:switch"), {"to": str(madeleine.person_id)})
    assert "Vous agissez pour <b>Madeleine LEROUX</b>" in client.get(reverse("portal:notes")).content.decode()

    with walls_down():
        rows = AuditEntry.objects.filter(user_id=user.pk, patient_id__isnull=False)
        told = {(row.patient_id, row.detail.get("for")) for row in rows}
    assert told == {
        (cast.leon_record.patient_id, "Leon LEROUX"),
        (cast.madeleine_record.patient_id, "Madeleine LEROUX"),
    }
    own = client_of(cast.madeleine)
    seen = own.get(reverse("portal:accesses")).content.decode()
    assert "pour Madeleine LEROUX" in seen
    # Whom he does not act for is not found.
    assert client.post(reverse("portal:switch"), {"to": str(cast.ines.person_id)}).status_code == 404


def test_the_patient_gives_her_carer_an_access_and_takes_it_back_in_one_click(cast):
    person = relative_of(cast.madeleine_record, "Lucie")
    own = client_of(cast.madeleine)
    answer = own.post(
        reverse("portal:carer", args=[person.pk]), {"email": "lucie@example.org", "scope": ["care"]}
    )
    assert re.search(r"[A-Z2-9]{5}-[A-Z2-9]{5}", answer.content.decode())
    with walls_down():
        given = Delegation.objects.get(related_person=person)
        user = get_user_model().objects.create(login="lucie@example.org", name="Lucie")
        Delegation.objects.filter(pk=given.pk).update(user=user)
    assert (given.basis, given.scope, given.proof) == ("carer", ["care"], "online")
    carer = Client()
    carer.force_login(user)
    assert carer.get(reverse("portal:notes")).status_code == 200

    assert own.post(reverse("portal:withdraw_carer", args=[given.pk])).status_code == 302
    assert carer.get(reverse("portal:notes")).status_code == 302
    with pytest.raises(Conflict):
        relative_actions.withdraw_delegation(cast.madeleine, cast.madeleine_record.pk, given.pk)


def test_the_patient_withdraws_no_access_that_the_law_gave(cast):
    guardian = as_relative(cast.madeleine_record)

    with pytest.raises(Refused):
        relative_actions.withdraw_delegation(cast.madeleine, cast.madeleine_record.pk, given_to(guardian).pk)
    with rls.acting(cast.madeleine):
        rls.open_record(cast.madeleine_record.patient_id)
        changed = Delegation.objects.filter(pk=given_to(guardian).pk).update(withdrawn_by_name="moi")
    assert changed == 0


def test_another_patient_gives_no_access_to_her_record(cast):
    """Léon has his own relatives and his own carers."""
    person = relative_of(cast.madeleine_record)
    other = client_of(cast.leon)

    for name, key in (("carer", person.pk), ("relative", person.pk)):
        assert (
            other.post(reverse(f"portal:{name}", args=[key]), {"email": "a@example.org"}).status_code == 404
        )
    assert other.get(reverse("portal:circle")).status_code == 200


def test_a_corrected_birth_date_moves_the_day_of_majority(cast):
    mother = as_relative(cast.madeleine_record, "Samia", PARENT)
    assert reaches(mother, cast.madeleine_record) == (False, "")
    born(cast.madeleine_record, 3)

    assert reaches(mother, cast.madeleine_record) == (True, "representative")


def sent_from(page, path):
    """The hidden fields of the form that this page sends there, as a browser does."""
    (form,) = [one for one in re.findall(r"<form.*?</form>", page, re.DOTALL) if f'action="{path}"' in one]
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))


def test_what_a_page_of_one_person_sends_is_never_written_of_another(cast):
    """Two tabs: an allergy of Léon, typed in the first, became Madeleine’s once the second had passed to her."""
    guardian = as_relative(cast.leon_record, "Paul")
    user = get_user_model().objects.get(pk=guardian.user_id)
    hers = as_relative(cast.madeleine_record, "Paul", user=user)
    client, path = acting(guardian), reverse("portal:declare", args=["allergies"])
    page = client.get(path).content.decode()
    typed = {
        **sent_from(page, path),
        "substance": "Pénicilline",
        "category": "medication",
        "criticality": "unable-to-assess",
    }

    assert client.post(reverse("portal:switch"), {"to": str(hers.person_id)}).status_code == 302
    refused = client.post(path, typed)

    assert refused.status_code == 409
    assert "Rien n’a été enregistré" in refused.content.decode()
    with walls_down():
        assert not AllergyIntolerance.objects.exists()
    client.post(reverse("portal:switch"), {"to": str(guardian.person_id)})
    assert client.post(path, typed).status_code == 302
    with walls_down():
        assert AllergyIntolerance.objects.get().patient_id == cast.leon_record.patient_id


def test_a_page_of_an_access_that_ended_writes_nothing_of_the_person_who_is_left(cast):
    record = cast.leon_record
    guardian = as_relative(record, "Paul")
    user = get_user_model().objects.get(pk=guardian.user_id)
    as_relative(cast.madeleine_record, "Paul", user=user)
    client, path = acting(guardian), reverse("portal:declare", args=["allergies"])
    typed = {**sent_from(client.get(path).content.decode(), path), "substance": "Pénicilline"}

    with walls_down():
        Delegation.objects.filter(related_person_id=guardian.person_id).update(withdrawn_at=timezone.now())

    assert client.post(path, typed).status_code == 409
    with walls_down():
        assert not AllergyIntolerance.objects.exists()
