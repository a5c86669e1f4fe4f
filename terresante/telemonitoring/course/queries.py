"""What happened to a follow-up since it began, as its page tells professionals."""

from collections.abc import Sequence
from dataclasses import dataclass

from terresante.kernel import access
from terresante.kernel.actor import Actor
from terresante.kernel.ui import wording
from terresante.questionnaires import queries as questionnaires
from terresante.telemonitoring.access import FOLLOW_UP_READ
from terresante.telemonitoring.course.models import ThresholdChange
from terresante.telemonitoring.models import FollowUp
from terresante.telemonitoring.queries import Threshold, wrong_on


@dataclass(frozen=True, slots=True)
class OwnTold:
    """One threshold as the page shows it; `value` "" when that of the pathway holds again. `earlier`: latest first."""

    label: str
    value: str
    wrong: str
    told: str
    earlier: tuple[str, ...]


def told_of(actor: Actor, follow_up: FollowUp, thresholds: Sequence[Threshold]) -> list[OwnTold]:
    """Those that are set, and those that were: who set each, when, and what held before. To professionals alone."""
    changes = changes_of(actor, follow_up) if thresholds else {}
    wrong = wrong_on(follow_up, questionnaires.pathway_of(follow_up.version_id)) if follow_up.personal else {}
    found = []
    for one in thresholds:
        said = [_said(row, one, follow_up) for row in changes.get(one.name, ())]
        value = one.set_on(follow_up)
        if value or said:
            latest, earlier = said[:1], said[1:]
            found.append(
                OwnTold(one.said.label, value, wrong.get(one.name, ""), "".join(latest), tuple(earlier))
            )
    return found


def last_changes(actor: Actor, follow_up: FollowUp, thresholds: Sequence[Threshold]) -> dict[str, str]:
    """Who set each last, by its field in a form."""
    changes = changes_of(actor, follow_up) if thresholds else {}
    return {
        one.field: _said(changes[one.name][0], one, follow_up) for one in thresholds if one.name in changes
    }


def changes_of(actor: Actor, follow_up: FollowUp) -> dict[str, list[ThresholdChange]]:
    """By their name, the latest first."""
    found: dict[str, list[ThresholdChange]] = {}
    rows = access.list(actor, FOLLOW_UP_READ, ThresholdChange, patient_id=follow_up.patient_id)
    for row in rows.filter(follow_up_id=follow_up.pk).order_by("-set_at", "-pk"):
        found.setdefault(row.name, []).append(row)
    return found


def _said(row: ThresholdChange, threshold: Threshold, follow_up: FollowUp) -> str:
    """« Fixé par Sofia Amar le 3 mars 2026 à 10 h 12, auparavant 88 % »."""
    what = "Retiré" if row.after is None else "Fixé"
    when = f"le {wording.long_date(row.set_at)} à {wording.clock(row.set_at)}"
    if row.before is not None:
        before = f"auparavant {threshold.written(row.before)}"
    elif row.set_at == follow_up.enrolled_at:
        before = "à l’inclusion"
    else:
        before = "auparavant celui du parcours"
    return f"{what} par {row.set_by_name} {when}, {before}"
