"""The signed token by which a practice's software opens one of its patients elsewhere: 60 seconds, used once."""

import json
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt

_LIFE = 60  # seconds


class UnusableFile(Exception):
    """The settings of the software cannot be read; the text says why, in French."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the platform gave (`issuer`, `key_id`, and `client_id` to file documents), the software's own key, its user
    and his patients.
    """

    platform: str
    issuer: str
    key_id: str
    private_key: str
    user: str
    rpps: str
    patients: tuple[dict[str, Any], ...]
    client_id: str = ""


def read_settings(path: Path, *, platform: str) -> Settings:
    """`platform`: its address, where calls are posted and for which they are signed. Raises UnusableFile."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return Settings(**told | {"platform": platform, "patients": tuple(told["patients"])})
    except OSError as error:
        raise UnusableFile(f"Le réglage {path} ne s’ouvre pas : vérifiez --settings.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UnusableFile(f"Le réglage {path} est illisible ({type(error).__name__}).") from error


def signed_call(settings: Settings, patient: dict[str, Any], *, now: float | None = None) -> str:
    """`patient`: the five traits, with `ipp` (value, authority) or `ins` (value, oid)."""
    at = int(time.time() if now is None else now)
    claims = {
        "iss": settings.issuer,
        "aud": settings.platform,
        "iat": at,
        "exp": at + _LIFE,
        "jti": str(uuid.uuid4()),
        "ps": {"rpps": settings.rpps},
        "patient": {name: value for name, value in patient.items() if name != "label"},
    }
    return jwt.encode(claims, settings.private_key, algorithm="ES256", headers={"kid": settings.key_id})
