"""At the size of a desk; each run draws one size for each screen by the seed of its order, check-long asks at both."""

import pytest

from tests.journeys.pages import drawn_for_a_phone, faults_found

pytestmark = pytest.mark.journey


def test_no_screen_needs_scrolling_sideways_and_those_drawn_pass_axe(visit, seed):
    assert faults_found(visit, phone=False, has_axe=lambda screen: not drawn_for_a_phone(screen, seed)) == []


@pytest.mark.long
def test_every_screen_passes_axe_and_needs_no_scrolling_sideways(visit):
    assert faults_found(visit, phone=False) == []
