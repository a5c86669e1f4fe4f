from dataclasses import dataclass

from terresante.kernel.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderSilent(Event):
    """A sender has said nothing for longer than was set: the administrators are told that something is.

    `object_id` names the silence, not the sender: each is told once.
    """
