from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from html import escape
from uuid import UUID

from django import template
from django.template import Context
from django.template.base import Parser, Token
from django.template.defaulttags import CsrfTokenNode, URLNode
from django.template.defaulttags import url as default_url
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from terresante.kernel.actor import ActorKind
from terresante.kernel.ports import DRAWN_FOR
from terresante.kernel.ui import assets, wording
from terresante.kernel.ui.frame import (
    LEVEL_ICONS,
    LEVEL_WORDS,
    Action,
    Badge,
    Chip,
    Level,
    Place,
    Tab,
    TimelineEntry,
)
from terresante.kernel.ui.links import link

register = template.Library()


def html(markup: str, **parts: str) -> SafeString:
    """As `format_html`, of texts and of what is safe already: most of its time goes in looking for lazy texts.

    For what a page says fifty times; `markup` is a constant of the code.
    """
    told = {name: part if type(part) is SafeString else escape(part) for name, part in parts.items()}
    return _made(markup.format_map(told))


def joined(parts: Iterable[SafeString]) -> SafeString:
    """One after the other, each of them safe already."""
    return _made("".join(parts))


def _made(markup: str) -> SafeString:
    """As `mark_safe`, which looks for a lazy text in each of a page's two hundred parts."""
    return SafeString(markup)


class _Address(URLNode):
    """As Django's, which tries its patterns at each page, but where the address holds nothing but keys."""

    def render(self, context: Context) -> str:
        keys = [one.resolve(context) for one in self.args]
        if self.asvar or self.kwargs or not all(type(key) is UUID for key in keys):
            return super().render(context)
        return link(self.view_name.resolve(context), *keys)


@register.tag
def url(parser: Parser, token: Token) -> _Address:
    asked = default_url(parser, token)
    return _Address(asked.view_name, asked.args, asked.kwargs, asked.asvar)


@register.simple_tag(takes_context=True)
def csrf_token(context: Context) -> SafeString:
    """As Django's; in the pages of a person, with whose they are: another tab may act for somebody else by then."""
    token = SafeString(CsrfTokenNode().render(context))
    actor = context.get("actor")
    if actor is None or actor.kind not in (ActorKind.PATIENT, ActorKind.REPRESENTATIVE):
        return token
    return token + format_html('<input type="hidden" name="{}" value="{}">', DRAWN_FOR, actor.person_id)


@register.simple_tag
def vite_asset(source: str) -> SafeString:
    """The <script> or <link> of an entry of the front-end, named by its source file."""
    url = assets.asset_url(source)
    if source.endswith(".ts"):
        return format_html('<script type="module" src="{}"></script>', url)
    return format_html('<link rel="stylesheet" href="{}">', url)


@register.simple_tag
def asset(source: str) -> str:
    return assets.asset_url(source)


@register.simple_tag
def icon(name: str, label: str = "", size: str = "") -> SafeString:
    """`size`: tiny (10 px), small (16), large (24); 20 by default. Without a label the icon is decoration."""
    return _drawn(assets.asset_url(assets.SPRITE), name, label, size)


@lru_cache(maxsize=1024)
def _drawn(sprite: str, name: str, label: str, size: str) -> SafeString:
    css = f"icon icon-{size}" if size else "icon"
    href = f"{sprite}#{name}"
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}"><use href="{}"/></svg>', css, label, href
        )
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}"/></svg>', css, href)


@register.simple_tag
def level(value: str, word: str = "") -> SafeString:
    """A level: its shape and its word, or another word of the same gravity ("En retard")."""
    known = Level(value)
    return format_html(
        '<span class="level is-{}">{}{}</span>',
        known.value,
        icon(LEVEL_ICONS[known], size="small"),
        word or LEVEL_WORDS[known],
    )


@register.simple_tag
def badge(text: str | Badge, level: str = "neutral", icon: str = "") -> SafeString:
    shown = text if isinstance(text, Badge) else Badge(text=text, level=Level(level), icon=icon)
    return badge_html(shown)


def badge_html(shown: Badge) -> SafeString:
    drawing = icon(shown.drawing, size="small") if shown.drawing else ""
    return format_html('<span class="badge is-{}">{}{}</span>', shown.level.value, drawing, shown.text)


@register.simple_tag
def counter(number: int, what: str = "", plural: str = "") -> SafeString | str:
    """A filled counter, read aloud with what it counts ("non lu", "non lus"); nothing at zero."""
    if not number:
        return ""
    shown = str(number) if number < 100 else "99+"
    said = f" {what if number < 2 else plural or what}" if what else ""
    return format_html('<span class="counter">{}<span class="visually-hidden">{}</span></span>', shown, said)


_TAB = '<a href="{url}"{current}>{label} {count}</a>'
_ENTRY = '<a href="{url}"{current}>{icon} {label} {count}</a>'
_CHIP = '<li><a class="chip{level}" href="{url}"{current}>{icon}{label}{count}</a></li>'
_CURRENT, _CHOSEN = html(' aria-current="page"'), html(' aria-current="true"')


@register.simple_tag
def tab_links(tabs: Iterable[Tab | Place], what: str, plural: str) -> SafeString:
    """`what` and `plural` read a counter aloud, as in `counter`. Drawn at once, as what follows: tag after tag, the
    frame of a record took a tenth of its page (docs/bench.md).
    """
    return joined(
        html(
            _TAB,
            url=tab.url,
            current=_CURRENT if tab.current else "",
            label=tab.label,
            count=_counted(tab, what, plural),
        )
        for tab in tabs
    )


@register.simple_tag
def menu_links(links: Iterable[Tab | Place | Action], what: str = "", plural: str = "") -> SafeString:
    """With their icons, and what they count where its words are given."""
    return joined(
        html(
            _ENTRY,
            url=one.url,
            current=_CURRENT if getattr(one, "current", False) else "",
            icon=icon(one.icon) if one.icon else "",
            label=one.label,
            count="" if isinstance(one, Action) or not what else _counted(one, what, plural),
        )
        for one in links
    )


def _counted(one: Tab | Place, what: str, plural: str) -> SafeString | str:
    if isinstance(one, Place) or one.unread:
        return counter(one.counter, what, plural)
    return html('<span class="counter-total">{number}</span>', number=str(one.counter)) if one.counter else ""


@register.simple_tag
def chip_links(chips: Iterable[Chip]) -> SafeString:
    return joined(
        html(
            _CHIP,
            level=f" is-{chip.level}" if chip.level else "",
            url=chip.url,
            current=_CHOSEN if chip.current else "",
            icon=icon(chip.icon, size="small") if chip.icon else "",
            label=chip.label,
            count="" if chip.count is None else html(" <b>{number}</b>", number=wording.figure(chip.count)),
        )
        for chip in chips
    )


@register.simple_tag
def out_of_range(direction: str) -> SafeString:
    """`direction`: low or high."""
    known = {"low": "bas", "high": "haut"}
    return format_html(
        '<span class="out-of-range">{} {}</span>', icon(direction, size="tiny"), known[direction]
    )


_TIME = '<time datetime="{at}" title="{exact}">{said}</time>'
_SINCE = '<time datetime="{at}" title="depuis {exact}">'
_ELAPSED = "{begun}{said}</time>"


@register.simple_tag
def when(moment: date | datetime | None, prefix: str = "") -> SafeString | str:
    if moment is None:
        return ""
    said = wording.when(moment, now=timezone.now())
    return html(
        _TIME, at=moment.isoformat(), exact=wording.exact(moment), said=f"{prefix} {said}" if prefix else said
    )


@register.simple_tag
def when_exactly(moment: datetime | None) -> SafeString | str:
    """With its time of day however old, where the hour counts: a stay, an access."""
    if moment is None:
        return ""
    said = wording.when_exactly(moment, now=timezone.now())
    return html(_TIME, at=moment.isoformat(), exact=wording.exact(moment), said=said)


@register.simple_tag
def elapsed(since: datetime) -> SafeString:
    return elapsed_from(waiting(since), since, now=timezone.now())


def waiting(since: datetime) -> SafeString:
    """The beginning of `elapsed`, which depends on its moment alone: a list that is drawn again keeps it."""
    return html(_SINCE, at=since.isoformat(), exact=wording.exact(since))


def elapsed_from(begun: SafeString, since: datetime, *, now: datetime) -> SafeString:
    return html(_ELAPSED, begun=begun, said=wording.elapsed(since, now=now))


_FACT = (
    '{month}<li{level}{focus}><span class="timeline-mark">{icon}</span><span>{text}{source}</span>{at}</li>'
)
_FOCUS = html(' tabindex="-1" autofocus')
_DAY = '<time datetime="{at}">{said}</time>'


@register.simple_tag(takes_context=True)
def timeline_entries(context: Context, entries: Iterable[TimelineEntry]) -> SafeString:
    """With what is asked of `ui/timeline.html`: `dated`, `exact`, `take_focus`."""
    dated, exact, focus = (context.get(name) for name in ("dated", "exact", "take_focus"))
    return joined(
        _timeline_entry(
            entry,
            _dated(entry.at) if dated else _timed(entry.at, exactly=bool(exact)),
            takes_focus=bool(focus) and number == 0,
        )
        for number, entry in enumerate(entries)
    )


def _timed(at: date | datetime, *, exactly: bool) -> SafeString | str:
    return when_exactly(at) if exactly and isinstance(at, datetime) else when(at)


def _timeline_entry(entry: TimelineEntry, at: str, *, takes_focus: bool) -> SafeString:
    text, source = entry.text, entry.source
    return html(
        _FACT,
        month=html('<li class="timeline-month">{month}</li>', month=entry.month) if entry.month else "",
        level=html(' class="is-{level}"', level=entry.level.value) if entry.level else "",
        focus=_FOCUS if takes_focus else "",
        icon=icon(entry.icon, size="small"),
        text=html('<a href="{url}">{text}</a>', url=entry.url, text=text) if entry.url else text,
        source=html('<span class="source">{source}</span>', source=source) if source else "",
        at=at,
    )


def _dated(day: date) -> SafeString:
    return html(_DAY, at=day.isoformat(), said=wording.long_date(day))


@register.simple_tag
def age(birth_date: date | None) -> str:
    return wording.age(birth_date, today=timezone.now().astimezone(wording.PARIS).date())


@register.simple_tag
def plural(number: int, singular: str, several: str) -> str:
    return wording.count(number, singular, several)


@register.filter
def initials(name: str) -> str:
    return wording.initials(name)


@register.filter
def fr_date(day: date | datetime | None) -> str:
    return wording.long_date(day) if day else ""


@register.filter
def fr_day(day: date | datetime) -> str:
    return wording.day_title(day, now=timezone.now())


@register.filter
def in_language(text: str) -> str:
    """Of a label of a closed list: a template of several languages says it so (`kernel.ui.translation`)."""
    return gettext(text) if text else ""


@register.filter
def phone(number: str) -> str:
    return wording.phone(number)


@register.filter
def tel(number: str) -> str:
    return wording.dialled(number)


@register.filter
def figure(number: int) -> str:
    return wording.figure(number)


@register.filter
def file_size(size: int) -> str:
    return wording.file_size(size)


@register.filter
def fr(text: str) -> str:
    return wording.french(str(text))  # a label is looked up only now
