import pytest

from tests.journeys.pages import faults_found

pytestmark = pytest.mark.journey


def test_every_screen_passes_axe_and_needs_no_scrolling_sideways(visit):
    assert faults_found(visit, phone=False) == []
