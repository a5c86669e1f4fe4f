"""Two identities with rows in every table that a merge moves, drawn at random: same members, same choices, or none."""

import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from terresante.accounts.models import User
from terresante.care_team.enums import Basis, ConsentKind, HandOverKind, Sector, TeamRole
from terresante.care_team.models import (
    AccessComplaint,
    CareTeamParticipant,
    CircleInvitation,
    Consent,
    EmergencyAccess,
    FirstAccess,
    HandOver,
    HandOverItem,
    JoinRequest,
    NamedReader,
)
from terresante.directory.models import Organization, Practitioner
from terresante.feed.models import ReadCursor, ReadException
from terresante.interop.models import (
    IdentityDecision,
    InboundMessage,
    PreparedRecord,
    RobotRule,
    SenderSystem,
)
from terresante.kernel.ids import new_id
from terresante.patients.actions import apply_traits
from terresante.patients.models import (
    CareRecord,
    Delegation,
    IdentityDomain,
    LinkRequest,
    Patient,
    PatientAccount,
    RelatedPerson,
    SourceIdentity,
)
from terresante.patients.tests.clinical_rows import (
    Drawn,
    answers,
    create,
    documents,
    fact,
    follow_ups,
    health,
    homes,
    notes,
    pathways,
    results,
    stays,
)
from terresante.patients.traits import Traits
from tests.walls import walls_down


def patient_of(given: str) -> Patient:
    patient = Patient(id=new_id())
    apply_traits(
        patient,
        Traits(
            birth_name="Leroux",
            birth_given_names=given,
            birth_date=date(1939, 4, 2),
            sex="F",
            birth_place_code="94028",
        ),
    )
    patient.save(force_insert=True)
    return patient


def _links(drawn: Drawn) -> None:
    LinkRequest.objects.create(
        patient=drawn.patient, issuer="fc", subject=new_id().hex, cause="nobody", state="linked", sex="F"
    )


def _participants(drawn: Drawn) -> None:
    people = [{"practitioner": one} for one in drawn.some(drawn.practitioners)]
    people += [{"organization": one} for one in drawn.some(drawn.organizations)]
    roles = [TeamRole.ATTENDING, TeamRole.REFERENT, *[TeamRole.MEMBER] * 10]
    drawn.draw.shuffle(roles)
    for member, role in zip(people, roles, strict=False):
        left = timezone.now() if drawn.draw.random() < 0.3 else None
        create(
            CareTeamParticipant,
            drawn,
            **member,
            role=role,
            basis=Basis.CARE_TEAM,
            started_at=timezone.now() - timedelta(days=9),
            ended_at=left,
            added_by_name="essai",
        )


def _consents(drawn: Drawn) -> None:
    for kind in drawn.some(ConsentKind):
        withdrawn = timezone.now() if drawn.draw.random() < 0.4 else None
        Consent.objects.create(
            patient=drawn.patient, kind=kind, recorded_by_name="essai", withdrawn_at=withdrawn
        )


def _emergencies(drawn: Drawn) -> None:
    for practitioner in drawn.some(drawn.practitioners):
        EmergencyAccess.objects.create(
            patient=drawn.patient,
            practitioner=practitioner,
            organization=drawn.organizations[0],
            user=drawn.users[0],
            reason="essai",
            expires_at=timezone.now() + timedelta(hours=drawn.draw.choice((-3, 3))),
        )


def _named(drawn: Drawn) -> None:
    for practitioner in drawn.some(drawn.practitioners):
        withdrawn = timezone.now() if drawn.draw.random() < 0.3 else None
        create(
            NamedReader,
            drawn,
            practitioner=practitioner,
            sector=Sector.PSYCHIATRY,
            named_by_name="essai",
            withdrawn_at=withdrawn,
        )


def _hand_overs(drawn: Drawn) -> None:
    giver, taker = drawn.practitioners[:2]
    head = HandOver.objects.create(
        giver=giver,
        taker=taker,
        organization=drawn.organizations[0],
        kind=HandOverKind.DEFINITIVE,
        proposed_by_name="essai",
        expires_at=timezone.now() + timedelta(days=7),
    )
    for given in CareTeamParticipant.objects.filter(patient=drawn.patient, practitioner=giver):
        create(HandOverItem, drawn, hand_over=head, given=given, role=given.role)


def _relatives(drawn: Drawn) -> None:
    daughter = RelatedPerson.objects.create(patient=drawn.patient, name="Une fille", relationship="child")
    Delegation.objects.create(
        patient=drawn.patient,
        related_person=daughter,
        user=drawn.users[0],
        basis="carer",
        proof="signed_form",
        recorded_by_name="essai",
        invited_email="fille@example.org",
        token_hash=new_id().hex,
        code_hash=new_id().hex,
        invited_until=timezone.now(),
    )


def _told(drawn: Drawn) -> None:
    """Who came first, and what was contested."""
    for practitioner in drawn.some(drawn.practitioners):
        FirstAccess.objects.create(patient=drawn.patient, practitioner=practitioner, at=timezone.now())
    AccessComplaint.objects.create(
        patient=drawn.patient,
        patient_initials="ML",
        patient_birth_year=1939,
        entry_id=new_id(),
        accessed_at=timezone.now(),
        accessor_name="essai",
        purpose="care",
        done="record.read",
        made_by_name="essai",
    )


def _account(drawn: Drawn) -> None:
    user = User.objects.create(login=new_id().hex, name="Patient")
    PatientAccount.objects.create(user=user, patient=drawn.patient)


def _numbers(drawn: Drawn) -> None:
    dead, kept = (
        SourceIdentity.objects.create(domain=drawn.domain, value=new_id().hex, patient=drawn.patient)
        for _ in "12"
    )
    dead.replaced_by = kept
    dead.save()


def _joining(drawn: Drawn) -> None:
    soon = timezone.now() + timedelta(days=5)
    for one in drawn.some(drawn.practitioners):
        place = drawn.organizations[0]
        create(JoinRequest, drawn, practitioner=one, organization=place, reason="follows", expires_at=soon)
        create(
            CircleInvitation,
            drawn,
            family_name="NOVA",
            given_name="Camille",
            profession="60",
            email="nova@example.org",
            reason="follows",
            token_hash=new_id().hex,
            invited_by=one,
            invited_by_name="essai",
            organization=place,
            expires_at=soon,
        )


def _marks(drawn: Drawn) -> None:
    item = fact(drawn, new_id())
    for user in drawn.some(drawn.users):
        ReadCursor.objects.create(user=user, patient=drawn.patient, read_up_to=timezone.now())
        ReadException.objects.create(user=user, patient=drawn.patient, item=item, is_read=False)


def _messages(drawn: Drawn) -> None:
    InboundMessage.objects.create(
        sender=drawn.sender,
        control_id=new_id().hex,
        content_hash=b"x",
        received_at=timezone.now(),
        sealed_raw=b"",
        patient_id=drawn.patient.pk,
    )
    for key in drawn.some(("a", "b", "c")):
        IdentityDecision.objects.create(
            identity_key=key, patient_id=drawn.patient.pk, is_same=True, decided_by_name="essai"
        )


def _prepared(drawn: Drawn) -> None:
    rule = RobotRule.objects.create(name="essai", organization=drawn.sender.organization, set_by_name="essai")
    PreparedRecord.objects.create(patient=drawn.patient, record=drawn.record, rule=rule)


# How rows of each table are made: a table that no line makes fails the test beside it.
MAKERS: dict[str, Callable[[Drawn], None] | None] = {
    "patients_carerecord": None,  # made with the person
    "care_team_careteamparticipant": _participants,
    "care_team_consent": _consents,
    "care_team_emergencyaccess": _emergencies,
    "care_team_namedreader": _named,
    "care_team_handoveritem": _hand_overs,
    "care_team_joinrequest": _joining,
    "care_team_circleinvitation": None,  # made with the requests
    "patients_relatedperson": _relatives,
    "patients_delegation": None,  # made with the relatives
    "care_team_firstaccess": _told,
    "care_team_accesscomplaint": None,  # made with the first accesses
    "patients_patientaccount": _account,
    "patients_sourceidentity": _numbers,
    "patients_linkrequest": _links,
    "questionnaires_questionnaireresponse": answers,
    "telemonitoring_followup": follow_ups,
    "telemonitoring_expected": None,  # made with the follow-ups
    "telemonitoring_answerlink": None,
    "telemonitoring_contact": None,
    "telemonitoring_alert": None,
    "telemonitoring_call": None,
    "telemonitoring_thresholdchange": None,
    "notes_note": notes,
    "notes_noteversion": None,  # made with the notes
    "notes_notemedia": None,
    "notes_notefavourite": None,
    "documents_documentreference": documents,
    "interop_documentlist": None,  # made with the documents
    "results_diagnosticreport": results,
    "results_labobservation": None,  # made with their report
    "health_record_allergyintolerance": health,
    "health_record_caredirective": None,  # made with the allergies
    "health_record_condition": None,
    "health_record_immunization": None,
    "health_record_medicationstatement": None,
    "health_record_offeredline": None,  # made with the documents
    "health_record_observation": None,
    "stays_encounter": stays,
    "stays_encountermovement": stays,
    "care_plans_inclusion": pathways,
    "care_plans_plannedstep": None,  # made with the inclusion
    "care_plans_pathwaychange": None,
    "care_plans_billablesequence": None,
    "home_care_homeaccess": homes,
    "feed_feeditem": _marks,
    "feed_readcursor": _marks,
    "feed_readexception": None,  # made with the cursors
    "interop_inboundmessage": _messages,
    "interop_identitydecision": None,  # made with the messages
    "interop_preparedrecord": _prepared,
}

NEEDS_RECORD = (
    *(
        _participants,
        _named,
        _hand_overs,
        _joining,
        notes,
        documents,
        results,
        health,
        stays,
        pathways,
        homes,
        _prepared,
        answers,
        follow_ups,
    ),
)


def two_persons(seed: int) -> tuple[Drawn, Drawn]:
    """Behind the walls; the second has no record once in four."""
    draw = random.Random(seed)
    with walls_down():
        around = _around()
        pair = (
            _filled(draw, around, "Madeleine", has_record=True),
            _filled(draw, around, "Madeleine Rose", has_record=seed % 4 > 0),
        )
    return pair


def _filled(draw: random.Random, around: dict[str, Any], given: str, *, has_record: bool) -> Drawn:
    patient = patient_of(given)
    record = (
        CareRecord.objects.create(patient=patient, holder=around["organizations"][0]) if has_record else None
    )
    drawn = Drawn(draw=draw, patient=patient, record=record, **around)  # type: ignore[arg-type]
    for make in dict.fromkeys(MAKERS.values()):
        if make is not None and (has_record or make not in NEEDS_RECORD):
            make(drawn)
    return drawn


def _around() -> dict[str, Any]:
    organizations = [
        Organization.objects.create(name=f"Structure {number}", kind="public_hospital", source="local")
        for number in range(3)
    ]
    users = [User.objects.create(login=new_id().hex, name="Quelqu’un") for _ in range(3)]
    practitioners = [
        Practitioner.objects.create(
            family_name=f"NOM{number}", given_name="Camille", profession="10", source="local"
        )
        for number in range(5)
    ]
    domain = IdentityDomain.objects.create(
        authority=new_id().hex, name="Hôpital", organization=organizations[0]
    )
    sender = SenderSystem.objects.create(name="GAM", organization=organizations[0], port=draw_port())
    sender.domains.add(domain)
    return {
        "organizations": organizations,
        "users": users,
        "practitioners": practitioners,
        "domain": domain,
        "sender": sender,
    }


def draw_port() -> int:
    return 20_000 + new_id().int % 40_000
