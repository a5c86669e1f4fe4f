from dataclasses import dataclass

from terresante.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class StayAlerted(Event):
    """The circle must know now; object_id is the fact of the feed, `kind` its FeedKind."""

    kind: str
