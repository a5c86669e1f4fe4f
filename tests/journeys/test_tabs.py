import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.journey

TABS = 10


def test_ten_tabs_share_one_stream_and_each_shows_the_alert(visit, hospital):
    first = visit("a.georges", at="/")
    context = first.page.context
    streams = []
    context.on("request", lambda request: streams.append(request.url) if "/live" in request.url else None)
    pages = [first.page, *(context.new_page() for _ in range(TABS - 1))]
    for page in pages[1:]:
        page.goto("/")
    hospital.admits("cardiologie", "CAUVIN")
    for page in pages:
        expect(page.locator("[data-toasts] .toast").filter(has_text="CAUVIN")).to_be_visible()
    assert len(streams) <= 1, streams
