"""Who fills in and who reads, each time beside somebody of the same role with his own other patients."""

import pytest
from django.db import DatabaseError, connection

from terresante.care_team.queries import open_record
from terresante.kernel import access, rls
from terresante.kernel.errors import NotFound, Refused
from terresante.patients.enums import DelegationBasis
from terresante.questionnaires import queries
from terresante.questionnaires.access import RESPONSE_READ
from terresante.questionnaires.enums import ResponseSource
from terresante.questionnaires.models import QuestionnaireResponse
from terresante.questionnaires.tests.factories import answered, new_response, published_version
from tests.cast import represented_by
from tests.walls import walls_down

pytestmark = pytest.mark.commits

INSERTED = """
INSERT INTO questionnaires_questionnaireresponse (id, patient_id, record_id, version_id, form, status, authored_at,
    clock_corrected, received_at, source, respondent_name, respondent_role, user_id, organization_name, data_class,
    answers, baseline, personal, scores, fired, colour, to_confirm, hidden_from_patient, sector)
VALUES (gen_random_uuid(), %s, %s, %s, 'quotidien', 'completed', now(), false, now(), %s, 'x', '', %s, '', 'medical',
    '{}', '{}', '{}', '[]', '[]', 'green', false, false, '')
"""


@pytest.fixture
def version():
    return published_version()


def reads(actor, row):
    with rls.acting(actor):
        try:
            open_record(actor, row.record_id)
            return access.get(actor, RESPONSE_READ, QuestionnaireResponse, row.pk).pk == row.pk
        except NotFound:
            return False


def test_an_answer_is_read_by_those_of_the_circle_who_read_its_class(cast, version):
    row = answered(cast.amar, cast.madeleine_record, version)

    assert {name for name, actor in cast.actors.items() if reads(actor, row)} == {
        "amar",
        "ines",
        "colin",
        "madeleine",
    }


def test_a_form_is_filled_in_by_those_of_the_circle_who_write_its_class_and_by_the_person(cast, version):
    social = published_version("domicile", data_class="social")
    wrote: dict[str, set[str]] = {"medical": set(), "social": set()}
    for of in (version, social):
        for name, actor in cast.actors.items():
            source = ResponseSource.PATIENT if name in ("madeleine", "leon") else ResponseSource.PROFESSIONAL
            try:
                row = answered(actor, cast.madeleine_record, of, source=source)
            except (Refused, NotFound):
                continue
            wrote[row.data_class].add(name)

    assert wrote == {"medical": {"amar", "ines", "madeleine"}, "social": {"colin", "samira", "madeleine"}}


def test_a_nurse_of_another_circle_neither_lists_nor_counts_nor_opens_it(cast, version):
    """Jules is a nurse too, and has his own patient, of whom he reads everything."""
    row = answered(cast.ines, cast.madeleine_record, version)
    own = answered(cast.jules, cast.leon_record, version)

    with rls.acting(cast.jules):
        rls.open_record(cast.leon_record.patient_id)
        assert [one.pk for one in queries.answers_of(cast.jules, own.patient_id)] == [own.pk]
        assert not queries.answers_of(cast.jules, row.patient_id).exists()
        of_whom = [
            queries.said_lately(cast.jules, person, version.pathway_id, until=row.received_at)
            for person in (own.patient_id, row.patient_id)
        ]
        assert [[one.pk for one in said] for said in of_whom] == [[own.pk], []]
    assert not reads(cast.jules, row)
    for said in ({"id": row.pk}, {"replaces": row.pk}):
        with pytest.raises(NotFound):
            answered(cast.jules, cast.madeleine_record, version, **said)


def test_a_guardian_and_a_carer_of_somebody_else_answer_nothing_for_her(cast):
    version = published_version("soins", data_class="care")
    with walls_down():
        guardian = represented_by(cast.leon_record, "Paul", DelegationBasis.GUARDIANSHIP)
        carer = represented_by(cast.leon_record, "Jeanne", DelegationBasis.CARER, scope=("care",))

    for actor, source in ((guardian, ResponseSource.REPRESENTATIVE), (carer, ResponseSource.CARER)):
        assert (
            answered(actor, cast.leon_record, version, source=source).patient_id
            == cast.leon_record.patient_id
        )
        with pytest.raises(NotFound):
            answered(actor, cast.madeleine_record, version, source=source)


def test_a_draft_is_answered_by_nobody(cast, version):
    with walls_down():
        type(version).objects.create(pathway=version.pathway, number=2, files=version.files, made_by_name="x")
        draft = type(version).objects.get(number=2)

    with pytest.raises(NotFound):
        answered(cast.amar, cast.madeleine_record, draft)


def ask(actor, opened, statement, *values):
    with rls.acting(actor), connection.cursor() as cursor:
        rls.open_record(opened)
        cursor.execute(statement, values)
        return cursor.rowcount


def test_sql_of_ones_own_changes_no_answer_that_was_sent(cast, version):
    row = answered(cast.ines, cast.madeleine_record, version)
    opened = row.patient_id

    for statement in (
        "UPDATE questionnaires_questionnaireresponse SET answers = '{}'",
        "UPDATE questionnaires_questionnaireresponse SET colour = 'green'",
        "UPDATE questionnaires_questionnaireresponse SET status = 'in-progress'",
        "DELETE FROM questionnaires_questionnaireresponse",
    ):
        with pytest.raises(DatabaseError, match="permission denied"):
            ask(cast.ines, opened, statement)
    update = "UPDATE questionnaires_questionnaireresponse SET status = 'stopped'"
    assert ask(cast.brun, cast.leon_record.patient_id, update) == 0
    assert ask(cast.amar, opened, update) == 0


def test_sql_of_ones_own_signs_no_answer_for_somebody_else(cast, version):
    record = cast.madeleine_record
    inserted = (record.patient_id, record.pk, version.pk)

    assert ask(cast.madeleine, record.patient_id, INSERTED, *inserted, "patient", cast.madeleine.user_id) == 1
    for actor, source, user in (
        (cast.madeleine, "patient", cast.amar.user_id),
        (cast.madeleine, "professional", cast.madeleine.user_id),
        (cast.leon, "patient", cast.leon.user_id),
        (cast.ines, "professional", cast.amar.user_id),
        (cast.jules, "professional", cast.jules.user_id),
    ):
        with pytest.raises(DatabaseError, match="row-level security"):
            ask(actor, record.patient_id, INSERTED, *inserted, source, user)


def test_sql_of_ones_own_changes_no_published_pathway(cast, version):
    for statement in (
        "UPDATE questionnaires_pathwayversion SET files = '{}'",
        "UPDATE questionnaires_pathwayversion SET status = 'draft', published_at = NULL",
        "DELETE FROM questionnaires_pathwayversion",
        "DELETE FROM questionnaires_pathway",
    ):
        with pytest.raises(DatabaseError, match="permission denied"):
            ask(cast.amar, cast.madeleine_record.patient_id, statement)


def test_a_new_response_names_its_own_record(cast, version):
    """A record one reaches, a response of another one in `replaces`: the address decides nothing."""
    other = answered(cast.brun, cast.leon_record, version)

    with pytest.raises(NotFound):
        answered(cast.amar, cast.madeleine_record, version, replaces=other.pk)
    assert new_response(cast.madeleine_record, version).record_id == cast.madeleine_record.pk
