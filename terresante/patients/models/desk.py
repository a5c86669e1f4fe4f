from django.db import models
from django.db.models import Q

from terresante.kernel.models import Row
from terresante.patients.enums import (
    DuplicateState,
    IdentityChangeKind,
    IdentityStatus,
    InsiAnswer,
    InsiOperation,
    LinkCause,
    LinkState,
    ProofDocument,
    Sex,
)
from terresante.patients.models.identity import Patient


class IdentityChange(Row):
    """What was done to an identity, with what proof and why; only added to (RNIV, MISSION A11)."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="identity_changes")
    kind = models.CharField(max_length=12, choices=IdentityChangeKind.choices)
    at = models.DateTimeField(auto_now_add=True)
    by_name = models.CharField(max_length=200)
    organization_name = models.CharField(max_length=200, blank=True)
    document = models.CharField("pièce", max_length=2, choices=ProofDocument.choices, blank=True)
    reason = models.CharField("motif", max_length=200, blank=True)
    status_before = models.CharField(max_length=5, choices=IdentityStatus.choices)
    status_after = models.CharField(max_length=5, choices=IdentityStatus.choices)
    # Field → value, of those that changed.
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        verbose_name = "changement d’identité"
        indexes = [models.Index(fields=["patient", "-at"], name="changes_of_identity")]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"


class InsiCall(Row):
    """One call of the INSi teleservice: who asked what about whom, and the code it answered (INTEROP.md 2)."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="insi_calls")
    operation = models.CharField(max_length=10, choices=InsiOperation.choices)
    answer = models.CharField(max_length=12, choices=InsiAnswer.choices)
    at = models.DateTimeField(auto_now_add=True)
    by_name = models.CharField(max_length=200)
    organization_name = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = "appel à INSi"
        indexes = [models.Index(fields=["patient", "-at"], name="insi_calls_of_identity")]

    def __str__(self) -> str:
        return f"{self.operation} {self.answer} {self.at:%Y-%m-%d %H:%M}"


class PotentialDuplicate(Row):
    """Two identities that may be one person, until somebody decides; told apart once, never proposed again."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="potential_duplicates")
    # The other of the pair: by its key alone, so that the key of a patient has one name everywhere.
    other_id = models.UUIDField()
    points = models.SmallIntegerField()
    state = models.CharField(max_length=10, choices=DuplicateState.choices, default=DuplicateState.OPEN)
    found_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True)
    decided_by_name = models.CharField(max_length=200, blank=True)
    reason = models.CharField("motif", max_length=200, blank=True)

    class Meta:
        verbose_name = "doublon potentiel"
        constraints = [
            models.UniqueConstraint(fields=["patient", "other_id"], name="pair_proposed_once"),
            models.CheckConstraint(condition=Q(patient__lt=models.F("other_id")), name="pair_in_one_order"),
        ]
        indexes = [
            models.Index(
                fields=["-points", "found_at"],
                condition=Q(state=DuplicateState.OPEN),
                name="pairs_to_examine",
            )
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.points}"


class LinkRequest(Row):
    """Somebody vouched for by FranceConnect whose five traits are not those of one record: the identity desk decides.

    Nothing of a record is in it but the key that was chosen; the person was shown a sentence.
    """

    issuer = models.CharField(max_length=200)
    subject = models.CharField(max_length=255)
    cause = models.CharField(max_length=12, choices=LinkCause.choices)
    state = models.CharField(max_length=10, choices=LinkState.choices, default=LinkState.OPEN)
    # The pivot identity, as said; the date is missing when it could not be read.
    birth_name = models.CharField("nom de naissance", max_length=100, blank=True)
    birth_given_names = models.CharField("prénoms de naissance", max_length=200, blank=True)
    birth_date = models.DateField("date de naissance", null=True)
    lunar_birth_date = models.CharField(max_length=10, blank=True)
    sex = models.CharField("sexe", max_length=1, choices=Sex.choices)
    birth_place_code = models.CharField("code du lieu de naissance", max_length=5, blank=True)
    used_name = models.CharField("nom d’usage", max_length=100, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField(auto_now_add=True)
    patient = models.ForeignKey(Patient, null=True, on_delete=models.PROTECT, related_name="link_requests")
    # Digest of both sides' traits when they were linked: what was decided holds until either changes.
    settled = models.CharField(max_length=64, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by_name = models.CharField(max_length=200, blank=True)
    reason = models.CharField("motif", max_length=200, blank=True)

    class Meta:
        verbose_name = "demande de rattachement"
        constraints = [
            models.UniqueConstraint(
                fields=["issuer", "subject"],
                condition=Q(state=LinkState.OPEN),
                name="one_open_request_per_identity",
            ),
            models.CheckConstraint(
                condition=Q(state=LinkState.LINKED, patient__isnull=False)
                | ~Q(state=LinkState.LINKED) & Q(patient__isnull=True),
                name="linked_to_a_patient",
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at", "id"],
                condition=Q(state=LinkState.OPEN),
                name="link_requests_to_examine",
            ),
            models.Index(fields=["issuer", "subject", "-decided_at"], name="link_requests_of_identity"),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.created_at:%Y-%m-%d %H:%M}"


class IdentityMerge(Row):
    """Two identities made one; taken back, it keeps when and by whom. Written by `merge_patients` alone."""

    # The one that goes on; `dead_id` leads to it.
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="merges")
    dead_id = models.UUIDField()
    reason = models.CharField("motif", max_length=200)
    merged_at = models.DateTimeField()
    merged_by_name = models.CharField(max_length=200)
    unmerged_at = models.DateTimeField(null=True)
    unmerged_by_name = models.CharField(max_length=200, blank=True)
    unmerge_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = "fusion d’identités"
        constraints = [
            models.UniqueConstraint(
                fields=["dead_id"], condition=Q(unmerged_at__isnull=True), name="merged_once_at_a_time"
            )
        ]
        indexes = [models.Index(fields=["patient"], name="merges_of_identity")]

    def __str__(self) -> str:
        return f"{self.merged_at:%Y-%m-%d %H:%M}"


class MergedRow(Row):
    """Where one row stood before a merge, and what the merge changed of it: what un-merging puts back."""

    merge = models.ForeignKey(IdentityMerge, on_delete=models.PROTECT, related_name="rows")
    table_name = models.CharField(max_length=63)
    row_id = models.UUIDField()
    is_of_dead = models.BooleanField()
    # Column → value, of the columns that the merge changed; keys and states, never content.
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merge", "table_name", "row_id"], name="row_merged_once")
        ]

    def __str__(self) -> str:
        return f"{self.table_name} {self.row_id}"
