from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme

from terresante.care_team.access import PATIENTS_LIST
from terresante.directory.queries import work_situations
from terresante.kernel import audit
from terresante.kernel.errors import NotFound
from terresante.kernel.ports import SITUATION_KEY
from terresante.kernel.screens import Request, reads, writes
from terresante.overview.access import SITUATION_CHOOSE


@reads(PATIENTS_LIST)
def home(request: Request) -> HttpResponse:
    return render(request, "overview/home.html", {})


@writes(SITUATION_CHOOSE)
def situation(request: Request) -> HttpResponse:
    """For whom one works, among several structures; passes on at once when there is only one."""
    if request.actor.user_id is None:
        raise NotFound
    choices = work_situations(request.actor.user_id)
    after = request.POST.get("next") or request.GET.get("next") or ""
    if not url_has_allowed_host_and_scheme(after, {request.get_host()}):
        after = ""
    chosen = next((c for c in choices if str(c.role_id) == request.POST.get("situation")), None)
    if len(choices) < 2:
        return redirect(after or "overview:home")
    if request.method == "POST" and chosen is not None:
        request.session[SITUATION_KEY] = str(chosen.role_id)
        audit.record(request.actor, SITUATION_CHOOSE, detail={"organization": str(chosen.organization_id)})
        return redirect(after or "overview:home")
    return render(request, "overview/situation.html", {"choices": choices, "next": after})
