"""Psychiatry and addictology: existence included (MISSION D10, DOMAIN.md 2.1). Madeleine is followed by a psychiatric
nurse of a CMP; the rest of her circle does not know, and the patient sees everything."""

import pytest
from django.db import connection

from terresante.care_team import actions, matrix
from terresante.care_team.actions.secrets import name_reader, withdraw_name
from terresante.care_team.enums import Confidentiality, ConsentKind, DataClass, Sector, TeamRole
from terresante.care_team.models import CareTeamParticipant, NamedReader
from terresante.care_team.queries import circle_of, log, open_record
from terresante.care_team.queries.limits import levels_open_to, limits_of, sector_of
from terresante.directory.enums import OrganizationKind, Profession
from terresante.directory.models import Organization, Practitioner
from terresante.feed import queries as feed
from terresante.feed.handlers import tell_of_joined
from terresante.kernel import access, rls
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, NotFound, Refused
from terresante.kernel.events import restore
from terresante.kernel.models import AuditEntry, OutboxEvent
from terresante.notes import queries as notes
from terresante.notes.access import NOTE_READ
from terresante.notes.models import Note
from terresante.notes.tests.factories import published
from tests.cast import join, login, organization, professional
from tests.walls import walls_down

pytestmark = pytest.mark.commits

CIRCLE = ("amar", "ines", "colin", "samira")


def told_to(handler, events):
    handler(events)


@pytest.fixture
def psy(cast):
    """Odile, psychiatric nurse of the CMP: a member, brought by Dr Amar; and a second CMP, whose circle is Léon's."""
    with walls_down():
        cmp = organization("CMP du Parc", OrganizationKind.CMP)
        other = organization("CMP des Quais", OrganizationKind.CMP)
        cast.actors["odile"] = professional("odile", Profession.PSYCHIATRIC_NURSE, cmp)
        cast.actors["paul"] = professional("paul", Profession.PSYCHIATRIC_NURSE, other)
    for editor, record, who in (
        (cast.amar, cast.madeleine_record, "odile"),
        (cast.brun, cast.leon_record, "paul"),
    ):
        member = actions.NewMember(practitioner_id=cast.actors[who].person_id)
        actions.add_member(editor, record.pk, member=member)
    return cast


def seen_members(actor, record):
    with rls.acting(actor):
        open_record(actor, record.pk)
        return {
            member.practitioner_id or member.organization_id for member in circle_of(actor, record.patient_id)
        }


def reads(actor, note):
    with rls.acting(actor):
        try:
            open_record(actor, note.record_id)
            return access.get(actor, NOTE_READ, Note, note.pk).pk == note.pk
        except NotFound:
            return False


def participant_of(actor):
    with walls_down():
        return CareTeamParticipant.objects.get(practitioner_id=actor.person_id, ended_at=None)


def test_the_presence_of_a_psychiatric_nurse_is_known_to_the_patient_and_to_who_brought_her(psy):
    """Not to Inès, member too and of the same profession but for the specialty, who has patients of her own."""
    odile, record = psy.odile.person_id, psy.madeleine_record

    assert [name for name in CIRCLE if odile in seen_members(psy.actors[name], record)] == ["amar"]
    assert odile in seen_members(psy.madeleine, record)
    assert odile in seen_members(psy.odile, record)
    assert seen_members(psy.odile, record) >= {psy.amar.person_id, psy.ines.person_id}
    with rls.acting(psy.ines):
        rls.open_record(record.patient_id)
        assert not CareTeamParticipant.objects.filter(practitioner_id=odile).exists()


def test_whom_she_brings_into_the_circle_does_not_give_her_away(psy, client):
    """Inès, a nurse of the same circle, reads who came and not by whom; of Dr Amar, no secret, she reads both."""
    record = psy.madeleine_record
    for editor, who in ((psy.odile, psy.brun), (psy.amar, psy.urgentiste)):
        actions.add_member(editor, record.pk, member=actions.NewMember(practitioner_id=who.person_id))
    login(client, psy.ines)

    shown = client.get(f"/dossiers/{record.pk}/cercle/").content.decode()
    assert psy.brun.name in shown and "ajouté par un membre du cercle" in shown
    assert f"ajouté par {psy.amar.name}" in shown and psy.odile.name not in shown


def test_what_she_writes_is_restricted_by_default_and_exists_for_nobody_else(psy):
    note = published(psy.odile, psy.madeleine_record, data_class=DataClass.CARE)

    assert (note.sector, note.restricted_to_id) == (Sector.PSYCHIATRY, psy.odile.organization_id)
    assert {name for name, actor in psy.actors.items() if reads(actor, note)} == {"odile", "madeleine"}
    for name in CIRCLE:
        actor, patient_id = psy.actors[name], note.patient_id
        with rls.acting(actor):
            open_record(actor, note.record_id)
            told = (
                notes.note_page(actor, patient_id).total,
                feed.unread(actor).filter(patient_id=patient_id).count(),
                len(feed.timeline(actor, patient_id).facts),
                Note.objects.count(),
            )
        assert told == (0, 0, 0, 0), name


def test_a_psychiatrist_of_another_circle_reads_nothing_here(psy):
    note = published(psy.odile, psy.madeleine_record)
    theirs = published(psy.paul, psy.leon_record)

    assert not reads(psy.paul, note)
    assert reads(psy.paul, theirs)
    with rls.acting(psy.paul):
        assert not CareTeamParticipant.objects.filter(patient_id=note.patient_id).exists()


def test_a_member_of_the_same_specialty_reads_it_and_another_specialty_does_not(psy):
    note = published(psy.odile, psy.madeleine_record)
    with walls_down():
        csapa = organization("CSAPA des Rives", OrganizationKind.CSAPA)
        psy.actors["lise"] = professional("lise", Profession.NURSE, csapa)
    for who in ("paul", "lise"):
        member = actions.NewMember(practitioner_id=psy.actors[who].person_id)
        actions.add_member(psy.amar, psy.madeleine_record.pk, member=member)

    assert reads(psy.paul, note)
    assert not reads(psy.lise, note)
    assert psy.odile.person_id not in seen_members(psy.lise, psy.madeleine_record)


def test_who_brought_her_knows_of_her_and_reads_nothing_of_hers(psy):
    note = published(psy.odile, psy.madeleine_record)

    assert psy.odile.person_id in seen_members(psy.amar, psy.madeleine_record)
    assert not reads(psy.amar, note)


def test_an_emergency_does_not_open_it_not_even_to_a_psychiatrist(psy):
    note = published(psy.odile, psy.madeleine_record)
    plain = published(psy.amar, psy.madeleine_record)
    with walls_down():
        hospital = Organization.objects.get(name="Hôpital Saint-Martin")
        on_call = professional("garde", Profession.DOCTOR, hospital)
        Practitioner.objects.filter(family_name="GARDE").update(specialty_label="Psychiatrie")
    for doctor in (psy.urgentiste, on_call):
        actions.open_in_emergency(doctor, note.patient_id, reason="Coma, antécédents inconnus")
        assert reads(doctor, plain) and not reads(doctor, note)
        assert psy.odile.person_id not in seen_members(doctor, psy.madeleine_record)


def test_the_patient_names_a_reader_who_reads_at_once_and_ceases_at_once(psy):
    note = published(psy.odile, psy.madeleine_record)
    record = psy.madeleine_record
    named = name_reader(
        psy.madeleine, record.pk, sector=Sector.PSYCHIATRY, participant_id=participant_of(psy.ines).pk
    )

    assert reads(psy.ines, note) and psy.odile.person_id in seen_members(psy.ines, record)
    assert not reads(psy.colin, note)
    withdraw_name(psy.madeleine, record.pk, named.pk)
    assert not reads(psy.ines, note) and psy.odile.person_id not in seen_members(psy.ines, record)
    with pytest.raises(Conflict):
        withdraw_name(psy.madeleine, record.pk, named.pk)


def test_a_coordinator_reads_it_only_when_named_by_its_structure(psy):
    note = published(psy.odile, psy.madeleine_record)
    with walls_down():
        dac = CareTeamParticipant.objects.get(
            organization_id=psy.colin.organization_id, record=psy.madeleine_record
        )
    name_reader(psy.odile, psy.madeleine_record.pk, sector=Sector.PSYCHIATRY, participant_id=dac.pk)

    assert reads(psy.colin, note)
    # Named too, by his structure: his profession does not read care.
    assert not reads(psy.samira, note)


def test_nobody_names_for_a_sector_that_is_not_his(psy):
    record = psy.madeleine_record
    ines = participant_of(psy.ines)
    for actor in (psy.amar, psy.colin, psy.odile):
        sector = Sector.ADDICTOLOGY if actor is psy.odile else Sector.PSYCHIATRY
        with pytest.raises(Refused):
            name_reader(actor, record.pk, sector=sector, participant_id=ines.pk)
    with pytest.raises(NotFound):
        name_reader(psy.paul, record.pk, sector=Sector.PSYCHIATRY, participant_id=ines.pk)
    with pytest.raises(NotFound):
        name_reader(
            psy.leon, psy.leon_record.pk, sector=Sector.PSYCHIATRY, participant_id=participant_of(psy.ines).pk
        )
    with walls_down():
        assert not NamedReader.objects.exists()


def test_somebody_named_who_leaves_the_circle_knows_nothing_any_more(psy):
    note = published(psy.odile, psy.madeleine_record)
    ines = participant_of(psy.ines)
    name_reader(psy.madeleine, psy.madeleine_record.pk, sector=Sector.PSYCHIATRY, participant_id=ines.pk)
    actions.remove_member(psy.amar, psy.madeleine_record.pk, ines.pk)
    actions.open_in_emergency(psy.ines, note.patient_id, reason="Coma, antécédents inconnus")

    assert not reads(psy.ines, note)


def test_her_arrival_is_told_to_nobody_who_does_not_know_of_her(psy):
    with walls_down():
        rows = list(OutboxEvent.objects.filter(kind="MemberJoined").order_by("created_at"))
    with rls.acting(Actor.job("tests")):
        told_to(tell_of_joined, [restore(row) for row in rows])
    for name in (*CIRCLE, "madeleine", "odile"):
        actor = psy.actors[name]
        with rls.acting(actor):
            open_record(actor, psy.madeleine_record.pk)
            told = " ".join(
                fact.line.strong for fact in feed.timeline(actor, psy.madeleine_record.patient_id).facts
            )
        assert ("ODILE" in told) == (name in {"madeleine", "odile"}), name


def test_her_reading_is_in_the_log_of_the_patient_and_not_in_that_of_the_circle(psy, client):
    login(client, psy.odile).get(f"/dossiers/{psy.madeleine_record.pk}/")
    for name in ("ines", "colin", "madeleine"):
        actor = psy.actors[name]
        with rls.acting(actor):
            open_record(actor, psy.madeleine_record.pk)
            page = log.accesses_of(actor, psy.madeleine_record.patient_id)
            persons = {one.person_id for one in log.persons_in_log(actor, psy.madeleine_record.patient_id)}
        seen = psy.odile.person_id in {line.person_id for line in page.lines}
        assert seen == (name == "madeleine"), name
        assert (psy.odile.person_id in persons) == (name == "madeleine"), name


def test_who_will_see_this_does_not_name_her(psy):
    for name, named in (("ines", False), ("odile", True)):
        author = psy.actors[name]
        with rls.acting(author):
            open_record(author, psy.madeleine_record.pk)
            draft = limits_of(author, Confidentiality.CIRCLE_AND_PATIENT, "").draft(
                author, psy.madeleine_record.patient_id, DataClass.CARE
            )
            keys = {reader.key for reader in access.audience(draft)}
        assert (psy.odile.person_id in keys) == named, name


def test_who_will_see_a_restricted_note_is_who_then_sees_it(psy):
    actions.add_member(
        psy.amar, psy.madeleine_record.pk, member=actions.NewMember(practitioner_id=psy.paul.person_id)
    )
    ines = participant_of(psy.ines)
    name_reader(psy.madeleine, psy.madeleine_record.pk, sector=Sector.PSYCHIATRY, participant_id=ines.pk)
    for level in levels_open_to(Sector.PSYCHIATRY):
        with rls.acting(psy.odile):
            open_record(psy.odile, psy.madeleine_record.pk)
            limits = limits_of(psy.odile, level, Sector.PSYCHIATRY)
            draft = limits.draft(psy.odile, psy.madeleine_record.patient_id, DataClass.CARE)
            promised = {reader.key for reader in access.audience(draft) if reader.reads}
        note = published(psy.odile, psy.madeleine_record, level=level)
        for name, actor in psy.actors.items():
            told = actor.person_id in promised or (name == "colin" and actor.organization_id in promised)
            assert reads(actor, note) == told, (name, level)


def test_who_will_see_this_names_the_psychiatric_nurse_of_a_structure_that_knows_of_nothing_as_such(psy):
    """A member by his structure reads by his own sector: the structure does not, he is named apart from it."""
    with walls_down():
        dac = Organization.objects.get(name="DAC Est")
        psy.actors["rosa"] = professional("rosa", Profession.PSYCHIATRIC_NURSE, dac)
    with rls.acting(psy.odile):
        open_record(psy.odile, psy.madeleine_record.pk)
        limits = limits_of(psy.odile, Confidentiality.RESTRICTED, Sector.PSYCHIATRY)
        draft = limits.draft(psy.odile, psy.madeleine_record.patient_id, DataClass.CARE)
        lines = {reader.key: reader for reader in access.audience(draft)}
    note = published(psy.odile, psy.madeleine_record, level=Confidentiality.RESTRICTED)
    assert reads(psy.rosa, note) and not reads(psy.colin, note)
    assert lines[psy.rosa.person_id].reads and lines[psy.rosa.person_id].reason == dac.name
    assert not lines[dac.pk].reads


def test_an_opposition_suspends_the_member_whom_its_writer_does_not_know_of(psy):
    actions.record_choice(
        psy.ines, psy.madeleine_record.pk, kind=ConsentKind.OPPOSITION_RECORD, proof="courrier du 3 mars"
    )
    with rls.acting(psy.odile):
        assert rls.open_record(psy.madeleine_record.patient_id) == ""
    assert participant_of(psy.odile).suspended_at is not None


def test_a_presence_kept_from_view_holds_no_role_that_all_see(psy):
    with pytest.raises(Invalid):
        actions.add_member(
            psy.amar,
            psy.madeleine_record.pk,
            member=actions.NewMember(practitioner_id=psy.paul.person_id, role=TeamRole.REFERENT),
        )


def test_adding_her_again_is_answered_without_a_word_of_her(psy):
    with pytest.raises(Conflict) as refused:
        actions.add_member(
            psy.ines, psy.madeleine_record.pk, member=actions.NewMember(practitioner_id=psy.odile.person_id)
        )
    assert "déjà partie" not in refused.value.sentence


def test_the_holder_of_a_record_is_not_said_when_it_tells(psy, client):
    with walls_down():
        type(psy.madeleine_record).objects.filter(pk=psy.madeleine_record.pk).update(
            holder_id=psy.odile.organization_id, information_given_by_id=psy.odile.person_id
        )
    for name, told in (("ines", False), ("odile", True)):
        page = login(client, psy.actors[name]).get(f"/dossiers/{psy.madeleine_record.pk}/").content.decode()
        assert ("CMP du Parc" in page.split("<main")[1]) == told, name


def test_the_two_languages_say_the_same_sectors():
    labels = (
        "",
        "Psychiatrie",
        "Pédopsychiatrie",
        "Addictologie",
        "Qualifié médecine générale",
        "Alcoologie",
    )
    with connection.cursor() as cursor:
        for profession in Profession.values:
            for label in labels:
                cursor.execute("SELECT practitioner_sector(%s, %s)", [profession, label])
                assert cursor.fetchone()[0] == matrix.practitioner_sector(profession, label), (
                    profession,
                    label,
                )
        for kind in OrganizationKind.values:
            for is_psychiatric in (True, False):
                cursor.execute("SELECT organization_sector(%s, %s)", [kind, is_psychiatric])
                assert cursor.fetchone()[0] == matrix.organization_sector(kind, is_psychiatric), kind


def test_who_works_for_a_structure_of_a_sector_writes_in_it(psy):
    with walls_down():
        csapa = organization("CSAPA des Rives", OrganizationKind.CSAPA)
        lise = professional("lise", Profession.NURSE, csapa)
    with rls.acting(lise):
        assert sector_of(lise) == Sector.ADDICTOLOGY
    with rls.acting(psy.amar):
        assert sector_of(psy.amar) == ""


def test_one_connection_writes_the_trail_of_both_kinds_of_secret(psy):
    """A plan kept by the session must fit the member kept restricted, then the structure of a sector."""
    record = psy.madeleine_record
    with walls_down():
        csapa = organization("CSAPA des Rives", OrganizationKind.CSAPA)
        lise = professional("lise", Profession.NURSE, csapa)
        join(record, practitioner_id=lise.person_id)
    for actor in (psy.odile, lise, psy.odile, lise):
        published(actor, record)
    with walls_down():
        rows = AuditEntry.objects.filter(patient_id=record.patient_id, action="note.write").order_by("at")
        sectors = [row.detail.get("sector") for row in rows]
    assert sectors == ["psychiatry", "addictology"] * 2
