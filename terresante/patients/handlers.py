from collections.abc import Sequence

from terresante.kernel.events import on
from terresante.patients.events import IdentitiesMerged
from terresante.patients.merge_actions import sweep_merges


@on(IdentitiesMerged)
def gather_what_came_meanwhile(events: Sequence[IdentitiesMerged]) -> None:
    """What was being written under the dead identity while it was merged; the job of the same name finds the latest."""
    sweep_merges()
