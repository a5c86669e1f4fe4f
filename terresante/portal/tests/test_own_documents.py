"""What the person files from her own space: read by her circle, or by nobody of it yet; withdrawn by her alone."""

import html
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.urls import reverse
from django.utils import timezone

from terresante.care_team.queries import log, open_record
from terresante.documents.access import DOCUMENT_READ, OWN_DOCUMENT_WRITE
from terresante.documents.enums import DocumentStatus, DocumentType
from terresante.documents.handlers import tell_the_circle_of_hers
from terresante.documents.models import DocumentReference
from terresante.documents.own_actions import (
    OwnDocument,
    file_own_document,
    show_own_document,
    withdraw_own_document,
)
from terresante.documents.tests.factories import filed, pdf, sent_file
from terresante.feed.models import FeedItem
from terresante.kernel import access, rls
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, NotFound, Refused
from terresante.kernel.events import restore
from terresante.kernel.files.receiving import receive
from terresante.kernel.models import OutboxEvent
from terresante.overview import fhir
from terresante.patients.enums import DelegationBasis
from tests.cast import client_of, represented_by
from tests.walls import walls_down

pytestmark = [pytest.mark.commits, pytest.mark.usefixtures("files_of_the_test")]


def own(actor, record, *, kept=False, title="Mon scanner", kind=DocumentType.OWN_IMAGING):
    document = OwnDocument(
        received=receive(actor, sent_file(), for_action=OWN_DOCUMENT_WRITE),
        type=kind,
        title=title,
        dated_on=timezone.localdate(),
        kept=kept,
    )
    row = file_own_document(actor, record.pk, document=document)
    tell_what_waits()
    return row


def tell_what_waits():
    told: list[Any]
    with walls_down():
        told = [restore(one) for one in OutboxEvent.objects.filter(kind="OwnDocumentChanged")]
    with rls.acting(Actor.job("tests")):
        tell_the_circle_of_hers(told)


def listed(actor, record):
    with rls.acting(actor):
        open_record(actor, record.pk)
        return set(access.list(actor, DOCUMENT_READ, DocumentReference).values_list("title", flat=True))


def by_sql(actor, record):
    with rls.acting(actor), connection.cursor() as cursor:
        rls.open_record(record.patient_id)
        cursor.execute("SELECT title FROM documents_documentreference")
        return {title for (title,) in cursor.fetchall()}


def facts():
    with walls_down():
        return FeedItem.objects.filter(kind="document").count()


def words(answer):
    return " ".join(html.unescape(answer.content.decode()).split())


def test_what_she_files_for_her_circle_is_read_by_it_and_says_that_it_is_hers(cast):
    record = cast.madeleine_record
    row = own(cast.madeleine, record)

    assert listed(cast.amar, record) == by_sql(cast.amar, record) == {"Mon scanner"}
    assert facts() == 1
    page = words(client_of(cast.amar).get(reverse("documents:list", args=[record.pk])))
    assert "déposé par la patiente" in page
    content = client_of(cast.amar).get(reverse("documents:content", args=[record.pk, row.pk]))
    assert content.status_code == 200
    with rls.acting(cast.brun), pytest.raises(NotFound):
        access.get(cast.brun, DOCUMENT_READ, DocumentReference, row.pk)


def test_what_she_keeps_is_read_by_nobody_of_her_circle_and_leaves_no_trace_there(cast):
    record = cast.madeleine_record
    row = own(cast.madeleine, record, kept=True, kind=DocumentType.OWN_TREATMENT)
    with walls_down():
        guardian = represented_by(record, "Claire", DelegationBasis.GUARDIANSHIP)
        carer = represented_by(record, "Lucie", DelegationBasis.CARER, scope=("care",))

    for actor in (cast.amar, cast.ines, carer):
        assert listed(actor, record) == by_sql(actor, record) == set(), actor.name
    assert listed(cast.madeleine, record) == by_sql(cast.madeleine, record) == {"Mon scanner"}
    assert listed(guardian, record) == {"Mon scanner"}
    assert facts() == 0
    with rls.acting(cast.amar):
        open_record(cast.amar, record.pk)
        lines = log.accesses_of(cast.amar, record.patient_id).visits
    assert "own_document.write" not in {code for line in lines for code in line.codes}
    answer = client_of(cast.amar).get(reverse("documents:content", args=[record.pk, row.pk]))
    assert answer.status_code == 404


def test_she_shows_it_later_and_takes_it_back(cast):
    record = cast.madeleine_record
    row = own(cast.madeleine, record, kept=True)

    show_own_document(cast.madeleine, record.pk, row.pk, kept=False)
    tell_what_waits()
    assert (listed(cast.amar, record), facts()) == ({"Mon scanner"}, 1)
    tell_what_waits()
    assert facts() == 1
    show_own_document(cast.madeleine, record.pk, row.pk, kept=True)
    tell_what_waits()
    assert (listed(cast.amar, record), facts()) == (set(), 0)
    with pytest.raises(Conflict):
        show_own_document(cast.madeleine, record.pk, row.pk, kept=True)


def test_she_withdraws_hers_and_nobody_elses(cast):
    record = cast.madeleine_record
    row, theirs = own(cast.madeleine, record), filed(cast.amar, record, "Lettre")
    withdraw_own_document(cast.madeleine, record.pk, row.pk)
    tell_what_waits()

    with walls_down():
        assert DocumentReference.objects.get(pk=row.pk).status == DocumentStatus.ENTERED_IN_ERROR
        left = FeedItem.objects.filter(object_id=row.pk).count()
    assert left == 0
    with pytest.raises((NotFound, Refused)):
        withdraw_own_document(cast.madeleine, record.pk, theirs.pk)
    address = reverse("documents:content", args=[record.pk, row.pk])
    assert client_of(cast.madeleine).get(address).status_code == 403


def test_nobody_files_or_changes_in_the_place_of_a_person(cast):
    """Neither her circle, nor a carer, nor another patient; by SQL of one's own neither."""
    record = cast.madeleine_record
    row = own(cast.madeleine, record)
    with walls_down():
        carer = represented_by(record, "Lucie", DelegationBasis.CARER, scope=("care",))
    for actor in (cast.amar, carer, cast.leon):
        for act in (
            lambda who: withdraw_own_document(who, record.pk, row.pk),
            lambda who: show_own_document(who, record.pk, row.pk, kept=True),
        ):
            with pytest.raises((NotFound, Refused)):
                act(actor)
        with rls.acting(actor), connection.cursor() as cursor:
            rls.open_record(record.patient_id)
            cursor.execute("UPDATE documents_documentreference SET kept_to_patient = true")
            assert cursor.rowcount == 0, actor.name
    copied = {field.attname: getattr(row, field.attname) for field in DocumentReference._meta.concrete_fields}
    for actor in (cast.amar, cast.leon, carer):
        with pytest.raises(DatabaseError, match="row-level security"), rls.acting(actor):
            rls.open_record(record.patient_id)
            DocumentReference(**{**copied, "id": carer.person_id, "set_id": carer.person_id}).save(
                force_insert=True
            )


def test_a_copy_of_the_record_says_that_it_is_hers(cast):
    row = own(cast.madeleine, cast.madeleine_record)
    with walls_down():
        told = fhir.document(DocumentReference.objects.get(pk=row.pk), "documents/1.pdf")

    assert told["author"] == [{"display": f"{row.author_name}, la patiente"}] and "custodian" not in told


def test_a_professional_files_under_no_type_of_hers(cast):
    with pytest.raises(Refused):
        filed(cast.amar, cast.madeleine_record, "Lettre", type=DocumentType.OWN_REPORT)


def test_from_the_form_to_the_list_and_what_is_refused(cast):
    patient = client_of(cast.madeleine)
    add = reverse("portal:add_document")
    form = {
        "type": DocumentType.OWN_LABORATORY.value,
        "title": "Prise de sang de mars",
        "dated_on": f"{timezone.localdate()}",
        "readers": "kept",
    }
    assert "Choisissez un fichier" in words(patient.post(add, form))
    untitled = {**form, "title": ""}
    assert all(
        said in words(patient.post(add, untitled))
        for said in ("Choisissez un fichier", "Donnez-lui un titre")
    )
    lost = words(patient.post(add, {**untitled, "sent": sent_file(pdf())}))
    assert "Choisissez de nouveau le fichier" in lost and "Donnez-lui un titre" in lost
    disguised = sent_file(b"MZ" + bytes(200), "analyse.pdf")
    refused = patient.post(add, {**form, "sent": disguised})
    assert refused.status_code == 422
    page = patient.post(add, {**form, "sent": sent_file(pdf())}, follow=True)
    assert "Le montrer à l’équipe" in words(page)
    shown = words(patient.get(reverse("portal:documents")))
    assert "Prise de sang de mars" in shown and "votre équipe ne le lit pas" in shown
    with walls_down():
        key = DocumentReference.objects.get().pk
    for name in ("show_document", "withdraw_document", "document"):
        assert client_of(cast.leon).post(reverse(f"portal:{name}", args=[key])).status_code in (404, 405)
    patient.post(reverse("portal:show_document", args=[key]), {"show": "1"})
    assert listed(cast.amar, cast.madeleine_record) == {"Prise de sang de mars"}
    patient.post(reverse("portal:withdraw_document", args=[key]))
    assert str(key) not in words(patient.get(reverse("portal:documents")))
    assert client_of(cast.amar).get(add).status_code == 403
