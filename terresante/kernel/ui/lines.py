"""What the lines of several lists have in common, drawn at once."""

from collections.abc import Iterable

from django.utils.safestring import SafeString

from terresante.kernel.ui.templatetags.ui import html, icon, joined

_MONTH = '<h3 class="group-title">{month}</h3>'
_UNREAD = '<span class="tag tag-unread"><span class="unread-dot"></span> {words}</span>'


def month_title(month: str) -> SafeString:
    return html(_MONTH, month=month) if month else SafeString("")


def unread_tag(words: str) -> SafeString:
    """`words`: « Non lu » or « Non lue »."""
    return html(_UNREAD, words=words)


def tag_list(told: Iterable[tuple[str, str]]) -> SafeString:
    """Each an icon, or "" for none, and its words."""
    return html('<ul class="tags">{tags}</ul>', tags=joined(_tag(drawing, words) for drawing, words in told))


def _tag(drawing: str, words: str) -> SafeString:
    if not drawing:
        return html('<li class="tag">{words}</li>', words=words)
    return html('<li class="tag">{icon} {words}</li>', icon=icon(drawing), words=words)
