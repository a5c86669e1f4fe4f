"""The shipped pathways, read once, and one item of them coloured."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

from terresante.questionnaires.pathway import Past, assess, folder, read

SHIPPED = Path(__file__).parents[1] / "shipped"
CODES = sorted(path.name for path in SHIPPED.iterdir() if path.is_dir())
NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)


@cache
def shipped(code):
    return read(folder(SHIPPED / code))


def colour(code, form, *, history=(), baseline=None, personal=None, **answers):
    """Of these answers alone: the rest of the form is left out, as a rule looks at one item."""
    return assess(
        shipped(code),
        form,
        typed(answers),
        at=NOW,
        history=[Past(NOW - timedelta(days=days), form, typed(past)) for days, past in history],
        baseline=typed(baseline or {}),
        personal=typed(personal or {}),
    ).colour.value


def typed(answers):
    return {
        name.replace("_", "-"): Decimal(str(value)) if type(value) in (int, float) else value
        for name, value in answers.items()
    }
