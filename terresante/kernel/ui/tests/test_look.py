"""The style guide and the preview pages in a real browser: accessibility, overflow, policy, behaviour."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import expect

from terresante.kernel.ui.tests.live_preview import LiveStage
from terresante.kernel.ui.tests.preview import served

pytestmark = pytest.mark.journey

AXE = Path(settings.BASE_DIR) / "node_modules" / "axe-core" / "axe.min.js"
SIZES = {"desk": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
PAGES = ("styleguide", "resume", "portal", "403", "500")


@pytest.fixture(scope="module")
def address():
    with served() as address:
        yield address


@pytest.fixture
def open_page(browser, address):
    contexts = []

    def open_(path, size="desk", **options):
        context = browser.new_context(viewport=SIZES[size], **options)
        contexts.append(context)
        page = context.new_page()
        page.complaints = []
        page.on("console", lambda message: message.type == "error" and page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(path if "://" in path else f"{address}/{path}")
        return page

    yield open_
    for context in contexts:
        context.close()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_neither_overflows_nor_breaks_the_content_security_policy_and_passes_axe_by_day_and_night(
    open_page, name, size
):
    page = open_page(name, size)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.complaints == []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.evaluate(AXE.read_text())  # through DevTools, which no policy stops
        found = page.evaluate(
            "axe.run(document, {resultTypes: ['violations']}).then(found => found.violations)"
        )
        assert [(rule["id"], [node["html"][:160] for node in rule["nodes"]]) for rule in found] == [], scheme


@pytest.mark.parametrize("name", ["styleguide", "resume", "portal"])
def test_nothing_overflows_with_text_twice_as_large(open_page, name):
    page = open_page(name, "phone", bypass_csp=True)
    page.add_style_tag(content="html { font-size: 200% }")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("name", ["resume", "portal"])
def test_targets_are_44_px_under_a_finger(open_page, name):
    page = open_page(name, "phone", has_touch=True, is_mobile=True)
    small = page.evaluate(
        """() => [...document.querySelectorAll(
            'main button, main .btn, main .chip, .bottom-bar a, .patient a')]
        .filter(e => e.checkVisibility() && !e.matches('.link-action'))
        .map(e => [e.outerHTML.slice(0, 80), e.getBoundingClientRect()])
        .filter(([, r]) => r.height < 43.9 || r.width < 43.9).map(([html]) => html)"""
    )
    assert small == []


def test_everything_is_readable_and_menus_open_without_javascript(open_page):
    page = open_page("resume", java_script_enabled=False)
    page.get_by_text("Dr A. Georges").first.click()
    expect(page.get_by_role("button", name="Se déconnecter")).to_be_visible()


def test_slash_goes_to_the_search_field(open_page):
    page = open_page("styleguide")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()


@pytest.mark.parametrize("shared_worker", [True, False])
def test_new_content_announces_itself_and_counters_refresh(browser, shared_worker):
    with LiveStage() as stage:
        context = browser.new_context()
        if not shared_worker:
            context.add_init_script("delete window.SharedWorker")
        first, second = context.new_page(), context.new_page()
        for page in (first, second):
            page.goto(stage.address)
        stage.wait_for_streams(1)
        stage.send("NotePublished", patient="p1", object="n1")
        stage.send("NotePublished", patient="p2", object="n2")
        for page in (first, second):
            expect(page.get_by_role("button", name="1\u00a0nouvelle note")).to_be_visible()
            expect(page.locator("#list")).to_have_text("ancienne")
            expect(page.locator("#counter")).to_have_text("fragment")
        first.get_by_role("button", name="1\u00a0nouvelle note").click()
        expect(first.locator("#list")).to_have_text("fragment")
        expect(first.get_by_role("button")).to_have_count(0)
        # What may be false by now goes at once, and the line above it.
        stage.send("NoteWithdrawn", patient="p1", object=None)
        expect(second.locator("#list")).to_have_text("fragment")
        expect(second.get_by_role("button")).to_have_count(0)
        assert stage.streams == 1
        context.close()


def test_parts_that_are_asked_at_once_are_all_drawn_and_no_alert_is_lost(browser):
    """Of requests made together htmx drops all but the first and the last, unless each has its own source."""
    with LiveStage() as stage:
        page = browser.new_page()
        page.goto(stage.address)
        stage.wait_for_streams(1)
        for number in range(4):
            stage.send("StayAlerted", patient="p1", object=f"a{number}")
        stage.send("NoteWithdrawn", patient="p1", object=None)
        expect(page.locator("[data-toasts] i")).to_have_text(["a0", "a1", "a2", "a3"])
        expect(page.locator("main p")).to_have_text(["fragment"] * 3)
        page.close()


def test_a_phone_without_network_says_so_before_the_stream_knows(browser):
    with LiveStage() as stage:
        context = browser.new_context()
        page = context.new_page()
        page.goto(stage.address)
        stage.wait_for_streams(1)
        context.set_offline(True)
        strip = page.locator(".strip", has_text="Hors connexion")
        expect(strip).to_be_visible(timeout=10_000)
        context.set_offline(False)
        expect(strip).to_have_count(0, timeout=30_000)
        context.close()


def test_a_lost_stream_is_said_and_comes_back_from_the_last_position(browser):
    with LiveStage() as stage:
        context = browser.new_context()
        page = context.new_page()
        page.goto(stage.address)
        stage.wait_for_streams(1)
        stage.send("NotePublished", patient="p1", object="n1")
        expect(page.get_by_role("button", name="1\u00a0nouvelle note")).to_be_visible()
        stage.cut(refuse=True)
        strip = page.locator(".strip", has_text="Connexion perdue, dernières données à")
        expect(strip).to_be_visible(timeout=15_000)
        # What is watched, the board of a cell, says it across the whole screen.
        expect(strip).to_have_class(re.compile("strip-whole"))
        expect(strip).to_contain_text("Ne vous y fiez pas.")
        stage.accept()
        expect(strip).to_have_count(0, timeout=30_000)
        assert stage.last_event_ids[0] == "40"
        assert stage.last_event_ids[-1] == "41"
        context.close()
