"""The transactions of PDSm (IHE MHD 4.0.1), each behind its scope."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any
from uuid import UUID

import orjson
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.utils.cache import add_never_cache_headers
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from terresante.documents.access import DOCUMENT_DOWNLOAD, DOCUMENT_READ, DOCUMENT_REPLACE, DOCUMENT_WRITE
from terresante.documents.models import DocumentReference
from terresante.interop.access import LIST_READ
from terresante.interop.enums import ApiScope
from terresante.interop.fhir import bundles, capability, reading, schema, submitting, tokens, writing
from terresante.interop.fhir.actions import give_token
from terresante.interop.fhir.door import (
    MEDIA_TYPE,
    PATCH_TYPE,
    Answer,
    Asked,
    answered,
    api,
    door,
    fingerprint_of,
    form_asked,
    limit_tries,
    refusal,
)
from terresante.interop.fhir.outcome import Resource, wrong
from terresante.interop.fhir.patches import read_patch
from terresante.interop.fhir.reading import Page
from terresante.interop.fhir.searching import Number, Parameters
from terresante.kernel import audit, rls
from terresante.kernel.access import Action
from terresante.kernel.errors import Invalid
from terresante.kernel.files import vault
from terresante.kernel.files.giving import given
from terresante.kernel.passing import COME_BACK_SECONDS, is_passing
from terresante.kernel.screens import public
from terresante.kernel.sealing import Unsealable, seal, unseal

_JSON = (MEDIA_TYPE, "application/json")
_FORM = ("application/x-www-form-urlencoded",)
_CURSOR = "fhir cursor"
_NEXT = "_page"
# Codes of RFC 6749, 5.2, as sentences, and as issues.
_DENIED = {
    "invalid_client": "Ce logiciel, sa clé, son certificat ou cette assertion n’est pas reconnu.",
    "invalid_grant": "Le professionnel nommé ne travaille pas dans cette structure.",
    "invalid_request": "La demande de jeton est mal formée.",
    "invalid_scope": "Une portée demandée n’est pas donnée à cet accès.",
    "unsupported_grant_type": "Un jeton se demande par grant_type=client_credentials.",
}
_ISSUES = {"invalid_client": "login", "invalid_grant": "forbidden", "invalid_scope": "forbidden"}
# In bytes: what a body may carry, once in base64.
_LARGEST_RESOURCE = 15_000_000


@csrf_exempt  # the signed assertion, used once, or the certificate says who asks
@public(reason="Jetons de l’interface FHIR : l’assertion signée, ou le certificat, dit quel logiciel demande")
@require_POST
def give(request: HttpRequest) -> HttpResponse:
    """RFC 6749, 5: its errors are JSON of their own, in its codes."""
    try:
        limit_tries(request)
        form = {name: request.POST.get(name, "") for name in request.POST}
        granted = give_token(tokens.read_request(form, fingerprint=fingerprint_of(request)))
    except Invalid:
        answer: HttpResponse = JsonResponse({"error": "temporarily_unavailable"}, status=429)
    except OperationalError as error:
        if not is_passing(error):
            raise
        answer = JsonResponse({"error": "temporarily_unavailable"}, status=503)
        answer.headers["Retry-After"] = str(COME_BACK_SECONDS)
    except tokens.Denied as denied:
        answer = _denied(request, denied)
    else:
        answer = JsonResponse(
            {
                "access_token": granted.token,
                "token_type": "Bearer",
                "expires_in": int(tokens.LIFE.total_seconds()),
                "scope": " ".join(granted.scopes),
            }
        )
    add_never_cache_headers(answer)
    answer.headers["Pragma"] = "no-cache"
    return answer


def _denied(request: HttpRequest, denied: tokens.Denied) -> HttpResponse:
    """As RFC 6749 says it; as an outcome, for who asks for one."""
    if MEDIA_TYPE in request.headers.get("Accept", ""):
        sentence = f"{_DENIED[denied.error]} ({denied.description})"
        answer = refusal(wrong(sentence, code=_ISSUES.get(denied.error, "invalid"), status=denied.status))
    else:
        told = {"error": denied.error, "error_description": denied.description}
        answer = JsonResponse(told, status=denied.status)
    if denied.status == 401:
        answer.headers["WWW-Authenticate"] = 'Bearer realm="fhir"'
    return answer


@public(reason="Ce que l’interface FHIR sait faire (CapabilityStatement), le même pour tous")
@require_safe
def metadata(request: HttpRequest) -> HttpResponse:
    return answered(capability.statement())


@public(reason="Où demander un jeton de l’interface FHIR (SMART), le même pour tous")
@require_safe
def smart_configuration(request: HttpRequest) -> HttpResponse:
    return JsonResponse(capability.smart_configuration())


@csrf_exempt  # it does nothing
@public(reason="Adresse de l’interface FHIR qui ne répond à rien, dit comme elle le dit")
def unknown(request: HttpRequest) -> HttpResponse:
    return refusal(wrong("Cette adresse de l’interface FHIR n’existe pas.", code="not-found", status=404))


@api(ApiScope.SUBMIT, DOCUMENT_WRITE, takes=_JSON)
def provide(asked: Asked) -> Answer:
    """ITI-65."""
    submission = bundles.read_bundle(schema.read_json(asked.body))
    filed = submitting.submit(asked.caller, submission)
    keys = {"List": filed.lists, "DocumentReference": filed.documents, "Binary": filed.documents}
    entries: list[Resource] = []
    for kind, number in submission.order:
        if kind in keys:
            entries.append({"response": {"status": "201", "location": f"{kind}/{keys[kind][number]}"}})
        else:
            # Read to know whom the documents are about; nothing is made of it.
            entries.append({"response": {"status": "200"}})
    return answered(writing.bundle("transaction-response", entries, links={}))


@api(ApiScope.SUBMIT_ONE, DOCUMENT_WRITE, takes=_JSON)
def provide_one(asked: Asked) -> Answer:
    """ITI-105."""
    filed = submitting.submit(asked.caller, bundles.read_one(schema.read_json(asked.body)))
    location = f"{writing.base()}/DocumentReference/{filed.documents[0]}"
    told = {"severity": "information", "code": "informational", "diagnostics": "Document déposé."}
    resource = {"resourceType": "OperationOutcome", "issue": [told]}
    return answered(resource, status=201, location=location)


@api(ApiScope.UPDATE, DOCUMENT_REPLACE, takes=(PATCH_TYPE, *_JSON))
def update(asked: Asked, document_id: UUID | None = None) -> Answer:
    """PDSm, flux 3: by the document's identifier, or by its key here."""
    names: tuple[str, ...] = ()
    if document_id is None:
        system, _, value = asked.request.GET.get("identifier", "").rpartition("|")
        name = schema.plain_identifier({"system": system, "value": value})
        if not name or set(asked.request.GET) - {"identifier", "_format"}:
            raise wrong("Nommez le document : ?identifier=système|valeur.", code="required", status=400)
        names = (name, f"{system}|{value}")
    try:
        patch = orjson.loads(asked.body)
    except orjson.JSONDecodeError:
        raise wrong("Le corps n’est pas du JSON bien formé.", code="structure", status=400) from None
    changed = submitting.update(asked.caller, names, document_id, read_patch(patch))
    location = f"{writing.base()}/DocumentReference/{changed}"
    told = {"severity": "information", "code": "informational", "diagnostics": "Document mis à jour."}
    return answered({"resourceType": "OperationOutcome", "issue": [told]}, location=location)


@api(ApiScope.FIND, DOCUMENT_READ)
def find_documents(asked: Asked) -> Answer:
    """ITI-67."""
    return _found(asked, "DocumentReference", reading.documents_found, DOCUMENT_READ)


@api(ApiScope.FIND, DOCUMENT_READ, takes=_FORM)
def find_documents_by_form(asked: Asked) -> Answer:
    return _found(asked, "DocumentReference", reading.documents_found, DOCUMENT_READ)


@api(ApiScope.FIND_LISTS, LIST_READ)
def find_lists(asked: Asked) -> Answer:
    """ITI-66."""
    return _found(asked, "List", reading.lists_found, LIST_READ)


@api(ApiScope.FIND_LISTS, LIST_READ, takes=_FORM)
def find_lists_by_form(asked: Asked) -> Answer:
    return _found(asked, "List", reading.lists_found, LIST_READ)


@api(ApiScope.FIND, DOCUMENT_READ)
def show_document(asked: Asked, document_id: UUID) -> Answer:
    def read() -> Resource:
        opened, row = reading.document_named(asked.actor, document_id)
        return writing.document(row, opened.patient)

    return answered(_read(asked, DOCUMENT_READ, read))


@api(ApiScope.FIND_LISTS, LIST_READ)
def show_list(asked: Asked, list_id: UUID) -> Answer:
    return answered(_read(asked, LIST_READ, lambda: reading.list_named(asked.actor, list_id)))


@api(ApiScope.RETRIEVE, DOCUMENT_DOWNLOAD, gives=())
def retrieve(asked: Asked, document_id: UUID) -> Answer:
    """ITI-68: the bytes as they were filed, under their own type, or in a Binary for who asks for a resource."""

    def read() -> tuple[DocumentReference, str]:
        row = reading.content_named(asked.actor, document_id)
        return row, form_asked(asked.request, row.media_type)

    row, form = _read(asked, DOCUMENT_DOWNLOAD, read)
    if form != MEDIA_TYPE:
        return given(row.file, size=row.size, kind=row.media_type, name=row.file_name, as_attachment=True)
    if row.size > _LARGEST_RESOURCE:
        sentence = (
            f"Ce document est trop lourd pour une ressource : demandez-le en {row.media_type} (Accept)."
        )
        raise wrong(sentence, code="too-long", status=406)
    return answered(writing.binary(row, b"".join(vault.read(row.file, size=row.size))))


def _read(asked: Asked, action: Action, ask: Callable[[], Any]) -> Any:
    """As a page: read only, then its rows of the trail; no row, no answer."""
    with audit.collecting() as trail:
        with rls.acting(asked.actor, read_only=True):
            found = ask()
        with rls.acting(asked.actor):
            audit.record_reads(asked.actor, trail, page=action)
    return found


def _found(asked: Asked, kind: str, find: Callable[..., Page], action: Action) -> Answer:
    parameters, start = _parameters(asked)
    told = list(parameters.get("patient.identifier", ()))
    system, _, value = (told[0] if len(told) == 1 else "").partition("|")
    number = Number(system.strip().removeprefix("urn:oid:"), value.replace(" ", ""))
    named = reading.patient_named(asked.caller, number)
    page: Page = _read(asked, action, lambda: find(asked.actor, parameters, named=named, start=start))
    links = {"self": _link(asked, kind, parameters, start)}
    if start + page.count < page.total and page.resources:
        links["next"] = _link(asked, kind, parameters, start + page.count)
    entries = [writing.matching(each) for each in page.resources]
    return answered(writing.bundle("searchset", entries, total=page.total, links=links))


def _parameters(asked: Asked) -> tuple[Parameters, int]:
    """Of the address, and of the form; or those of the page before, which its link keeps sealed."""
    request = asked.request
    sealed = request.GET.get(_NEXT)
    if sealed is not None:
        try:
            told = json.loads(unseal(urlsafe_b64decode(sealed), context=_context(asked)).decode())
        except (Unsealable, ValueError) as error:
            raise wrong(
                "Ce lien de page n’est plus lisible : recommencez la recherche.", status=400
            ) from error
        return told["asked"], int(told["start"])
    given_ = QueryDict(asked.body.decode("latin-1"), encoding="utf-8") if asked.body else QueryDict("")
    return {name: [*request.GET.getlist(name), *given_.getlist(name)] for name in (*request.GET, *given_)}, 0


def _link(asked: Asked, kind: str, parameters: Parameters, start: int) -> str:
    """Sealed: no trait, and no number of anybody, stands in an address that is kept."""
    told = json.dumps({"asked": {name: list(values) for name, values in parameters.items()}, "start": start})
    sealed = urlsafe_b64encode(seal(told.encode(), context=_context(asked))).decode()
    return f"{writing.base()}/{kind}?{_NEXT}={sealed}"


def _context(asked: Asked) -> str:
    return f"{_CURSOR} {asked.caller.access.pk} {asked.caller.rpps}"


root = door("root", POST=provide)
documents = door("documents", GET=find_documents, POST=provide_one, PATCH=update)
documents_by_form = door("documents_by_form", POST=find_documents_by_form)
one_document = door("one_document", GET=show_document, PATCH=update)
lists = door("lists", GET=find_lists)
lists_by_form = door("lists_by_form", POST=find_lists_by_form)
one_list = door("one_list", GET=show_list)
binary = door("binary", GET=retrieve)
