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
    DuplicateState,
    IdentityChangeKind,
    IdentityStatus,
    InformationSupport,
    InsiAnswer,
    InsiOperation,
    LinkCause,
    LinkState,
    ProofDocument,
    ProtectionMission,
    Relationship,
    Sex,
)
from terresante.patients.identity_rules import shown_name


class Patient(Row):
    """An identity, which may exist with no record. Strict traits follow RNIV (INTEROP.md 2)."""

    birth_name = models.CharField("nom de naissance", max_length=100)
    birth_given_names = models.CharField("prénoms de naissance", max_length=200)
    birth_given_name = models.CharField("premier prénom de naissance", max_length=100)
    birth_date = models.DateField("date de naissance")
    # Unknown day or month, as received (`1950`, `1950-00-00`): the date above then holds the 1st.
    lunar_birth_date = models.CharField(max_length=10, blank=True)
    sex = models.CharField("sexe", max_length=1, choices=Sex.choices)
    # COG: commune code, 99xxx for a country, 99999 unknown.
    birth_place_code = models.CharField("code du lieu de naissance", max_length=5)
    birth_place_name = models.CharField("lieu de naissance", max_length=120, blank=True)

    used_name = models.CharField("nom utilisé", max_length=100, blank=True)
    used_given_name = models.CharField("prénom utilisé", max_length=100, blank=True)

    ins = models.CharField("matricule INS", max_length=15, blank=True)
    ins_oid = models.CharField(max_length=40, blank=True)
    identity_status = models.CharField(
        max_length=5, choices=IdentityStatus.choices, default=IdentityStatus.PROVISIONAL
    )
    is_homonym = models.BooleanField("homonyme", default=False)
    is_doubtful = models.BooleanField("identité douteuse", default=False)
    is_fictitious = models.BooleanField("identité fictive", default=False)

    # Normalised for matching (patients.identity_rules): capitals, no diacritic.
    match_birth_name = models.CharField(max_length=100, editable=False)
    match_given_name = models.CharField(max_length=100, editable=False)
    match_used_name = models.CharField(max_length=100, editable=False, blank=True)

    phone = models.CharField("téléphone", max_length=20, blank=True)
    email = models.EmailField("adresse électronique", blank=True)
    address_line = models.CharField("adresse", max_length=200, blank=True)
    postal_code = models.CharField("code postal", max_length=5, blank=True)
    city = models.CharField("commune", max_length=100, blank=True)

    deceased_on = models.DateField("date de décès", null=True, blank=True)
    is_deceased = models.BooleanField("décès connu sans sa date", default=False)
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged_from"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "patient"
        constraints = [
            models.CheckConstraint(
                condition=Q(birth_place_code__regex=r"^[0-9AB]{5}$"), name="birth_place_is_cog"
            ),
            models.CheckConstraint(condition=~Q(merged_into=models.F("id")), name="never_merged_into_itself"),
            # INTEROP.md 2: a doubtful or fictitious identity is neither validated, retrieved nor qualified.
            models.CheckConstraint(
                condition=Q(is_doubtful=False, is_fictitious=False)
                | Q(identity_status=IdentityStatus.PROVISIONAL),
                name="doubtful_stays_provisional",
            ),
        ]
        indexes = [
            models.Index(
                fields=["birth_date", "match_birth_name", "match_given_name"], name="patient_traits"
            ),
            models.Index(fields=["birth_date", "match_used_name"], name="patient_used_name"),
            models.Index(fields=["ins"], condition=~Q(ins=""), name="patient_ins"),
        ]

    def __str__(self) -> str:
        return shown_name(self.birth_name, self.used_name, self.birth_given_name, self.used_given_name)

    @property
    def display_name(self) -> str:
        return self.used_name or self.birth_name

    @property
    def display_given_name(self) -> str:
        return (self.used_given_name or self.birth_given_name).title()

    @property
    def is_married_name(self) -> bool:
        return bool(self.used_name) and self.used_name.upper() != self.birth_name


class PatientAccount(Row):
    """The patient's own login."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="accounts")

    class Meta:
        verbose_name = "compte du patient"

    def __str__(self) -> str:
        return f"{self.user_id}"


class IdentityDomain(Row):
    """Who gives a local identifier: the same IPP in two establishments is two identities (INTEROP.md 2)."""

    # OID or FINESS as sent; the namespace serves where a sender gives no universal id.
    authority = models.CharField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    organization = models.ForeignKey(
        "directory.Organization", null=True, on_delete=models.PROTECT, related_name="identity_domains"
    )

    def __str__(self) -> str:
        return self.name


class SourceIdentity(Row):
    """A local identifier (IPP) in its domain, linked to a patient or still to be."""

    domain = models.ForeignKey(IdentityDomain, on_delete=models.PROTECT, related_name="identities")
    value = models.CharField("IPP", max_length=60)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="source_identities")
    linked_at = models.DateTimeField(auto_now_add=True)
    # The dead identifier of a merge points at the surviving one.
    replaced_by = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="replaces")

    class Meta:
        verbose_name = "identifiant d’établissement"
        constraints = [models.UniqueConstraint(fields=["domain", "value"], name="one_patient_per_ipp")]

    def __str__(self) -> str:
        return self.value


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
