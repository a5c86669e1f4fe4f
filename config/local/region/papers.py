"""The papers of the stories, filed by the people who hold them, then put back at their dates."""

from io import BytesIO
from uuid import UUID

from django.core.files.uploadedfile import InMemoryUploadedFile

from config.local.region.places import Directory
from config.local.region.records import Times
from simulators.region.model import Paper, Story
from simulators.region.papers import content_of
from terresante.care_team.enums import Confidentiality
from terresante.documents.access import DOCUMENT_WRITE
from terresante.documents.actions import NewDocument, file_document, replace_document
from terresante.documents.enums import DocumentType
from terresante.documents.models import DocumentReference
from terresante.feed.models import FeedItem
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.kernel.files.receiving import Received, receive
from terresante.patients.models import CareRecord


class Filer:
    def __init__(self, job: Actor, directory: Directory, times: Times) -> None:
        self._job, self._directory, self._times = job, directory, times

    def file(self, patient_id: UUID, story: Story) -> None:
        with rls.acting(self._job):
            rls.open_record(patient_id)
            record = CareRecord.objects.get(patient_id=patient_id)
        filed: dict[str, DocumentReference] = {}
        for paper in story.papers:
            filed[paper.title] = self._filed(record, paper, filed.get(paper.title))
            self._put_back(record, filed[paper.title], paper)

    def _filed(self, record: CareRecord, paper: Paper, before: DocumentReference | None) -> DocumentReference:
        actor = self._directory.actors[paper.author]
        received, day = _received(actor, paper), self._times.at(paper.at).date()
        if before is not None and paper.is_replacing:
            return replace_document(
                actor, record.pk, before.pk, received=received, dated_on=day, written_by=paper.by
            )
        document = NewDocument(
            received=received,
            type=DocumentType(paper.type),
            title=paper.title,
            dated_on=day,
            written_by=paper.by,
            level=Confidentiality.CIRCLE if paper.is_hidden else None,
        )
        return file_document(actor, record.pk, document=document)

    def _put_back(self, record: CareRecord, document: DocumentReference, paper: Paper) -> None:
        at = self._times.at(paper.at)
        with rls.acting(self._job):
            rls.open_record(record.patient_id)
            DocumentReference.objects.filter(pk=document.pk).update(recorded_at=at)
            FeedItem.objects.filter(object_id=document.pk).update(occurred_at=at, recorded_at=at)


def _received(actor: Actor, paper: Paper) -> Received:
    name, content = content_of(paper)
    sent = InMemoryUploadedFile(BytesIO(content), "files", name, None, len(content), None)
    return receive(actor, sent, for_action=DOCUMENT_WRITE)
