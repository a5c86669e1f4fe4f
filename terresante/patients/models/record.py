from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from terresante.kernel.models import Row
from terresante.patients.enums import (
    DelegatedScope,
    DelegationBasis,
    DelegationProof,
    InformationSupport,
    ProtectionMission,
    Relationship,
)
from terresante.patients.models.identity import Patient


class CareRecord(Row):
    """Dossier de coordination: belongs to a patient, held by a structure, shared only once the person is informed."""

    patient = models.OneToOneField(Patient, on_delete=models.PROTECT, related_name="record")
    holder = models.ForeignKey(
        "directory.Organization", on_delete=models.PROTECT, related_name="held_records"
    )
    created_by = models.ForeignKey(
        "directory.Practitioner", null=True, on_delete=models.PROTECT, related_name="created_records"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    programme = models.CharField("suivi par", max_length=120, blank=True)
    is_shared = models.BooleanField("ouvert au partage", default=False)
    # Dossier non partagé of a support structure: nobody outside it knows that it exists (MISSION B2, E8).
    kept_by = models.ForeignKey(
        "directory.Organization", null=True, blank=True, on_delete=models.PROTECT, related_name="kept_records"
    )
    information_given_at = models.DateTimeField(null=True, blank=True)
    information_given_by = models.ForeignKey(
        "directory.Practitioner", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    information_support = models.CharField(max_length=20, choices=InformationSupport.choices, blank=True)

    class Meta:
        verbose_name = "dossier de coordination"
        constraints = [
            # Nothing opens to sharing before the person is informed (L1110-4 CSP; MISSION B5).
            models.CheckConstraint(
                condition=Q(is_shared=False)
                | Q(information_given_at__isnull=False, information_given_by__isnull=False)
                & ~Q(information_support=""),
                name="shared_only_once_informed",
            ),
            models.CheckConstraint(
                condition=Q(kept_by__isnull=True) | Q(is_shared=False, kept_by=models.F("holder")),
                name="kept_by_its_holder_until_shared",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"


class RelatedPerson(Row):
    """A relative or carer, whether or not he is the trusted person or the person to warn (DOMAIN.md 2.1)."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="relatives")
    name = models.CharField("nom", max_length=150)
    relationship = models.CharField("lien", max_length=20, choices=Relationship.choices)
    phone = models.CharField("téléphone", max_length=20, blank=True)
    is_trusted_person = models.BooleanField("personne de confiance", default=False)
    is_person_to_warn = models.BooleanField("personne à prévenir", default=False)
    is_carer = models.BooleanField("aidant", default=False)

    class Meta:
        verbose_name = "proche"

    def __str__(self) -> str:
        return self.name


class Delegation(Row):
    """What lets a relative act in the name of a patient: dated, proven, withdrawn rather than deleted (MISSION B7).

    In force from `valid_from` to `valid_until` included, on the calendar of Paris; a parent's ends the day of majority.
    """

    MEASURES = (
        DelegationBasis.GUARDIANSHIP,
        DelegationBasis.FAMILY_HABILITATION,
        DelegationBasis.FUTURE_MANDATE,
    )

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="delegations")
    related_person = models.ForeignKey(RelatedPerson, on_delete=models.PROTECT, related_name="delegations")
    # Whose account it is; nobody's until the relative has proven the code given to him by hand.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    basis = models.CharField("au titre de", max_length=20, choices=DelegationBasis.choices)
    mission = models.CharField("mission", max_length=10, choices=ProtectionMission.choices, blank=True)
    scope = ArrayField(models.CharField(max_length=20, choices=DelegatedScope.choices), default=list)
    valid_from = models.DateField("à partir du", default=timezone.localdate)
    valid_until = models.DateField("jusqu’au", null=True, blank=True)
    # The eighteenth birthday, kept by the database from the birth date of the patient.
    majority_on = models.DateField(null=True, editable=False)
    proof = models.CharField("preuve", max_length=20, choices=DelegationProof.choices)
    court = models.CharField("tribunal", max_length=120, blank=True)
    judged_on = models.DateField("date de la décision", null=True, blank=True)
    # A judge's decision that cuts this parent and not the other (article 373-2-1 of the Code civil).
    restricted_at = models.DateTimeField(null=True)
    restriction = models.CharField("décision de justice", max_length=200, blank=True)
    recorded_at = models.DateTimeField(auto_now_add=True)
    recorded_by_name = models.CharField(max_length=200)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by_name = models.CharField(max_length=200, blank=True)
    invited_email = models.EmailField("adresse électronique")
    token_hash = models.CharField(max_length=64, unique=True)
    code_hash = models.CharField(max_length=64)
    code_tries = models.PositiveSmallIntegerField(default=0)
    invited_until = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "délégation"
        constraints = [
            models.CheckConstraint(
                condition=Q(basis__in=[DelegationBasis.PARENTAL, DelegationBasis.CARER], mission="")
                | Q(
                    basis__in=[
                        DelegationBasis.GUARDIANSHIP,
                        DelegationBasis.FAMILY_HABILITATION,
                        DelegationBasis.FUTURE_MANDATE,
                    ],
                    mission__in=[ProtectionMission.PERSON, ProtectionMission.BOTH],
                ),
                name="delegation_is_about_the_person",
            ),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="delegation_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(basis=DelegationBasis.CARER) | Q(scope=[]), name="scope_is_a_carers"
            ),
            models.CheckConstraint(
                condition=Q(scope__contained_by=list(DelegatedScope.values)), name="scope_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(proof__in=[DelegationProof.JUDGMENT, DelegationProof.MANDATE])
                | Q(judged_on__isnull=False) & ~Q(court=""),
                name="a_decision_has_its_court_and_date",
            ),
        ]
        indexes = [
            models.Index(
                fields=["user"],
                condition=Q(user__isnull=False, withdrawn_at__isnull=True),
                name="delegations_of_account",
            ),
            models.Index(fields=["patient"], name="delegations_of_patient"),
        ]

    def __str__(self) -> str:
        return f"{self.basis} {self.valid_from:%Y-%m-%d}"

    @property
    def state(self) -> str:
        """In one word of the screens: in force, to come, over, withdrawn, restricted, waiting for its account."""
        today = timezone.localdate()
        if self.withdrawn_at is not None:
            return "withdrawn"
        if self.restricted_at is not None:
            return "restricted"
        if self.valid_until is not None and self.valid_until < today:
            return "over"
        if self.is_of_grown_up:
            return "majority"
        if self.user_id is None:
            return "invited"
        return "future" if self.valid_from > today else "open"

    @property
    def is_over(self) -> bool:
        return self.state in ("over", "majority")

    @property
    def is_of_grown_up(self) -> bool:
        return (
            self.basis == DelegationBasis.PARENTAL
            and self.majority_on is not None
            and self.majority_on <= timezone.localdate()
        )
