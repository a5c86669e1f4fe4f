"""What the interface says of itself (R4, CapabilityStatement; SMART App Launch 2, well-known). Pure."""

from collections.abc import Iterable

from django.conf import settings

from terresante.interop.enums import ApiScope
from terresante.interop.fhir.actions import TOKEN_PATH
from terresante.interop.fhir.outcome import Resource
from terresante.interop.fhir.searching import OF_DOCUMENTS, OF_LISTS

_MHD = "http://profiles.ihe.net/ITI/MHD/CapabilityStatement"
# Types of parameters that are no token.
_DATES, _STRINGS = ("creation", "date", "period", "_lastUpdated"), ("author.given", "author.family")
# Another way to ask for one of the parameters.
_MODIFIED = ("related:identifier",)
_TOLD = {
    "patient.identifier": "Obligatoire, une fois : IPP de la structure, ou matricule INS qualifié.",
    "format": "Tel que l’a dit l’émetteur ; sinon urn:ihe:iti:xds:2017:mimeTypeSufficient.",
    "event": "Actes documentés : context.event, ou serviceEvent d’un CDA.",
    "related-id": "Numéro d’une demande : context.related, ou inFulfillmentOf d’un CDA.",
    "_lastUpdated": "Dernier changement de statut ou de visibilité, sinon réception.",
}
_SECURITY = (
    "OAuth 2.0, client credentials : assertion signée (private_key_jwt) ou certificat client (RFC 8705), portée par "
    "transaction, jeton de dix minutes lié à une structure. Lire nomme le professionnel (ps.rpps)."
)


def token_address() -> str:
    return f"{settings.BASE_URL}{TOKEN_PATH}"


def statement() -> Resource:
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-27",
        "kind": "instance",
        "software": {"name": "Terr-eSanté"},
        "implementation": {"description": "Terr-eSanté, PDSm", "url": f"{settings.BASE_URL}/fhir"},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "patchFormat": ["application/json-patch+json", "application/fhir+json"],
        "instantiates": [
            f"{_MHD}/IHE.MHD.DocumentRecipient.Comprehensive",
            f"{_MHD}/IHE.MHD.DocumentResponder",
        ],
        "rest": [
            {
                "mode": "server",
                "security": _security(),
                "resource": [_documents(), _lists(), {"type": "Binary", "interaction": [{"code": "read"}]}],
                "interaction": [{"code": "transaction"}],
            }
        ],
    }


def smart_configuration() -> Resource:
    return {
        "token_endpoint": token_address(),
        "token_endpoint_auth_methods_supported": ["private_key_jwt", "self_signed_tls_client_auth"],
        "token_endpoint_auth_signing_alg_values_supported": ["ES256", "RS256", "EdDSA"],
        "grant_types_supported": ["client_credentials"],
        "tls_client_certificate_bound_access_tokens": True,
        "scopes_supported": list(ApiScope.values),
        "capabilities": ["client-confidential-asymmetric"],
    }


def _security() -> Resource:
    oauth = {
        "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
        "extension": [{"url": "token", "valueUri": token_address()}],
    }
    coding = {
        "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
        "code": "SMART-on-FHIR",
    }
    return {"extension": [oauth], "service": [{"coding": [coding]}], "description": _SECURITY}


def _documents() -> Resource:
    return {
        "type": "DocumentReference",
        "supportedProfile": [
            "https://interop.esante.gouv.fr/ig/fhir/pdsm/StructureDefinition/pdsm-comprehensive-document-reference"
        ],
        "interaction": [{"code": code} for code in ("read", "create", "patch", "search-type")],
        "conditionalUpdate": False,
        "searchParam": _parameters(OF_DOCUMENTS),
    }


def _lists() -> Resource:
    return {
        "type": "List",
        "interaction": [{"code": code} for code in ("read", "search-type")],
        "searchParam": _parameters(OF_LISTS),
    }


def _parameters(names: Iterable[str]) -> list[Resource]:
    told = ["patient.identifier", *names]
    return [_parameter(name) for name in told if name not in _MODIFIED]


def _parameter(name: str) -> Resource:
    said = {"documentation": _TOLD[name]} if name in _TOLD else {}
    return {"name": name, "type": _type_of(name), **said}


def _type_of(name: str) -> str:
    return "date" if name in _DATES else "string" if name in _STRINGS else "token"
