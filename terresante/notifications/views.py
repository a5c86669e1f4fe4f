from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, JsonResponse, QueryDict
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from terresante.accounts.sessions import DEVICE_KEY
from terresante.kernel.actor import ActorKind
from terresante.kernel.errors import Invalid, NotFound
from terresante.kernel.ports import push_provider, sms_is_bound
from terresante.kernel.screens import Request, reads, writes
from terresante.kernel.ui.forms import show_error
from terresante.notifications import actions, queries
from terresante.notifications.access import PREFERENCES_EDIT, PUSH_SUBSCRIBE, offers_to
from terresante.notifications.enums import Channel
from terresante.notifications.forms import PreferencesForm, SubscriptionForm


@writes(PREFERENCES_EDIT)
def preferences(request: Request) -> HttpResponse:
    # No box checked posts nothing but the token.
    form = _form(request, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            actions.save_preferences(request.actor, form.wanted())
        except Invalid as error:
            show_error(form, error)
        else:
            messages.success(request, "Vos réglages sont enregistrés.")
            return redirect("notifications:preferences")
    return _page(request, form=form)


@writes(PUSH_SUBSCRIBE)
@require_POST
def subscribe(request: Request) -> HttpResponse:
    form = SubscriptionForm(request.POST)
    if not form.is_valid():
        return _page(request, form=_form(request), push_refused=str(form.errors["subscription"][0]))
    actions.subscribe_device(
        request.actor, device_id=_device(request), wanted=form.cleaned_data["subscription"]
    )
    messages.success(request, "Cet appareil recevra vos alertes.")
    return redirect("notifications:preferences")


@reads(PUSH_SUBSCRIBE)
def renewal(request: Request) -> HttpResponse:
    """Asked by the service worker when the browser has changed its subscription: under which key to make the next one,
    and what its sending must carry. Only a device that is told already is renewed. Raises NotFound.
    """
    push, device = push_provider(), queries.known_device(request.actor, _device(request))
    subscribed = {each.device_id for each in queries.subscriptions_of(request.actor)}
    if push is None or device is None or device.pk not in subscribed:
        raise NotFound
    return JsonResponse({"key": push.public_key, "token": get_token(request)})


@writes(PUSH_SUBSCRIBE)
@require_POST
def end_subscription(request: Request, subscription_id: UUID) -> HttpResponse:
    actions.end_subscription(request.actor, subscription_id)
    messages.success(request, "Cet appareil ne reçoit plus d’alerte.")
    return redirect("notifications:preferences")


def _form(request: Request, posted: QueryDict | None = None) -> PreferencesForm:
    actor = request.actor
    mine = queries.preferences_of(actor)
    return PreferencesForm(
        posted,
        mine=mine,
        offers=offers_to(actor),
        channels=_channels(request),
        asks_whom=actor.kind == ActorKind.PROFESSIONAL,
    )


def _channels(request: Request) -> list[Channel]:
    account = queries.account_of(request.actor)
    missing = {Channel.PUSH} if push_provider() is None else set()
    if not sms_is_bound() or account is None or not account.phone:
        missing.add(Channel.SMS)
    if request.actor.kind != ActorKind.PROFESSIONAL:
        missing.add(Channel.APP)  # nothing comes over a patient's page
    return [channel for channel in Channel if channel not in missing]


def _page(request: Request, *, form: PreferencesForm, push_refused: str = "") -> HttpResponse:
    push, device = push_provider(), queries.known_device(request.actor, _device(request))
    subscriptions = queries.subscriptions_of(request.actor)
    is_professional = request.actor.kind == ActorKind.PROFESSIONAL
    context = {
        "layout": "desk.html" if is_professional else "portal.html",
        "form": form,
        "channels": _channels(request),
        "is_professional": is_professional,
        "sms_to_add": sms_is_bound(),
        "push_key": push.public_key if push else "",
        "push_refused": push_refused,
        "device": device if device and not device.is_shared else None,
        "subscriptions": subscriptions,
        "is_subscribed": device is not None and device.pk in {each.device_id for each in subscriptions},
    }
    status = 422 if push_refused or form.errors else 200
    return render(request, "notifications/preferences.html", context, status=status)


def _device(request: Request) -> UUID | None:
    told = request.session.get(DEVICE_KEY)
    return UUID(told) if told else None
