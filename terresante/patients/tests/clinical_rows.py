"""What the circle and the hospital wrote of somebody: rows of notes, stays, documents, results, health."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from terresante.accounts.models import User
from terresante.care_plans.tests.factories import row_in_programme, row_of_step
from terresante.directory.models import Organization, Practitioner
from terresante.documents.enums import DocumentType
from terresante.documents.models import DocumentReference
from terresante.feed.enums import FeedKind
from terresante.feed.models import FeedItem
from terresante.health_record.access import MODELS
from terresante.health_record.tests.factories import row_of
from terresante.home_care.tests.factories import row_of_home
from terresante.interop.models import (
    DocumentList,
    SenderSystem,
)
from terresante.kernel.ids import new_id
from terresante.kernel.models import StoredFile
from terresante.notes.models import Note, NoteFavourite, NoteMedia, NoteVersion
from terresante.patients.models import (
    CareRecord,
    IdentityDomain,
    Patient,
    SourceIdentity,
)
from terresante.questionnaires.tests.factories import stored_response
from terresante.results.models import DiagnosticReport, LabObservation
from terresante.stays.enums import MovementKind
from terresante.stays.models import Encounter, EncounterMovement
from terresante.telemonitoring.tests.factories import stored_follow_up
from tests.access.oracle.rows import offer


@dataclass
class Drawn:
    """What the rows of one person are made of; `around` is shared by both, so that unique constraints meet."""

    draw: random.Random
    patient: Patient
    record: CareRecord
    practitioners: list[Practitioner]
    organizations: list[Organization]
    users: list[User]
    domain: IdentityDomain
    sender: SenderSystem

    def some(self, choices: Iterable[Any]) -> list[Any]:
        return [one for one in choices if self.draw.random() < 0.6]


def note(drawn: Drawn) -> Any:
    return create(
        Note,
        drawn,
        author=drawn.practitioners[0],
        author_name="essai",
        author_role="Médecin",
        organization=drawn.organizations[0],
        organization_name="Structure",
        data_class="medical",
        text="Ce que personne ici ne lit",
        written_at=timezone.now(),
        private_to=drawn.draw.choice((None, drawn.organizations[0])),
    )


def stay(drawn: Drawn) -> Any:
    source = SourceIdentity.objects.filter(patient=drawn.patient).order_by("pk").last()
    return create(
        Encounter,
        drawn,
        source_identity=source,
        organization=drawn.organizations[0],
        visit_number=new_id().hex,
    )


def movement(drawn: Drawn, encounter: Encounter) -> EncounterMovement:
    return EncounterMovement.objects.create(
        patient=drawn.patient,
        encounter=encounter,
        identifier=new_id().hex,
        family="stay",
        kind=MovementKind.values[0],
        trigger="A01",
        occurred_at=timezone.now(),
        recorded_at=timezone.now(),
        message_id=new_id(),
    )


def fact(drawn: Drawn, about: UUID) -> FeedItem:
    return FeedItem.objects.create(
        patient=drawn.patient,
        kind=FeedKind.values[0],
        object_id=about,
        occurred_at=timezone.now(),
        data_class="stay",
    )


def answers(drawn: Drawn) -> None:
    """Two answers, the second of which corrects the first."""
    assert drawn.record is not None
    first = stored_response(drawn.patient.pk, drawn.record.pk)
    fact(drawn, first.pk)
    stored_response(drawn.patient.pk, drawn.record.pk, replaces=first, user=drawn.users[0])


def follow_ups(drawn: Drawn) -> None:
    assert drawn.record is not None
    stored_follow_up(drawn.patient.pk, drawn.record.pk, drawn.organizations[0].pk)


def stays(drawn: Drawn) -> None:
    encounter = stay(drawn)
    fact(drawn, movement(drawn, encounter).pk)


def notes(drawn: Drawn) -> None:
    written = note(drawn)
    fact(drawn, written.pk)
    said = {"patient": drawn.patient, "note": written}
    for number in range(1, drawn.draw.randint(1, 3)):
        NoteVersion.objects.create(number=number, text="Avant", replaced_at=timezone.now(), **said)
    photo = {"kind": "photo", "small": _file(), "width": 8, "height": 8, "sha256": "0" * 64, "sha1": "0" * 40}
    NoteMedia.objects.create(number=1, file=_file(), media_type="image/jpeg", size=1, **photo, **said)
    for user in drawn.some(drawn.users):
        NoteFavourite.objects.create(user=user, **said)


def _file() -> StoredFile:
    return StoredFile.objects.create(name=new_id().hex, sealed_key=b"x")


def documents(drawn: Drawn) -> None:
    key = new_id()
    document = DocumentReference.objects.create(
        id=key,
        set_id=key,
        patient=drawn.patient,
        record=drawn.record,
        type=DocumentType.CARE_PLAN,
        data_class="coordination",
        title="Plan",
        dated_on=timezone.localdate(),
        author=drawn.practitioners[0],
        organization=drawn.organizations[0],
        file=_file(),
        media_type="text/plain",
        size=1,
    )
    offer(document, "Essai")
    fact(drawn, key)
    create(
        DocumentList,
        drawn,
        organization=drawn.organizations[0],
        kind="submissionset",
        identifier=new_id().hex,
        sent_at=timezone.now(),
        documents=[key],
    )


def results(drawn: Drawn) -> None:
    now, key = timezone.now(), new_id()
    report = DiagnosticReport.objects.create(
        id=key,
        patient=drawn.patient,
        record=drawn.record,
        organization=drawn.organizations[0],
        data_class="medical",
        effective_at=now,
        sender_identifier=key.hex,
        total=1,
        out_of_range=0,
    )
    create(LabObservation, drawn, report=report, position=1, label="Sodium", analyte="x", effective_at=now)
    fact(drawn, key)


def homes(drawn: Drawn) -> None:
    """How one gets in, said twice."""
    assert drawn.record is not None
    first = row_of_home(drawn.patient.pk, drawn.record.pk)
    row_of_home(drawn.patient.pk, drawn.record.pk, replaces=first)


def health(drawn: Drawn) -> None:
    """One line of each kind, corrected once."""
    for model in MODELS:
        key = new_id()
        chained: dict[str, Any] = {}
        for version in (1, 2):
            row = model._default_manager.create(
                id=key if version == 1 else new_id(),
                set_id=key,
                version=version,
                is_current=version == 2,
                **chained,
                patient=drawn.patient,
                record=drawn.record,
                data_class="medical",
                author=drawn.practitioners[0],
                organization=drawn.organizations[0],
                **row_of(model, "Essai"),
            )
            chained = {"replaces_id": row.pk}
        fact(drawn, row.pk)


def create(model: type[Any], drawn: Drawn, **values: Any) -> Any:
    try:
        with transaction.atomic():
            return model.objects.create(patient=drawn.patient, record=drawn.record, **values)
    except IntegrityError:  # two of the same role were drawn for one circle
        return None


def pathways(drawn: Drawn) -> None:
    """In a programme, with its step and what hangs on it."""
    limits: dict[str, Any] = {"data_class": "care"}
    inclusion = row_in_programme(
        drawn.patient,
        drawn.record,
        organization_id=drawn.organizations[0].pk,
        author=drawn.practitioners[0],
        **limits,
    )
    row_of_step(inclusion, "Visite", **limits)
    fact(drawn, inclusion.pk)
