from django.conf import settings
from django.db import models

from terresante.accounts.models import KnownDevice
from terresante.kernel.models import Row


class EmailPreference(Row):
    """What somebody wants an e-mail for; no row means the defaults."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    own_circle = models.BooleanField("patients dont je suis membre du cercle", default=True)
    my_structure = models.BooleanField("patients suivis par ma structure", default=False)

    def __str__(self) -> str:
        return f"{self.own_circle} {self.my_structure}"


class PushSubscription(Row):
    """Where a browser may be told that something waits, while its owner has not logged out of it.

    Neither of its secrets reads anything: they only seal what is sent to this browser.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    # A device forgotten is told nothing any more.
    device = models.OneToOneField(KnownDevice, on_delete=models.CASCADE, related_name="+")
    words = models.CharField(max_length=80)
    endpoint = models.CharField(max_length=1000, unique=True)
    # RFC 8291: the browser's public point (p256dh) and its authentication secret.
    point = models.BinaryField(max_length=65)
    auth = models.BinaryField(max_length=16)
    created_at = models.DateTimeField(auto_now_add=True)
    last_success_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "appareil alerté"

    def __str__(self) -> str:
        return self.words
