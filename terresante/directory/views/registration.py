"""Registering, for somebody who has no account: by the directory's mailbox, or with a proof. The same answer, in the
same time, whether or not he already has one.
"""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_POST, require_safe

from terresante.accounts.actions.registering import (
    hashed,
    in_the_same_time,
    limit_files,
    limit_searches,
    prove_mailbox,
    proved,
)
from terresante.directory.actions.registration import (
    LARGEST_PROOF,
    RegistrationEntry,
    ask_registration,
    kind_of,
    newcomer,
    register_by_mailbox,
    send_code_to,
)
from terresante.directory.enums import Profession
from terresante.directory.forms import ChosenPasswordForm, CodeSentForm, PlaceForm, ProofForm, SelfForm
from terresante.directory.queries.registration import (
    find_self,
    masked_address_of,
    place_of,
    places_called,
    working,
)
from terresante.kernel.errors import Conflict, Invalid
from terresante.kernel.screens import network_of, public
from terresante.kernel.ui.forms import show_error

# What the browser of whoever registers has proved, or tries to: (proof, practitioner).
_PROOF = "registration_proof"


@public(reason="Inscription : se retrouver dans l’annuaire")
def register(request: HttpRequest) -> HttpResponse:
    form, found = SelfForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        try:
            limit_searches(network_of(request))
            traits = {**form.cleaned_data, "profession": Profession(form.cleaned_data["profession"])}
            found = find_self(newcomer(), **traits)
        except Invalid as error:
            show_error(form, error)
    return _door(request, "directory/register.html", {"form": form, "found": found}, wrong=bool(form.errors))


@public(reason="Inscription : recevoir un code à l’adresse que publie l’annuaire")
@require_POST
def registration_send(request: HttpRequest) -> HttpResponse:
    who = working(request.POST.get("practitioner", ""))
    if who is None:
        return redirect("directory:register")
    try:
        with in_the_same_time():
            proof_id = send_code_to(who, network=network_of(request))
    except Invalid as error:
        return _door(request, "directory/register_stopped.html", {"sentence": error.sentence}, wrong=True)
    request.session.cycle_key()
    request.session[_PROOF] = [str(proof_id), str(who.pk)]
    return redirect("directory:registration_code")


@public(reason="Inscription : donner le code reçu")
def registration_code(request: HttpRequest) -> HttpResponse:
    waiting = _waiting(request)
    if waiting is None:
        return redirect("directory:register")
    proof_id, practitioner_id = waiting
    form = CodeSentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            with in_the_same_time():
                prove_mailbox(proof_id, code=form.cleaned_data["code"], network=network_of(request))
        except Invalid as error:
            form.add_error("code", error.sentence)
        else:
            request.session.cycle_key()
            return redirect("directory:registration_password")
    context = {"form": form, "sent_to": masked_address_of(practitioner_id)}
    return _door(request, "directory/register_code.html", context, wrong=bool(form.errors))


@public(reason="Inscription : choisir son mot de passe, le code étant juste")
def registration_password(request: HttpRequest) -> HttpResponse:
    waiting = _waiting(request)
    if waiting is None or proved(waiting[0]) is None:
        return redirect("directory:register")
    form = ChosenPasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        password_hash = hashed(form.cleaned_data["password"])
        try:
            user = register_by_mailbox(
                newcomer(), waiting[0], about_id=waiting[1], password_hash=password_hash
            )
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            request.session.flush()
            return _door(request, "directory/registered.html", {"login": user.login})
    return _door(request, "directory/register_password.html", {"form": form}, wrong=bool(form.errors))


@public(reason="Inscription avec un justificatif : choisir sa structure, dans l’annuaire public")
@require_safe
def registration_place(request: HttpRequest) -> HttpResponse:
    form = PlaceForm(request.GET)
    words = form.cleaned_data["q"] if form.is_valid() else ""
    try:
        if words:
            limit_searches(network_of(request))
        places = places_called(newcomer(), words)
    except Invalid as error:
        return _door(request, "directory/register_stopped.html", {"sentence": error.sentence}, wrong=True)
    return _door(
        request, "directory/register_place.html", {"form": form, "places": places, "asked": bool(words)}
    )


@public(reason="Inscription avec un justificatif, qu’un administrateur examine")
def registration_proof(request: HttpRequest, organization_id: UUID) -> HttpResponse:
    place = place_of(organization_id)
    if place is None:
        return redirect("directory:registration_place")
    form = ProofForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            with in_the_same_time():
                _ask(request, form, organization_id)
        except Invalid as error:
            show_error(form, error)
        else:
            return _door(request, "directory/register_waits.html", {})
    return _door(
        request, "directory/register_proof.html", {"form": form, "place": place}, wrong=bool(form.errors)
    )


def _ask(request: HttpRequest, form: ProofForm, organization_id: UUID) -> None:
    limit_files(network_of(request))
    told = {name: value for name, value in form.cleaned_data.items() if name != "proof"}
    told["profession"] = Profession(told["profession"])
    # One byte too many is enough to refuse: a larger file is never read whole.
    proof = form.cleaned_data["proof"].read(LARGEST_PROOF + 1)
    kind_of(proof)
    entry = RegistrationEntry(**told, organization_id=organization_id)
    ask_registration(newcomer(), entry=entry, proof=proof)


def _waiting(request: HttpRequest) -> tuple[UUID, UUID] | None:
    kept = request.session.get(_PROOF)
    return (UUID(kept[0]), UUID(kept[1])) if kept else None


def _door(
    request: HttpRequest, template: str, context: dict[str, object], *, wrong: bool = False
) -> HttpResponse:
    response = render(request, template, context, status=422 if wrong else 200)
    add_never_cache_headers(response)
    return response
