"""Who knows how one gets in, who says it, and what SQL alone allows."""

import pytest
from django.db import DatabaseError, connection, transaction

from terresante.care_team import actions as team
from terresante.care_team.queries import open_record
from terresante.directory.enums import OrganizationKind, Profession
from terresante.home_care import actions, queries
from terresante.home_care.access import HOME_READ
from terresante.home_care.models import HomeAccess
from terresante.home_care.tests.factories import CODE, said, told
from terresante.kernel import rls
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import Conflict, NotFound, Refused
from terresante.kernel.ids import new_id
from terresante.patients.enums import DelegationBasis
from tests.beside import SECONDS, Beside, pause
from tests.cast import join, organization, professional, represented_by
from tests.walls import walls_down

pytestmark = pytest.mark.commits


def reads(actor, record):
    with rls.acting(actor):
        try:
            open_record(actor, record.pk, action=HOME_READ)
        except (NotFound, Refused):
            return False
        return queries.access_in_force(actor, record.patient_id) is not None


@pytest.fixture
def around(cast):
    """Of each profession, one in Madeleine's circle."""
    with walls_down():
        place = cast.madeleine_record.holder
        for name, profession in (
            ("pharmacien", Profession.PHARMACIST),
            ("kine", Profession.PHYSIOTHERAPIST),
            ("aide", Profession.HOME_HELP),
            ("psychologue", Profession.PSYCHOLOGIST),
            ("secretaire", Profession.MEDICAL_SECRETARY),
            ("mandataire", Profession.LEGAL_GUARDIAN),
        ):
            cast.actors[name] = professional(name, profession, place)
            join(cast.madeleine_record, practitioner_id=cast.actors[name].person_id)
        cast.actors["tutrice"] = represented_by(cast.madeleine_record, "Odile", DelegationBasis.GUARDIANSHIP)
        cast.actors["aidante"] = represented_by(cast.madeleine_record, "Lucie", DelegationBasis.CARER)
        cast.actors["tuteur_leon"] = represented_by(cast.leon_record, "Paul", DelegationBasis.GUARDIANSHIP)
    return cast


def test_it_is_read_by_who_goes_to_the_door_and_by_the_person_and_hers(around):
    said(around.madeleine, around.madeleine_record)

    readers = {name for name, actor in around.actors.items() if reads(actor, around.madeleine_record)}

    assert readers == {
        *("amar", "ines", "samira", "colin", "pharmacien", "kine", "aide"),
        *("madeleine", "tutrice", "aidante"),
    }


def test_it_is_said_by_her_and_hers_and_by_who_writes_identity_and_contacts(around):
    writers, seen = set(), None
    for number, (name, actor) in enumerate(sorted(around.actors.items())):
        try:
            seen = said(actor, around.madeleine_record, told(floor=f"{number}e"), seen=seen).pk
        except (NotFound, Refused):
            continue
        writers.add(name)

    assert writers == {"amar", "ines", "samira", "colin", "madeleine", "tutrice", "aidante"}
    with walls_down():
        assert HomeAccess.objects.count() == len(writers)


def test_an_emergency_reads_it_and_writes_nothing(cast):
    said(cast.madeleine, cast.madeleine_record)
    assert not reads(cast.urgentiste, cast.madeleine_record)
    team.open_in_emergency(cast.urgentiste, cast.madeleine_record.patient_id, reason="Chute, porte fermée")

    assert reads(cast.urgentiste, cast.madeleine_record)
    with pytest.raises(Refused):
        said(cast.urgentiste, cast.madeleine_record, told(floor="4e"))


def test_the_software_of_a_hospital_reads_nothing_of_it(cast):
    row = said(cast.madeleine, cast.madeleine_record)
    gateway = Actor(kind=ActorKind.GATEWAY, name="hôpital", organization_id=cast.urgentiste.organization_id)

    for actor, count in ((gateway, 0), (cast.ines, 1)):
        with rls.acting(actor), connection.cursor() as cursor:
            rls.open_record(row.patient_id)
            cursor.execute("SELECT count(*) FROM home_care_homeaccess")
            assert cursor.fetchone() == (count,), actor.kind


INSERT = (
    "INSERT INTO home_care_homeaccess (id, patient_id, record_id, building_name, entrance, access_code, interphone,"
    " elevator, floor, room_number, key_holder, key_holder_phone, key_box, animal, parking, note, origin, author_id,"
    " author_name, author_role, recorded_at)"
    " VALUES (%s, %s, %s, '', '', '', '', '', '1', '', '', '', '', '', '', '', %s, %s, 'X', '', now())"
)


def test_plain_sql_adds_in_ones_own_name_in_the_open_record_and_changes_nothing(cast):
    madeleine, leon = cast.madeleine_record, cast.leon_record
    row = said(cast.madeleine, madeleine)

    def done(actor, statement, *values, opened=madeleine):
        with rls.acting(actor), transaction.atomic(), connection.cursor() as cursor:
            rls.open_record(opened.patient_id)
            cursor.execute(statement, values)
            return cursor.rowcount

    mine = (new_id(), madeleine.patient_id, madeleine.pk, "patient", None)
    assert done(cast.madeleine, INSERT, *mine) == 1
    assert done(cast.ines, INSERT, new_id(), *mine[1:3], "professional", cast.ines.person_id) == 1
    for actor, values in (
        # In the name of another, of another kind, for another person, and out of the circle.
        (cast.ines, (madeleine.patient_id, madeleine.pk, "professional", cast.amar.person_id)),
        (cast.ines, (madeleine.patient_id, madeleine.pk, "patient", None)),
        (cast.madeleine, (madeleine.patient_id, madeleine.pk, "professional", cast.amar.person_id)),
        (cast.madeleine, (leon.patient_id, leon.pk, "patient", None)),
        (cast.brun, (madeleine.patient_id, madeleine.pk, "professional", cast.brun.person_id)),
    ):
        with pytest.raises(DatabaseError, match="row-level security"):
            done(actor, INSERT, new_id(), *values)
    for statement in (
        "UPDATE home_care_homeaccess SET floor = '9' WHERE id = %s",
        "DELETE FROM home_care_homeaccess WHERE id = %s",
    ):
        with pytest.raises(DatabaseError, match="permission denied"):
            done(cast.ines, statement, row.pk)


def test_who_is_unknown_to_the_circle_is_not_named_by_what_he_said(cast):
    """A nurse of a CMP, whom only who brought her knows of: she goes to the door too."""
    with walls_down():
        cmp = organization("CMP du Parc", OrganizationKind.CMP)
        odile = professional("odile", Profession.PSYCHIATRIC_NURSE, cmp)
    team.add_member(
        cast.amar, cast.madeleine_record.pk, member=team.NewMember(practitioner_id=odile.person_id)
    )
    said(odile, cast.madeleine_record)

    with rls.acting(cast.ines):
        open_record(cast.ines, cast.madeleine_record.pk, action=HOME_READ)
        row = queries.access_in_force(cast.ines, cast.madeleine_record.patient_id)
        assert row is not None
        source = queries.source_of(row)
    assert (row.access_code, row.author_role) == (CODE, "")
    assert source.startswith("un professionnel de l’équipe, ")
    assert odile.name not in source + row.author_name


def test_of_two_who_say_it_first_in_the_same_instant_one_is_told(cast, monkeypatch):
    """Two real transactions: both have read that nothing is said yet."""
    done, go = pause(monkeypatch, actions, "access_in_force")
    first = Beside(lambda: said(cast.madeleine, cast.madeleine_record, told(floor="3e")))
    assert done.wait(SECONDS)
    second = Beside(lambda: said(cast.ines, cast.madeleine_record, told(floor="4e")))
    second.waits_or_ends()
    go.set()
    first.ends()

    with pytest.raises(Conflict) as refused:
        second.ends()

    assert "entre-temps" in refused.value.sentence
    with walls_down():
        assert [row.floor for row in HomeAccess.objects.all()] == ["3e"]
