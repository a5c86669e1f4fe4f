"""Dates, ages and names as people say them in French. Pure: the present moment is an argument."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
NBSP = "\u00a0"  # Atkinson Hyperlegible has no U+202F

WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
SHORT_MONTHS = (
    "janv.", "févr.", "mars", "avr.", "mai", "juin",
    "juil.", "août", "sept.", "oct.", "nov.", "déc.",
)  # fmt: skip

WEEKDAY_IS_CLEAR = 5  # beyond that many days ago, "vendredi" is heard as the coming one
DAYS_OF_A_NEWBORN = 31
MONTHS_OF_AN_INFANT = 24

_NATIONAL_NUMBER = re.compile(r"0[1-9]\d{8}")
_BEFORE_SIGN = re.compile(r"[ \u202f](?=[:;?!%»€·])")
_AFTER_QUOTE = re.compile(r"(?<=«)[ \u202f]")


def clock(moment: datetime) -> str:
    local = moment.astimezone(PARIS)
    minutes = f"{NBSP}{local.minute:02d}" if local.minute else ""
    return f"{local.hour}{NBSP}h{minutes}"


def when(moment: date | datetime, *, now: datetime) -> str:
    """The shortest wording nobody mistakes; a plain date gets no time of day."""
    day = _day(moment)
    today = now.astimezone(PARIS).date()
    days = (day - today).days
    time = f" {clock(moment)}" if isinstance(moment, datetime) else ""
    if days == 0:
        return time.strip(" ") or "aujourd’hui"
    if days == -1:
        return f"hier{time}"
    if days == 1:
        return f"demain{time}"
    if -WEEKDAY_IS_CLEAR <= days < 0:
        return f"{WEEKDAYS[day.weekday()]}{time}"
    return _far_day(day, today=today, time=time if days > 0 else "")


def when_exactly(moment: datetime, *, now: datetime) -> str:
    """As `when`, never without its time of day."""
    said = when(moment, now=now)
    time = clock(moment)
    return said if said.endswith(time) else f"{said} à {time}"


def _far_day(day: date, *, today: date, time: str) -> str:
    number = f"{_ordinal(day)}{NBSP}{SHORT_MONTHS[day.month - 1]}"
    if day.year != today.year:
        number = f"{number} {day.year}"
    if day < today:
        return number
    return f"{WEEKDAYS[day.weekday()]} {number}" + (f" à{time}" if time else "")


def day_title(day: date | datetime, *, now: datetime) -> str:
    """Above the lines of one day."""
    ago = (now.astimezone(PARIS).date() - _day(day)).days
    near = {0: "Aujourd’hui", 1: "Hier"}.get(ago)
    return f"{near}, {long_date(day)}" if near else exact(_day(day)).capitalize()


def exact(moment: date | datetime) -> str:
    day = _day(moment)
    text = f"{WEEKDAYS[day.weekday()]} {long_date(day)}"
    return f"{text} à {clock(moment)}" if isinstance(moment, datetime) else text


def long_date(day: date | datetime) -> str:
    local = _day(day)
    return f"{_ordinal(local)}{NBSP}{MONTHS[local.month - 1]} {local.year}"


def plain(text: str) -> str:
    """Small letters without diacritics, blanks made one: to compare."""
    spread = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "OE"))
    letters = "".join(each for each in spread if not unicodedata.combining(each)).casefold()
    return " ".join(letters.split())


def short_period(start: date | None, until: date | None) -> str:
    """« du 3 mars 2026 au 2 mai 2026 », one end or none."""
    if start and until:
        return f"du {long_date(start)} au {long_date(until)}"
    return f"depuis le {long_date(start)}" if start else f"jusqu’au {long_date(until)}" if until else ""


def month_title(day: date | datetime) -> str:
    local = _day(day)
    return f"{MONTHS[local.month - 1]} {local.year}".capitalize()


def month_titles(days: Iterable[date | datetime], *, after: date | datetime | None = None) -> list[str]:
    """Over a list, the title of each month where it begins, "" elsewhere; `after`: what stands before the list."""
    titles = [month_title(day) for day in days]
    before = [month_title(after) if after else "", *titles]
    return ["" if one == last else one for one, last in zip(titles, before, strict=False)]


def lasting(minutes: int) -> str:
    """A delay, to the minute: « 15 min », « 1 h 30 », « 4 h », « 3 jours »."""
    hours, rest = divmod(minutes, 60)
    if hours == 0:
        return f"{minutes}{NBSP}min"
    if rest:
        return f"{hours}{NBSP}h{NBSP}{rest:02d}"
    days, of_day = divmod(hours, 24)
    return f"{days}{NBSP}jours" if days > 1 and of_day == 0 else f"{hours}{NBSP}h"


def elapsed(since: datetime, *, now: datetime) -> str:
    """A waiting time: minutes under 1 h, hours and minutes under 5 h, hours under 2 days, then days."""
    minutes = max(0, int((now - since).total_seconds() // 60))
    hours = minutes // 60
    if hours < 5:
        return lasting(minutes)
    if hours < 48:
        return f"{hours}{NBSP}h"
    return f"{hours // 24}{NBSP}jours"


def age(birth_date: date | None, *, today: date) -> str:
    if birth_date is None or birth_date > today:
        return "âge inconnu"
    days = (today - birth_date).days
    if days < DAYS_OF_A_NEWBORN:
        return f"{days}{NBSP}jour{'s' if days > 1 else ''}"
    months = (today.year - birth_date.year) * 12 + today.month - birth_date.month
    months -= today.day < birth_date.day
    if months < MONTHS_OF_AN_INFANT:
        return f"{max(months, 1)}{NBSP}mois"
    return f"{months // 12}{NBSP}ans"


def initials(name: str) -> str:
    """Two letters at most, of the first and last words; titles and particles do not count."""
    titles = {"dr", "pr", "mme", "m.", "m", "mlle", "me"}
    particles = {"de", "du", "des", "d’", "la", "le", "les", "van", "von", "et"}
    words = [word for word in name.replace("-", " ").split() if word.lower() not in titles]
    strong = [word for word in words if word.lower() not in particles] or words
    if len(strong) == 1:
        return strong[0][:2].upper()
    return "".join(word[0] for word in (strong[:1] + strong[-1:])).upper()


def count(number: int, singular: str, plural: str) -> str:
    """French: zero and one are singular."""
    return f"{figure(number)}{NBSP}{singular if abs(number) < 2 else plural}"


def figure(number: int) -> str:
    """« 1 020 »."""
    return f"{number:,}".replace(",", NBSP)


def file_size(size: int) -> str:
    """As people read it: « 12 ko », « 3,4 Mo » (powers of ten)."""
    if size < 1_000_000:
        return f"{max(1, round(size / 1000))}\u00a0ko"
    return f"{size / 1_000_000:.1f}".replace(".", ",").removesuffix(",0") + "\u00a0Mo"


def phone(number: str) -> str:
    """As people write it in France, in one piece: « 06 39 98 12 34 »; any other number as it was given."""
    digits = re.sub(r"[\s.\-()]", "", number)
    national = f"0{digits[3:]}" if digits.startswith("+33") else digits
    if not _NATIONAL_NUMBER.fullmatch(national):
        return number
    return NBSP.join(national[at : at + 2] for at in range(0, len(national), 2))


def dialled(number: str) -> str:
    """The address that calls it, '' without a digit."""
    digits = "".join(sign for sign in number if sign.isdigit() or sign == "+")
    return f"tel:{digits}" if digits else ""


def one_line(text: str) -> str:
    """Without what cannot be printed either."""
    return "".join(sign for sign in " ".join(text.split()) if sign.isprintable())


def shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def lowered(words: str) -> str:
    """As it stands inside a sentence; an acronym stays as it is."""
    return words if words[:2].isupper() else f"{words[:1].lower()}{words[1:]}"


def french(text: str) -> str:
    """Makes the spaces before : ; ? ! % » € · and after « unbreakable; adds none. No line begins by a point."""
    return _AFTER_QUOTE.sub(NBSP, _BEFORE_SIGN.sub(NBSP, text))


def _day(moment: date | datetime) -> date:
    return moment.astimezone(PARIS).date() if isinstance(moment, datetime) else moment


def _ordinal(day: date) -> str:
    return "1er" if day.day == 1 else str(day.day)
