"""Settings of a deployment that an administrator changes in a screen, with a trace (`switch_changes.change`).

    declare("reminders", label="…", help="…", choices=(("yes", "Oui"), ("no", "Non")), default="yes")
    value("reminders")

A process keeps the values in memory. Each transaction of `rls.acting` brings, in the statement that sets its context,
the number of the last change; another number than the one kept, and the values are read again. So a page asks nothing
more, and what was committed before its transaction began holds in it. Outside such a transaction the number is asked
at most once every `FRESH` seconds.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from terresante.kernel import rls, sql

FRESH = 1.0  # seconds
_LAST = "SELECT DISTINCT ON (code) code, value, number FROM kernel_switchchange ORDER BY code, number DESC"


@dataclass(frozen=True, slots=True)
class Switch:
    """A setting as the administrator sees it. `choices` are all the values it may take, with their French words;
    without them `check` returns the value to keep, or raises Invalid. `group` puts together those of one page.
    """

    code: str
    label: str
    help: str
    default: str
    choices: tuple[tuple[str, str], ...] = ()
    check: Callable[[str], str] | None = None
    group: str = ""

    def allows(self, value: str) -> bool:
        return not self.choices or value in dict(self.choices)

    def words(self, value: str) -> str:
        return dict(self.choices).get(value, value)


@dataclass(frozen=True, slots=True)
class _Kept:
    """Values changed at least once, as of the change `number`; `generation` moves when a value does."""

    number: int = 0
    generation: int = 0
    values: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    looked_at: float = float("-inf")


_declared: dict[str, Switch] = {}
_kept = _Kept()


def declare(
    code: str,
    *,
    label: str,
    help: str,
    default: str,
    choices: tuple[tuple[str, str], ...] = (),
    check: Callable[[str], str] | None = None,
    group: str = "",
) -> Switch:
    if code in _declared:
        raise RuntimeError(f"the switch {code} is declared twice")
    switch = _declared[code] = Switch(code, label, help, default, choices, check, group)
    if not switch.allows(default):
        raise RuntimeError(f"the default of the switch {code} is none of its choices")
    return switch


def declared() -> list[Switch]:
    return list(_declared.values())


def switch(code: str) -> Switch:
    """Raises LookupError for a code that nothing declares."""
    return _declared[code]


def value(code: str) -> str:
    """The value in force; the default when none was given, or when the one given exists no more."""
    asked = _declared[code]
    given = _current().values.get(code)
    return asked.default if given is None or not asked.allows(given) else given


def version() -> int:
    """Of this process, another after every change: what depends on the values of switches may be kept under it."""
    return _current().generation if rls.switches_seen() is not None else _kept.generation


def looked_version() -> int:
    """As `version`, and as fresh as `value` outside a transaction, where it may read the values again."""
    return _current().generation


def _current() -> _Kept:
    kept, seen = _kept, rls.switches_seen()
    if seen is not None:
        return kept if seen == kept.number else _looked()
    return kept if time.monotonic() - kept.looked_at < FRESH else _looked()


def _looked() -> _Kept:
    global _kept
    rows = sql.rows(_LAST)
    number, values = max((row[2] for row in rows), default=0), {row[0]: row[1] for row in rows}
    generation = _kept.generation + (values != _kept.values)
    _kept = _Kept(number, generation, MappingProxyType(values), time.monotonic())
    rls.note_switches(number)
    return _kept
