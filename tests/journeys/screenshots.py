"""Every screen of a demonstration, empty, full and in error, at both sizes, and the page that shows them side by side.

`python -m tests.journeys.screenshots [--only PATTERN]`: the names of the screens, or those of their addresses, that
match ("telesuivi-*", "board:*"). Written in var/screenshots.
"""

import argparse
import fnmatch
import os
import sys
import tempfile
from collections.abc import Sequence
from html import escape
from itertools import groupby
from pathlib import Path

import django
from playwright.sync_api import Error, Page, expect, sync_playwright

from config.local.places import say, var_folder
from tests.journeys.hospital import Hospital
from tests.journeys.pages import SCREENS, Walk
from tests.journeys.platform import running_platform
from tests.journeys.screen import Screen, State
from tests.journeys.visits import DESK, PHONE, Visits, chromium

_STREAM_OPENS_MS = 1_000
# Screens high: beyond, the photograph stops.
_HIGHEST = 4
_INDEX = "index.html"
_STYLE = """body{font:16px/1.4 system-ui;margin:24px;color:#13262c}h2{margin:32px 0 8px;font-size:18px}
section{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));gap:16px;border-top:1px solid #d6dfe2}
h3{margin:8px 0;font-size:14px;color:#465960}figure{margin:0 0 16px}figcaption{font-size:13px;margin-bottom:4px}
div{display:flex;gap:8px;align-items:start}img{border:1px solid #73858c}a{flex:1}img{width:100%}
a:first-child{flex:3.7}"""


def main() -> int:
    wanted = _arguments().only
    # The screens say their addresses, which Django knows; a photograph is taken inside Playwright's loop.
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    django.setup()
    screens = _chosen(SCREENS, wanted)
    folder = var_folder() / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    missed = _photograph_all(screens, folder, with_an_alert=fnmatch.fnmatch("alerte", wanted))
    (folder / _INDEX).write_text(_index(SCREENS, folder), encoding="utf-8")
    say(f"{len(list(folder.glob('*.png')))} images dans {folder}, à voir dans {folder / _INDEX}")
    for name in missed:
        say(f"Écran non photographié : {name}")
    return 1 if missed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="screenshots")
    parser.add_argument("--only", default="*", metavar="MOTIF", help="telesuivi-*, board:*, *-erreur")
    return parser.parse_args()


def _chosen(screens: Sequence[Screen], wanted: str) -> list[Screen]:
    """With the screens that make what these show."""
    found = {
        one.name for one in screens if any(fnmatch.fnmatch(it, wanted) for it in (one.name, one.address))
    }
    found |= {one.after for one in screens if one.name in found and one.after}
    return [one for one in screens if one.name in found]


def _photograph_all(screens: Sequence[Screen], folder: Path, *, with_an_alert: bool) -> list[str]:
    """The names of the screens that could not be reached."""
    missed: list[str] = []
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as var,
        running_platform(Path(var)) as platform,
        sync_playwright() as playwright,
    ):
        browser = chromium(playwright)
        visits = Visits(browser, platform)
        for phone in (False, True):
            missed += _photograph(visits, screens, folder, phone=phone)
        if with_an_alert:
            _photograph_an_alert(visits, Hospital(platform), folder)
        visits.close()
        browser.close()
    return missed


def _photograph(visits: Visits, screens: Sequence[Screen], folder: Path, *, phone: bool) -> list[str]:
    missed: list[str] = []
    walk = Walk(visits, phone=phone)
    for screen in screens:
        try:
            _take(walk.to(screen).page, folder / _file(screen.name, phone=phone))
        except (Error, AssertionError):
            missed.append(f"{screen.name}, {_size(phone)}")
    return missed


def _photograph_an_alert(visits: Visits, hospital: Hospital, folder: Path) -> None:
    """As it arrives on any screen. The last: it changes the region."""
    watching = {phone: visits("a.georges", phone=phone) for phone in (False, True)}
    for visitor in watching.values():
        visitor.page.goto("/annuaire/")
        visitor.page.wait_for_timeout(_STREAM_OPENS_MS)
    hospital.admits("cardiologie", "CAUVIN")
    for phone, visitor in watching.items():
        expect(visitor.toasts()).to_have_count(1)
        _take(visitor.page, folder / _file("alerte", phone=phone))


def _take(page: Page, path: Path) -> None:
    """The whole page, from its top, its previews drawn; what is very long, its first screens."""
    expect(page.get_by_text("Préparation de l’aperçu")).to_have_count(0)
    expect(page.locator(".viewer-sheet:not(:has(canvas))")).to_have_count(0)
    page.evaluate("scrollTo(0, 0)")
    size = DESK if page.viewport_size == DESK else PHONE
    height = int(page.evaluate("document.documentElement.scrollHeight"))
    page.screenshot(path=path, animations="disabled", full_page=height <= _HIGHEST * size["height"])


def _size(phone: bool) -> str:
    size = PHONE if phone else DESK
    return f"{size['width']}x{size['height']}"


def _file(name: str, *, phone: bool) -> str:
    return f"{name}-{_size(phone)}.png"


def _index(screens: Sequence[Screen], folder: Path) -> str:
    """By address: what is full, empty, in error."""
    taken = [one for one in screens if (folder / _file(one.name, phone=False)).exists()]
    by_address = groupby(sorted(taken, key=lambda one: one.address), key=lambda one: one.address)
    sections = "".join(_section(address, list(ones), folder) for address, ones in by_address)
    return (
        f'<!doctype html><html lang="fr"><meta charset="utf-8"><title>Écrans de Terr-eSanté</title>'
        f"<style>{_STYLE}</style><h1>Écrans de Terr-eSanté</h1>{sections}</html>"
    )


def _section(address: str, screens: Sequence[Screen], folder: Path) -> str:
    columns = "".join(
        f"<article><h3>{state}</h3>{''.join(_figure(one) for one in screens if one.state is state)}</article>"
        for state in State
    )
    return f"<h2>{escape(address or 'aucune adresse')}</h2><section>{columns}</section>"


def _figure(screen: Screen) -> str:
    images = "".join(
        f'<a href="{_file(screen.name, phone=phone)}"><img loading="lazy" alt="{_size(phone)}"'
        f' src="{_file(screen.name, phone=phone)}"></a>'
        for phone in (False, True)
    )
    return f"<figure><figcaption>{escape(screen.name)}</figcaption><div>{images}</div></figure>"


if __name__ == "__main__":
    sys.exit(main())
