from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Func, Q, Value

from terresante.directory.models import Organization
from terresante.interop.enums import (
    HOLDING,
    TO_VERIFY,
    AbandonReason,
    ApiScope,
    ListKind,
    MessageOutcome,
    MessageState,
    PreparedState,
    RunKind,
)
from terresante.interop.hl7v2.triggers import EVENT_LABELS
from terresante.kernel.models import Row
from terresante.patients.models import CareRecord, IdentityDomain, Patient


class SenderSystem(Row):
    """A hospital's software: how it is recognised, and for which identity domains it may speak."""

    name = models.CharField("nom", max_length=120)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="sender_systems")
    # In a demonstration a port tells the sender; elsewhere the SHA-256 of its client certificate, in hexadecimal.
    port = models.PositiveIntegerField(null=True, blank=True, unique=True)
    fingerprint = models.CharField(max_length=64, null=True, blank=True, unique=True)
    domains = models.ManyToManyField(IdentityDomain, related_name="senders")
    # Trigger events it may send (A01…); empty: every one that is understood.
    triggers = ArrayField(models.CharField(max_length=10), default=list, blank=True)
    active = models.BooleanField(default=True)
    # Where business acknowledgements go back, over MLLP; empty: nowhere. In clear in a demonstration only.
    return_host = models.CharField(max_length=120, blank=True)
    return_port = models.PositiveIntegerField(null=True, blank=True)
    return_tls = models.BooleanField(default=True)
    registered_at = models.DateTimeField(auto_now_add=True)
    # Hours without a message after which administrators are told; 0: never.
    silence_hours = models.PositiveSmallIntegerField(default=24)
    # The last message, or the registration, before the silence they were told of: each silence is told once.
    silence_told_for = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(port__isnull=False, fingerprint__isnull=True)
                | Q(port__isnull=True, fingerprint__isnull=False),
                name="sender_is_known_one_way",
            )
        ]

    def __str__(self) -> str:
        return self.name


class InboundMessage(Row):
    """One message received, refused ones included. Content sealed; identities only as keyed digests."""

    sender = models.ForeignKey(SenderSystem, on_delete=models.PROTECT, related_name="messages")
    # Order of arrival; a batch is one INSERT, whose rows take their number in order.
    sequence = models.BigIntegerField(
        db_default=Func(Value("interop_message_order"), function="nextval"), editable=False
    )
    control_id = models.CharField(max_length=200, blank=True)
    content_hash = models.BinaryField(max_length=32)
    received_at = models.DateTimeField()
    # Any size for now; DESIGN.md 7 sends those over 64 kB to the file store when it exists.
    sealed_raw = models.BinaryField()
    message_type = models.CharField(max_length=10, blank=True)
    trigger = models.CharField(max_length=10, blank=True)
    # Of the IPPs it names: what keeps the order of one identity.
    identity_keys = ArrayField(models.CharField(max_length=32), default=list)
    # Of the INS and strict traits of a message without candidate: what finds it again when a record appears.
    trait_keys = ArrayField(models.CharField(max_length=32), default=list)
    state = models.CharField(max_length=12, choices=MessageState.choices, default=MessageState.RECEIVED)
    outcome = models.CharField(max_length=20, choices=MessageOutcome.choices, blank=True)
    # Code and place of what was refused or tolerated; never a value.
    remarks = ArrayField(models.CharField(max_length=60), default=list)
    is_control_id_reused = models.BooleanField(default=False)
    patient_id = models.UUIDField(null=True)
    handled_at = models.DateTimeField(null=True)
    # Who decided at the identity desk; he keeps seeing what he decided.
    decided_by_id = models.UUIDField(null=True)
    decided_by_name = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sender", "control_id", "content_hash"], name="message_stored_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["sequence"], condition=Q(state=MessageState.RECEIVED), name="messages_to_apply"
            ),
            models.Index(
                fields=["sender", "sequence"], condition=Q(state__in=HOLDING), name="messages_holding"
            ),
            models.Index(
                fields=["received_at"],
                condition=Q(state=MessageState.NO_CANDIDATE),
                name="messages_no_candidate",
            ),
            models.Index(fields=["received_at"], condition=Q(state__in=TO_VERIFY), name="messages_to_verify"),
            models.Index(fields=["sender", "received_at"], name="messages_of_sender"),
            GinIndex(
                fields=["trait_keys"], condition=Q(state=MessageState.NO_CANDIDATE), name="messages_by_traits"
            ),
            GinIndex(
                fields=["identity_keys"],
                condition=Q(state__in=[MessageState.NO_CANDIDATE, MessageState.HELD]),
                name="messages_by_identity",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.trigger} {self.state} {self.pk}"

    @property
    def event(self) -> str:
        return EVENT_LABELS.get(self.trigger, "message illisible")


class FlowHour(Row):
    """How many messages of one type a sender sent in one hour, refused ones included; the duplicates are not."""

    sender = models.ForeignKey(SenderSystem, on_delete=models.CASCADE, related_name="hours")
    hour = models.DateTimeField()
    message_type = models.CharField(max_length=10, blank=True)
    received = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["hour", "sender", "message_type"], name="flow_hour_counted_once")
        ]

    def __str__(self) -> str:
        return f"{self.message_type} {self.hour:%Y-%m-%d %H} {self.received}"


class RobotRule(Row):
    """A structure's explicit programme: for whom records are prepared, to be informed by its people (MISSION H11).

    With a sender and a unit, whoever leaves that unit; with or without, the lines of the files given for it.
    """

    name = models.CharField("programme", max_length=120)
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="robot_rules")
    sender = models.ForeignKey(
        SenderSystem, null=True, blank=True, on_delete=models.PROTECT, related_name="robot_rules"
    )
    unit_code = models.CharField("unité", max_length=20, blank=True)
    active = models.BooleanField(default=True)
    set_at = models.DateTimeField(auto_now_add=True)
    set_by_name = models.CharField(max_length=200)

    class Meta:
        verbose_name = "règle du robot"
        constraints = [
            models.CheckConstraint(
                condition=Q(sender__isnull=True, unit_code="") | Q(sender__isnull=False) & ~Q(unit_code=""),
                name="rule_of_a_unit_names_its_sender",
            )
        ]

    def __str__(self) -> str:
        return self.name


class RobotRun(Row):
    """One file, or one discharge, in numbers. What was wrong in a line is its columns, never what they said."""

    rule = models.ForeignKey(RobotRule, on_delete=models.PROTECT, related_name="runs")
    at = models.DateTimeField(auto_now_add=True)
    kind = models.CharField(max_length=10, choices=RunKind.choices, default=RunKind.GIVEN)
    # Who gave the file; nobody did those of the night.
    by_name = models.CharField(max_length=200, blank=True)
    prepared = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    # Somebody resembles, or nobody may be recorded: not told apart, an opposition is nobody else's business.
    left_out = models.PositiveIntegerField(default=0)
    rejected_lines = models.JSONField(default=list)
    # Of the file, as it names them; why it was set apart whole, if it was.
    ignored_columns = models.JSONField(default=list)
    refused = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.prepared}"


class PreparedRecord(Row):
    """A record that a rule prepared: closed until one of the structure's people has informed the person."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    record = models.ForeignKey(CareRecord, on_delete=models.PROTECT, related_name="prepared")
    rule = models.ForeignKey(RobotRule, on_delete=models.PROTECT, related_name="prepared")
    prepared_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=10, choices=PreparedState.choices, default=PreparedState.TO_INFORM)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by_name = models.CharField(max_length=200, blank=True)
    abandon_reason = models.CharField(max_length=20, choices=AbandonReason.choices, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["rule", "prepared_at"],
                condition=Q(state=PreparedState.TO_INFORM),
                name="records_to_inform",
            )
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.prepared_at:%Y-%m-%d}"


class IdentityDecision(Row):
    """Decided at the identity desk: this local identifier is, or is not, this patient, whatever the traits say."""

    identity_key = models.CharField(max_length=32)
    patient_id = models.UUIDField()
    is_same = models.BooleanField()
    decided_at = models.DateTimeField(auto_now_add=True)
    decided_by_name = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["identity_key", "patient_id"], name="decided_once_per_patient")
        ]

    def __str__(self) -> str:
        return f"{self.is_same} {self.decided_at:%Y-%m-%d}"


class Partner(Row):
    """An application whose users may open a patient here without a second login (MISSION H5, H7)."""

    name = models.CharField("nom", max_length=120, unique=True)
    editor = models.CharField("éditeur", max_length=120)
    version = models.CharField("version", max_length=40, blank=True)
    # Calls are accepted for professionals working in these, and for the local numbers these give.
    organizations = models.ManyToManyField(Organization, related_name="partners")
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_called_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "logiciel partenaire"

    def __str__(self) -> str:
        return self.name


class PartnerKey(Row):
    """A public key of a partner: several at once while it changes them. Its own key names it in tokens (`kid`)."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="keys")
    public_key = models.TextField("clé publique")
    algorithm = models.CharField(max_length=10)
    added_at = models.DateTimeField(auto_now_add=True)
    added_by_name = models.CharField(max_length=200)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.algorithm} {self.added_at:%Y-%m-%d}"


class LaunchUse(Row):
    """A call already accepted: the same one is refused from then on. Kept only as long as it could be shown again."""

    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="+")
    call_hash = models.CharField(max_length=64)
    kept_until = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["partner", "call_hash"], name="launched_once")]

    def __str__(self) -> str:
        return f"{self.kept_until:%Y-%m-%d %H:%M}"


class ApiAccess(Row):
    """A partner's way into the FHIR interface, for one structure (MISSION H6). Its own key is its `client_id`."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="accesses")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    scopes = ArrayField(models.CharField(max_length=10, choices=ApiScope.choices))
    # SHA-256 of its client certificate, in hexadecimal, when it proves itself by one (RFC 8705).
    fingerprint = models.CharField(max_length=64, null=True, blank=True, unique=True)
    opened_at = models.DateTimeField(auto_now_add=True)
    opened_by_name = models.CharField(max_length=200)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "organization"],
                condition=Q(revoked_at=None),
                name="one_access_per_structure",
            )
        ]

    def __str__(self) -> str:
        return f"{self.partner} {self.organization}"

    @property
    def scope_labels(self) -> list[str]:
        return [ApiScope(scope).label for scope in self.scopes]


class ApiToken(Row):
    """Given for a few minutes; only its digest is kept."""

    access = models.ForeignKey(ApiAccess, on_delete=models.CASCADE, related_name="tokens")
    token_hash = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=10))
    # The professional for whom it reads; empty, it reads nothing.
    rpps = models.CharField(max_length=11, blank=True)
    # Of the certificate without which it is worth nothing (RFC 8705, 3); empty: it is a bearer's.
    fingerprint = models.CharField(max_length=64, blank=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.expires_at:%Y-%m-%d %H:%M}"


class DocumentList(Row):
    """What a structure sent together, or filed together (FHIR List): a reader sees of it the documents he reads."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="document_lists")
    record = models.ForeignKey(CareRecord, on_delete=models.PROTECT, related_name="document_lists")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=13, choices=ListKind.choices)
    # What its sender calls it.
    identifier = models.CharField(max_length=200)
    title = models.CharField(max_length=200, blank=True)
    sent_at = models.DateTimeField()
    received_at = models.DateTimeField(auto_now_add=True)
    documents = ArrayField(models.UUIDField())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "organization", "kind", "identifier"], name="list_sent_once"
            )
        ]
        indexes = [models.Index(fields=["patient", "-sent_at"], name="lists_of_a_patient")]

    def __str__(self) -> str:
        return f"{self.kind} {self.sent_at:%Y-%m-%d}"
