"""As `test_plain_sql`, of what hangs on a follow-up: its silences, its link, whom an index case met."""

import pytest

from terresante.accounts.codes import code_hash
from terresante.kernel import rls
from terresante.kernel.ids import new_id
from terresante.patients.enums import DelegationBasis
from terresante.telemonitoring.models import AnswerLink
from terresante.telemonitoring.tests.factories import stored_follow_up
from tests.access.test_plain_sql import ask, changed, refused
from tests.cast import join, represented_by
from tests.walls import walls_down

pytestmark = pytest.mark.commits
HANGING = ("expected", "answerlink", "contact", "thresholdchange")
_NOT_CHANGED = ("answerlink", "thresholdchange")


@pytest.fixture
def both(cast):
    """Of Madeleine, whom Dr Amar follows, and of Léon, whom he follows too."""
    with walls_down():
        join(cast.leon_record, practitioner_id=cast.amar.person_id)
        return [
            stored_follow_up(record.patient_id, record.pk, record.holder_id)
            for record in (cast.madeleine_record, cast.leon_record)
        ]


def test_a_link_opens_with_its_code_alone(both):
    with walls_down():
        link = AnswerLink.objects.get(follow_up=both[0])
        AnswerLink.objects.filter(pk=link.pk).update(code_hash=code_hash(link.pk, "123456"))
    for code in (None, "", "x", code_hash(new_id(), "123456")):
        assert ask("SELECT * FROM open_answer_link(%s, %s)", link.pk, code) == [], code
    with walls_down():
        assert AnswerLink.objects.get(pk=link.pk).tries == 4

    assert len(ask("SELECT * FROM open_answer_link(%s, %s)", link.pk, code_hash(link.pk, "123456"))) == 1


def test_what_hangs_on_a_follow_up_has_its_limits(cast, both):
    of_madeleine, _ = both
    patient = of_madeleine.patient_id
    with walls_down():
        mother = represented_by(cast.madeleine_record, "Claire", DelegationBasis.GUARDIANSHIP)
    for actor, seen in (
        (cast.amar, {"expected", "answerlink", "contact", "thresholdchange"}),
        (cast.madeleine, {"expected", "contact"}),
        (mother, {"expected"}),
        (cast.brun, set()),
    ):
        with rls.acting(actor):
            rls.open_record(patient)
            found = {
                name
                for name in HANGING
                if ask(f"SELECT 1 FROM telemonitoring_{name} WHERE patient_id = %s", patient)
            }
        assert found == seen, actor.name
    with walls_down():
        ask(
            "UPDATE telemonitoring_followup SET private_to_person_id = %s WHERE patient_id = %s",
            cast.ines.person_id,
            patient,
        )
    for name in HANGING:
        everything = f"UPDATE telemonitoring_{name} SET id = id"
        if name not in _NOT_CHANGED:
            assert changed(cast.amar, f"{everything} WHERE patient_id = '{patient}'", opened=patient) == 0, (
                name
            )
        with rls.acting(cast.amar):
            rls.open_record(patient)
            assert ask(f"SELECT 1 FROM telemonitoring_{name} WHERE patient_id = %s", patient) == [], name


def test_nothing_of_a_follow_up_moves_to_another_person(cast, both):
    """Who follows both could else have one coloured by the silences of the other."""
    here, there = both
    moved = f"patient_id = '{there.patient_id}'"
    for statement in (
        f"UPDATE telemonitoring_followup SET {moved} WHERE id = '{here.pk}'",
        f"UPDATE telemonitoring_expected SET {moved} WHERE follow_up_id = '{here.pk}'",
        f"UPDATE telemonitoring_expected SET follow_up_id = '{there.pk}' WHERE follow_up_id = '{here.pk}'",
        f"UPDATE telemonitoring_contact SET {moved} WHERE follow_up_id = '{here.pk}'",
        f"UPDATE telemonitoring_contact SET follow_up_id = '{there.pk}' WHERE follow_up_id = '{here.pk}'",
        f"UPDATE telemonitoring_answerlink SET follow_up_id = '{there.pk}' WHERE follow_up_id = '{here.pk}'",
        f"UPDATE telemonitoring_alert SET {moved} WHERE follow_up_id = '{here.pk}'",
        f"UPDATE telemonitoring_alert SET record_id = '{there.record_id}' WHERE follow_up_id = '{here.pk}'",
    ):
        assert refused(cast.amar, statement), statement
    for statement in (
        "INSERT INTO telemonitoring_expected (id, patient_id, follow_up_id, step, form, role, opens_at, state,"
        " reminded, silence) VALUES (%s, %s, %s, 'x', 'x', 'patient', now(), 'waiting', 0, '')",
        "INSERT INTO telemonitoring_contact (id, patient_id, follow_up_id, record_id, name, phone, status, hides_index,"
        " added_at, added_by_name, changed_at)"
        f" VALUES (%s, %s, %s, '{here.record_id}', 'x', '', 'to_start', true, now(), 'x', now())",
        "INSERT INTO telemonitoring_thresholdchange (id, patient_id, follow_up_id, name, after, set_at, set_by_id,"
        f" set_by_name) VALUES (%s, %s, %s, 'x', 88, now(), '{cast.amar.user_id}', 'x')",
    ):
        assert refused(cast.amar, statement, new_id(), here.patient_id, there.pk), statement


def test_who_set_a_threshold_is_signed_and_changed_by_nobody(cast, both):
    here, _ = both
    row = f"WHERE follow_up_id = '{here.pk}'"
    for statement in (
        f"UPDATE telemonitoring_thresholdchange SET after = 80 {row}",
        f"UPDATE telemonitoring_thresholdchange SET set_by_name = 'x' {row}",
        f"DELETE FROM telemonitoring_thresholdchange {row}",
    ):
        assert refused(cast.amar, statement), statement
    added = (
        "INSERT INTO telemonitoring_thresholdchange (id, patient_id, follow_up_id, name, after, set_at, set_by_id,"
        " set_by_name) VALUES (%s, %s, %s, 'x', 88, now(), %s, 'x')"
    )
    of_it = (here.patient_id, here.pk)
    assert refused(cast.amar, added, new_id(), *of_it, cast.brun.user_id)
    assert refused(cast.brun, added, new_id(), *of_it, cast.brun.user_id)
    assert refused(cast.madeleine, added, new_id(), *of_it, cast.madeleine.user_id)
    assert changed(cast.amar, added, new_id(), *of_it, cast.amar.user_id) == 1
