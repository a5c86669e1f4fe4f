"""What somebody of a cell must do, and the calls it took; beside the follow-ups they belong to."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from terresante.kernel.models import Row
from terresante.patients.models import CareRecord, Patient
from terresante.telemonitoring.alerts.enums import (
    AlertKind,
    AlertLevel,
    AlertOutcome,
    AlertState,
    CallResult,
)

REASON_MAX_LENGTH = 500


class _OfFollowUp(Row):
    """Read by who reads the follow-up (row policy `of_follow_up`): its limits are the follow-up's."""

    follow_up = models.ForeignKey(
        "telemonitoring.FollowUp", on_delete=models.PROTECT, related_name="%(class)ss"
    )
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    record = models.ForeignKey(CareRecord, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True


class Alert(_OfFollowUp):
    """One at most is open for a follow-up: later answers join it, and the worst colour wins until it is closed."""

    kind = models.CharField("nature", max_length=12, choices=AlertKind.choices)
    colour = models.CharField("couleur", max_length=8)
    # As `pathway.Fired`: rule, value, threshold; of the worst answer, then of the first one when it was another.
    fired = models.JSONField(default=list)
    first_fired = models.JSONField(default=list)
    form = models.CharField("formulaire", max_length=60)
    version = models.ForeignKey("questionnaires.PathwayVersion", on_delete=models.PROTECT, related_name="+")
    # Of the answers that belong to it, the first that opened it first: an answer told twice opens nothing more.
    response_ids = models.JSONField(default=list)
    # The answer that did not come, if any.
    expected = models.ForeignKey(
        "telemonitoring.Expected", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    # When the worst answer was given, by the clock of the device.
    answered_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField("ouverte le")
    # Until then a first abnormal value may be measured again; None once it stands.
    confirm_until = models.DateTimeField(null=True, blank=True)
    # Since when it asks somebody: at its opening, when it stands, when it turns worse.
    waits_since = models.DateTimeField()
    state = models.CharField("état", max_length=8, choices=AlertState.choices, default=AlertState.NEW)
    level = models.CharField("attend", max_length=10, choices=AlertLevel.choices, default=AlertLevel.OPERATOR)
    # When it climbs, unless somebody takes it; None for what does not climb, or no higher.
    climbs_at = models.DateTimeField(null=True, blank=True)
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    taken_by_name = models.CharField(max_length=200, blank=True)
    taken_at = models.DateTimeField(null=True, blank=True)
    # Locked until then for who took it.
    taken_until = models.DateTimeField(null=True, blank=True)
    first_taken_at = models.DateTimeField(null=True, blank=True)
    first_call_at = models.DateTimeField(null=True, blank=True)
    calls_made = models.PositiveSmallIntegerField(default=0)
    outcome = models.CharField(
        "suite donnée", max_length=16, choices=AlertOutcome.choices, blank=True, default=""
    )
    reason = models.CharField("motif", max_length=REASON_MAX_LENGTH, blank=True, default="")
    closed_at = models.DateTimeField(null=True, blank=True)
    # Nobody: the platform closed it, and the reason says why.
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    closed_by_name = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = "alerte"
        constraints = [
            models.UniqueConstraint(
                fields=["follow_up"], condition=~Q(state=AlertState.CLOSED), name="one_open_alert"
            ),
            models.CheckConstraint(
                condition=~Q(state=AlertState.CLOSED)
                | (Q(closed_at__isnull=False) & ~Q(outcome="") & ~Q(reason="")),
                name="alert_closed_with_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[AlertState.NEW, AlertState.CLOSED])
                | Q(taken_by__isnull=False, taken_until__isnull=False),
                name="alert_taken_by_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["follow_up", "-opened_at"], name="alerts_of_follow_up"),
            models.Index(
                fields=["climbs_at"],
                condition=Q(state=AlertState.NEW, climbs_at__isnull=False),
                name="alerts_to_climb",
            ),
            models.Index(
                fields=["confirm_until"],
                condition=~Q(state=AlertState.CLOSED) & Q(confirm_until__isnull=False),
                name="alerts_to_confirm",
            ),
            models.Index(
                fields=["taken_until"],
                condition=Q(state__in=[AlertState.TAKEN, AlertState.CALLED]),
                name="alerts_to_release",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.colour} {self.opened_at:%Y-%m-%d %H:%M}"

    @property
    def is_open(self) -> bool:
        return self.state != AlertState.CLOSED

    @property
    def is_to_confirm(self) -> bool:
        return self.confirm_until is not None


class Call(_OfFollowUp):
    """One try to reach the person, for an alert or for none."""

    alert = models.ForeignKey(Alert, null=True, blank=True, on_delete=models.PROTECT, related_name="calls")
    at = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    by_name = models.CharField(max_length=200)
    result = models.CharField("résultat", max_length=12, choices=CallResult.choices)
    note = models.CharField("ce qui a été dit", max_length=REASON_MAX_LENGTH, blank=True)

    class Meta:
        verbose_name = "appel"
        indexes = [models.Index(fields=["follow_up", "-at"], name="calls_of_follow_up")]

    def __str__(self) -> str:
        return f"{self.result} {self.at:%Y-%m-%d %H:%M}"
