from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from terresante.kernel.screens import Request, writes
from terresante.notifications import actions, queries
from terresante.notifications.access import PREFERENCES_EDIT
from terresante.notifications.forms import PreferencesForm


@writes(PREFERENCES_EDIT)
def preferences(request: Request) -> HttpResponse:
    form = PreferencesForm(
        request.POST if request.method == "POST" else None, instance=queries.preferences_of(request.actor)
    )
    if form.is_bound and form.is_valid():
        actions.save_preferences(request.actor, **form.cleaned_data)
        messages.success(request, "Vos réglages sont enregistrés.")
        return redirect("notifications:preferences")
    return render(request, "notifications/preferences.html", {"form": form})
