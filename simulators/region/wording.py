"""French typography, and days said as people say them: `{jour 3}` is the name of the day three days ago."""

import datetime
import re

_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_MONTHS = tuple(
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
)
_PLACEHOLDER = re.compile(r"\{(jour|date|mois) (-?\d+)\}")
_BEFORE_HIGH_SIGN = re.compile(r" (?=[:;?!%»€])")
_AFTER_NUMBER = re.compile(r"(?<=\d) (?=(?:mg|g|kg|mL|cm|mm|µg|UI|L|h|ans|jours|semaines|SA|mmHg)\b)")


def said(text: str, today: datetime.date) -> str:
    return typeset(_PLACEHOLDER.sub(lambda found: _day(found[1], int(found[2]), today), text.strip()))


def typeset(text: str) -> str:
    spaced = _BEFORE_HIGH_SIGN.sub("\u00a0", text.replace("'", "’").replace("« ", "«\u00a0"))
    return _AFTER_NUMBER.sub("\u00a0", spaced)


def _day(form: str, days_ago: int, today: datetime.date) -> str:
    day = today - datetime.timedelta(days=days_ago)
    if form == "jour":
        return _DAYS[day.weekday()]
    month = _MONTHS[day.month - 1]
    if form == "mois":
        return month
    number = "1er" if day.day == 1 else str(day.day)
    return f"{number} {month}" if day.year == today.year else f"{number} {month} {day.year}"
