"""The same on a phone: two processes share the two walks."""

import pytest

from tests.journeys.pages import SCREENS, drawn, faults_found

pytestmark = pytest.mark.journey


def test_the_screens_drawn_for_a_phone_pass_axe_and_need_no_scrolling_sideways(visit, seed):
    assert faults_found(visit, phone=True, of=drawn(seed, phone=True)) == []


@pytest.mark.long
def test_every_screen_passes_axe_and_needs_no_scrolling_sideways_on_a_phone(visit):
    assert faults_found(visit, phone=True) == []


def test_every_run_draws_a_sixth_of_the_screens_and_in_a_hundred_runs_all_of_them():
    draws = [{screen.name for screen in drawn(seed, phone=True)} for seed in range(100)]

    assert all(len(SCREENS) * 0.08 < len(draw) < len(SCREENS) * 0.3 for draw in draws)
    assert set.union(*draws) == {screen.name for screen in SCREENS}
    assert not set.intersection(*draws)
