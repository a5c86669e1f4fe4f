"""As `test_plain_sql`, of what is added to an inclusion: project leads read it by its key, without its person."""

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from terresante.care_plans.enums import ChangeKind
from terresante.care_plans.models import BillableSequence, Inclusion, PathwayChange
from terresante.care_plans.tests.factories import row_in_programme, row_of_step
from terresante.care_team.enums import DataClass
from terresante.documents.tests.factories import filed
from terresante.kernel import rls
from terresante.kernel.ids import new_id
from tests.access.test_plain_sql import DENIED
from tests.cast import join
from tests.walls import walls_down

pytestmark = pytest.mark.commits


@pytest.fixture
def both(cast):
    """Of Madeleine, whom Dr Amar follows, and of Léon, whom he follows too: each in a programme of her own."""
    with walls_down():
        join(cast.leon_record, practitioner_id=cast.amar.person_id)
        return [
            row_in_programme(
                record.patient,
                record,
                organization_id=cast.amar.organization_id,
                author_id=cast.amar.person_id,
                data_class=DataClass.CARE,
            )
            for record in (cast.madeleine_record, cast.leon_record)
        ]


def change(inclusion, patient_id):
    return PathwayChange.objects.create(
        patient_id=patient_id, inclusion=inclusion, kind=ChangeKind.INCLUDED, by_name="x"
    )


def sequence(inclusion, patient_id, programme_id):
    return BillableSequence.objects.create(
        patient_id=patient_id,
        inclusion=inclusion,
        programme_id=programme_id,
        key="s9",
        label="x",
        fee=1,
        completed_on=timezone.localdate(),
    )


def written(actor, patient_id, write):
    with rls.acting(actor), transaction.atomic():
        rls.open_record(patient_id)
        write()
    return True


def test_nothing_is_added_to_the_inclusion_of_somebody_else(cast, both):
    """Who follows both could else bill one for the other, or write in the programme of a colleague."""
    hers, his = both
    her = hers.patient_id
    disguised = Inclusion(pk=his.pk, patient_id=her, record_id=hers.record_id)
    for refused in (
        lambda: row_of_step(disguised, "x"),
        lambda: change(his, her),
        lambda: sequence(his, her, his.programme_id),
        lambda: sequence(hers, her, his.programme_id),
    ):
        with pytest.raises(DatabaseError, match=DENIED):
            written(cast.amar, her, refused)

    for own in (
        lambda: row_of_step(hers, "x"),
        lambda: change(hers, her),
        lambda: sequence(hers, her, hers.programme_id),
    ):
        assert written(cast.amar, her, own)


def test_the_plan_of_a_document_is_of_the_person_of_that_document(cast, files_of_the_test):
    """Who follows both could else show one the document of the other."""
    with walls_down():
        join(cast.leon_record, practitioner_id=cast.amar.person_id)
    his, hers = filed(cast.amar, cast.leon_record), filed(cast.amar, cast.madeleine_record)
    her = cast.madeleine_record.patient_id

    def plan(source_id):
        return Inclusion.objects.create(
            patient_id=her,
            record=cast.madeleine_record,
            source_id=source_id,
            plan_title="x",
            reference=new_id().hex[-12:],
            included_on=timezone.localdate(),
            author_id=cast.amar.person_id,
            author_name="x",
            author_role="x",
            organization_name="x",
            data_class=DataClass.MEDICAL,
        )

    with pytest.raises(DatabaseError, match=DENIED):
        written(cast.amar, her, lambda: plan(his.pk))
    assert written(cast.amar, her, lambda: plan(hers.pk))
