from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from terresante.care_team.enums import DataClass
from terresante.care_team.queries import open_record
from terresante.feed import actions, queries
from terresante.feed.actions import Fact, tell
from terresante.feed.enums import FeedKind
from terresante.feed.models import FeedItem, ReadCursor, ReadException
from terresante.feed.queries import Place
from terresante.kernel import rls, slots
from terresante.kernel.errors import NotFound
from terresante.kernel.ids import new_id
from terresante.kernel.slots import FactLine
from tests.walls import walls_down

pytestmark = pytest.mark.commits
START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def told(monkeypatch):
    """Every object reads as one line, but those in the set this fixture gives."""
    gone: set[UUID] = set()

    def lines(actor, ids):
        return {(kind, pk): FactLine(strong=str(pk)) for kind, pk in ids if pk not in gone}

    monkeypatch.setattr(slots, "facts", dict.fromkeys(FeedKind.values, lines))
    return gone


def fact(record, *, by=None, kind=FeedKind.NOTE, at=START, recorded_ago=timedelta(hours=1), **limits):
    """A row as an action would have left it some time ago."""
    with walls_down():
        item = FeedItem.objects.create(
            patient_id=record.patient_id,
            kind=kind,
            object_id=new_id(),
            occurred_at=at,
            author_id=by.user_id if by else None,
            data_class=limits.pop("data_class", DataClass.CARE),
            is_alert=kind == FeedKind.ADMISSION,
            **limits,
        )
        FeedItem.objects.filter(pk=item.pk).update(recorded_at=timezone.now() - recorded_ago)
    return item


def count(actor, record):
    with rls.acting(actor):
        return queries.unread(actor).filter(patient_id=record.patient_id).count()


def test_what_others_did_is_unread_and_what_one_did_is_not(cast):
    fact(cast.madeleine_record, by=cast.amar)
    fact(cast.madeleine_record)

    assert [count(actor, cast.madeleine_record) for actor in (cast.amar, cast.ines, cast.brun)] == [1, 2, 0]


def test_reading_out_of_order_leaves_the_others_unread(cast):
    older, middle, later = (
        fact(cast.madeleine_record, recorded_ago=timedelta(hours=hours)) for hours in (3, 2, 1)
    )
    with rls.acting(cast.ines):
        actions.mark_read(cast.ines, middle)
        left = set(queries.unread(cast.ines).values_list("pk", flat=True))

    assert left == {older.pk, later.pk}
    assert count(cast.colin, cast.madeleine_record) == 3


def test_the_cursor_moves_up_and_forgets_its_exceptions(cast):
    first, second = (fact(cast.madeleine_record, recorded_ago=timedelta(hours=hours)) for hours in (3, 2))
    for item in (second, first):
        with rls.acting(cast.ines):
            actions.mark_read(cast.ines, item)

    with walls_down():
        assert not ReadException.objects.exists()
        assert ReadCursor.objects.get().read_up_to > timezone.now() - timedelta(minutes=2)
    assert count(cast.ines, cast.madeleine_record) == 0


def test_a_fact_still_on_its_way_is_never_passed_over(cast):
    """Recorded before what was read, committed after it."""
    shown = fact(cast.madeleine_record, recorded_ago=timedelta(seconds=2))
    with rls.acting(cast.ines):
        actions.mark_read(cast.ines, shown)
    fact(cast.madeleine_record, recorded_ago=timedelta(seconds=10))

    assert count(cast.ines, cast.madeleine_record) == 1


def test_marking_all_stops_at_what_the_page_showed_and_spares_alerts(cast):
    fact(cast.madeleine_record, recorded_ago=timedelta(hours=2))
    alert = fact(cast.madeleine_record, kind=FeedKind.ADMISSION, data_class=DataClass.STAY)
    seen_at = timezone.now() - timedelta(minutes=30)
    later = fact(cast.madeleine_record, recorded_ago=timedelta(minutes=5))

    actions.mark_all_read(cast.ines, cast.madeleine_record.pk, seen_at=seen_at)

    with rls.acting(cast.ines):
        assert set(queries.unread(cast.ines).values_list("pk", flat=True)) == {alert.pk, later.pk}


def test_an_alert_is_acknowledged_by_each_reader_for_himself(cast):
    alert = fact(cast.madeleine_record, kind=FeedKind.ADMISSION, data_class=DataClass.STAY)
    ordinary = fact(cast.madeleine_record)

    actions.acknowledge_alert(cast.ines, cast.madeleine_record.pk, alert.pk)

    for actor, left in ((cast.ines, 0), (cast.amar, 1)):
        with rls.acting(actor):
            assert len(queries.visit(actor, cast.madeleine_record.patient_id).alerts) == left
    for actor, record, item in (
        (cast.brun, cast.leon_record, alert),
        (cast.brun, cast.madeleine_record, alert),
        (cast.ines, cast.madeleine_record, ordinary),
    ):
        with pytest.raises(Exception) as raised:
            actions.acknowledge_alert(actor, record.pk, item.pk)
        assert isinstance(raised.value, NotFound) or item is ordinary


def test_news_of_many_patients_are_one_query_alerts_first(cast, django_assert_num_queries):
    alert = fact(
        cast.madeleine_record,
        kind=FeedKind.ADMISSION,
        data_class=DataClass.STAY,
        recorded_ago=timedelta(days=2),
    )
    for _ in range(queries.MOST_NEWS_PER_PATIENT + 5):
        fact(cast.madeleine_record)
    asked = [cast.madeleine_record.patient_id, cast.leon_record.patient_id]
    fact(cast.leon_record)

    with rls.acting(cast.ines), django_assert_num_queries(1):
        news = queries.news_of(cast.ines, asked)

    assert news[asked[0]][0].pk == alert.pk and len(news[asked[0]]) == queries.MOST_NEWS_PER_PATIENT
    assert news[asked[1]] == []


def test_changes_are_those_since_the_visit_before_this_one(cast):
    record = cast.madeleine_record
    with rls.acting(cast.ines):
        assert queries.visit(cast.ines, record.patient_id).changes.since is None
        actions.mark_visited(cast.ines, record.patient_id)
    two_days_ago = timezone.now() - timedelta(days=2)
    with walls_down():
        ReadCursor.objects.update(visited_at=two_days_ago, read_up_to=timezone.now() - timedelta(hours=2))
    read = fact(record, recorded_ago=timedelta(days=1))
    fact(record, recorded_ago=timedelta(days=3))
    unread = fact(record, recorded_ago=timedelta(minutes=3))

    for _ in range(2):
        with rls.acting(cast.ines):
            changes = queries.visit(cast.ines, record.patient_id).changes
            actions.mark_visited(cast.ines, record.patient_id)
        assert changes.since == two_days_ago
        assert [(t.item.pk, t.is_unread) for t in changes.facts] == [(unread.pk, True), (read.pk, False)]


@pytest.mark.parametrize(("facts", "told_as"), [(3, (3, False)), (101, (100, True))])
def test_what_waits_is_counted_to_a_hundred(cast, facts, told_as):
    for _ in range(facts):
        fact(cast.madeleine_record)
    fact(cast.madeleine_record, by=cast.ines)

    with rls.acting(cast.ines):
        changes = queries.visit(cast.ines, cast.madeleine_record.patient_id).changes

    assert (changes.unread, changes.is_more_than_counted) == told_as


def test_a_fact_whose_object_is_gone_is_not_shown(cast, told):
    kept, lost = fact(cast.madeleine_record), fact(cast.madeleine_record)
    told.add(lost.object_id)

    with rls.acting(cast.ines):
        stretch = queries.timeline(cast.ines, cast.madeleine_record.patient_id)

    assert [t.item.pk for t in stretch.facts] == [kept.pk]


def test_the_timeline_is_paged_without_gap_or_repeat_even_within_one_instant(cast):
    items = [fact(cast.madeleine_record, at=START + timedelta(hours=n // 4)) for n in range(23)]

    seen, before = [], None
    with rls.acting(cast.ines):
        while True:
            stretch = queries.timeline(cast.ines, cast.madeleine_record.patient_id, before=before, limit=5)
            seen += [t.item.pk for t in stretch.facts]
            if stretch.next_place is None:
                break
            before = Place.read(str(stretch.next_place))

    assert len(seen) == len(set(seen)) == 23 and set(seen) == {item.pk for item in items}


@pytest.mark.parametrize("text", ["", "_", "abc", "1_2", "nan_" + "0" * 32, "1e999_" + "0" * 32, "x" * 9999])
def test_a_place_that_is_not_one_is_no_place(text):
    assert Place.read(text) is None


def test_the_timeline_keeps_to_its_kinds_and_dates(cast):
    fact(cast.madeleine_record, at=START)
    stay = fact(
        cast.madeleine_record,
        kind=FeedKind.ADMISSION,
        data_class=DataClass.STAY,
        at=START + timedelta(days=1),
    )
    fact(
        cast.madeleine_record,
        kind=FeedKind.ADMISSION,
        data_class=DataClass.STAY,
        at=START + timedelta(days=2),
    )

    with rls.acting(cast.ines):
        stretch = queries.timeline(
            cast.ines,
            cast.madeleine_record.patient_id,
            kinds=[FeedKind.ADMISSION],
            since=START,
            until=START + timedelta(days=2),
        )

    assert [t.item.pk for t in stretch.facts] == [stay.pk]


def test_telling_twice_tells_once_and_withdrawing_takes_all_back(cast):
    told_fact = Fact(
        patient_id=cast.madeleine_record.patient_id,
        kind=FeedKind.NOTE,
        object_id=new_id(),
        occurred_at=START,
        data_class=DataClass.CARE,
    )
    with rls.acting(cast.amar):
        open_record(cast.amar, cast.madeleine_record.pk)
        tell(cast.amar, told_fact)
        tell(cast.amar, told_fact)
    with rls.acting(cast.ines):
        actions.mark_read(cast.ines, FeedItem.objects.get())
    with rls.acting(cast.amar):
        open_record(cast.amar, cast.madeleine_record.pk)
        assert actions.withdraw(told_fact.patient_id, told_fact.object_id) == 1

    with walls_down():
        assert not FeedItem.objects.exists() and not ReadException.objects.exists()
