from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower

from terresante.kernel.models import Row


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(login__iexact=username)


class User(AbstractBaseUser, Row):
    """Somebody who logs in. Who he is, and for which structure, is asked of the directory or of patients."""

    login = models.CharField("identifiant", max_length=150, unique=True)
    name = models.CharField("nom affiché", max_length=200)
    email = models.EmailField("adresse électronique")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # Sealed by kernel.sealing, context "totp"; absent = the code goes by e-mail.
    totp_seed = models.BinaryField(null=True)
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


class LoginChallenge(Row):
    """A right password that waits for its code. Each login has its own, so that nobody uses up another's tries."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    # Keyed hash of the code sent by e-mail; '' when the code comes from the account's TOTP seed.
    code_hash = models.CharField(max_length=64, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M}"


class AttemptCount(models.Model):
    """Tries of one kind in one window. The key is a hash: what people type in place of a login is not kept."""

    key = models.CharField(max_length=64, primary_key=True)
    tries = models.PositiveIntegerField()
    window_ends_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.tries}"
