"""For the supervisor and the proxy: alive = the process answers, ready = the database does and is migrated."""

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse

from terresante.kernel.ports import bound
from terresante.kernel.screens import public


@public(reason="a supervisor has no account")
def alive(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@public(reason="a supervisor has no account")
def ready(request: HttpRequest) -> HttpResponse:
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return HttpResponse("the database does not answer\n", status=503, content_type="text/plain")
    if waiting:
        return HttpResponse(
            "migrations are waiting: terresante migrate\n", status=503, content_type="text/plain"
        )
    return HttpResponse(f"ready\nantivirus: {_antivirus()}\n", content_type="text/plain")


def _antivirus() -> str:
    """Said, and no reason to stop serving: without it no file is taken (docs/operations.md, Received files)."""
    if bound.antivirus is None:
        return "none (TERRESANTE_CLAMD)"
    return "answers" if bound.antivirus.answers() else "does not answer, no file is taken"
