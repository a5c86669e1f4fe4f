"""Apart from the walk at a desk: two processes share the two."""

import pytest

from tests.journeys.pages import faults_found

pytestmark = pytest.mark.journey


def test_every_screen_passes_axe_and_needs_no_scrolling_sideways_on_a_phone(visit):
    assert faults_found(visit, phone=True) == []
