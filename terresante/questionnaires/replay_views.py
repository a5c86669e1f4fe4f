"""Administration: a draft replayed on past answers, before it is published."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from terresante.kernel import audit
from terresante.kernel.screens import Request, reads
from terresante.questionnaires.access import PATHWAY_REPLAY, require_pathway_manager
from terresante.questionnaires.replay_queries import replayed


@require_safe
@reads(PATHWAY_REPLAY)
def replay(request: Request, version_id: UUID) -> HttpResponse:
    require_pathway_manager(request.actor)
    found = replayed(request.actor, version_id)
    audit.note_read(PATHWAY_REPLAY, about=found.version)
    return render(request, "questionnaires/replay.html", {"found": found, "version": found.version})
