from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from terresante.kernel.screens import Request, writes
from terresante.notifications import actions, queries
from terresante.notifications.access import PREFERENCES_EDIT
from terresante.notifications.forms import PreferencesForm


@writes(PREFERENCES_EDIT)
def preferences(request: Request) -> HttpResponse:
    mine = queries.preferences_of(request.actor)
    # Two unchecked boxes post nothing but the token.
    posted = request.POST if request.method == "POST" else None
    form = PreferencesForm(posted, initial={"own_circle": mine.own_circle, "my_structure": mine.my_structure})
    if form.is_bound and form.is_valid():
        actions.save_preferences(request.actor, **form.cleaned_data)
        messages.success(request, "Vos réglages sont enregistrés.")
        return redirect("notifications:preferences")
    return render(request, "notifications/preferences.html", {"form": form})
