"""French spacing of every page: templates are read with the spaces before : ; ? ! % » and after « unbreakable."""

import re

from django.template import Origin
from django.template.loaders.app_directories import Loader as AppDirectories

from terresante.kernel.ui.wording import french

# What is not read by people: template tags, HTML tags with what they hold, and what is shown letter by letter.
_NOT_TEXT = re.compile(
    r"(\{%\s*comment.*?endcomment\s*%\}|\{[%{#].*?[%}#]\}"
    r"|<(?P<verbatim>script|style|code|pre)\b.*?</(?P=verbatim)>|<(?:\{[%{].*?[%}]\}|[^>])*>)",
    re.DOTALL,
)


class Loader(AppDirectories):
    def get_contents(self, origin: Origin) -> str:
        source = super().get_contents(origin)
        return spaced(source) if str(origin.template_name).endswith(".html") else source


def spaced(source: str) -> str:
    """Of a template. What its variables hold is spaced by the filter `fr`."""
    pieces: list[str] = []
    end = 0
    for found in _NOT_TEXT.finditer(source):
        pieces += (french(source[end : found.start()]), found.group())
        end = found.end()
    return "".join((*pieces, french(source[end:])))
