"""Whose document an application files: only whom it names without a doubt; anybody else is answered alike."""

from dataclasses import replace

import pytest

from simulators.hospital.messages import Authority
from simulators.partner.resources import document_reference
from terresante.care_team.actions import record_choice
from terresante.care_team.enums import ConsentKind
from terresante.interop.fhir.tests import stage
from terresante.interop.fhir.tests.test_submitting import nothing_is_left
from terresante.interop.fhir.tests.test_tokens import outcome
from terresante.interop.tests import papers
from terresante.patients.enums import IdentityStatus
from terresante.patients.models import Patient, SourceIdentity
from tests.walls import walls_down

pytestmark = pytest.mark.commits

INS, OID = "239049402800109", "1.2.250.1.213.1.4.8"


def nobody_s(reply):
    """The same words whether nobody is there, somebody resembles, or somebody opposes."""
    outcome(reply, 422, "not-found")
    return reply.told["issue"][0]["diagnostics"]


def test_who_is_unknown_doubtful_or_opposed_is_answered_alike_and_leaves_nothing(cast):
    application = stage.ready(cast)
    known = stage.madeleine(cast)
    stranger = replace(known, ipp="Z1", birth_name="INCONNUE", birth_date="1931-01-02")
    # Her very traits under a number that the practice does not know: a resemblance, no certainty.
    alike = replace(known, ipp="Z2")

    told = [
        nobody_s(application.post(document_reference(stage.paper(cast, person=person))))
        for person in (stranger, alike)
    ]
    record_choice(cast.amar, cast.madeleine_record.pk, kind=ConsentKind.OPPOSITION_RECORD, proof="courrier")
    told.append(nobody_s(application.post(document_reference(stage.paper(cast)))))

    assert len(set(told)) == 1
    assert papers.filed() == []
    assert papers.kept_files() == (0, 0)


def test_traits_that_contradict_the_number_are_a_conflict(cast):
    """Under the practice's own number, another person: the number is the caller's to correct."""
    other = stage.madeleine(cast, birth_name="AUTRE", birth_date="1950-01-01")

    reply = stage.ready(cast).post(document_reference(stage.paper(cast, person=other)))

    outcome(reply, 409, "conflict")
    assert reply.expressions == ["DocumentReference.context.sourcePatientInfo"]
    nothing_is_left()


def give_matricule(record):
    with walls_down():
        Patient.objects.filter(pk=record.patient_id).update(
            ins=INS, ins_oid=OID, identity_status=IdentityStatus.QUALIFIED
        )


@pytest.mark.parametrize("former", [False, True], ids=["hl7.fr", "interopsante.org"])
def test_a_proven_matricule_with_its_five_traits_names_her(cast, former):
    application = stage.ready(cast)
    give_matricule(cast.madeleine_record)
    person = replace(stage.madeleine(cast), ipp="", ins=INS, ins_oid=OID)

    reply = application.post(document_reference(stage.paper(cast, person=person, former=former)))

    assert reply.status == 201, reply.told
    assert papers.filed()[0].patient_id == cast.madeleine_record.patient_id
    # From then on the structure knows her by it, without the number standing in its domain.
    with walls_down():
        values = SourceIdentity.objects.filter(patient_id=cast.madeleine_record.patient_id)
        assert not any(INS in value for value in values.values_list("value", flat=True))


@pytest.mark.parametrize("status", ["PROV", "RECUP", "DOUT"])
def test_a_matricule_that_nobody_vouches_for_names_nobody(cast, status):
    application = stage.ready(cast)
    give_matricule(cast.madeleine_record)
    person = replace(stage.madeleine(cast), ipp="", ins=INS, ins_oid=OID)

    reply = application.post(document_reference(stage.paper(cast, person=person, status=status)))

    assert reply.status == 422
    nothing_is_left()


def test_a_production_deployment_takes_no_test_matricule(cast, settings):
    settings.ACCEPT_TEST_INS = False
    person = replace(stage.madeleine(cast), ipp="", ins=INS, ins_oid="1.2.250.1.213.1.4.10")

    reply = stage.ready(cast).post(document_reference(stage.paper(cast, person=person)))

    outcome(reply, 422, "required")
    nothing_is_left()


def test_a_number_of_another_structure_names_nobody(cast):
    """The hospital's number of Madeleine, told by a practice."""
    person = stage.madeleine(cast, authority=Authority("HOPITAL", "1.2.250.1.71.99"))

    outcome(stage.ready(cast).post(document_reference(stage.paper(cast, person=person))), 422, "required")
    nothing_is_left()
