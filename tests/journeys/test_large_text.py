import pytest

from tests.journeys.visits import PHONE, Visits

pytestmark = pytest.mark.journey

# What a person sets who sees badly: letters twice as large (pixels).
_LARGE = {"fontSizes": {"standard": 32}}
# What stands out of the page on its left is not reached by scrolling.
_CUT = (
    "[...document.querySelectorAll('main :is(a, button)')]"
    ".filter((one) => one.getBoundingClientRect().left < 0).length"
)


@pytest.mark.parametrize(
    ("account", "patient", "paths"),
    [
        ("a.georges", "", ["/", "/patients/", "/recherche/?q=MA"]),
        ("s.norbert", "ISIDORE", ["", "documents/", "sante/", "resultats/examens/", "cercle/"]),
        ("p.isidore", "", ["/mon-dossier/", "/mon-dossier/acces/"]),
    ],
)
def test_letters_twice_as_large_leave_a_page_as_wide_as_the_telephone(
    visit: Visits, account: str, patient: str, paths: list[str]
) -> None:
    visitor = visit(account, phone=True)
    visitor.page.context.new_cdp_session(visitor.page).send("Page.setFontSizes", _LARGE)
    record = visitor.open_record(patient).partition("?")[0].rstrip("/") + "/" if patient else ""

    for path in paths:
        visitor.page.goto(record + path)
        wide = visitor.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= PHONE["width"], f"{path}: {wide} px"
        assert visitor.page.evaluate(_CUT) == 0, path
        for button in visitor.page.locator(".main-action .btn-main:visible").all():
            box = button.bounding_box()
            assert box and box["width"] > PHONE["width"] / 2, f"{path}: {box}"
