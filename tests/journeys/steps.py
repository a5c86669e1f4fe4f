"""What a person does, in the words of the screen."""

import re
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import pyotp
from playwright.sync_api import APIRequestContext, APIResponse, Error, Locator, Page, expect

from config.local.demo import DemoAccount
from tests.journeys.platform import Platform

ROOT = Path(__file__).parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
_RULES = """async () => (await axe.run(document, {resultTypes: ['violations']}))
    .violations.map(v => [v.id, v.nodes.map(n => n.target.join(' ')).slice(0, 5)])"""
_TOTP_SECONDS = 30
_MAILBOX = "/demonstration/boite/"
_CODE_SECONDS = 10
# The one account of the demonstration whose codes go to a telephone.
_BY_SMS = "m.bardet"
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
_Found = TypeVar("_Found")
_last_step: dict[str, int] = {}
# Codes already taken from the mailbox: an earlier login's letter may still be the newest when ours is on its way.
_codes_read: set[str] = set()


class Visitor:
    def __init__(self, page: Page, platform: Platform) -> None:
        self.page, self.platform = page, platform
        # How the recipient of the code begins, in the demonstration's mailbox.
        self._wanted = ""

    def log_in(self, account: DemoAccount, *, device: str = "Ne rien retenir") -> None:
        """With the application of the telephone, or the code received by e-mail or by SMS."""
        self.give_password(account)
        self.page.get_by_label(device).check()
        if account.totp_secret:
            self._give_code(fresh_totp(account))
        else:
            self.give_code_received()

    def give_code_received(self) -> None:
        self._give_code(self._code_of_the_mailbox())

    def _give_code(self, code: str) -> None:
        self.page.get_by_label("Code à six chiffres").fill(code)
        self.page.get_by_role("button", name="Se connecter").click()
        self.page.wait_for_url(lambda url: "/connexion" not in url)

    def give_password(self, account: DemoAccount) -> None:
        if not account.totp_secret:
            _pass_over_earlier_codes(self.page.request)
        self._wanted = _recipient(account)
        self.page.goto("/connexion/")
        self.page.get_by_label("Identifiant", exact=True).fill(account.login)
        self.page.get_by_label("Mot de passe").fill(account.password)
        self.page.get_by_role("button", name="Continuer").click()
        expect(self.page.get_by_label("Code à six chiffres")).to_be_visible()

    def _code_of_the_mailbox(self) -> str:
        with self.page.expect_popup() as opened:
            self.page.get_by_role("link", name="boîte aux lettres de démonstration").click()
        mailbox, limit = opened.value, time.monotonic() + _CODE_SECONDS
        while not (code := _unread_code(_letters(mailbox), recipient=self._wanted)):
            assert time.monotonic() < limit, "no code came to the mailbox"
            mailbox.wait_for_timeout(300)
            mailbox.reload()
        mailbox.close()
        return code

    def log_out(self) -> None:
        self.page.locator("summary", has=self.page.locator(".user-name")).click()
        self.page.get_by_role("button", name="Se déconnecter").click()
        self.page.wait_for_url("**/connexion/**")

    def find(self, words: str) -> None:
        self.page.goto("/recherche/?q=" + words)

    def open_record(self, name: str) -> str:
        """The record of one of my patients; returns its path."""
        self.find(name)
        self.page.get_by_role("rowheader").get_by_role("link", name=re.compile(name, re.IGNORECASE)).click()
        self.page.wait_for_url("**/dossiers/**")
        return self.page.url.removeprefix(self.platform.base_url)

    def tab(self, label: str) -> None:
        """A tab of the record: under its header, or at the bottom of a phone."""
        bars = self.page.locator(".bottom-bar a:visible, .tabs-record > a:visible")
        bars.filter(has_text=label).first.click()
        expect(bars.filter(has_text=label).first).to_have_attribute("aria-current", "page")

    def write_note(self, text: str, *, kind: str = "") -> None:
        self.page.get_by_role("link", name="Écrire une note").and_(
            self.page.locator(":visible")
        ).first.click()
        if kind:
            self.page.locator("label.chip", has_text=kind).click()
        self.page.get_by_label("Note", exact=True).fill(text)
        self.page.get_by_role("button", name="Enregistrer la note").click()
        self.page.wait_for_url("**/notes/")

    def follow(self, link: Locator) -> None:
        """A link or a button that leaves the page, until the next one stands: what comes next looks at that one."""
        with self.page.expect_event("load"):
            link.click()

    def says(self, answers: tuple[str | None, ...]) -> None:
        """One question a screen: the words of a choice, a number, None when there is nothing to measure or to add."""
        for words in answers:
            question, field = self.page.locator(".question"), self.page.locator("#valeur")
            asked = question.inner_text()
            if words is None:
                passed = re.compile("^Je n’arrive pas à mesurer$|^Je ne sais pas$")
                self.page.get_by_role("button", name=passed).click()
            elif words.isdigit() and field.count():
                field.fill(words)
                self.page.get_by_role("button", name="Continuer").click()
            else:
                self.page.get_by_role("group").get_by_role("button", name=words, exact=True).click()
            expect(question).not_to_have_text(asked)

    def toasts(self) -> Locator:
        return self.page.locator("[data-toasts] .toast")

    def axe(self) -> list[object]:
        """What axe-core finds on this page; the CSP is not loosened: the script enters through DevTools.

        A page that a click is leaving answers with an error: it is asked again once the next one stands.
        """
        return self._of_what_stands(self._found_by_axe)

    def _of_what_stands(self, look: Callable[[], _Found]) -> _Found:
        self.page.wait_for_load_state("load")
        try:
            return look()
        except Error:
            self.page.wait_for_load_state("load")
            return look()

    def _found_by_axe(self) -> list[object]:
        self.page.evaluate(AXE.read_text())
        return list(self.page.evaluate(_RULES))

    def too_wide(self) -> int:
        """Pixels that only scrolling sideways would show. A phone widens its window to what it holds, not its root."""
        measured = "(root => root.scrollWidth - root.clientWidth)(document.documentElement)"
        return self._of_what_stands(lambda: int(self.page.evaluate(measured)))


def open_session(asked: APIRequestContext, account: DemoAccount) -> None:
    """The forms of `Visitor.log_in`, sent without being shown: a page takes a second, and who logs in to look at
    something else need not see the door.
    """
    if not account.totp_secret:
        _pass_over_earlier_codes(asked)
    door = asked.get("/connexion/")
    known = {"login": account.login, "password": account.password}
    code_page = asked.post("/connexion/", form={**_token(door), **known})
    code = fresh_totp(account) if account.totp_secret else _code_sent(asked, recipient=_recipient(account))
    home = asked.post(code_page.url, form={**_token(code_page), "code": code})
    assert "/connexion" not in home.url, f"{account.login} is not let in"


def _token(page: APIResponse) -> dict[str, str | float | bool]:
    found = _TOKEN.search(page.text())
    assert found is not None, f"{page.url} has no form"
    return {"csrfmiddlewaretoken": found.group(1)}


def _recipient(account: DemoAccount) -> str:
    """How it begins, in the demonstration's mailbox."""
    return f"{account.login}@" if account.login != _BY_SMS else "+33"


def _pass_over_earlier_codes(asked: APIRequestContext) -> None:
    """A screen that was only looked at left its code unread."""
    _codes_read.update(re.findall(r"\b\d{6}\b", asked.get(_MAILBOX).text()))


def _code_sent(asked: APIRequestContext, *, recipient: str) -> str:
    limit = time.monotonic() + _CODE_SECONDS
    while True:
        cards = asked.get(_MAILBOX).text().split("<article")[1:]
        if code := _unread_code((card.partition("card-body")[2] for card in cards), recipient=recipient):
            return code
        assert time.monotonic() < limit, "no code came to the mailbox"
        time.sleep(0.1)


def _letters(mailbox: Page) -> list[str]:
    return mailbox.get_by_role("article").all_inner_texts()


def fresh_totp(account: DemoAccount) -> str:
    """A code is taken once, and the next one is accepted up to thirty seconds early."""
    now = int(time.time()) // _TOTP_SECONDS
    step = max(now, _last_step.get(account.login, 0) + 1)
    while step > int(time.time()) // _TOTP_SECONDS + 1:
        time.sleep(1)
    _last_step[account.login] = step
    return pyotp.TOTP(account.totp_secret).generate_otp(step)


def until_shown(page: Page, awaited: Locator, *, seconds: float = 10) -> None:
    """For a page without live content: asks again, as a person would."""
    limit = time.monotonic() + seconds
    while not awaited.count():
        assert time.monotonic() < limit, f"{page.url}: nothing came"
        page.wait_for_timeout(300)
        page.reload()


def _unread_code(letters: Iterable[str], *, recipient: str) -> str:
    """The newest letters come first."""
    for letter in letters:
        found = re.search(r"\b\d{6}\b", letter)
        if f"À {recipient}" in letter and found and found.group() not in _codes_read:
            _codes_read.add(found.group())
            return found.group()
    return ""
