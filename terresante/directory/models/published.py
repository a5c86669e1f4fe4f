"""Places, structures and professionals, as the national files publish them or as somebody here entered them."""

from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Concat

from terresante.directory.enums import (
    Civility,
    Duty,
    ExerciseMode,
    OrganizationKind,
    PlaceKind,
    Profession,
    Source,
    UnitSensitivity,
)
from terresante.directory.names import search_form
from terresante.kernel.models import Row


def words_of(column: str) -> models.GeneratedField:
    """Words of an already normalised column, searched by prefix: 'simple' neither stems nor drops any."""
    return models.GeneratedField(
        expression=SearchVector(column, config="simple"), output_field=SearchVectorField(), db_persist=True
    )


class Place(Row):
    """A commune of the COG, a former one still met in birth places, or a foreign country (99xxx)."""

    # A delegated commune may bear the code of the commune it belongs to.
    code = models.CharField(max_length=5)
    kind = models.CharField(max_length=10, choices=PlaceKind.choices)
    name = models.CharField(max_length=120)
    department = models.CharField(max_length=3, blank=True)
    # The commune that a district, a delegated or an associated commune belongs to.
    parent_code = models.CharField(max_length=5, blank=True)
    postal_codes = ArrayField(models.CharField(max_length=5), default=list, blank=True)
    population = models.PositiveIntegerField(default=0)
    search_name = models.CharField(max_length=120, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["code", "kind"], name="directory_place_code_kind")]
        indexes = [
            models.Index(fields=["search_name"], name="directory_place_name", opclasses=["text_pattern_ops"]),
            GinIndex(fields=["postal_codes"], name="directory_place_postal"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.department})" if self.department else self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.search_name = search_form(self.name)
        super().save(*args, **kwargs)


class Published(Row):
    """A row that a national directory publishes, or that somebody here entered.

    `source` local: no import touches the row. `local_fields`: columns corrected here, that no import overwrites.
    """

    source = models.CharField(max_length=10, choices=Source.choices)
    local_fields = ArrayField(models.CharField(max_length=40), default=list, blank=True)

    class Meta:
        abstract = True


class Organization(Published):
    name = models.CharField(max_length=200)
    short_name = models.CharField(max_length=80, blank=True)
    kind = models.CharField(max_length=20, choices=OrganizationKind.choices, default=OrganizationKind.OTHER)
    # Geographic number of a site, or the number of the legal entity itself: one numbering space.
    finess = models.CharField(max_length=9, null=True, blank=True, unique=True)
    legal_finess = models.CharField(max_length=9, blank=True)
    # « Identifiant technique de la structure » of the Annuaire Santé: practices have no FINESS.
    annuaire_id = models.CharField(max_length=40, null=True, blank=True, unique=True)
    siret = models.CharField(max_length=14, blank=True)
    # TRE_R02-SecteurActivite.
    sector = models.CharField(max_length=4, blank=True)
    part_of = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="parts")
    # Lines above the postal line, separated by newlines.
    address = models.CharField(max_length=400, blank=True)
    postal_code = models.CharField(max_length=5, blank=True)
    commune_code = models.CharField(max_length=5, blank=True)
    commune_name = models.CharField(max_length=120, blank=True)
    phone = models.CharField(max_length=30, blank=True)
    email = models.CharField(max_length=254, blank=True)
    is_psychiatric = models.BooleanField(default=False)
    active = models.BooleanField(default=True)
    closed_on = models.DateField(null=True, blank=True)
    # Whether a cell of it follows people at home: kept by the cells, because each page of its people asks.
    has_cell = models.BooleanField(default=False, db_default=False, editable=False)
    search_name = models.CharField(max_length=300, editable=False)
    search_words = words_of("search_name")

    class Meta:
        indexes = [
            GinIndex(fields=["search_words"], name="directory_org_words"),
            models.Index(fields=["commune_code"], name="directory_org_commune"),
            models.Index(fields=["postal_code"], name="directory_org_postal"),
            models.Index(
                fields=["source"], name="directory_org_open", condition=Q(active=True), include=["finess"]
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.search_name = search_form(self.name, self.short_name)[:300]
        super().save(*args, **kwargs)


class Unit(Row):
    """A medical unit (UF) of an establishment, as its messages name it."""

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="units")
    code = models.CharField(max_length=20)
    name = models.CharField(max_length=120)
    sensitivity = models.CharField(
        max_length=12, choices=UnitSensitivity.choices, default=UnitSensitivity.ORDINARY
    )
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "code"], name="directory_unit_organization_code")
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"


class Practitioner(Published):
    """A professional, of health or not. Struck off rather than deleted: what they wrote keeps its author."""

    rpps = models.CharField(max_length=11, null=True, blank=True, unique=True)
    adeli = models.CharField(max_length=9, blank=True)
    # « Identification nationale PP » (IDNPS): 8 + RPPS, 0 + ADELI; the key of imports.
    idnps = models.CharField(max_length=40, null=True, blank=True, unique=True)
    family_name = models.CharField(max_length=100)
    given_name = models.CharField(max_length=100, blank=True)
    title = models.CharField(max_length=40, blank=True)
    civility = models.CharField(max_length=4, choices=Civility.choices, blank=True)
    profession = models.CharField(max_length=8, choices=Profession.choices)
    # TRE_R38-SpecialiteOrdinale and its neighbours, as the Annuaire publishes them.
    specialty = models.CharField(max_length=10, blank=True)
    specialty_label = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=254, blank=True)
    mssante_email = models.CharField(max_length=254, blank=True)
    phone = models.CharField(max_length=30, blank=True)
    active = models.BooleanField(default=True)
    struck_off_on = models.DateField(null=True, blank=True)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="practitioner"
    )
    search_name = models.CharField(max_length=220, editable=False)
    search_words = words_of("search_name")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(rpps=None) | Q(idnps=Concat(Value("8"), F("rpps"))),
                name="directory_practitioner_idnps_of_rpps",
            )
        ]
        indexes = [
            # « infirmier 94700 », or a place alone: rows are read in the order of their names, not sorted.
            models.Index(fields=["search_name", "id"], condition=Q(active=True), name="practitioner_by_name"),
            models.Index(
                fields=["profession", "search_name", "id"],
                condition=Q(active=True),
                name="practitioner_of_profession",
            ),
            GinIndex(fields=["search_words"], name="directory_practitioner_words"),
            models.Index(
                fields=["search_name"],
                name="directory_practitioner_name",
                opclasses=["varchar_pattern_ops"],
                condition=Q(active=True),
            ),
            models.Index(
                fields=["source"],
                name="directory_practitioner_open",
                condition=Q(active=True),
                include=["idnps"],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.given_name} {self.family_name}".strip()

    @property
    def full_name(self) -> str:
        return f"{self.title} {self}".strip()

    def get_profession_display(self) -> str:  # type: ignore[no-redef]  # Django gives way to it
        return Profession(self.profession).said_of(self.civility)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.search_name = search_form(self.family_name, self.given_name)
        super().save(*args, **kwargs)


class PractitionerRole(Published):
    """What a professional does in a structure, from `period_start` to the eve of `period_end`."""

    practitioner = models.ForeignKey(Practitioner, models.PROTECT, related_name="roles")
    organization = models.ForeignKey(Organization, models.PROTECT, related_name="roles")
    profession = models.CharField(max_length=8, choices=Profession.choices)
    # TRE_R21-Fonction.
    function = models.CharField(max_length=10, blank=True)
    function_label = models.CharField(max_length=120, blank=True)
    mode = models.CharField(max_length=1, choices=ExerciseMode.choices, blank=True)
    phone = models.CharField(max_length=30, blank=True)
    email = models.CharField(max_length=254, blank=True)
    duties = ArrayField(models.CharField(max_length=20, choices=Duty.choices), default=list, blank=True)
    period_start = models.DateField()
    period_end = models.DateField(null=True, blank=True)
    # Recognises the activity from one import to the next; the Annuaire publishes no identifier of activities.
    source_key = models.CharField(max_length=32, null=True, blank=True, unique=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(period_end=None) | Q(period_end__gte=F("period_start")),
                name="directory_role_ends_after_start",
            )
        ]
        indexes = [
            models.Index(
                fields=["organization", "profession"],
                name="directory_role_open",
                condition=Q(period_end=None),
                include=["practitioner"],
            )
        ]

    def __str__(self) -> str:
        return f"{self.practitioner}, {self.get_profession_display()}, {self.organization}"

    def get_profession_display(self) -> str:  # type: ignore[no-redef]  # Django gives way to it
        """Of the person who exercises it: read with `practitioner`."""
        return Profession(self.profession).said_of(self.practitioner.civility)

    @property
    def last_day(self) -> date | None:
        return self.period_end - timedelta(days=1) if self.period_end else None
