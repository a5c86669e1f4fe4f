from datetime import timedelta

import pytest
from django.core.files.storage import storages
from django.db import InternalError, ProgrammingError
from django.utils import timezone

from terresante.care_team.enums import Confidentiality
from terresante.documents.actions import file_document, replace_document, share_document, withdraw_document
from terresante.documents.enums import DocumentStatus, DocumentType
from terresante.documents.events import DocumentFiled
from terresante.documents.handlers import tell_its_readers
from terresante.documents.models import DocumentReference
from terresante.documents.tests.factories import filed, new_document, pdf, received
from terresante.feed.models import FeedItem
from terresante.kernel import rls
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.events import restore
from terresante.kernel.files import vault
from terresante.kernel.ids import new_id
from terresante.kernel.models import AuditEntry, OutboundMessage, OutboxEvent, StoredFile
from terresante.notifications.actions import NewPreferences, save_preferences
from tests.walls import walls_down

pytestmark = pytest.mark.commits


def told(document):
    """(feed, audit, events) about this version."""
    with walls_down():
        return (
            list(FeedItem.objects.filter(object_id=document.pk).values_list("kind", flat=True)),
            list(
                AuditEntry.objects.filter(object_id=document.pk, outcome="done")
                .order_by("at")
                .values_list("action", flat=True)
            ),
            sorted(
                event.kind
                for event in OutboxEvent.objects.all()
                if event.payload["object_id"] == str(document.pk)
            ),
        )


def test_a_document_is_filed_with_its_file_its_digests_and_its_traces(cast):
    content = pdf()
    document = filed(cast.amar, cast.madeleine_record, content=content, written_by="  Dr   Hallé ")

    assert (document.size, len(document.sha256), len(document.sha1)) == (len(content), 64, 40)
    assert document.written_by == "Dr Hallé" and document.author_name == cast.amar.name
    assert b"".join(vault.read(document.file, size=document.size)) == content
    assert told(document) == (["document"], ["document.write"], ["DocumentFiled"])


@pytest.mark.parametrize(
    ("choices", "field"),
    [
        ({"title": "  "}, "title"),
        ({"title": "x" * 121}, "title"),
        ({"dated_on": timezone.localdate() + timedelta(days=2)}, "dated_on"),
        ({"dated_on": timezone.localdate().replace(year=1899)}, "dated_on"),
    ],
)
def test_a_title_and_a_date_that_are_none_are_refused_and_nothing_is_kept(cast, choices, field):
    title = choices.pop("title", "Lettre")
    with pytest.raises(Invalid) as error:
        filed(cast.amar, cast.madeleine_record, title, **choices)

    assert set(error.value.fields) == {field}
    with walls_down():
        assert (
            not DocumentReference.objects.exists() and not StoredFile.objects.exclude(kept_at=None).exists()
        )


def test_the_same_file_twice_is_said_and_not_filed(cast):
    content = pdf("le même")
    filed(cast.amar, cast.madeleine_record, "Première", content=content)

    with pytest.raises(Conflict, match="Première"):
        filed(cast.ines, cast.madeleine_record, content=content)
    filed(cast.brun, cast.leon_record, content=content)


def test_a_file_that_the_caller_may_not_see_is_not_told_of(cast):
    content = pdf("réservé")
    filed(cast.amar, cast.madeleine_record, content=content, level=Confidentiality.STRUCTURE)

    filed(cast.colin, cast.madeleine_record, content=content)


def test_a_received_file_serves_one_document(cast):
    document = new_document(cast.amar)
    file_document(cast.amar, cast.madeleine_record.pk, document=document)
    with walls_down():
        DocumentReference.objects.update(sha256="0" * 64)

    with pytest.raises(Conflict):
        file_document(cast.amar, cast.madeleine_record.pk, document=document)


def test_a_new_version_takes_the_place_of_the_one_before_which_stays(cast):
    before = filed(cast.amar, cast.madeleine_record, "Ordonnance", type=DocumentType.DRUG_PRESCRIPTION)

    after = replace_document(
        cast.ines, before.record_id, before.pk, received=received(cast.ines), dated_on=timezone.localdate()
    )

    with walls_down():
        before.refresh_from_db()
    assert (before.status, after.status) == (DocumentStatus.SUPERSEDED, DocumentStatus.CURRENT)
    assert (after.version, after.replaces_id, after.set_id) == (2, before.pk, before.set_id)
    assert (after.title, after.type, after.author_name) == ("Ordonnance", before.type, cast.ines.name)
    assert told(after) == (["document_replaced"], ["document.replace"], ["DocumentChanged"])
    assert b"".join(vault.read(before.file, size=before.size))


def test_a_version_is_replaced_once(cast):
    before = filed(cast.amar, cast.madeleine_record)
    today = timezone.localdate()
    replace_document(cast.amar, before.record_id, before.pk, received=received(cast.amar), dated_on=today)

    with pytest.raises(Refused):
        replace_document(cast.amar, before.record_id, before.pk, received=received(cast.amar), dated_on=today)


def test_sharing_holds_for_every_version_and_is_not_news_for_the_circle(cast):
    before = filed(cast.amar, cast.madeleine_record, level=Confidentiality.CIRCLE)
    after = replace_document(
        cast.amar, before.record_id, before.pk, received=received(cast.amar), dated_on=before.dated_on
    )

    share_document(cast.amar, after.record_id, after.pk, shared=True)

    with walls_down():
        assert set(DocumentReference.objects.values_list("hidden_from_patient", flat=True)) == {False}
        assert set(FeedItem.objects.values_list("hidden_from_patient", flat=True)) == {False}
        assert FeedItem.objects.count() == 2
    with pytest.raises(Conflict):
        share_document(cast.amar, after.record_id, after.pk, shared=True)


def test_what_is_withdrawn_is_kept_with_its_reason_and_told_no_more(cast):
    document = filed(cast.amar, cast.madeleine_record)

    withdraw_document(cast.amar, document.record_id, document.pk, reason=" Mauvais   patient ")

    with walls_down():
        document.refresh_from_db()
    assert (
        document.status == DocumentStatus.ENTERED_IN_ERROR and document.withdrawn_reason == "Mauvais patient"
    )
    assert document.withdrawn_by_name == cast.amar.name
    assert told(document)[0] == [] and storages["files"].exists(document.file.name)
    with pytest.raises(Refused):
        withdraw_document(cast.amar, document.record_id, document.pk, reason="Encore")


def test_a_withdrawal_without_a_reason_is_refused(cast):
    document = filed(cast.amar, cast.madeleine_record)

    for reason in ("  ", "x" * 301):
        with pytest.raises(Invalid):
            withdraw_document(cast.amar, document.record_id, document.pk, reason=reason)


def test_a_document_that_does_not_exist_is_not_found(cast):
    with pytest.raises(NotFound):
        share_document(cast.amar, cast.madeleine_record.pk, new_id(), shared=True)


def test_what_is_signed_is_not_rewritten_by_sql_of_its_own(cast):
    document = filed(cast.amar, cast.madeleine_record)
    for harm in (
        lambda: DocumentReference.objects.filter(pk=document.pk).update(title="autre"),
        lambda: DocumentReference.objects.filter(pk=document.pk).update(file_id=new_id()),
        lambda: DocumentReference.objects.filter(pk=document.pk).delete(),
    ):
        with pytest.raises((ProgrammingError, InternalError)), rls.acting(cast.amar):
            rls.open_record(document.patient_id)
            harm()


def test_those_who_asked_are_told_of_a_document_they_may_read_and_its_author_is_not(cast):
    for actor in (cast.amar, cast.ines, cast.brun, cast.madeleine):
        wanted = {"document": ["email"], "document_shown": ["email"]}
        save_preferences(actor, NewPreferences(channels=wanted, digest_hour=18))

    def recipients(**choices):
        OutboundMessage.objects.all().delete()
        filed(cast.ines, cast.madeleine_record, **choices)
        with rls.acting(Actor.job("tests")):
            row = OutboxEvent.objects.filter(kind="DocumentFiled").latest("created_at")
            event = restore(row)
            assert isinstance(event, DocumentFiled)
            tell_its_readers([event])
        return sorted(OutboundMessage.objects.values_list("recipient", flat=True))

    assert recipients() == ["amar@example.org", "madeleine@example.org"]
    assert recipients(level=Confidentiality.CIRCLE) == ["amar@example.org"]
    assert recipients(level=Confidentiality.MYSELF) == []
