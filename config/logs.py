"""How a line of the log reads: one line whatever was typed, no address, and no word of what an exception was about.

An error of the database quotes the row that it refused, an error of conversion the text: either may be somebody's.
"""

import logging
import traceback
from types import TracebackType

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160), 0x2028, 0x2029)}


class OneLine(logging.Formatter):
    """The message on one line, its control characters escaped; then where an exception came through, and its type."""

    def format(self, record: logging.LogRecord) -> str:
        record.message = _without_address(record).translate(_CONTROL)
        record.asctime = self.formatTime(record)
        said = self.formatMessage(record)
        return f"{said}\n{self.formatException(record.exc_info)}" if record.exc_info else said

    def formatException(self, ei: ExcInfo) -> str:
        error, told, seen = ei[1], [], set[int]()
        while error is not None and id(error) not in seen:
            seen.add(id(error))
            kind = f"{type(error).__module__}.{type(error).__qualname__}"
            told.append("".join(traceback.format_tb(error.__traceback__)) + kind + _state(error))
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\nraised from\n".join(told)


def _without_address(record: logging.LogRecord) -> str:
    """Of a request that broke, the pattern of its address: what stands in it names a record, or opens one (a link)."""
    said, request = record.getMessage(), getattr(record, "request", None)
    path = getattr(request, "path", "")
    if len(path) < 2:
        return said
    match = getattr(request, "resolver_match", None)
    return said.replace(path, f"/{match.route}" if match is not None else "(adresse)")


def _state(error: BaseException) -> str:
    """PostgreSQL's own code of its errors: what went wrong, without the row."""
    state = getattr(error, "sqlstate", None)
    return f" (SQLSTATE {state})" if isinstance(state, str) else ""
