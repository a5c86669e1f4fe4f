"""Documents that the connected hospital sends about the person of a record."""

from dataclasses import replace

from django.utils import timezone

from simulators.hospital import documents
from simulators.hospital.messages import Authority, Person
from terresante.documents.models import DocumentReference
from terresante.interop.cda.tests import letters
from terresante.interop.tests.wire import AUTHORITY
from terresante.kernel.files import vault
from terresante.kernel.models import StoredFile
from tests.walls import walls_down


def whose(record, **changes):
    """The person of this record, as the hospital knows her."""
    with walls_down():
        patient = type(record).objects.select_related("patient").get(pk=record.pk).patient
    known = Person(
        ipp="P1",
        birth_name=patient.birth_name,
        given=patient.birth_given_names,
        birth_date=patient.birth_date.isoformat(),
        sex=patient.sex,
        birth_place=patient.birth_place_code,
        authority=Authority("HOPITAL-T", AUTHORITY, "N"),
    )
    return replace(known, **changes)


def letter(person, number="1", **changes):
    """A CDA of level 3."""
    told = {"identifier": f"1.2.250.1.999.9.{number}", "passages": letters.PASSAGES} | changes
    return documents.cda(replace(letters.letter(), person=person, **told))


def oru(person, *contents, control_id="D1", **changes):
    return documents.oru(contents, person, control_id=control_id, at=timezone.now(), **changes)


def mdm(person, event, content, *, control_id="D1", **changes):
    return documents.mdm(event, content, person, control_id=control_id, at=timezone.now(), **changes)


def filed():
    with walls_down():
        return list(DocumentReference.objects.order_by("recorded_at", "version"))


def kept_files():
    with walls_down():
        return StoredFile.objects.exclude(kept_at=None).count(), StoredFile.objects.filter(
            kept_at=None
        ).count()


def content(document):
    with walls_down():
        return b"".join(vault.read(document.file, size=document.size))
