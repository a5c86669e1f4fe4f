from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from terresante.accounts.enums import (
    AccountAct,
    ChallengePurpose,
    CodeChannel,
    IdentityCheck,
    LinkPurpose,
    LoginWay,
)
from terresante.kernel.ids import new_id
from terresante.kernel.models import Row
from terresante.kernel.ui import wording


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(login__iexact=username)


class User(AbstractBaseUser, Row):
    """Somebody who logs in. Who he is, and for which structure, is asked of the directory or of patients."""

    login = models.CharField("identifiant", max_length=150, unique=True)
    name = models.CharField("nom affiché", max_length=200)
    email = models.EmailField("adresse électronique")
    # International form (+33…), verified by a code; '' = no code by SMS.
    phone = models.CharField("téléphone", max_length=20, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # Sealed by kernel.sealing, context "totp"; absent = the code goes by SMS or by e-mail.
    totp_seed = models.BinaryField(null=True)
    # When a passkey was offered and put off: it is offered once.
    passkey_offered_at = models.DateTimeField(null=True)
    # Last accepted 30-second step: a code is used once (RFC 6238, 5.2).
    totp_last_step = models.BigIntegerField(default=0)

    USERNAME_FIELD = "login"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name", "email"]

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = "compte"
        constraints = [models.UniqueConstraint(Lower("login"), name="login_unique_whatever_the_case")]

    def __str__(self) -> str:
        return self.name

    @property
    def phone_shown(self) -> str:
        return wording.phone(self.phone)


class KnownDevice(Row):
    """A browser this account logged in from. Strangers' tries do not lock it out; trusted, it asks no code."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    # Keyed hash of the cookie's token, the account and its password (accounts.devices).
    token_hash = models.CharField(max_length=64, unique=True)
    words = models.CharField(max_length=80)
    is_shared = models.BooleanField(default=False)
    first_seen_at = models.DateTimeField(auto_now_add=True)
    last_seen_at = models.DateTimeField(auto_now_add=True)
    trusted_until = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "appareil connu"

    def __str__(self) -> str:
        return self.words

    @property
    def is_trusted(self) -> bool:
        return self.trusted_until is not None and self.trusted_until > timezone.now()


# Columns told from the session's own data.
_WRITTEN_ONCE = ("words", "is_shared", "opened_by")


class Session(AbstractBaseSession):
    """An open session, as its owner sees it. What is written once stays when Django writes its data again."""

    # What a page may say of the session: its key opens it.
    handle = models.UUIDField(default=new_id, unique=True, editable=False)
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+")
    device = models.ForeignKey(KnownDevice, null=True, on_delete=models.CASCADE, related_name="sessions")
    words = models.CharField(max_length=80, blank=True)
    # '' for a session opened by a partner's signed call.
    opened_by = models.CharField(max_length=20, choices=LoginWay.choices, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)
    # The workstation of a ward: locked after ten minutes without an act.
    is_shared = models.BooleanField(default=False)
    locked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "session ouverte"
        indexes = [
            models.Index(fields=["user"], condition=Q(user__isnull=False), name="sessions_of_somebody")
        ]

    def __str__(self) -> str:
        return self.words

    def save(
        self,
        *args: Any,
        force_update: bool = False,
        update_fields: Iterable[str] | None = None,
        **kwargs: Any,
    ) -> None:
        """Django saves a session whole at the end of a request: it must not undo a lock set meanwhile."""
        if force_update:
            update_fields = ("session_data", "expire_date", "user", "device", *_WRITTEN_ONCE)
        super().save(*args, force_update=force_update, update_fields=update_fields, **kwargs)


class ClosedSession(Row):
    """A session ended before its time, by whatever way: a trigger writes it. What was given to it ends too."""

    handle = models.UUIDField(unique=True)
    closed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "session fermée"

    def __str__(self) -> str:
        return f"{self.closed_at:%Y-%m-%d %H:%M}"


class FederatedIdentity(Row):
    """A person as an identity provider names him (`sub`: opaque, the provider's own, the same at each login)."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="federated_identities")
    issuer = models.CharField(max_length=200)
    subject = models.CharField(max_length=255)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "identité fédérée"
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="one_account_per_federated_identity")
        ]

    def __str__(self) -> str:
        return self.issuer


class LoginChallenge(Row):
    """A right password that waits for its code. Each login has its own, so that nobody uses up another's tries."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    purpose = models.CharField(
        max_length=10, choices=ChallengePurpose.choices, default=ChallengePurpose.LOGIN
    )
    channel = models.CharField(max_length=12, choices=CodeChannel.choices, default=CodeChannel.EMAIL)
    # A telephone number that is not the account's yet.
    new_phone = models.CharField(max_length=20, blank=True)
    # Keyed hash of the code that was sent; '' when the code comes from the account's TOTP seed.
    code_hash = models.CharField(max_length=64, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M}"


class Passkey(Row):
    """A WebAuthn key kept by a telephone or a computer: opens a session alone, once the device knows its owner."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="passkeys")
    credential_id = models.BinaryField(unique=True, max_length=1023)
    # Attested credential data (WebAuthn, 6.5.1): the public key, nothing secret.
    credential = models.BinaryField()
    # Grows at each use on devices that count; one that goes back was copied.
    sign_count = models.BigIntegerField(default=0)
    words = models.CharField(max_length=80)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "clé d’accès"

    def __str__(self) -> str:
        return self.words


class RecoveryCode(Row):
    """One of ten codes kept on paper, for the day the second factor is lost. Serves once."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    code_hash = models.CharField(max_length=64, unique=True)
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return "utilisé" if self.used_at else "disponible"


class RecoveryLink(Row):
    """A link sent by e-mail to come back in. Serves once, for thirty minutes; a new one replaces it."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    purpose = models.CharField(max_length=14, choices=LinkPurpose.choices)
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.purpose} {self.expires_at:%Y-%m-%d %H:%M}"


class MailboxProof(Row):
    """A six-digit code sent to an address the directory publishes: who reads it there is the one it names."""

    # What the code proves one is, for whoever asked; a fact of an app above.
    about_id = models.UUIDField()
    address = models.EmailField()
    code_hash = models.CharField(max_length=64)
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)
    # Proved: it may be used once more, to open the account.
    proved_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M}"


class AdministrationAct(Row):
    """What somebody else did to an account, and why."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="acts")
    act = models.CharField(max_length=12, choices=AccountAct.choices)
    reason = models.CharField("motif", max_length=300, blank=True)
    identity_check = models.CharField(max_length=12, choices=IdentityCheck.choices, blank=True)
    done_at = models.DateTimeField(auto_now_add=True)
    done_by_name = models.CharField(max_length=200)

    class Meta:
        verbose_name = "acte sur un compte"
        indexes = [models.Index(fields=["user", "-done_at"], name="acts_on_account")]

    def __str__(self) -> str:
        return f"{self.act} {self.done_at:%Y-%m-%d %H:%M}"


class AttemptCount(models.Model):
    """Tries of one kind in one window. The key is a hash: what people type in place of a login is not kept."""

    key = models.CharField(max_length=64, primary_key=True)
    # The account the tries are about, if there is one: who unlocks it drops them.
    account_id = models.UUIDField(null=True)
    tries = models.PositiveIntegerField()
    window_ends_at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["account_id"], condition=Q(account_id__isnull=False), name="attempts_on_account"
            )
        ]

    def __str__(self) -> str:
        return f"{self.tries}"
