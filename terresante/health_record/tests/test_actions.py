"""Lines are signed, versioned and told; what is impossible is refused with a sentence."""

from datetime import date, timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.utils import timezone

from terresante.feed.models import FeedItem
from terresante.health_record.actions import correct_line, judge_line
from terresante.health_record.enums import (
    DecidedBy,
    DirectiveKind,
    MeasureCode,
    Origin,
    Verification,
)
from terresante.health_record.models import AllergyIntolerance
from terresante.health_record.queries import series, versions_of
from terresante.health_record.said import (
    SaidCondition,
    SaidDirective,
    SaidImmunization,
    SaidMeasure,
)
from terresante.health_record.tests.factories import added, allergy, declared, directive, each_kind, weight
from terresante.kernel import rls
from terresante.kernel.errors import Conflict, Invalid
from terresante.kernel.models import AuditEntry
from tests.walls import dispatched, walls_down

pytestmark = pytest.mark.commits


def measure(code, value, low=None):
    low = None if low is None else Decimal(low)
    return SaidMeasure(code=code, value=Decimal(value), low_value=low, effective_at=timezone.now())


@pytest.mark.parametrize("said", each_kind(), ids=lambda said: said.model.__name__)
def test_a_line_is_signed_confirmed_and_told_unless_it_is_a_measure(cast, said):
    line = added(cast.amar, cast.madeleine_record, said)

    assert (line.origin, line.verification_status) == (Origin.PROFESSIONAL, Verification.CONFIRMED)
    assert line.asserted_by_name == line.author_name == "Camille AMAR"
    with walls_down():
        assert FeedItem.objects.filter(object_id=line.pk).count() == (said.model.__name__ != "Observation")
        assert AuditEntry.objects.filter(action="health.write", object_id=line.pk).count() == 1


def test_what_the_person_declares_is_told_as_hers_and_confirmed_by_a_professional(cast):
    line = declared(cast.madeleine, cast.madeleine_record, allergy("Arachide"))
    dispatched()
    with walls_down():
        assert FeedItem.objects.filter(object_id=line.pk, kind="allergy").count() == 1
    assert (line.origin, line.verification_status) == (Origin.PATIENT, Verification.UNCONFIRMED)

    kept = judge_line(
        cast.ines, line.record_id, line.pk, model=AllergyIntolerance, verdict=Verification.CONFIRMED
    )

    assert (kept.origin, kept.verification_status) == (Origin.PATIENT, Verification.CONFIRMED)
    assert kept.asserted_by_name == cast.madeleine.name and kept.author_name == "Camille INES"
    with walls_down():
        assert FeedItem.objects.filter(object_id=line.pk).count() == 0
        assert FeedItem.objects.filter(object_id=kept.pk).count() == 1


def test_a_correction_keeps_what_was_said_and_who_corrects_a_declared_line_vouches_for_it(cast):
    line = declared(cast.madeleine, cast.madeleine_record, allergy("penicilline"))

    newest = correct_line(cast.amar, line.record_id, line.pk, said=allergy("Amoxicilline"), reason="Bilan")

    assert newest.verification_status == Verification.CONFIRMED
    with rls.acting(cast.ines):
        assert [(one.version, one.label) for one in versions_of(cast.ines, newest)] == [
            (2, "Amoxicilline"),
            (1, "penicilline"),
        ]
    with pytest.raises(Conflict):
        correct_line(cast.amar, line.record_id, newest.pk, said=allergy("Amoxicilline"))


def test_a_refuted_line_says_why_and_leaves_the_timeline(cast):
    line = added(cast.amar, cast.madeleine_record)
    refute = partial(
        judge_line, cast.amar, line.record_id, model=AllergyIntolerance, verdict=Verification.REFUTED
    )
    with pytest.raises(Invalid):
        refute(line.pk)

    out = refute(line.pk, reason="Test négatif")

    assert out.is_dismissed and out.reason == "Test négatif"
    with walls_down():
        assert not FeedItem.objects.filter(object_id__in=[line.pk, out.pk]).exists()
    with pytest.raises(Conflict):
        refute(out.pk, reason="Encore")


def test_the_same_words_are_written_once(cast):
    added(cast.amar, cast.madeleine_record)

    with pytest.raises(Conflict):
        added(cast.ines, cast.madeleine_record)
    with pytest.raises(Conflict):
        declared(cast.madeleine, cast.madeleine_record)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        (allergy("  "), "substance"),
        (measure(MeasureCode.WEIGHT, "625"), "value"),
        (measure(MeasureCode.TEMPERATURE, "3.7"), "value"),
        (measure(MeasureCode.OXYGEN, "101"), "value"),
        (measure(MeasureCode.BLOOD_PRESSURE, "130"), "low_value"),
        (measure(MeasureCode.BLOOD_PRESSURE, "80", "130"), "low_value"),
        (weight(at=timezone.now() + timedelta(days=1)), "effective_at"),
        (SaidCondition(name="Diabète", onset_year=2199), "onset_year"),
        (SaidImmunization(vaccine="Grippe", occurred_on=date(2199, 1, 1)), "occurred_on"),
        (directive(DirectiveKind.OTHER_LIMIT), "text"),
        (
            SaidDirective(
                kind=DirectiveKind.COMFORT_ONLY,
                decided_by=DecidedBy.COLLEGIAL,
                decided_on=date(2026, 1, 2),
            ),
            "decider_name",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(cast, said, field):
    with pytest.raises(Invalid) as refusal:
        added(cast.amar, cast.madeleine_record, said)

    assert field in refusal.value.fields and refusal.value.fields[field].endswith((".", "."))


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (weight("62.50"), "62,5\u00a0kg"),
        (measure(MeasureCode.BLOOD_PRESSURE, "128", "75"), "128/75\u00a0mmHg"),
        (measure(MeasureCode.TEMPERATURE, "37"), "37\u00a0°C"),
        (measure(MeasureCode.PAIN, "0"), "0\u00a0sur 10"),
    ],
)
def test_a_measure_reads_as_people_say_it(cast, said, shown):
    line = added(cast.amar, cast.madeleine_record, said)
    with walls_down():
        line.refresh_from_db()

    assert line.detail == shown


def test_a_series_is_drawn_between_its_lowest_and_its_highest(cast):
    now = timezone.now()
    for days, value in ((20, "61.2"), (10, "63"), (0, "65.4")):
        added(cast.ines, cast.madeleine_record, weight(value, now - timedelta(days=days)))

    with rls.acting(cast.amar):
        drawn = series(cast.amar, cast.madeleine_record.patient_id, MeasureCode.WEIGHT)

    assert (drawn.top, drawn.bottom) == ("65,4", "61,2")
    assert [dot.x for dot in drawn.dots] == [0, 50, 100]
    assert drawn.dots[0].y == 38 and drawn.dots[2].y == 2 and 2 < drawn.dots[1].y < 38
