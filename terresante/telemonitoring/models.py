from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.utils import timezone

from terresante.care_team.models import CareTeamParticipant, Limited
from terresante.directory.models import Organization
from terresante.kernel.models import Row
from terresante.patients.models import CareRecord, Patient, RelatedPerson
from terresante.questionnaires.enums import PATHWAY_CHOICES, PATHWAY_CLASSES, ResponseColour
from terresante.questionnaires.models import PathwayVersion
from terresante.telemonitoring.alerts.models import Alert as Alert
from terresante.telemonitoring.alerts.models import Call as Call
from terresante.telemonitoring.course.models import ThresholdChange as ThresholdChange
from terresante.telemonitoring.enums import (
    TO_BEGIN,
    EndReason,
    EnquiryStatus,
    ExpectedState,
    FollowUpState,
    Respondent,
)

# Of the colours, the worst first on a board; silence is worse than a good answer (questionnaires.pathway.Colour.rank).
_SEVERITY = Case(
    When(colour=ResponseColour.RED, then=Value(3)),
    When(colour=ResponseColour.ORANGE, then=Value(2)),
    When(colour=ResponseColour.GREY, then=Value(1)),
    default=Value(0),
)


class Cell(Row):
    """Cellule de télésuivi: those of one structure who watch the answers, and when they are there."""

    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="cells", verbose_name="structure"
    )
    name = models.CharField("nom", max_length=120)
    territory = models.CharField("territoire", max_length=120, blank=True)
    # Weekday of ISO 8601 ("1" is Monday) → [["09:00", "17:00"], …], hours of Paris.
    opening_hours = models.JSONField("horaires", default=dict)
    # Dates as text, YYYY-MM-DD.
    days_off = models.JSONField("jours de fermeture", default=list)
    phone = models.CharField("téléphone", max_length=20, blank=True)
    on_call_name = models.CharField("astreinte", max_length=120, blank=True)
    on_call_phone = models.CharField("téléphone de l’astreinte", max_length=20, blank=True)
    second_level = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    physician = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    # For how long an alert that somebody took is his; then it is anybody's again.
    lock_minutes = models.PositiveSmallIntegerField(
        "minutes avant qu’une alerte prise soit rendue", default=15
    )
    is_active = models.BooleanField("ouverte", default=True)

    class Meta:
        verbose_name = "cellule de télésuivi"
        verbose_name_plural = "cellules de télésuivi"
        constraints = [
            models.UniqueConstraint(fields=["organization", "name"], name="one_cell_per_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        active = Cell.objects.filter(organization_id=OuterRef("pk"), is_active=True)
        Organization.objects.filter(pk=self.organization_id).update(has_cell=Exists(active))


class FollowUp(Limited):
    """Télésuivi (FHIR CarePlan): one person followed at home on one version of a pathway, for good.

    The columns of the board are written together by `board`, or by `colour_silences`, in one statement.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="follow_ups")
    record = models.ForeignKey(CareRecord, on_delete=models.PROTECT, related_name="follow_ups")
    cell = models.ForeignKey(Cell, on_delete=models.PROTECT, related_name="follow_ups")
    version = models.ForeignKey(PathwayVersion, on_delete=models.PROTECT, related_name="+")
    data_class = models.CharField("type de données", max_length=20, choices=PATHWAY_CHOICES)
    # Of the person, among those of the pathway.
    status = models.CharField("statut", max_length=60, blank=True)
    state = models.CharField(
        "état", max_length=10, choices=FollowUpState.choices, default=FollowUpState.ACTIVE
    )
    anchor_on = models.DateField("date de référence")
    # Dates known later that its pathway also counts from, by their name there: YYYY-MM-DD.
    later_anchors = models.JSONField(default=dict, blank=True)
    enrolled_at = models.DateTimeField(default=timezone.now)
    enrolled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    enrolled_by_name = models.CharField(max_length=200)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField("motif", max_length=12, choices=EndReason.choices, blank=True)
    end_words = models.CharField("précision", max_length=300, blank=True)
    ended_by_name = models.CharField(max_length=200, blank=True)
    # While it is suspended; why is read by professionals alone. Without a day it goes on when somebody says so.
    suspended_at = models.DateTimeField("suspendu le", null=True, blank=True)
    suspended_by_name = models.CharField("suspendu par", max_length=200, blank=True, default="")
    suspend_words = models.CharField("pourquoi", max_length=300, blank=True, default="")
    resumes_on = models.DateField("reprend le", null=True, blank=True)
    # Values at enrolment, and thresholds of this person: linkId or name → value.
    baseline = models.JSONField(default=dict)
    personal = models.JSONField(default=dict)
    # Why somebody whom the pathway was not made for is followed on it all the same.
    outside_words = models.CharField("hors du parcours", max_length=300, blank=True, default="")
    # Of the criteria of its pathway, those that who enrolled her confirmed, as they are written there.
    criteria = models.JSONField(
        "critères confirmés", default=list, blank=True, db_default=Value([], models.JSONField())
    )
    respondent = models.CharField(
        "qui répond", max_length=10, choices=Respondent.choices, default=Respondent.PATIENT
    )
    carer_name = models.CharField("nom du proche", max_length=150, blank=True)
    # Whom the cell named to answer from his own account; whom the person names is in his delegation.
    carer = models.ForeignKey(
        RelatedPerson, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    phone_of_respondent = models.CharField("téléphone", max_length=20, blank=True)
    # The period of the cell's structure in the circle, when this follow-up brought it; it ends with it.
    membership = models.ForeignKey(
        CareTeamParticipant, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    # Of a contact: whose. Nothing of it stands here when the index case asked not to be named.
    index_follow_up = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    index_name = models.CharField(max_length=200, blank=True)
    hides_index = models.BooleanField("cas index anonyme", default=False)

    # The board.
    colour = models.CharField(max_length=8, choices=ResponseColour.choices, default=ResponseColour.GREY)
    severity = models.GeneratedField(
        expression=_SEVERITY, output_field=models.PositiveSmallIntegerField(), db_persist=True
    )
    colour_since = models.DateTimeField(default=timezone.now)
    # What makes the colour: of the last answers, empty before the first one; of the worst silence since.
    answer_colour = models.CharField(max_length=8, choices=ResponseColour.choices, blank=True, default="")
    silence_colour = models.CharField(max_length=8, choices=ResponseColour.choices, blank=True, default="")
    # {"kind": "answer", "response", "form", "at", "fired": […], "pathway", "version"}, or
    # {"kind": "silence", "expected", "form", "opens_at", "pathway", "version"}; {} before either.
    reason = models.JSONField(default=dict)
    to_confirm_until = models.DateTimeField(null=True, blank=True)
    last_answer_at = models.DateTimeField(null=True, blank=True)
    next_due_at = models.DateTimeField(null=True, blank=True)
    # {"item", "label", "unit", "points": [[moment, number], …]}, oldest first; {} without a number.
    trend = models.JSONField(default=dict)
    late = models.BooleanField(default=False)
    last_call_at = models.DateTimeField(null=True, blank=True)
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    taken_at = models.DateTimeField(null=True, blank=True)
    # Of the address of the person, written by triggers alone: a board is asked for a territory.
    department = models.CharField(max_length=3, blank=True, default="", editable=False)
    postal_code = models.CharField(max_length=5, blank=True, default="", editable=False)
    city = models.CharField(max_length=100, blank=True, default="", editable=False)

    class Meta:
        verbose_name = "télésuivi"
        verbose_name_plural = "télésuivis"
        constraints = [
            models.CheckConstraint(
                condition=Q(data_class__in=PATHWAY_CLASSES), name="follow_up_class_is_known"
            ),
            models.CheckConstraint(
                condition=Q(state=FollowUpState.ENDED, ended_at__isnull=False) & ~Q(end_reason="")
                | ~Q(state=FollowUpState.ENDED) & Q(ended_at=None, end_reason=""),
                name="follow_up_says_why_it_ended",
            ),
            models.CheckConstraint(
                condition=Q(hides_index=False) | Q(index_follow_up=None, index_name=""),
                name="anonymous_index_is_not_written",
            ),
            models.CheckConstraint(
                condition=Q(state=FollowUpState.SUSPENDED) | Q(suspended_at=None, resumes_on=None),
                name="only_what_is_suspended_resumes",
            ),
        ]
        indexes = [
            models.Index(
                F("cell"), F("state"), F("severity").desc(), F("colour_since"), name="follow_ups_of_cell"
            ),
            models.Index(fields=["patient", "state"], name="follow_ups_of_patient"),
            models.Index(fields=["cell", "state", "department", "postal_code"], name="follow_ups_of_place"),
            models.Index(
                fields=["resumes_on"], condition=Q(resumes_on__isnull=False), name="follow_ups_resuming"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.colour} {self.enrolled_at:%Y-%m-%d}"

    @property
    def is_active(self) -> bool:
        return self.state == FollowUpState.ACTIVE

    @property
    def is_suspended(self) -> bool:
        return self.state == FollowUpState.SUSPENDED

    @property
    def is_ended(self) -> bool:
        return self.state == FollowUpState.ENDED


class Expected(Row):
    """One questionnaire of the schedule (FHIR Task): when it opens, when it is asked again, what its silence means."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    follow_up = models.ForeignKey(FollowUp, on_delete=models.PROTECT, related_name="expected")
    step = models.CharField(max_length=60)
    form = models.CharField(max_length=60)
    role = models.CharField(max_length=20)
    opens_at = models.DateTimeField()
    remind_at = models.DateTimeField(null=True, blank=True)
    grey_at = models.DateTimeField(null=True, blank=True)
    orange_at = models.DateTimeField(null=True, blank=True)
    red_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=ExpectedState.choices, default=ExpectedState.WAITING)
    response_id = models.UUIDField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    reminded = models.PositiveSmallIntegerField(default=0)
    # What its silence says so far, and the moments when somebody must look at it again; nothing is left when null.
    silence = models.CharField(max_length=8, choices=ResponseColour.choices, blank=True, default="")
    next_reminder_at = models.DateTimeField(null=True, blank=True)
    next_colour_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "questionnaire attendu"
        verbose_name_plural = "questionnaires attendus"
        constraints = [
            models.CheckConstraint(
                condition=Q(state=ExpectedState.WAITING) | Q(next_reminder_at=None, next_colour_at=None),
                name="only_what_waits_is_due",
            ),
            models.CheckConstraint(
                condition=Q(state=ExpectedState.ANSWERED, response_id__isnull=False)
                | ~Q(state=ExpectedState.ANSWERED) & Q(response_id=None),
                name="answered_by_a_response",
            ),
        ]
        indexes = [
            models.Index(fields=["follow_up", "opens_at"], name="expected_of_follow_up"),
            models.Index(
                fields=["next_reminder_at"],
                condition=Q(next_reminder_at__isnull=False),
                name="expected_to_remind",
            ),
            models.Index(
                fields=["next_colour_at"],
                condition=Q(next_colour_at__isnull=False),
                name="expected_to_colour",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.step} {self.state} {self.opens_at:%Y-%m-%d %H:%M}"


class AnswerLink(Row):
    """What lets somebody without an account answer for one follow-up: a link that is sent, a code that is said.

    Neither is kept: `accounts.codes.link_hash(token)`, `accounts.codes.code_hash(pk, code)`.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    follow_up = models.ForeignKey(FollowUp, on_delete=models.PROTECT, related_name="links")
    token_hash = models.CharField(max_length=64)
    code_hash = models.CharField(max_length=64)
    made_at = models.DateTimeField(default=timezone.now)
    made_by_name = models.CharField(max_length=200)
    # Where the link was sent; empty when it was only printed.
    sent_to = models.CharField(max_length=20, blank=True)
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "lien de réponse"
        verbose_name_plural = "liens de réponse"
        constraints = [
            models.UniqueConstraint(fields=["token_hash"], name="one_link_per_token"),
            models.UniqueConstraint(
                fields=["follow_up"], condition=Q(revoked_at=None), name="one_link_per_follow_up"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.made_at:%Y-%m-%d} {self.expires_at:%Y-%m-%d}"

    @property
    def is_open(self) -> bool:
        return self.revoked_at is None and self.expires_at > timezone.now()


class Contact(Row):
    """Somebody whom an index case met. It stands in the record of the index case, whose circle alone knows of the two.

    His own follow-up stands in his own record: `contact_follow_up_id` names it from here, never the other way when the
    index case asked not to be named.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+")
    record = models.ForeignKey(CareRecord, on_delete=models.PROTECT, related_name="+")
    follow_up = models.ForeignKey(FollowUp, on_delete=models.PROTECT, related_name="contacts")
    name = models.CharField("nom et prénom", max_length=150)
    phone = models.CharField("téléphone", max_length=20, blank=True)
    met_on = models.DateField("dernier contact le", null=True, blank=True)
    status = models.CharField(
        "enquête", max_length=12, choices=EnquiryStatus.choices, default=EnquiryStatus.TO_START
    )
    hides_index = models.BooleanField("le cas index ne souhaite pas être nommé", default=True)
    contact_record_id = models.UUIDField(null=True, blank=True)
    contact_follow_up_id = models.UUIDField(null=True, blank=True)
    added_at = models.DateTimeField(default=timezone.now)
    added_by_name = models.CharField(max_length=200)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "contact d’un cas index"
        verbose_name_plural = "contacts d’un cas index"
        indexes = [
            models.Index(fields=["follow_up", "added_at"], name="contacts_of_follow_up"),
            models.Index(
                fields=["added_at"], condition=Q(status__in=TO_BEGIN), name="contacts_without_follow_up"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.added_at:%Y-%m-%d}"
