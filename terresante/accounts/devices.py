"""What a browser says of itself: the tokens of its cookie, the words people know it by. Pure.

One browser may be known to several accounts (a workstation of a ward): its cookie holds one random token for each, and
an account's row holds a keyed hash of the token, the account and its password. A new password forgets every device.
"""

import re
import secrets
from dataclasses import dataclass

from django.core import signing
from django.utils.crypto import salted_hmac

from terresante.accounts.models import User

COOKIE = "terresante_device"
COOKIE_AGE = 180 * 24 * 3600
_SALT = "terresante.accounts.device"
_MOST_TOKENS = 12
# The first that is found; order matters: Edge and Opera also say Chrome, Chrome also says Safari.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a login comes from."""

    network: str
    tokens: tuple[str, ...] = ()
    words: str = "Appareil inconnu"


def device_words(user_agent: str) -> str:
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if re.search(rf"\b{mark}", user_agent)), "")
    return " sur ".join(part for part in (browser, system) if part) or "Appareil inconnu"


def read_tokens(cookie: str) -> tuple[str, ...]:
    """None of a cookie that we did not sign."""
    try:
        read = signing.loads(cookie, salt=_SALT, max_age=COOKIE_AGE)
    except signing.BadSignature:
        return ()
    return tuple(str(token) for token in read) if isinstance(read, list) else ()


def write_tokens(tokens: tuple[str, ...]) -> str:
    return signing.dumps(list(tokens[-_MOST_TOKENS:]), salt=_SALT)


def new_token() -> str:
    return secrets.token_urlsafe(18)


def token_hash(user: User, token: str) -> str:
    told = f"{user.pk} {user.password} {token}"
    return salted_hmac(_SALT, told, algorithm="sha256").hexdigest()
