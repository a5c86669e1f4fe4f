"""The way from one page of a list to those beside it."""

from typing import Any

from django.core.paginator import Page as Pages
from django.utils.http import urlencode

from terresante.kernel.ui.frame import Page

# A list of thousands is counted as far as this beyond the page that shows it, and then says « plus de ».
COUNTED_BEYOND = 200


def most_counted(number: int, per_page: int) -> int:
    """How many rows to count at most for page `number`: the same for ten pages or so, for a statement that is kept."""
    return (number * per_page // COUNTED_BEYOND + 1) * COUNTED_BEYOND + 1


def asked_page(text: str) -> int:
    """The number that an address gives for `page`; the first for what is no number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def shown_page(page: "Pages[Any]", noun: str, most: int | None = None, /, **kept: str) -> Page:
    """`most`: how far its rows were counted. `kept`: the other words of the address, the empty ones aside."""

    def url(number: int) -> str:
        words: dict[str, str] = {name: value for name, value in kept.items() if value}
        return "?" + urlencode({**words, "page": f"{number}"})

    is_more = page.paginator.count == most
    return Page(
        first=page.start_index(),
        last=page.end_index(),
        total=page.paginator.count - is_more,
        is_more=is_more,
        noun=noun,
        previous_url=url(page.previous_page_number()) if page.has_previous() else "",
        next_url=url(page.next_page_number()) if page.has_next() else "",
    )


def pages_beside(page: "Pages[Any]", noun: str, most: int | None = None, /, **kept: str) -> Page | None:
    """The same; None for a list of one page, which has nowhere to go."""
    return shown_page(page, noun, most, **kept) if page.has_other_pages() else None
