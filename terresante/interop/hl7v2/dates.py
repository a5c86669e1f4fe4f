"""HL7 v2 dates (TS): any precision, fractions of a second, offsets; Paris time when no offset is given."""

import datetime
import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")

_TS = re.compile(
    r"(\d{4})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:\.(\d{1,9}))?)?)?)?)?)?([+-]\d{2}:?\d{2})?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class BirthDate:
    """`text` is YYYY, YYYY-MM or YYYY-MM-DD as known; `value` is None unless the day is known.

    `lunar` is the arbitrary date of ZFD-1, DD/MM/YYYY, whose day and month may exceed any calendar.
    """

    text: str
    value: datetime.date | None
    had_time: bool = False
    is_corrected: bool = False
    lunar: str = ""


def read_moment(text: str) -> datetime.datetime | None:
    """Aware; a date alone is midnight; None when unreadable, or when no calendar conversion could hold it."""
    match = _TS.fullmatch(text)
    if match is None or not 1800 <= int(match[1]) <= 9998:
        return None
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    try:
        return datetime.datetime(
            int(year),
            int(month or 1),
            int(day or 1),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            int((fraction or "0").ljust(6, "0")[:6]),
            tzinfo=_zone(offset),
        )
    except ValueError:
        return None


def read_birth_date(text: str) -> BirthDate | None:
    """The calendar date as written: an offset never moves a birth to the day before. None when unreadable.

    A day or month of 00, or one no calendar has, leaves the year (or the month) known.
    """
    match = _TS.fullmatch(text)
    if match is None or int(match[1]) < 1800:
        return None
    year, month, day = match[1], match[2], match[3]
    if not month or not 1 <= int(month) <= 12:
        return BirthDate(year, None)
    if not day or day == "00":
        return BirthDate(f"{year}-{month}", None)
    try:
        value = datetime.date(int(year), int(month), int(day))
    except ValueError:
        return BirthDate(f"{year}-{month}", None)
    return BirthDate(value.isoformat(), value, had_time=match[4] is not None)


def written(moment: datetime.datetime) -> str:
    return moment.astimezone(PARIS).strftime("%Y%m%d%H%M%S%z")


def _zone(offset: str | None) -> datetime.tzinfo:
    if not offset:
        return PARIS
    digits = offset.replace(":", "")
    delta = datetime.timedelta(hours=int(digits[1:3]), minutes=int(digits[3:5]))
    return datetime.timezone(-delta if digits[0] == "-" else delta)
