"""What a journey shows passes axe and needs no scrolling sideways.

`TERRESANTE_SHOTS=<folder> pytest tests/journeys/test_health.py` photographs it too: a check that nobody looks at takes
no photograph.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Page, ViewportSize

from tests.journeys.steps import Visitor
from tests.journeys.visits import DESK, PHONE


def shot(visitor: Visitor, name: str, *, sizes: Sequence[ViewportSize] = (PHONE, DESK)) -> None:
    """At each of these sizes, without leaving the page; it keeps the last one."""
    for size in sizes:
        visitor.page.set_viewport_size(size)
        shot_as_it_is(visitor, name)


def shot_as_it_is(visitor: Visitor, name: str) -> None:
    size = visitor.page.viewport_size
    photograph(visitor.page, name)
    assert visitor.axe() == [], (name, size)
    assert visitor.too_wide() <= 0, (name, size)


def photograph(page: Page, name: str) -> None:
    folder, size = os.environ.get("TERRESANTE_SHOTS"), page.viewport_size
    if folder and size:
        journey = Path(os.environ["PYTEST_CURRENT_TEST"].partition("::")[0]).stem.removeprefix("test_")
        page.screenshot(path=Path(folder) / f"{journey}-{name}-{size['width']}.png", full_page=True)
