"""The narrative block of a section as our own HTML: a closed list of elements, no attribute of the sender's.

CDA R2, 4.3.5 (NarrativeBlock.xsd). What is not in the list loses its element and keeps its text; a link keeps its words
and leads nowhere; the stylesheet of the sender is never looked at.
"""

import re
from collections.abc import Callable, Iterator
from html import escape

from django.utils.safestring import SafeString

from terresante.interop.cda.parsing import NAMESPACE, Element, first_words, local_name

_WIDEST = 50
# Letters of what heads a column, said again in each of its cells.
_LONGEST_HEAD = 60
_BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_IMAGE = "Image ou pièce jointe : à ouvrir dans le document d’origine."
_BLOCKS = tuple(f"{{{NAMESPACE}}}{name}" for name in ("paragraph", "list", "table"))
# styleCode, in any case (CI-SIS), to the element that says it. Sizes, colours and rules are the sender's taste.
_STYLES = {"bold": "strong", "italics": "em", "emphasis": "em", "bolditalics": "strong", "underline": "u"}
_ROW_GROUPS = ("thead", "tbody", "tfoot")


def rendered(narrative: Element | None) -> SafeString:
    """HTML whose every text was escaped here, hence safe; '' for an empty narrative."""
    return SafeString("" if narrative is None else _content(narrative).strip())


def written_out(text: str) -> SafeString:
    """Text without any mark as HTML, escaped here: blank lines separate paragraphs, the others are kept."""
    paragraphs = _BLANK_LINES.split(text.strip().replace("\r\n", "\n").replace("\r", "\n"))
    lines = (escape(each).replace("\n", "<br>") for each in paragraphs)
    return SafeString("".join(f"<p>{each}</p>" for each in lines))


def _content(element: Element) -> str:
    return "".join(_parts(element))


def _parts(element: Element) -> Iterator[str]:
    yield _text(element.text)
    for child in element:
        yield _RENDERED.get(local_name(child), _unwrapped)(child) if isinstance(child.tag, str) else ""
        yield _text(child.tail)


def _text(text: str | None) -> str:
    return escape(text) if text else ""


def _unwrapped(element: Element) -> str:
    return _content(element)


def _nothing(element: Element) -> str:
    return ""


def _has_block(element: Element) -> bool:
    return next(element.iterdescendants(*_BLOCKS), None) is not None


def _paragraph(element: Element) -> str:
    inside = _styled(element, _content(element))
    if not inside.strip():
        return ""
    return f"<div>{inside}</div>" if _has_block(element) else f"<p>{inside}</p>"


def _inline(element: Element) -> str:
    """`content`: a span of text; `revised` tells what a new version removed or added."""
    inside = _styled(element, _content(element))
    if _has_block(element):
        return inside
    mark = {"delete": "del", "insert": "ins"}.get((element.get("revised") or "").strip(), "")
    return f"<{mark}>{inside}</{mark}>" if mark and inside.strip() else inside


def _styled(element: Element, inside: str) -> str:
    if not inside.strip() or _has_block(element):
        return inside
    for style in reversed(list(dict.fromkeys((element.get("styleCode") or "").lower().split()))):
        if tag := _STYLES.get(style):
            inside = f"<{tag}>{inside}</{tag}>"
    return inside


def _small(tag: str) -> Callable[[Element], str]:
    def shown(element: Element) -> str:
        inside = _content(element)
        return f"<{tag}>{inside}</{tag}>" if inside.strip() and not _has_block(element) else inside

    return shown


def _break(element: Element) -> str:
    return "<br>"


def _image(element: Element) -> str:
    return f"<em>{_content(element) or escape(_IMAGE)}</em>"


def _caption(element: Element) -> str:
    """Of a paragraph, a list or an image; that of a table is the table's."""
    inside = _content(element)
    return f"<strong>{inside}</strong> " if inside.strip() else ""


def _list(element: Element) -> str:
    items = [_content(each) for each in element if local_name(each) == "item"]
    shown = "".join(f"<li>{item}</li>" for item in items if item.strip())
    caption = "".join(f"<p>{_caption(each)}</p>" for each in element if local_name(each) == "caption")
    tag = "ol" if (element.get("listType") or "").strip().lower() == "ordered" else "ul"
    return caption + (f"<{tag}>{shown}</{tag}>" if shown else "")


def _table(element: Element) -> str:
    """Header cells say what they head. A first row of `th` alone is a header, whatever group it stands in."""
    grouped = list(_row_groups(element))
    heads = _heads(grouped)
    groups: list[str] = []
    for group, rows in grouped:
        shown = "".join(_row(row, heads, is_head=_is_head(group, row)) for row in rows)
        if shown:
            groups.append(f"<{group}>{shown}</{group}>")
    if not groups:
        return ""
    caption = next((_content(each) for each in element if local_name(each) == "caption"), "")
    named = f"<caption>{caption}</caption>" if caption.strip() else ""
    css = "table table-cards" if heads else "table"
    return (
        f'<div class="table-scroll" tabindex="0"><table class="{css}">{named}{"".join(groups)}</table></div>'
    )


def _row_groups(table: Element) -> Iterator[tuple[str, list[Element]]]:
    loose = [each for each in table if local_name(each) == "tr"]
    if loose:
        yield "tbody", loose
    for name in _ROW_GROUPS:
        for group in table:
            if local_name(group) == name:
                yield name, [each for each in group if local_name(each) == "tr"]


def _heads(grouped: list[tuple[str, list[Element]]]) -> list[str]:
    """What heads each column, for a telephone, where a row is a card: none unless every row has the same cells."""
    rows = [(row, _is_head(group, row)) for group, each in grouped for row in each]
    cells = [_cells(row) for row, _ in rows]
    if not rows or not rows[0][1] or any(is_head for _, is_head in rows[1:]):
        return []
    if {len(row) for row in cells} != {len(cells[0])} or any(_is_wide(cell) for row in cells for cell in row):
        return []
    return [escape(first_words(each, _LONGEST_HEAD, between=" ")) for each in cells[0]]


def _is_head(group: str, row: Element) -> bool:
    return group == "thead" or _is_all_headers(row)


def _is_wide(cell: Element) -> bool:
    return any(_span(cell.get(name)) > 1 for name in ("colspan", "rowspan"))


def _is_all_headers(row: Element) -> bool:
    cells = [local_name(each) for each in row]
    return len(cells) > 1 and set(cells) == {"th"}


def _cells(row: Element) -> list[Element]:
    return [each for each in row if local_name(each) in ("td", "th")]


def _row(row: Element, heads: list[str], *, is_head: bool) -> str:
    cells = _cells(row)
    labels = [""] * len(cells) if is_head or not heads else heads
    shown = "".join(_cell(each, label, is_head=is_head) for each, label in zip(cells, labels, strict=True))
    return f"<tr>{shown}</tr>" if shown else ""


def _cell(cell: Element, label: str, *, is_head: bool) -> str:
    tag = local_name(cell)
    spans = "".join(
        f' {name}="{wide}"' for name in ("colspan", "rowspan") if (wide := _span(cell.get(name))) > 1
    )
    scope = (' scope="col"' if is_head else ' scope="row"') if tag == "th" else ""
    said = f' data-label="{label}"' if label else ""
    return f"<{tag}{scope}{spans}{said}>{_styled(cell, _content(cell))}</{tag}>"


def _span(text: str | None) -> int:
    said = (text or "").strip()
    return min(int(said), _WIDEST) if said.isascii() and said.isdecimal() and len(said) < 6 else 1


_RENDERED: dict[str, Callable[[Element], str]] = {
    "paragraph": _paragraph,
    "content": _inline,
    "br": _break,
    "list": _list,
    "item": _unwrapped,
    "table": _table,
    "caption": _caption,
    "sub": _small("sub"),
    "sup": _small("sup"),
    "footnote": _small("small"),
    "footnoteRef": _nothing,
    "linkHtml": _unwrapped,
    "renderMultiMedia": _image,
    # Only a table may hold them.
    "thead": _unwrapped,
    "tbody": _unwrapped,
    "tfoot": _unwrapped,
    "tr": _unwrapped,
    "col": _nothing,
    "colgroup": _nothing,
}
