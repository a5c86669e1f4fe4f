from django.db.models import Max, Q, QuerySet, Sum

from terresante.interop.access import RECORDS_TO_INFORM, ROBOT_MANAGE
from terresante.interop.enums import PreparedState
from terresante.interop.models import PreparedRecord, RobotRule, RobotRun
from terresante.kernel import access
from terresante.kernel.actor import Actor


def rules_at_work(actor: Actor) -> QuerySet[RobotRule]:
    """By structure and name, each with its last run, which counts what was prepared: no record is read."""
    rows = access.list(actor, ROBOT_MANAGE, RobotRule).select_related("organization", "sender__organization")
    told = rows.annotate(prepared_in_all=Sum("runs__prepared", default=0), last_at=Max("runs__at"))
    return told.order_by("organization__name", "name", "pk")


def runs_of(rule: RobotRule) -> QuerySet[RobotRun]:
    """The most recent first, of a rule that the actor manages."""
    return RobotRun.objects.filter(rule=rule).order_by("-at", "-pk")


def records_to_inform(actor: Actor) -> QuerySet[PreparedRecord]:
    """Of the actor's structure, the oldest first."""
    # A record merged into one that is shared already waits for nobody.
    waiting = Q(state=PreparedState.TO_INFORM, record__is_shared=False)
    rows = access.list(actor, RECORDS_TO_INFORM, PreparedRecord).filter(waiting)
    return rows.select_related("patient", "rule").order_by("prepared_at", "pk")
