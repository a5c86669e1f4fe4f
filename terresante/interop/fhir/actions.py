"""Accesses to the FHIR interface, and what is done through them: a token given, documents filed, one taken back."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from secrets import token_urlsafe
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from terresante.directory.models import Organization
from terresante.directory.queries import work_situations
from terresante.interop.access import API_CONNECT, PARTNER_MANAGE
from terresante.interop.enums import ApiScope
from terresante.interop.fhir import tokens
from terresante.interop.fhir.tokens import Asked, Denied, not_known
from terresante.interop.models import ApiAccess, ApiToken, Partner, PartnerKey
from terresante.interop.partner_actions import account_behind, use_once
from terresante.kernel import access, audit, rls
from terresante.kernel.action import action
from terresante.kernel.actor import Actor, ActorKind, Channel, Purpose
from terresante.kernel.enums import Outcome
from terresante.kernel.errors import Conflict, Invalid, Refused
from terresante.kernel.passing import tried_again
from terresante.patients.models import IdentityDomain

TOKEN_PATH = "/fhir/token"  # noqa: S105 -- an address


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessEntry:
    organization: Organization
    scopes: Sequence[str]
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Granted:
    token: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who holds a token: an application in the name of a structure, and the professional it reads for."""

    access: ApiAccess
    scopes: frozenset[str]
    rpps: str

    @property
    def structure(self) -> Actor:
        """As a document names who sent it."""
        organization = self.access.organization
        return Actor(
            kind=ActorKind.GATEWAY,
            name=organization.name,
            role_label=organization.get_kind_display(),
            organization_id=organization.pk,
            organization_name=organization.name,
            software=self.access.partner.name,
            purpose=Purpose.SYSTEM,
            channel=Channel.API,
        )

    @property
    def professional(self) -> Actor | None:
        """As on his screen: the account behind this number, in this structure, today; None for nobody."""
        user = account_behind(self.rpps) if self.rpps else None
        situations = work_situations(user.pk) if user else []
        own = [
            each
            for each in situations
            if each.organization_id == self.access.organization_id and each.delegation_id is None
        ]
        if user is None or not own:
            return None
        return Actor(
            kind=ActorKind.PROFESSIONAL,
            name=own[0].practitioner_name,
            user_id=user.pk,
            person_id=own[0].practitioner_id,
            organization_id=own[0].organization_id,
            organization_name=own[0].organization_name,
            role=own[0].profession,
            role_label=own[0].profession_label,
            duties=own[0].duties,
            software=self.access.partner.name,
            channel=Channel.API,
        )


@action
def open_access(actor: Actor, partner_id: UUID, *, entry: AccessEntry) -> ApiAccess:
    """By an administrator, for one of the partner's structures. Raises Invalid, Conflict."""
    partner = access.get(actor, PARTNER_MANAGE, Partner, partner_id)
    organization = partner.organizations.filter(pk=entry.organization.pk).first()
    if organization is None:
        sentence = "Choisissez une structure de ce logiciel."
        raise Invalid(sentence, fields={"organization": sentence})
    if not entry.scopes or set(entry.scopes) - set(ApiScope.values):
        sentence = "Choisissez au moins une transaction."
        raise Invalid(sentence, fields={"scopes": sentence})
    if entry.fingerprint and not re.fullmatch(r"[0-9a-f]{64}", entry.fingerprint):
        sentence = "Une empreinte SHA-256 compte 64 chiffres hexadécimaux."
        raise Invalid(sentence, fields={"fingerprint": sentence})
    try:
        with transaction.atomic():
            opened = ApiAccess.objects.create(
                partner=partner,
                organization=organization,
                scopes=[scope for scope in ApiScope.values if scope in entry.scopes],
                fingerprint=entry.fingerprint or None,
                opened_by_name=actor.name,
            )
    except IntegrityError as error:
        raise Conflict(
            "Ce logiciel a déjà un accès pour cette structure, ou ce certificat est celui d’un autre accès."
        ) from error
    _domain_of(organization)
    detail = {"done": "access_opened", "organization": str(organization.pk), "scopes": opened.scopes}
    audit.record(actor, PARTNER_MANAGE, about=opened, detail=detail)
    return opened


@action
def revoke_access(actor: Actor, partner_id: UUID, api_id: UUID) -> None:
    """Its tokens are worth nothing from now on."""
    partner = access.get(actor, PARTNER_MANAGE, Partner, partner_id)
    revoked = ApiAccess.objects.filter(pk=api_id, partner=partner, revoked_at=None)
    if not revoked.update(revoked_at=timezone.now()):
        raise Conflict("Cet accès est déjà révoqué.")
    ApiToken.objects.filter(access_id=api_id).delete()
    audit.record(
        actor, PARTNER_MANAGE, about=partner, detail={"done": "access_revoked", "access": str(api_id)}
    )


def give_token(asked: Asked) -> Granted:
    """Raises Denied; a refusal of an access that exists leaves its row."""
    found, key = _client(asked)
    try:
        return _granted(found, key, asked)
    except Denied:
        _record_refusal(found)
        raise


def caller_of(token: str, *, fingerprint: str) -> Caller | None:
    """None for a token that is unknown, over, revoked, or of another certificate."""
    if not token:
        return None
    held = (
        ApiToken.objects.select_related("access__partner", "access__organization")
        .filter(
            token_hash=_digest(token),
            expires_at__gt=timezone.now(),
            access__revoked_at=None,
            access__partner__active=True,
            access__organization__active=True,
        )
        .first()
    )
    if held is None or (held.fingerprint and not constant_time_compare(held.fingerprint, fingerprint)):
        return None
    return Caller(held.access, frozenset(held.scopes) & frozenset(held.access.scopes), held.rpps)


def _client(asked: Asked) -> tuple[ApiAccess, PartnerKey | None]:
    """Raises Denied for what no access of ours is."""
    accesses = ApiAccess.objects.select_related("partner", "organization")
    if not asked.assertion:
        try:
            wanted = UUID(asked.client_id)
        except ValueError as error:
            raise not_known("unknown client_id") from error
        found = accesses.filter(pk=wanted).first()
        if found is None or not found.fingerprint:
            raise not_known("unknown client_id, or no certificate is declared for it")
        return found, None
    wanted, key_id = tokens.client_of(asked.assertion)
    found = accesses.filter(pk=wanted).first()
    key = PartnerKey.objects.select_related("partner").filter(pk=key_id).first()
    if found is None or key is None or key.partner_id != found.partner_id:
        raise not_known("the assertion names no known client (sub) or key (kid)")
    return found, key


def _granted(found: ApiAccess, key: PartnerKey | None, asked: Asked) -> Granted:
    if found.revoked_at or not found.partner.active or (key and key.revoked_at):
        raise not_known("this access, or this key, is revoked")
    rpps = asked.rpps
    if key is not None:
        rpps = _proved(found, key, asked)
    elif not constant_time_compare(found.fingerprint or "", asked.fingerprint):
        raise not_known("the certificate is not the one declared for this client")
    scopes = tokens.granted_scopes(asked.scopes, found.scopes, rpps=rpps)
    told = Caller(found, frozenset(scopes), rpps)
    if rpps and told.professional is None:
        raise Denied("invalid_grant", "no account of this structure has this RPPS number today")
    # Not the whole: an assertion is used once.
    return tried_again(lambda: _written(told, scopes, asked.fingerprint if key is None else ""))


def _proved(found: ApiAccess, key: PartnerKey, asked: Asked) -> str:
    """The professional for whom it reads, '' for none."""
    said = tokens.read_assertion(
        asked.assertion,
        public_key=key.public_key,
        algorithm=key.algorithm,
        client_id=found.pk,
        audience=f"{settings.BASE_URL}{TOKEN_PATH}",
    )
    try:
        use_once(key, f"token {said.call_id}", timezone.now(), tokens.LONGEST_ASSERTION)
    except Refused as error:
        raise not_known("this assertion was already used (jti)") from error
    return said.rpps


def _written(told: Caller, scopes: tuple[str, ...], fingerprint: str) -> Granted:
    token, now, actor = token_urlsafe(32), timezone.now(), told.structure
    with rls.acting(actor):
        ApiToken.objects.filter(expires_at__lt=now).delete()
        row = ApiToken(
            access=told.access,
            token_hash=_digest(token),
            scopes=list(scopes),
            rpps=told.rpps,
            fingerprint=fingerprint,
            expires_at=now + tokens.LIFE,
        )
        row.save(force_insert=True)
        ApiAccess.objects.filter(pk=told.access.pk).update(last_used_at=now)
        audit.record(actor, API_CONNECT, about=told.access, detail={"scopes": list(scopes)})
    return Granted(token, scopes)


def _record_refusal(found: ApiAccess) -> None:
    actor = Caller(found, frozenset(), "").structure
    with rls.acting(actor):
        audit.record(actor, API_CONNECT, about=found, outcome=Outcome.REFUSED)


def _domain_of(organization: Organization) -> None:
    """A structure that gives no numbers of its own here knows its patients by their matricule, under this one."""
    if not organization.identity_domains.exists():
        IdentityDomain.objects.create(
            authority=f"urn:uuid:{organization.pk}", name=organization.name[:120], organization=organization
        )


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()
