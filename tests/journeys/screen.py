"""A screen: who opens it, how one gets there, which of its states it shows."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from django.urls import Resolver404, resolve

from tests.journeys.steps import Visitor

_ANY_RECORD = "/dossiers/00000000-0000-0000-0000-000000000000/"


class State(StrEnum):
    """French words of the index of photographs."""

    FULL = "Plein"
    EMPTY = "Vide"
    ERROR = "En erreur"


@dataclass(frozen=True, slots=True)
class Screen:
    """`path` follows the record of `patient` when one is named; then `click` names a link or a button to follow, and
    `does` is what the person still does there. `after` is the screen that makes what this one shows. `shows` is the
    name of the address where one ends, when `click` or `does` leads elsewhere than `path`.

    Its name ends with "-vide" when it shows nothing yet, with "-erreur" when it refuses something.
    """

    name: str
    account: str
    path: str
    patient: str = ""
    click: str = ""
    does: Callable[[Visitor], None] | None = None
    after: str = ""
    shows: str = ""

    @property
    def state(self) -> State:
        last = self.name.rpartition("-")[2]
        return {"vide": State.EMPTY, "erreur": State.ERROR}.get(last, State.FULL)

    @property
    def address(self) -> str:
        """The name of its address, "" when there is nothing at it."""
        return self.shows or address_of((_ANY_RECORD if self.patient else "") + self.path)


def address_of(path: str) -> str:
    try:
        return resolve(path.partition("?")[0]).view_name
    except Resolver404:
        return ""


def follow(visitor: Visitor, words: str) -> None:
    """A link or a button of the page, until what it leads to stands."""
    button = visitor.page.locator("main, form, .patient").get_by_role("button", name=words)
    link = visitor.page.locator("main").get_by_role("link", name=words)
    button.or_(link).locator("visible=true").first.click()
    # A note is sent by its page, which is left once the server has answered.
    visitor.page.wait_for_function("() => !document.querySelector('[form=note][aria-disabled]')")
    visitor.page.wait_for_load_state()


def then(*words: str) -> Callable[[Visitor], None]:
    """More clicks, from the screen where the first one led."""

    def act(visitor: Visitor) -> None:
        for one in words:
            follow(visitor, one)

    return act
