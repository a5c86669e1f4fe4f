"""French spacing of every page: templates are read with the spaces before : ; ? ! % » and after « unbreakable."""

import re
from collections.abc import Iterator

from terresante.kernel.ui.wording import french

# What is not read by people: template tags, HTML tags with what they hold, and what is shown letter by letter.
_NOT_TEXT = re.compile(
    r"(\{%\s*comment.*?endcomment\s*%\}|\{[%{#].*?[%}#]\}"
    r"|<(?P<verbatim>script|style|code|pre)\b.*?</(?P=verbatim)>|<(?:\{[%{].*?[%}]\}|[^>])*>)",
    re.DOTALL,
)


def spaced(source: str) -> str:
    """Of a template. What its variables hold is spaced by the filter `fr`."""
    return "".join(french(piece) if is_text else piece for piece, is_text in pieces(source))


def pieces(source: str) -> Iterator[tuple[str, bool]]:
    """A template cut in what people read as text (True) and the rest, all of it in its order."""
    end = 0
    for found in _NOT_TEXT.finditer(source):
        yield source[end : found.start()], True
        yield found.group(), False
        end = found.end()
    yield source[end:], True
