"""At the size of a desk; each run draws a sixth of the screens by its seed, check-long asks all of them twice."""

import pytest

from tests.journeys.pages import drawn, faults_found

pytestmark = pytest.mark.journey


def test_the_screens_drawn_pass_axe_and_need_no_scrolling_sideways(visit, seed):
    assert faults_found(visit, phone=False, of=drawn(seed, phone=False)) == []


@pytest.mark.long
def test_every_screen_passes_axe_and_needs_no_scrolling_sideways(visit):
    assert faults_found(visit, phone=False) == []
