from django.conf import settings
from django.db import models
from django.db.models import F, Q

from terresante.kernel.models import Row
from terresante.patients.enums import IdentityStatus, Sex
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
    # The day on which the identity desk cleared a death noted by mistake: one announced as older waits for it.
    said_alive_on = models.DateField("dite vivante le", null=True, blank=True)
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
            models.CheckConstraint(
                condition=Q(said_alive_on=None)
                | Q(is_deceased=False) & (Q(deceased_on=None) | Q(deceased_on__gte=F("said_alive_on"))),
                name="cleared_death_is_noted_no_more",
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
