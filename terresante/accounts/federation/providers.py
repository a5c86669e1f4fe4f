"""Who may vouch for a person here, as the deployment says; what is not set is not offered."""

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse

from terresante.accounts.enums import LoginWay


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """An OpenID Connect provider. `discovery`: the address of its metadata, whose `issuer` must be ours."""

    way: LoginWay
    issuer: str
    client_id: str
    client_secret: str
    discovery: str
    scope: str
    # Levels of assurance that are accepted; the first one is asked for.
    levels: tuple[str, ...] = ("eidas1", "eidas2", "eidas3")

    @property
    def label(self) -> str:
        return str(self.way.label)

    @property
    def redirect_uri(self) -> str:
        return f"{settings.BASE_URL}{reverse(f'accounts:{self.way}_answer')}"


# PSC: « scope_all » brings the work situations. FranceConnect: the pivot identity, and an address to write to.
_SCOPES = {
    LoginWay.PSC: "openid scope_all",
    LoginWay.FRANCE_CONNECT: (
        "openid given_name family_name preferred_username birthdate gender birthplace birthcountry email"
    ),
}


def provider_of(way: LoginWay) -> Provider | None:
    """None when the deployment has not set it."""
    told = {LoginWay.PSC: settings.PSC, LoginWay.FRANCE_CONNECT: settings.FRANCECONNECT}.get(way, {})
    issuer = told.get("issuer", "").rstrip("/")
    if not issuer or not told["client"]:
        return None
    return Provider(
        way=way,
        issuer=issuer,
        client_id=told["client"],
        client_secret=told["secret"],
        discovery=told["discovery"] or f"{issuer}/.well-known/openid-configuration",
        scope=_SCOPES[way],
    )


def ways_in() -> frozenset[LoginWay]:
    """What this deployment offers beside passwords and passkeys."""
    ways = {way for way in _SCOPES if provider_of(way) is not None}
    return frozenset(ways | {LoginWay.CPS} if settings.CPS_URL else ways)
