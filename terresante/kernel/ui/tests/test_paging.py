import pytest
from django.core.paginator import Paginator

from terresante.kernel.ui.paging import most_counted, shown_page

PER_PAGE = 20


def shown(rows, number):
    most = most_counted(number, PER_PAGE)
    page = Paginator(range(min(rows, most)), PER_PAGE).get_page(number)
    return shown_page(page, "notes", most)


@pytest.mark.parametrize(
    ("rows", "number", "total", "is_more"),
    [
        (0, 1, 0, False),
        (200, 1, 200, False),
        (201, 1, 200, True),
        (5000, 1, 200, True),
        (200, 10, 200, False),
        (201, 10, 201, False),
        (401, 10, 400, True),
        (5000, 10, 400, True),
        (5000, 999999, 5000, False),
    ],
)
def test_rows_are_counted_a_little_beyond_their_page(rows, number, total, is_more):
    page = shown(rows, number)
    assert (page.total, page.is_more) == (total, is_more)


@pytest.mark.parametrize("rows", [201, 220, 399, 400, 401, 5000])
def test_every_row_is_on_a_page_that_the_one_before_leads_to(rows):
    number, seen = 1, 0
    while True:
        page = shown(rows, number)
        assert page.first == seen + 1
        seen = page.last
        if not page.next_url:
            break
        number += 1
    assert seen == rows


def test_a_list_counted_whole_says_so():
    page = shown_page(Paginator(range(201), PER_PAGE).get_page(1), "notes")
    assert (page.total, page.is_more) == (201, False)
