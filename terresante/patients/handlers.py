from collections.abc import Sequence

from terresante.kernel.events import on
from terresante.patients.events import IdentitiesMerged
from terresante.patients.merge_actions import sweep_merges


@on(IdentitiesMerged)
def gather_what_came_meanwhile(events: Sequence[IdentitiesMerged]) -> None:
    """Rows that were being written under an identity while it was merged; the job of the same name finds later ones."""
    sweep_merges()
