"""Who reads, writes, declares and judges a line of health: each person of the cast, and what SQL alone allows."""

import pytest
from django.db import DatabaseError, connection, transaction

from terresante.care_team import actions as team
from terresante.care_team.enums import Confidentiality
from terresante.care_team.models import CareTeamParticipant
from terresante.care_team.queries import open_record
from terresante.health_record import queries
from terresante.health_record.access import HEALTH_READ, MODELS
from terresante.health_record.actions import correct_line, judge_line
from terresante.health_record.enums import Verification
from terresante.health_record.models import AllergyIntolerance
from terresante.health_record.tests.factories import added, allergy, declared, directive, each_kind
from terresante.kernel import access, rls
from terresante.kernel.errors import NotFound, Refused
from terresante.patients.enums import DelegationBasis
from tests.cast import represented_by
from tests.walls import walls_down

pytestmark = pytest.mark.commits
# A social worker of the circle reads no medical data.
READERS = {"amar", "ines", "colin", "madeleine"}


def reads(actor, line):
    with rls.acting(actor):
        try:
            open_record(actor, line.record_id)
            return access.get(actor, HEALTH_READ, type(line), line.pk).pk == line.pk
        except NotFound:
            return False


@pytest.mark.parametrize("said", each_kind(), ids=lambda said: said.model.__name__)
def test_a_line_is_read_by_the_circle_that_reads_medical_data(cast, said):
    line = added(cast.amar, cast.madeleine_record, said)

    assert {name for name, actor in cast.actors.items() if reads(actor, line)} == READERS


def test_only_who_writes_medical_data_in_this_circle_adds_corrects_and_judges(cast):
    line = added(cast.amar, cast.madeleine_record)
    for number, (name, actor) in enumerate(sorted(cast.actors.items())):
        acts = (
            lambda actor=actor, n=number: added(actor, cast.madeleine_record, allergy(f"Latex {n}")),
            lambda actor=actor: correct_line(actor, cast.madeleine_record.pk, line.pk, said=allergy("Iode")),
        )
        if name in ("amar", "ines"):
            continue
        for act in acts:
            with pytest.raises((Refused, NotFound)):
                act()
    with walls_down():
        assert AllergyIntolerance.objects.count() == 1


def test_a_line_of_another_record_is_not_reached_through_ones_own(cast):
    line = added(cast.amar, cast.madeleine_record)
    mine = added(cast.brun, cast.leon_record)

    for act in (
        lambda: correct_line(cast.brun, cast.leon_record.pk, line.pk, said=allergy("Iode")),
        lambda: correct_line(cast.brun, cast.madeleine_record.pk, line.pk, said=allergy("Iode")),
        lambda: correct_line(cast.brun, cast.madeleine_record.pk, mine.pk, said=allergy("Iode")),
    ):
        with pytest.raises(NotFound):
            act()


def test_an_emergency_reads_and_vouches_for_nothing(cast):
    line = added(cast.amar, cast.madeleine_record)
    team.open_in_emergency(cast.urgentiste, cast.madeleine_record.patient_id, reason="Coma, inconnue")

    assert reads(cast.urgentiste, line)
    with pytest.raises(Refused):
        judge_line(
            cast.urgentiste,
            line.record_id,
            line.pk,
            model=AllergyIntolerance,
            verdict=Verification.REFUTED,
            reason="Test négatif",
        )


def test_who_left_the_circle_reads_nothing_more(cast):
    line = added(cast.amar, cast.madeleine_record)
    with walls_down():
        ines = CareTeamParticipant.objects.get(practitioner_id=cast.ines.person_id)
    team.remove_member(cast.amar, cast.madeleine_record.pk, ines.pk)

    assert not reads(cast.ines, line)
    with rls.acting(cast.ines):
        assert queries.allergies_in_force(cast.ines, line.patient_id) == []


@pytest.mark.parametrize(
    ("level", "readers"),
    [
        (Confidentiality.MYSELF, {"amar"}),
        (Confidentiality.STRUCTURE, {"amar", "ines"}),
        (Confidentiality.CIRCLE, {"amar", "ines", "colin"}),
        (Confidentiality.CIRCLE_AND_PATIENT, READERS),
    ],
)
def test_a_level_is_held_through_corrections(cast, level, readers):
    line = added(cast.amar, cast.madeleine_record, directive(), level=level)
    newest = correct_line(
        cast.amar, line.record_id, line.pk, said=directive(kept_at="Chez sa fille"), reason="Précisé"
    )

    for version in (line, newest):
        assert {name for name, actor in cast.actors.items() if reads(actor, version)} == readers


def test_only_the_person_and_who_represents_her_declare_and_only_in_her_record(cast):
    with walls_down():
        guardian = represented_by(cast.madeleine_record, "Odile", DelegationBasis.GUARDIANSHIP)
        carer = represented_by(cast.madeleine_record, "Paul", DelegationBasis.CARER, scope=("care",))
    declared(cast.madeleine, cast.madeleine_record, allergy("Arachide"))
    declared(guardian, cast.madeleine_record, allergy("Latex"))

    for actor in (carer, cast.amar, cast.leon, cast.brun):
        with pytest.raises((Refused, NotFound)):
            declared(actor, cast.madeleine_record, allergy("Iode"))
    with walls_down():
        assert AllergyIntolerance.objects.count() == 2


def refused(actor, statement, *values, opened=None):
    try:
        with rls.acting(actor):
            if opened is not None:
                rls.open_record(opened)
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement, values)
                return cursor.rowcount == 0
    except DatabaseError:
        return True


def test_sql_alone_neither_rewrites_nor_removes_a_line(cast):
    line = added(cast.amar, cast.madeleine_record)
    newest = correct_line(cast.amar, line.record_id, line.pk, said=allergy("Amoxicilline"))
    assert newest.version == 2
    for model in MODELS:
        for written in (
            "UPDATE {table} SET verification_status = 'refuted'",
            "UPDATE {table} SET author_name = 'un autre'",
            "DELETE FROM {table}",
            "TRUNCATE {table}",
        ):
            statement = written.replace("{table}", model._meta.db_table)
            assert refused(cast.amar, statement, opened=line.patient_id), statement
    for statement in (
        "UPDATE health_record_allergyintolerance SET is_current = true WHERE id = %s",
        "UPDATE health_record_allergyintolerance SET recorded_at = now() - interval '1 day' WHERE id = %s",
    ):
        assert refused(cast.amar, statement, line.pk, opened=line.patient_id), statement
    # The one column of it that changes, by whoever writes in the record, and by nobody else.
    ends = "UPDATE health_record_allergyintolerance SET is_current = false WHERE id = %s"
    assert refused(cast.brun, ends, newest.pk)
    assert not refused(cast.amar, ends, newest.pk, opened=line.patient_id)


def test_sql_alone_lets_a_patient_declare_and_never_confirm(cast):
    line = declared(cast.madeleine, cast.madeleine_record)
    copy = (
        "INSERT INTO health_record_allergyintolerance SELECT (jsonb_populate_record(kept,"
        " jsonb_build_object('id', gen_random_uuid(), 'set_id', gen_random_uuid()) || %s::jsonb)).*"
        " FROM health_record_allergyintolerance AS kept WHERE id = %s"
    )
    leon = str(cast.leon_record.patient_id)
    assert not refused(cast.madeleine, copy, "{}", line.pk, opened=line.patient_id)
    for forged in (
        '{"verification_status": "confirmed"}',
        '{"origin": "professional"}',
        f'{{"author_id": "{cast.amar.person_id}"}}',
        '{"hidden_from_representative": true}',
        f'{{"patient_id": "{leon}"}}',
    ):
        assert refused(cast.madeleine, copy, forged, line.pk, opened=line.patient_id), forged
