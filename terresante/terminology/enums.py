"""Which published sets the platform looks into, by the identifier their publisher gives them."""

from django.db.models import TextChoices


class Format(TextChoices):
    SVS = "svs", "SVS (IHE), XML"
    VALUE_SET = "value_set", "FHIR ValueSet"
    CODE_SYSTEM = "code_system", "FHIR CodeSystem"
    TABS = "tabs", "NOS, fichier tabs"
    LOINC = "loinc", "LOINC, fichier de traductions"


class KnownSet(TextChoices):
    """Value sets of the CI-SIS, by the name of their file: an OID changes with some of their versions."""

    TYPE = "J07-XDSTYPECODE", "Type de document (JDV_J07)"
    SPECIALTY = "J01-XDSAUTHORSPECIALTY", "Spécialité de l’auteur (JDV_J01)"
    FACILITY = "J02-XDSHEALTHCAREFACILITYTYPECODE", "Type d’établissement (JDV_J02)"
    SETTING = "J04-XDSPRACTICESETTINGCODE", "Cadre d’exercice (JDV_J04)"
    CONFIDENTIALITY = "J08-XDSCONFIDENTIALITYCODE", "Confidentialité (JDV_J08)"


LOINC = "2.16.840.1.113883.6.1"
