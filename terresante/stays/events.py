from dataclasses import dataclass

from terresante.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class StayAlerted(Event):
    """The circle must know now; object_id is the fact of the feed, `kind` its FeedKind."""

    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StayChanged(Event):
    """What the screens show of a stay is no longer so, and nobody is called: they ask again. It names no object, so
    that a stay that became secret is told as one that was taken back.
    """
