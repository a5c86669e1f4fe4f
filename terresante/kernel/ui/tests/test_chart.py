from datetime import UTC, datetime, timedelta
from decimal import Decimal

from terresante.kernel.ui.chart import Value, drawn

DAY = datetime(2026, 1, 1, tzinfo=UTC)


def values(*numbers):
    return [Value(DAY + timedelta(days=10 * place), Decimal(number)) for place, number in enumerate(numbers)]


def test_one_moment_is_a_number_and_no_curve():
    assert drawn([]) is None and drawn(values(5)) is None
    assert drawn([*values(5), *values(6)]) is None


def test_the_first_and_last_values_touch_the_sides_and_the_extremes_the_edges():
    chart = drawn(values(10, 30, 20))

    assert chart is not None
    assert [spot.x for spot in chart.spots] == [0, 50, 100]
    assert [spot.y for spot in chart.spots] == [38, 2, 20]
    assert (chart.top, chart.bottom, chart.band) == (Decimal(30), Decimal(10), "")


def test_the_same_value_again_is_a_level_line():
    chart = drawn(values(5, 5))

    assert chart is not None
    assert {spot.y for spot in chart.spots} == {20.0}


def test_the_range_is_a_band_inside_the_frame_open_where_it_has_no_bound():
    both = drawn(values(10, 12), low=Decimal(8), high=Decimal(20))
    above = drawn(values(10, 30), low=Decimal(20))
    below = drawn(values(10, 30), high=Decimal(20))

    assert both is not None and above is not None and below is not None
    assert (both.top, both.bottom) == (Decimal(20), Decimal(8))
    assert both.band == "M-2 2.0H102V38.0H-2Z"
    assert above.band == "M-2 0.0H102V20.0H-2Z"
    assert below.band == "M-2 20.0H102V40.0H-2Z"
