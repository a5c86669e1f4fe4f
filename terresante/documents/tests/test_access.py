"""Who reads a document: each person of the cast, through each door, and « Qui verra ceci ? » beforehand."""

import pytest

from terresante.care_team import actions as team
from terresante.care_team.enums import Confidentiality, DataClass
from terresante.care_team.models import CareTeamParticipant
from terresante.care_team.queries import open_record
from terresante.care_team.queries.limits import levels_open_to, limits_of
from terresante.documents import queries
from terresante.documents.access import DOCUMENT_OPEN, DOCUMENT_READ
from terresante.documents.actions import file_document, replace_document, share_document, withdraw_document
from terresante.documents.enums import CLASS_OF, FAMILIES, DocumentType
from terresante.documents.models import DocumentReference
from terresante.documents.tests.factories import filed, new_document, received
from terresante.feed import queries as feed
from terresante.kernel import access, rls
from terresante.kernel.errors import DomainError, NotFound, Refused
from terresante.patients.enums import DelegationBasis
from tests.cast import join, login, represented_by
from tests.walls import walls_down

pytestmark = pytest.mark.commits

CIRCLE = {"amar", "ines", "colin", "samira", "madeleine"}
OF_CLASS = {
    DataClass.MEDICAL: DocumentType.DISCHARGE_LETTER,
    DataClass.CARE: DocumentType.TRANSFER_NOTE,
    DataClass.COORDINATION: DocumentType.CARE_PLAN,
    DataClass.SOCIAL: DocumentType.SOCIAL_DOCUMENT,
}


def reads_it(actor, document):
    with rls.acting(actor):
        try:
            open_record(actor, document.record_id)
            return access.get(actor, DOCUMENT_READ, DocumentReference, document.pk).pk == document.pk
        except NotFound:
            return False


def doors(actor, document):
    """What each place that tells of documents says: list, unread list, counter, timeline, news."""
    with rls.acting(actor):
        try:
            patient_id = open_record(actor, document.record_id).patient.pk
        except NotFound:
            patient_id = document.patient_id
        return (
            queries.document_page(actor, patient_id).total,
            queries.document_page(actor, patient_id, view=queries.UNREAD).total,
            feed.unread(actor).filter(patient_id=patient_id).count(),
            len(feed.timeline(actor, patient_id).facts),
            len(feed.news_of(actor, [patient_id])[patient_id]),
        )


def pages(client, actor, document):
    """The page, its content, its download and the list, as this person gets them."""
    login(client, actor)
    base = f"/dossiers/{document.record_id}/documents/"
    return tuple(
        client.get(f"{base}{end}").status_code
        for end in (f"{document.pk}/", f"{document.pk}/contenu/", f"{document.pk}/telecharger/", "")
    )


def test_every_type_has_its_class_and_its_family():
    listed = [one for _, types in FAMILIES.values() for one in types]

    assert set(CLASS_OF) == set(DocumentType) == set(listed) and len(listed) == len(set(listed))


def test_a_document_is_read_by_the_circle_and_by_nobody_else(cast):
    document = filed(cast.amar, cast.madeleine_record, type=DocumentType.CARE_PLAN)

    assert {name for name, actor in cast.actors.items() if reads_it(actor, document)} == CIRCLE


def test_somebody_of_another_circle_finds_no_page_no_content_and_no_download(client, cast):
    document = filed(cast.amar, cast.madeleine_record)

    assert pages(client, cast.brun, document) == (404, 404, 404, 404)
    assert pages(client, cast.ines, document) == (200, 200, 200, 200)
    base = f"/dossiers/{cast.leon_record.pk}/documents/{document.pk}/"
    login(client, cast.brun)
    for end in ("", "contenu/", "telecharger/", "remplacer/", "partage/", "retirer/"):
        assert client.get(base + end).status_code == 404, end


def test_a_document_of_another_record_is_not_given_under_this_one(client, cast):
    document = filed(cast.brun, cast.leon_record)
    with walls_down():
        join(cast.leon_record, practitioner_id=cast.amar.person_id)
    login(client, cast.amar)

    for end in ("", "contenu/", "telecharger/", "remplacer/", "partage/", "retirer/"):
        assert client.get(
            f"/dossiers/{cast.madeleine_record.pk}/documents/{document.pk}/{end}"
        ).status_code in (
            403,
            404,
        ), end
    assert client.get(f"/dossiers/{cast.leon_record.pk}/documents/{document.pk}/contenu/").status_code == 200


def test_a_document_is_filed_by_whoever_writes_its_class(cast):
    expected = {
        DataClass.MEDICAL: {"amar", "ines"},
        DataClass.CARE: {"amar", "ines", "colin"},
        DataClass.COORDINATION: {"amar", "ines", "colin", "samira"},
        DataClass.SOCIAL: {"colin", "samira"},
    }
    for data_class, writers in expected.items():
        written = set()
        for name, actor in cast.actors.items():
            try:
                filed(actor, cast.madeleine_record, type=OF_CLASS[data_class])
                written.add(name)
            except (Refused, NotFound):
                continue
        assert written == writers, data_class
    with walls_down():
        assert DocumentReference.objects.count() == sum(len(writers) for writers in expected.values())


def test_a_removed_member_reads_and_files_nothing_any_more(client, cast):
    document = filed(cast.ines, cast.madeleine_record)
    with walls_down():
        ines = CareTeamParticipant.objects.get(practitioner_id=cast.ines.person_id)
    team.remove_member(cast.amar, cast.madeleine_record.pk, ines.pk)

    assert not reads_it(cast.ines, document) and doors(cast.ines, document) == (0, 0, 0, 0, 0)
    assert pages(client, cast.ines, document) == (404, 404, 404, 404)
    for act in (
        lambda: filed(cast.ines, cast.madeleine_record),
        lambda: withdraw_document(cast.ines, document.record_id, document.pk, reason="Erreur"),
        lambda: share_document(cast.ines, document.record_id, document.pk, shared=False),
    ):
        with pytest.raises(NotFound):
            act()


def test_break_glass_reads_and_files_nothing(client, cast):
    document = filed(cast.amar, cast.madeleine_record)
    assert pages(client, cast.urgentiste, document) == (404, 404, 404, 404)
    team.open_in_emergency(
        cast.urgentiste, cast.madeleine_record.patient_id, reason="Coma, antécédents inconnus"
    )

    assert pages(client, cast.urgentiste, document) == (200, 200, 200, 200)
    with pytest.raises(Refused):
        filed(cast.urgentiste, cast.madeleine_record)


def test_a_social_worker_meets_a_medical_document_nowhere(client, cast):
    document = filed(cast.amar, cast.madeleine_record, type=DocumentType.DISCHARGE_LETTER)

    assert doors(cast.samira, document) == (0, 0, 0, 0, 0)
    assert doors(cast.ines, document) == (1, 1, 1, 1, 1)
    assert pages(client, cast.samira, document) == (404, 404, 404, 200)
    assert (
        "Lettre du cardiologue"
        not in client.get(f"/dossiers/{document.record_id}/documents/").content.decode()
    )


def test_what_is_hidden_from_the_patient_is_nowhere_for_him_until_it_is_shared(client, cast):
    document = filed(cast.amar, cast.madeleine_record, level=Confidentiality.CIRCLE)
    assert doors(cast.madeleine, document) == (0, 0, 0, 0, 0)
    assert pages(client, cast.madeleine, document)[:3] == (404, 404, 404)

    share_document(cast.amar, document.record_id, document.pk, shared=True)

    assert doors(cast.madeleine, document)[0] == 1 and doors(cast.madeleine, document)[3] == 1
    assert pages(client, cast.madeleine, document)[:3] == (200, 200, 200)
    share_document(cast.amar, document.record_id, document.pk, shared=False)
    assert doors(cast.madeleine, document) == (0, 0, 0, 0, 0)


def test_what_is_hidden_from_a_representative_is_the_patient_s_alone(client, cast):
    with walls_down():
        guardian = represented_by(cast.madeleine_record, "Paule", DelegationBasis.GUARDIANSHIP)
    shown = filed(cast.amar, cast.madeleine_record)
    hidden = filed(cast.amar, cast.madeleine_record, hidden_from_representative=True)

    assert reads_it(guardian, shown) and not reads_it(guardian, hidden)
    assert reads_it(cast.madeleine, hidden)
    assert pages(client, guardian, hidden)[:3] == (404, 404, 404)
    assert pages(client, guardian, shown)[:3] == (200, 200, 200)


def test_what_a_structure_keeps_to_itself_is_read_inside_it_alone(cast):
    document = filed(cast.amar, cast.madeleine_record, level=Confidentiality.STRUCTURE)

    assert {name for name, actor in cast.actors.items() if reads_it(actor, document)} == {"amar", "ines"}
    with pytest.raises(Refused, match="réservé à quelques-uns"):
        share_document(cast.amar, document.record_id, document.pk, shared=False)


def test_a_version_is_read_by_those_who_read_the_one_before(cast):
    for choices in ({"level": Confidentiality.STRUCTURE}, {"level": Confidentiality.CIRCLE}, {}):
        before = filed(cast.amar, cast.madeleine_record, **choices)
        after = replace_document(
            cast.amar, before.record_id, before.pk, received=received(cast.amar), dated_on=before.dated_on
        )
        readers = {name for name, actor in cast.actors.items() if reads_it(actor, before)}
        assert {name for name, actor in cast.actors.items() if reads_it(actor, after)} == readers


def test_only_the_structure_that_filed_it_replaces_shares_or_withdraws_it(cast):
    document = filed(cast.amar, cast.madeleine_record)
    for name in ("colin", "samira", "madeleine", "brun"):
        actor = cast.actors[name]
        for act in (
            lambda actor=actor: withdraw_document(actor, document.record_id, document.pk, reason="Erreur"),
            lambda actor=actor: share_document(actor, document.record_id, document.pk, shared=False),
            lambda actor=actor: replace_document(
                actor,
                document.record_id,
                document.pk,
                received=received(cast.amar),
                dated_on=document.dated_on,
            ),
        ):
            with pytest.raises((Refused, NotFound)):
                act()
    withdraw_document(cast.ines, document.record_id, document.pk, reason="Doublon")


def test_nobody_opens_what_was_withdrawn_and_the_circle_reads_why(client, cast):
    document = filed(cast.amar, cast.madeleine_record, type=DocumentType.CARE_PLAN)
    withdraw_document(cast.amar, document.record_id, document.pk, reason="Document d’un autre patient")

    for name in CIRCLE:
        actor = cast.actors[name]
        page, content, download, _ = pages(client, actor, document)
        assert (page, content, download) == (200, 403, 403), name
        with rls.acting(actor), pytest.raises(Refused):
            open_record(actor, document.record_id)
            access.get(actor, DOCUMENT_OPEN, DocumentReference, document.pk)
        assert doors(actor, document) == (0, 0, 0, 0, 0)
    login(client, cast.ines)
    shown = client.get(f"/dossiers/{document.record_id}/documents/?vue=retires").content.decode()
    assert "Document d’un autre patient" in shown


def test_a_version_replaced_since_is_withdrawn_too_by_its_structure_alone(client, cast):
    """Of somebody else: once the right paper had taken its place, it stayed open in the history for ever."""
    wrong = filed(cast.amar, cast.madeleine_record, type=DocumentType.CARE_PLAN)
    right = replace_document(
        cast.amar, wrong.record_id, wrong.pk, received=received(cast.amar), dated_on=wrong.dated_on
    )
    for name in ("brun", "samira"):
        with pytest.raises((NotFound, Refused)):
            withdraw_document(cast.actors[name], wrong.record_id, wrong.pk, reason="Erreur")
    assert pages(client, cast.ines, wrong)[:3] == (200, 200, 200)
    login(client, cast.amar)
    assert "/retirer/" in client.get(f"/dossiers/{wrong.record_id}/documents/{wrong.pk}/").content.decode()

    path = f"/dossiers/{wrong.record_id}/documents/{wrong.pk}/retirer/"
    assert "Retirer la version 1 de" in client.get(path).content.decode()
    # Of the one in force too: the others stay as they are.
    asked = client.get(f"/dossiers/{right.record_id}/documents/{right.pk}/retirer/").content.decode()
    assert "Retirer la version 2 de" in asked and "les autres ne changent pas" in asked
    done = client.post(path, {"reason": "Document d’un autre patient"}, follow=True).content.decode()
    assert "La version 1 de" in done

    for name in CIRCLE:
        assert pages(client, cast.actors[name], wrong)[:3] == (200, 403, 403), name
        assert pages(client, cast.actors[name], right)[:3] == (200, 200, 200), name


@pytest.mark.parametrize("data_class", OF_CLASS)
def test_who_will_see_this_is_who_then_sees_it(cast, data_class):
    record, kind = cast.madeleine_record, OF_CLASS[data_class]
    author = next(actor for actor in (cast.amar, cast.colin) if _files(actor, record, kind))
    for level in levels_open_to(""):
        with rls.acting(author):
            open_record(author, record.pk)
            draft = limits_of(author, level, "").draft(author, record.patient_id, data_class)
            told = access.audience(draft)
        document = filed(author, record, type=kind, level=level)
        seen = {reader.key for reader in told if reader.reads and not reader.is_group}
        named = {name for name in ("amar", "ines", "madeleine") if cast.actors[name].person_id in seen}
        reading = {name for name in ("amar", "ines", "madeleine") if reads_it(cast.actors[name], document)}
        assert named == reading, level


def _files(actor, record, type_):
    try:
        file_document(actor, record.pk, document=new_document(actor, type=type_))
    except DomainError:
        return False
    return True
