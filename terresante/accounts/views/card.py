"""The CPS card. Its certificate is asked by our proxy at an address of its own (`TERRESANTE_CPS_URL`), so that nobody
else is asked for one; from there the browser brings back a sealed ticket of sixty seconds, to the session that asked.
"""

import base64
import json
import time
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from cryptography import x509
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe

from terresante.accounts.actions.login import TRIES_OF_A_NETWORK
from terresante.accounts.enums import LoginWay
from terresante.accounts.federation import ports
from terresante.accounts.federation.card import card_refused, national_id_of
from terresante.accounts.federation.protocol import Proof, new_question
from terresante.accounts.federation.refusals import NotOpened, not_opened
from terresante.accounts.tries import refuse_beyond
from terresante.accounts.views.federation import (
    SHARED_WORKSTATION,
    own_address,
    recall,
    refused_page,
    remember,
    welcome,
)
from terresante.accounts.views.source import source_of
from terresante.kernel.errors import NotFound
from terresante.kernel.screens import next_page, public
from terresante.kernel.sealing import Unsealable, seal, unseal

# What the proxy writes, and removes from what comes from outside (deploy/Caddyfile).
CERTIFICATE_HEADER, SECRET_HEADER = "X-Client-Certificate", "X-Proxy-Secret"
TICKET_SECONDS = 60
_CONTEXT = "cps ticket"


@public(reason="Départ vers la lecture de la carte CPS")
@require_safe
def ask_card(request: HttpRequest) -> HttpResponse:
    if not settings.CPS_URL:
        raise NotFound
    after = next_page(request)
    if elsewhere := own_address(request, after):
        return redirect(elsewhere)
    refuse_beyond(TRIES_OF_A_NETWORK, f"federation {source_of(request).network}")
    asked, is_shared = new_question(), SHARED_WORKSTATION in request.GET
    remember(request, asked.state, way=LoginWay.CPS, after=after, asked={}, is_shared=is_shared)
    query = urlencode({"state": asked.state})
    return redirect(f"{settings.CPS_URL}{reverse('accounts:cps_card')}?{query}")


@public(
    reason="Lecture d’une carte CPS : le certificat que notre mandataire a vérifié, à son adresse seulement"
)
@require_safe
def read_card(request: HttpRequest) -> HttpResponse:
    """No session here: this address is not the platform's. Forged headers are a page that does not exist."""
    if not _comes_from_the_proxy(request):
        raise NotFound
    try:
        number = national_id_of(
            _certificate(request),
            authorities=_authorities(),
            revocations=_revocations(),
            now=timezone.now(),
        )
    except NotOpened as error:
        return refused_page(request, LoginWay.CPS, error)
    told = {"number": number, "state": request.GET.get("state", ""), "at": time.time()}
    ticket = base64.urlsafe_b64encode(seal(json.dumps(told).encode(), context=_CONTEXT)).decode()
    query = urlencode({"state": told["state"], "ticket": ticket})
    return redirect(f"{settings.BASE_URL}{reverse('accounts:cps_answer')}?{query}")


@public(reason="Retour de la lecture d’une carte CPS, par un ticket scellé qui sert une fois")
@require_safe
def card_answer(request: HttpRequest) -> HttpResponse:
    if not settings.CPS_URL:
        raise NotFound
    try:
        question = recall(request, LoginWay.CPS)
        proof = _proof(request)
        arrived = ports.bound[LoginWay.CPS](proof)
    except NotOpened as error:
        return refused_page(request, LoginWay.CPS, error)
    return welcome(request, arrived, question, kept={})


def _comes_from_the_proxy(request: HttpRequest) -> bool:
    """At the card's own address, and with the secret that only the proxy knows."""
    secret = settings.CPS_PROXY_SECRET
    is_there = bool(settings.CPS_URL) and request.get_host() == urlsplit(settings.CPS_URL).netloc
    return is_there and bool(secret) and constant_time_compare(request.headers.get(SECRET_HEADER, ""), secret)


def _certificate(request: HttpRequest) -> bytes:
    """DER in base64, as Caddy writes it. Raises NotOpened."""
    try:
        return base64.b64decode(request.headers.get(CERTIFICATE_HEADER, ""), validate=True)
    except ValueError as error:
        raise card_refused("certificate") from error


def _proof(request: HttpRequest) -> Proof:
    try:
        told = json.loads(
            unseal(base64.urlsafe_b64decode(request.GET.get("ticket", "")), context=_CONTEXT).decode()
        )
    except (Unsealable, ValueError) as error:
        raise not_opened("malformed", LoginWay.CPS) from error
    if not constant_time_compare(told["state"], request.GET.get("state", "")):
        raise not_opened("other_provider", LoginWay.CPS)
    if time.time() - told["at"] > TICKET_SECONDS:
        raise not_opened("expired", LoginWay.CPS)
    return Proof(issuer="cps", subject=told["number"], claims={"SubjectNameID": told["number"]})


def _authorities() -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(Path(settings.CPS_AUTHORITIES).read_bytes())


def _revocations() -> list[x509.CertificateRevocationList] | None:
    if not settings.CPS_REVOCATIONS:
        return None
    return [
        x509.load_der_x509_crl(path.read_bytes()) for path in Path(settings.CPS_REVOCATIONS).glob("*.crl")
    ]
