"""One-time codes, pure: six digits that are sent, six digits of an application, ten characters kept on paper."""

import secrets
from uuid import UUID

import pyotp
from django.utils.crypto import constant_time_compare, salted_hmac

TOTP_STEP = 30
RECOVERY_CODES = 10
# Without 0, O, 1, I and L, which are copied one for another.
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_LETTERS_OF_A_CODE = 10


def new_code() -> str:
    return f"{secrets.randbelow(10**6):06d}"


def code_hash(challenge_id: UUID, code: str) -> str:
    """Keyed: a million codes would be tried in a second against a plain hash."""
    return salted_hmac("terresante.accounts.code", f"{challenge_id} {code}", algorithm="sha256").hexdigest()


def new_seed() -> str:
    """160 bits in base 32 (RFC 4226, 4)."""
    return pyotp.random_base32()


def is_safe_seed(seed: str) -> bool:
    try:
        pyotp.TOTP(seed).generate_otp(0)
    except ValueError:
        return False
    return True


def totp_step(seed: str, digits: str, *, now: float) -> int:
    """The 30-second step these digits belong to, one step of tolerance on each side; 0 when they are wrong."""
    totp = pyotp.TOTP(seed, interval=TOTP_STEP)
    current = int(now) // TOTP_STEP
    steps = [
        step
        for step in (current - 1, current, current + 1)
        if constant_time_compare(totp.generate_otp(step), digits)
    ]
    return steps[-1] if steps else 0


def totp_address(seed: str, *, login: str) -> str:
    """What the QR code says to an application (otpauth://)."""
    return pyotp.TOTP(seed).provisioning_uri(name=login, issuer_name="Terr-eSanté")


def new_recovery_codes() -> list[str]:
    """Fifty bits each, in two groups of five: ABCDE-FGHJK."""
    return [
        _grouped("".join(secrets.choice(_LETTERS) for _ in range(_LETTERS_OF_A_CODE)))
        for _ in range(RECOVERY_CODES)
    ]


def recovery_hash(user_id: UUID, code: str) -> str:
    typed = "".join(letter for letter in code.upper() if letter.isalnum())
    return salted_hmac("terresante.accounts.recovery", f"{user_id} {typed}", algorithm="sha256").hexdigest()


def new_link() -> str:
    return secrets.token_urlsafe(32)


def link_hash(token: str) -> str:
    return salted_hmac("terresante.accounts.link", token, algorithm="sha256").hexdigest()


def _grouped(letters: str) -> str:
    return f"{letters[:5]}-{letters[5:]}"
