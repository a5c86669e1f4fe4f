"""The same on a phone: two processes share the two walks."""

import pytest

from tests.journeys.pages import SCREENS, drawn_for_a_phone, faults_found

pytestmark = pytest.mark.journey


def test_no_screen_needs_scrolling_sideways_on_a_phone_and_those_drawn_pass_axe(visit, seed):
    assert faults_found(visit, phone=True, has_axe=lambda screen: drawn_for_a_phone(screen, seed)) == []


@pytest.mark.long
def test_every_screen_passes_axe_and_needs_no_scrolling_sideways_on_a_phone(visit):
    assert faults_found(visit, phone=True) == []


def test_every_run_draws_half_of_the_screens_and_in_forty_runs_all_of_them():
    draws = [{screen.name for screen in SCREENS if drawn_for_a_phone(screen, seed)} for seed in range(40)]

    assert all(len(SCREENS) * 0.3 < len(drawn) < len(SCREENS) * 0.7 for drawn in draws)
    assert set.union(*draws) == {screen.name for screen in SCREENS}
    assert not set.intersection(*draws)
