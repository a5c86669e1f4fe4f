"""A professional opens a patient from his own software: the call is believed once, and opens nothing by itself."""

import time
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from django.utils import timezone

from terresante.accounts.models import User
from terresante.directory.models import Organization, Practitioner, PractitionerRole
from terresante.interop.launch import BAD_SIGNATURE, MALFORMED, TOO_OLD
from terresante.interop.models import Partner, PartnerKey
from terresante.interop.partner_actions import (
    FOREIGN_NUMBER,
    NOBODY_KNOWN,
    NOT_ACTIVE,
    OTHER_PERSON,
    SEVERAL_PLACES,
    USED_TWICE,
)
from terresante.interop.tests import launches
from terresante.interop.tests.launches import AUTHORITY, PRIVATE, call, public_pem, token
from terresante.kernel.enums import Outcome
from terresante.kernel.ids import new_id
from terresante.kernel.models import AuditEntry
from terresante.patients.actions import apply_traits
from terresante.patients.models import CareRecord, IdentityDomain, Patient, SourceIdentity
from terresante.patients.traits import Traits
from tests.walls import walls_down

pytestmark = pytest.mark.commits


@pytest.fixture
def software(cast):
    return launches.software(cast)


def refusal(client, sent):
    answer = call(client, sent)
    assert answer.status_code == 403
    assert "_auth_user_id" not in client.session
    return answer.content.decode()


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"aud": "https://ailleurs.example"}, BAD_SIGNATURE),
        ({"iss": str(new_id())}, BAD_SIGNATURE),
        ({"exp": int(time.time()) - 30, "iat": int(time.time()) - 90}, TOO_OLD),
        # Of tomorrow: a long run of tests begins well before this one.
        ({"iat": int(time.time()) + 86_400, "exp": int(time.time()) + 86_460}, TOO_OLD),
        ({"exp": int(time.time()) + 3600}, MALFORMED),
        ({"jti": None}, MALFORMED),
        ({"jti": ""}, MALFORMED),
        ({"ps": None}, MALFORMED),
        ({"ps": []}, MALFORMED),
        ({"patient": {"birth_name": "LEROUX"}}, MALFORMED),
        ({"who": "10101010999"}, NOBODY_KNOWN),
        ({"structure": "750000000"}, NOBODY_KNOWN),
    ],
)
def test_a_call_that_is_not_right_opens_no_session(client, software, changed, sentence):
    patient = changed.pop("patient", None)
    sent = token(software, **changed)
    if patient is not None:
        claims = jwt.decode(sent, options={"verify_signature": False}) | {"patient": patient}
        sent = jwt.encode(claims, PRIVATE, algorithm="ES256", headers={"kid": str(software.pk)})

    assert sentence in refusal(client, sent)


def test_a_call_without_a_known_signature_opens_no_session(client, software):
    stranger = ec.generate_private_key(ec.SECP256R1())
    claims = jwt.decode(token(software), options={"verify_signature": False})
    header = {"kid": str(software.pk)}

    for sent in (
        "",
        "a.b.c",
        "x" * 10_000,
        token(software, signed_by=stranger),
        token(software, kid=str(new_id())),
        token(software, kid="../../etc"),
        jwt.encode(claims, "", algorithm="none", headers=header),
        # The public key used as a shared secret: the algorithm is never the token's choice.
        jwt.encode(claims, "un secret de trente-deux octets !!", algorithm="HS256", headers=header),
    ):
        assert refusal(client, sent)


def test_the_same_call_serves_once(client, software, cast):
    sent = token(software)

    assert call(client, sent).headers["Location"] == f"/dossiers/{cast.madeleine_record.pk}/"
    client.logout()
    assert USED_TWICE in refusal(client, sent)


def test_a_revoked_key_and_a_suspended_software_open_nothing(client, software):
    with walls_down():
        PartnerKey.objects.update(revoked_at=timezone.now())
    assert NOT_ACTIVE in refusal(client, token(software))
    with walls_down():
        PartnerKey.objects.update(revoked_at=None)
        Partner.objects.update(active=False)
    assert NOT_ACTIVE in refusal(client, token(software))


@pytest.mark.parametrize(
    "different",
    [
        {"birth_name": "LEROUS"},
        {"birth_given_names": "MADELON"},
        {"birth_date": "1939-04-03"},
        {"sex": "M"},
        {"birth_place_code": "75112"},
    ],
)
def test_one_trait_apart_is_refused_and_traced(client, software, different):
    assert OTHER_PERSON in refusal(client, token(software, patient=different))
    with walls_down():
        row = AuditEntry.objects.get(action="record.launch")
    assert (row.outcome, row.patient_id, row.actor_name) == (Outcome.REFUSED, None, "Logiciel du cabinet")


def test_a_number_of_another_structure_is_refused(client, software, cast):
    with walls_down():
        elsewhere = Organization.objects.get(pk=cast.brun.organization_id)
        domain = IdentityDomain.objects.create(authority="1.2.3.4", name="Autre", organization=elsewhere)
        SourceIdentity.objects.create(domain=domain, value="A1", patient_id=cast.leon_record.patient_id)

    sent = token(software, patient={"ipp": {"value": "A1", "authority": "1.2.3.4"}})

    assert FOREIGN_NUMBER in refusal(client, sent)


def test_who_left_the_structure_or_the_directory_is_refused_the_same_day(client, software, cast):
    with walls_down():
        roles = PractitionerRole.objects.filter(practitioner_id=cast.amar.person_id)
        roles.update(period_end=timezone.localdate())
    assert NOBODY_KNOWN in refusal(client, token(software))
    with walls_down():
        roles.update(period_end=None)
        Practitioner.objects.filter(pk=cast.amar.person_id).update(active=False)
    assert NOBODY_KNOWN in refusal(client, token(software))
    with walls_down():
        Practitioner.objects.filter(pk=cast.amar.person_id).update(active=True)
        User.objects.filter(pk=cast.amar.user_id).update(is_active=False)
    assert NOBODY_KNOWN in refusal(client, token(software))


def test_a_colleague_elsewhere_does_not_enter_by_this_software(client, software):
    """Dr Brun has an account and his own patients, but works in no structure that uses it."""
    assert NOBODY_KNOWN in refusal(client, token(software, who="brun"))


def test_of_several_structures_the_call_must_say_which(client, software, cast):
    with walls_down():
        other = Organization.objects.get(pk=cast.brun.organization_id)
        software.partner.organizations.add(other)
        Organization.objects.filter(pk=other.pk).update(finess="750000111")
        PractitionerRole.objects.create(
            practitioner_id=cast.amar.person_id,
            organization=other,
            profession=cast.amar.role,
            period_start=timezone.localdate() - timedelta(days=3),
            source="local",
        )

    assert SEVERAL_PLACES in refusal(client, token(software))
    assert call(client, token(software, structure="750000111")).status_code == 302
    assert "Cabinet du Canal" in client.get("/").content.decode()


def test_a_member_of_the_circle_arrives_in_the_record_without_another_login(client, software, cast):
    answer = call(client, token(software))

    assert (answer.status_code, answer.headers["Location"]) == (302, f"/dossiers/{cast.madeleine_record.pk}/")
    assert "LEROUX" in client.get(answer.headers["Location"]).content.decode()
    with walls_down():
        row = AuditEntry.objects.get(action="record.launch")
        used = PartnerKey.objects.get()
    assert (row.patient_id, row.person_id) == (cast.madeleine_record.patient_id, cast.amar.person_id)
    assert row.detail == {"partner": str(software.partner_id)}
    assert used.last_used_at is not None


def test_the_record_of_others_stays_closed(client, software, cast):
    """Same role, his own patients: the call proves who he is and whom he means, not that he may read."""
    with walls_down():
        software.partner.organizations.add(cast.brun.organization_id)

    answer = call(client, token(software, who="brun"))

    assert answer.status_code == 200
    assert "Vous n’êtes pas dans son cercle" in answer.content.decode()
    assert client.get(f"/dossiers/{cast.madeleine_record.pk}/").status_code == 404


def test_somebody_unknown_here_is_proposed_with_his_traits(client, software):
    unknown = {"birth_name": "INCONNUE", "ipp": {"value": "A2", "authority": AUTHORITY}}

    page = call(client, token(software, patient=unknown)).content.decode()

    assert "Cette personne n’a pas de dossier" in page
    assert 'name="birth_name" value="INCONNUE"' in page


def test_a_matricule_leads_to_its_record(client, software, cast):
    with walls_down():
        patient = Patient(id=new_id())
        traits = Traits(
            birth_name="AUBERT",
            birth_given_names="ROSE",
            birth_date=timezone.localdate().replace(year=1950, month=1, day=2),
            sex="F",
            birth_place_code="94028",
            ins="250019402800103",
            ins_oid="1.2.250.1.213.1.4.10",
        )
        apply_traits(patient, traits)
        patient.save(force_insert=True)
        record = CareRecord.objects.create(patient=patient, holder_id=cast.amar.organization_id)
    said = {
        "birth_name": "AUBERT",
        "birth_given_names": "ROSE",
        "birth_date": "1950-01-02",
        "ipp": None,
        "ins": {"value": "250019402800103", "oid": "1.2.250.1.213.1.4.10"},
    }

    page = call(client, token(software, patient=said)).content.decode()

    assert "Vous n’êtes pas dans son cercle" in page
    assert str(record.pk) not in page


@pytest.mark.parametrize(
    ("private", "algorithm"),
    [(rsa.generate_private_key(65537, 2048), "RS256"), (ed25519.Ed25519PrivateKey.generate(), "EdDSA")],
)
def test_a_key_signs_as_its_kind_does(client, software, private, algorithm):
    with walls_down():
        key = PartnerKey.objects.create(
            partner=software.partner,
            public_key=public_pem(private),
            algorithm=algorithm,
            added_by_name="essai",
        )

    assert call(client, token(key, signed_by=private, algorithm=algorithm)).status_code == 302


def test_the_call_is_posted_and_nothing_else(client, software):
    assert client.get("/appel-contextuel/").status_code == 405
