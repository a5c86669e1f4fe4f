"""Closed lists; values are those of FHIR R4, of LOINC and of UCUM where they have one."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import TextChoices

# In characters.
LABEL_MAX_LENGTH = 120
DETAIL_MAX_LENGTH = 500


class Origin(TextChoices):
    """Who first said what a line says."""

    PROFESSIONAL = "professional", "Un professionnel"
    PATIENT = "patient", "La personne"
    REPRESENTATIVE = "representative", "Qui la représente"
    DOCUMENT = "document", "Un document reçu"


class Verification(TextChoices):
    """FHIR verificationStatus, as far as a circle uses it."""

    UNCONFIRMED = "unconfirmed", "Déclaré, non confirmé"
    CONFIRMED = "confirmed", "Confirmé"
    REFUTED = "refuted", "Infirmé"
    ENTERED_IN_ERROR = "entered-in-error", "Saisi par erreur"


class ClinicalStatus(TextChoices):
    """FHIR clinicalStatus of an allergy, of a condition."""

    ACTIVE = "active", "Actuel"
    INACTIVE = "inactive", "Ancien"
    RESOLVED = "resolved", "Guéri"


class AllergyCategory(TextChoices):
    MEDICATION = "medication", "Médicament"
    FOOD = "food", "Aliment"
    ENVIRONMENT = "environment", "Environnement (pollen, animal, latex)"
    BIOLOGIC = "biologic", "Vaccin ou produit sanguin"
    UNKNOWN = "", "Non précisée"


def named_categories() -> list[tuple[str, str]]:
    """A person who writes says which; a document may not."""
    return [choice for choice in AllergyCategory.choices if choice[0]]


class Criticality(TextChoices):
    HIGH = "high", "Grave : risque vital"
    LOW = "low", "Sans risque vital"
    UNABLE_TO_ASSESS = "unable-to-assess", "Gravité inconnue"


class TreatmentStatus(TextChoices):
    """FHIR MedicationStatement.status, as far as a circle uses it."""

    ACTIVE = "active", "En cours"
    STOPPED = "stopped", "Arrêté"


class Precision(TextChoices):
    """How far a date is known."""

    DAY = "day", "Jour connu"
    MONTH = "month", "Mois connu"
    YEAR = "year", "Année connue"


class OfferedKind(TextChoices):
    """What a received document may offer: the kinds of lines, by their slugs, and steps of an organised pathway."""

    ALLERGY = "allergies", "Allergie"
    TREATMENT = "traitements", "Traitement"
    CONDITION = "problemes", "Problème de santé"
    IMMUNIZATION = "vaccinations", "Vaccination"
    STEP = "etapes", "Étape d’un plan de soins"


class OfferedState(TextChoices):
    WAITING = "waiting", "À intégrer"
    INTEGRATED = "integrated", "Intégré"
    PUT_ASIDE = "put_aside", "Écarté"


class DirectiveKind(TextChoices):
    """Advance directives (L1111-11 CSP), then the limits of care that were decided (R4127-37-2 CSP)."""

    ADVANCE_DIRECTIVES = "advance_directives", "Directives anticipées"
    NO_RESUSCITATION = "no_resuscitation", "Ne pas réanimer"
    NO_INTENSIVE_CARE = "no_intensive_care", "Pas de transfert en réanimation"
    NO_HOSPITAL = "no_hospital", "Pas d’hospitalisation, sauf pour soulager"
    NO_ARTIFICIAL_NUTRITION = "no_artificial_nutrition", "Pas d’alimentation artificielle"
    COMFORT_ONLY = "comfort_only", "Soins de confort seulement"
    OTHER_LIMIT = "other_limit", "Autre limite de soins"


LIMITS_OF_CARE = frozenset(DirectiveKind) - {DirectiveKind.ADVANCE_DIRECTIVES}


class DecidedBy(TextChoices):
    PERSON = "person", "La personne elle-même"
    COLLEGIAL = "collegial", "Le médecin, après une procédure collégiale"
    PHYSICIAN = "physician", "Le médecin, avec la personne"
    REPRESENTATIVE = "representative", "Qui la représente"


class DirectiveState(TextChoices):
    ACTIVE = "active", "En vigueur"
    INACTIVE = "inactive", "Révoquée ou levée"


class MeasureCode(TextChoices):
    """LOINC (INTEROP.md 7)."""

    WEIGHT = "29463-7", "Poids"
    HEIGHT = "8302-2", "Taille"
    BLOOD_PRESSURE = "85354-9", "Tension artérielle"
    HEART_RATE = "8867-4", "Fréquence cardiaque"
    OXYGEN = "2708-6", "Saturation en oxygène"
    TEMPERATURE = "8310-5", "Température"
    RESPIRATORY_RATE = "9279-1", "Fréquence respiratoire"
    GLUCOSE = "2339-0", "Glycémie"
    PAIN = "72514-3", "Douleur"


@dataclass(frozen=True, slots=True)
class Measured:
    """`unit` in UCUM, `shown` on the screen; out of [low, high] a value was mistyped, whoever the patient is."""

    unit: str
    shown: str
    low: Decimal
    high: Decimal


def _of(unit: str, shown: str, low: str, high: str) -> Measured:
    return Measured(unit, shown, Decimal(low), Decimal(high))


MEASURED = {
    MeasureCode.WEIGHT: _of("kg", "kg", "0.3", "400"),
    MeasureCode.HEIGHT: _of("cm", "cm", "20", "250"),
    MeasureCode.BLOOD_PRESSURE: _of("mm[Hg]", "mmHg", "40", "300"),
    MeasureCode.HEART_RATE: _of("/min", "/min", "20", "300"),
    MeasureCode.OXYGEN: _of("%", "%", "40", "100"),
    MeasureCode.TEMPERATURE: _of("Cel", "°C", "25", "45"),
    MeasureCode.RESPIRATORY_RATE: _of("/min", "/min", "3", "90"),
    MeasureCode.GLUCOSE: _of("g/L", "g/L", "0.1", "15"),
    MeasureCode.PAIN: _of("1", "sur 10", "0", "10"),
}
# Of the lower of the two pressures, in mm[Hg].
DIASTOLIC = _of("mm[Hg]", "mmHg", "20", "200")
