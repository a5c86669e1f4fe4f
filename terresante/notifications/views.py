from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from terresante.accounts.sessions import DEVICE_KEY
from terresante.kernel.actor import ActorKind
from terresante.kernel.ports import push_provider
from terresante.kernel.screens import Request, writes
from terresante.notifications import actions, queries
from terresante.notifications.access import PREFERENCES_EDIT, PUSH_SUBSCRIBE
from terresante.notifications.forms import PreferencesForm, SubscriptionForm


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
    return _page(request, form=form)


@writes(PUSH_SUBSCRIBE)
@require_POST
def subscribe(request: Request) -> HttpResponse:
    form = SubscriptionForm(request.POST)
    if not form.is_valid():
        return _page(request, push_refused=str(form.errors["subscription"][0]))
    actions.subscribe_device(
        request.actor, device_id=_device(request), wanted=form.cleaned_data["subscription"]
    )
    messages.success(request, "Cet appareil recevra vos alertes.")
    return redirect("notifications:preferences")


@writes(PUSH_SUBSCRIBE)
@require_POST
def end_subscription(request: Request, subscription_id: UUID) -> HttpResponse:
    actions.end_subscription(request.actor, subscription_id)
    messages.success(request, "Cet appareil ne reçoit plus d’alerte.")
    return redirect("notifications:preferences")


def _page(request: Request, *, form: PreferencesForm | None = None, push_refused: str = "") -> HttpResponse:
    push, device = push_provider(), queries.known_device(request.actor, _device(request))
    subscriptions = queries.subscriptions_of(request.actor)
    context = {
        "layout": "desk.html" if request.actor.kind == ActorKind.PROFESSIONAL else "portal.html",
        "form": form or PreferencesForm(),
        "push_key": push.public_key if push else "",
        "push_refused": push_refused,
        "device": device if device and not device.is_shared else None,
        "subscriptions": subscriptions,
        "is_subscribed": device is not None and device.pk in {each.device_id for each in subscriptions},
    }
    return render(request, "notifications/preferences.html", context, status=422 if push_refused else 200)


def _device(request: Request) -> UUID | None:
    told = request.session.get(DEVICE_KEY)
    return UUID(told) if told else None
