"""Pages of identities that stay open while one of them is merged, or separated: the desk's, and those of a circle."""

from collections.abc import Sequence
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from terresante.kernel import access
from terresante.kernel.actor import Actor
from terresante.kernel.errors import NotFound
from terresante.kernel.ids import key_of
from terresante.kernel.screens import Request, error_page, reads
from terresante.kernel.ui.frame import Action, Level, LiveStrip, Strip
from terresante.kernel.ui.links import link
from terresante.patients.access import IDENTITY_READ, IDENTITY_UNMERGE
from terresante.patients.desk_queries import told_apart
from terresante.patients.models import IdentityMerge, Patient

_MOST = 2
_KINDS = "IdentitiesMerged IdentitiesUnmerged IdentityMoved DuplicatesChanged RecordClosed"
_TOLD = (
    "Cette page n’est plus à jour : une identité vient d’être fusionnée avec une autre, séparée d’elle, ou reconnue "
    "différente. "
    "Rouvrez l’identité avant d’agir."
)


def live_strips(actor: Actor, *patients: Patient) -> tuple[LiveStrip, ...]:
    asked = [*(("de", one.pk) for one in patients), ("vu", _standing(actor, patients))]
    url = f"{link('patients:moved')}?{urlencode(asked)}"
    return (LiveStrip(url=url, kinds=_KINDS, patient=" ".join(str(one.pk) for one in patients)),)


@require_safe
@reads(IDENTITY_READ)
def show_moved(request: Request) -> HttpResponse:
    """Whether the identities of a page (`de`) are still what it shows (`vu`); says nothing of them.

    404 once they are out of reach: whoever has the page open asked for nothing, and no refusal is written of him.
    """
    keys = {key: None for text in request.GET.getlist("de")[:_MOST] if (key := key_of(text))}
    known = access.list(request.actor, IDENTITY_READ, Patient).in_bulk(list(keys))
    if not keys or len(known) < len(keys):
        return error_page(request, NotFound())
    is_still = _standing(request.actor, [known[key] for key in keys]) == request.GET.get("vu", "")
    return render(request, "patients/_moved.html", {"strip": None if is_still else _strip(next(iter(keys)))})


def _standing(actor: Actor, patients: Sequence[Patient]) -> str:
    """Merged into which, how many merges may be undone, how many of them were told apart."""
    merges = access.list(actor, IDENTITY_UNMERGE, IdentityMerge).filter(patient__in=patients)
    first, *others = patients
    apart = told_apart(first.pk, [one.pk for one in others]) if others else ()
    return "+".join(
        [*(str(one.merged_into_id or "") for one in patients), str(merges.count()), str(len(apart))]
    )


def _strip(patient_id: UUID) -> Strip:
    opens = Action(label="Rouvrir l’identité", url=link("patients:identity", patient_id))
    return Strip(text=_TOLD, level=Level.ORANGE, word="Identité changée", link=opens)
