from functools import cache
from typing import Any

from django.db import models
from django.db.models import Field, Q
from django.utils.encoding import force_str

from terresante.kernel.enums import OutboundChannel, OutboundState, Outcome
from terresante.kernel.ids import new_id


class Row(models.Model):
    """Base of every table of ours: a key that its creator, a phone included, may choose."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)

    class Meta:
        abstract = True

    def _get_FIELD_display(self, field: "Field[Any, Any]") -> Any:
        """What `get_…_display` says. Django's own makes a dictionary of all choices at each call: of the types of
        documents, for the fifty lines of a timeline, a fifth of its page (docs/bench.md)."""
        value = getattr(self, field.attname)
        # Said in the language of the page: a label may wait for it (`kernel.ui.translation`).
        return force_str(_labels(field).get(value, value), strings_only=True)


class AuditEntry(Row):
    """Partitioned by month (migration 0002); `id` alone is not unique in the database, (id, at) is."""

    at = models.DateTimeField()
    action = models.CharField(max_length=60)
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    patient_id = models.UUIDField(null=True)
    object_type = models.CharField(max_length=60, blank=True)
    object_id = models.UUIDField(null=True)
    actor_kind = models.CharField(max_length=20)
    user_id = models.UUIDField(null=True)
    person_id = models.UUIDField(null=True)
    organization_id = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=200)
    actor_role = models.CharField(max_length=120, blank=True)
    organization_name = models.CharField(max_length=200, blank=True)
    purpose = models.CharField(max_length=20)
    channel = models.CharField(max_length=20)
    correlation_id = models.UUIDField()
    detail = models.JSONField(default=dict)

    class Meta:
        managed = False
        db_table = "kernel_auditentry"

    def __str__(self) -> str:
        return f"{self.action} {self.outcome} {self.at:%Y-%m-%d %H:%M}"


class OutboxEvent(Row):
    """What happened, as identifiers; committed with the change it tells (DESIGN.md 4, "Events")."""

    kind = models.CharField(max_length=60)
    patient_id = models.UUIDField(null=True)
    payload = models.JSONField()
    correlation_id = models.UUIDField()
    created_at = models.DateTimeField(auto_now_add=True)
    # Order of delivery, given by the dispatcher after commit; ids and sequences commit out of order.
    position = models.BigIntegerField(null=True, unique=True)

    class Meta:
        managed = False
        db_table = "kernel_outboxevent"

    def __str__(self) -> str:
        return f"{self.kind} {self.position}"


class HandlerCursor(models.Model):
    """How far one handler has come in the order of events."""

    handler = models.CharField(max_length=120, primary_key=True)
    position = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.handler} {self.position}"


class ParkedEvent(Row):
    """An event a handler could not digest: kept aside for a person, the later ones go on."""

    handler = models.CharField(max_length=120)
    event = models.ForeignKey(OutboxEvent, on_delete=models.DO_NOTHING, db_constraint=False)
    error = models.CharField(max_length=200)
    parked_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["handler", "event"], name="parked_once")]

    def __str__(self) -> str:
        return f"{self.handler} {self.error}"


class OutboundMessage(Row):
    """What waits to be sent. It may leave twice after a crash, always with the same Message-ID or reference."""

    channel = models.CharField(
        max_length=5,
        choices=OutboundChannel.choices,
        default=OutboundChannel.EMAIL,
        db_default=OutboundChannel.EMAIL,
    )
    # An address, a telephone number in the international form, the key of a device's subscription, or of a peer.
    recipient = models.CharField(max_length=254)
    subject = models.CharField(max_length=200, blank=True)
    # Sealed by kernel.sealing: a login code is in it until it has left.
    body = models.BinaryField()
    state = models.CharField(max_length=10, choices=OutboundState.choices, default=OutboundState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(auto_now_add=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # Makes a handler that runs twice send once.
    dedupe_key = models.CharField(max_length=120)

    class Meta:
        # Not `unique=True`, whose second index (for LIKE) each e-mail would pay.
        constraints = [models.UniqueConstraint(fields=["dedupe_key"], name="queued_once")]
        indexes = [
            models.Index(
                fields=["next_attempt_at"], condition=Q(state=OutboundState.WAITING), name="outbound_waiting"
            ),
            models.Index(
                fields=["recipient", "created_at"],
                condition=Q(channel=OutboundChannel.PEER),
                name="outbound_of_peer",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.created_at:%Y-%m-%d %H:%M}"


class SwitchChange(Row):
    """One value that an administrator gave to a setting of the deployment; only added to (migration 0007).

    `number` and `user_id` are the database's: the order of commits, and who is really there.
    """

    number = models.BigIntegerField(unique=True)
    code = models.CharField(max_length=60)
    value = models.CharField(max_length=200)
    reason = models.CharField("motif", max_length=300)
    at = models.DateTimeField(auto_now_add=True)
    user_id = models.UUIDField(null=True)
    by_name = models.CharField(max_length=200)
    organization_name = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = "changement d’un réglage"
        indexes = [models.Index(fields=["code", "-number"], name="changes_of_switch")]

    def __str__(self) -> str:
        return f"{self.code} {self.value}"


class StoredFile(Row):
    """One encrypted object of the storage (`kernel.files.vault`). It says nothing of whose it is: the row of the app
    that keeps it does, behind its own policies. What may change it is in migration 0010.
    """

    name = models.CharField(max_length=60, unique=True)
    sealed_key = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)
    # Null until an action gives it its meaning; a day later, it is erased.
    kept_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "fichier conservé"
        indexes = [models.Index(fields=["created_at"], condition=Q(kept_at=None), name="files_not_kept")]

    def __str__(self) -> str:
        return self.name


@cache
def _labels(field: "Field[Any, Any]") -> dict[Any, Any]:
    return dict(field.flatchoices)
