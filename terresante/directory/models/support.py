"""What the support desk was asked."""

from django.conf import settings
from django.db import models

from terresante.directory.enums import RequestChannel, RequestKind
from terresante.directory.models.published import Organization, Practitioner
from terresante.kernel.models import Row


class SupportRequest(Row):
    """What a professional asked of the support desk, and what it did. Names no patient: the desk keeps none."""

    kind = models.CharField(max_length=12, choices=RequestKind.choices)
    channel = models.CharField(max_length=10, choices=RequestChannel.choices)
    requested_on = models.DateField()
    practitioner = models.ForeignKey(Practitioner, models.PROTECT, related_name="support_requests")
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    agent_name = models.CharField(max_length=200)
    # The desk that did it: its agents see one another's.
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="+")
    done_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "demande à la cellule d’appui"
        indexes = [models.Index(fields=["organization", "-done_at"], name="directory_support_request")]

    def __str__(self) -> str:
        return f"{self.kind} {self.requested_on}"
