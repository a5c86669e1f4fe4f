import pytest

from tests.journeys.pages import walk

pytestmark = pytest.mark.journey


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_every_screen_passes_axe_and_needs_no_scrolling_sideways(visit, phone):
    found = []
    for screen, visitor in walk(visit, phone=phone):
        found += [(screen.name, each) for each in visitor.axe()]
        if (wider := visitor.too_wide()) > 0:
            found.append((screen.name, f"{wider} px too wide"))
    assert found == []
