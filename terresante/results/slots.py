from collections.abc import Collection
from uuid import UUID

from django.db.models import QuerySet

from terresante.feed.enums import FeedKind
from terresante.kernel import access, compiled
from terresante.kernel.actor import Actor
from terresante.kernel.condition import among
from terresante.kernel.slots import FactKey, FactLine, fact_shown, tab_counts
from terresante.kernel.ui.links import link
from terresante.kernel.ui.wording import NBSP, count
from terresante.results.access import RESULT_READ
from terresante.results.models import DiagnosticReport


@fact_shown(FeedKind.RESULT)
def results_told(actor: Actor, keys: Collection[FactKey]) -> dict[FactKey, FactLine]:
    rows = {row.told_as: row for row in _reports(actor, [pk for _, pk in keys])}
    return {(kind, pk): _line(rows[pk]) for kind, pk in keys if pk in rows}


tab_counts("results", FeedKind.RESULT)


@compiled.rows
def _reports(actor: Actor, keys: list[UUID]) -> QuerySet[DiagnosticReport]:
    named = among("document_id", keys) | among("pk", keys)
    return access.list(actor, RESULT_READ, DiagnosticReport).filter(named)


def _line(report: DiagnosticReport) -> FactLine:
    said = (
        f"{NBSP}: {report.headline}"
        if report.headline
        else f", {count(report.total, 'résultat', 'résultats')}"
    )
    return FactLine(
        strong=f"{report.chapters}, {report.laboratory}",
        text=said,
        source=f"transmis par {report.organization_name}",
        url=link("results:one", report.record_id, report.pk),
        icon="flask-conical",
    )
