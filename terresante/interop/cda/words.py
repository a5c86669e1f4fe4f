"""What an entry of a CDA points to in the narrative: its identifiers, gathered once, and its row of a table.

Of an entry and its narrative that differ, the narrative is what its author signed (CDA R2, 1.2.5): it goes first.
"""

from dataclasses import dataclass, field

from terresante.interop.cda.parsing import Element, every, first_words, identified, local_name, plain_text
from terresante.kernel.ui.wording import plain

# Letters of a text that entries point to: hundreds of them may point to the same.
_LONGEST = 2000
# What stands for nothing in a cell.
_NOTHING = {"", "-", "–", "—", "/", "néant", "(texte libre)"}


@dataclass(slots=True)
class Words:
    """Of one document. Each text is made once, however often it is pointed to."""

    document: Element
    _by_id: dict[str, Element] = field(init=False)
    _texts: dict[str, str] = field(default_factory=dict)
    _heads: dict[Element, tuple[str, ...]] = field(default_factory=dict)
    _rows: dict[Element, dict[str, str]] = field(default_factory=dict)
    _cells: dict[Element, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._by_id = identified(self.document)

    def said(self, reference: Element | None) -> str:
        """Of `text` or `originalText`: its own words, else those that its reference names, with or without « # »."""
        if reference is None:
            return ""
        name = self._name(reference)
        if not name:
            return said(first_words(reference, _LONGEST))
        if name not in self._texts:
            self._texts[name] = said(first_words(self._by_id.get(name), _LONGEST))
        return self._texts[name]

    def row(self, reference: Element | None) -> dict[str, str]:
        """Of the table where the words stand: each cell by its head, in plain letters; empty outside a table."""
        found = self._row(reference)
        if found is None:
            return {}
        if found not in self._rows:
            cells = [each for each in found if local_name(each) in ("td", "th")]
            pairs = zip(self._head(found), cells, strict=False)
            self._rows[found] = {
                head: text for head, cell in pairs if head and (text := said(first_words(cell, _LONGEST)))
            }
        return self._rows[found]

    def cells(self, reference: Element | None) -> tuple[str, ...]:
        """Of the row where the words stand, whatever heads it."""
        found = self._row(reference)
        if found is None:
            return ()
        if found not in self._cells:
            texts = (said(first_words(each, _LONGEST)) for each in found if local_name(each) in ("td", "th"))
            self._cells[found] = tuple(text for text in texts if text)
        return self._cells[found]

    def _row(self, reference: Element | None) -> Element | None:
        found = self._by_id.get(self._name(reference)) if reference is not None else None
        while found is not None and local_name(found) != "tr":
            found = found.getparent()
        return found

    def _name(self, reference: Element) -> str:
        for each in every(reference, "reference"):
            return (each.get("value") or "").strip().removeprefix("#")
        return ""

    def _head(self, row: Element) -> tuple[str, ...]:
        table: Element | None = row
        while table is not None and local_name(table) != "table":
            table = table.getparent()
        if table is None:
            return ()
        if table not in self._heads:
            first = every(table, "thead/tr")[-1:]
            cells = [each for line in first for each in line if local_name(each) in ("td", "th")]
            self._heads[table] = tuple(plain(plain_text(each)) for each in cells)
        return self._heads[table]


def said(text: str) -> str:
    """'' for a cell that says nothing."""
    return "" if text.strip().casefold() in _NOTHING else text.strip()
