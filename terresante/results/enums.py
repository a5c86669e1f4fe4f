from dataclasses import dataclass

from django.db.models import TextChoices


class ReportStatus(TextChoices):
    """Of FHIR's DiagnosticReport; `superseded` is ours: a newer version of the same report is here."""

    PARTIAL = "partial", "Partiel"
    FINAL = "final", "Définitif"
    CORRECTED = "corrected", "Corrigé"
    SUPERSEDED = "superseded", "Remplacé"
    ENTERED_IN_ERROR = "entered-in-error", "Retiré"


SHOWN = (ReportStatus.PARTIAL, ReportStatus.FINAL, ReportStatus.CORRECTED)


class ResultKind(TextChoices):
    """An isolate is a germ that grew; a susceptibility is what an antibiotic does to it. An earlier value is one that a
    report recalls beside the new one of the same examination, with the date it had.
    """

    VALUE = "value", "Résultat"
    ISOLATE = "isolate", "Germe isolé"
    SUSCEPTIBILITY = "susceptibility", "Antibiogramme"
    EARLIER = "earlier", "Antériorité"


@dataclass(frozen=True, slots=True)
class Mark:
    """A result out of its range, never told by a colour alone: its drawing and its word."""

    icon: str
    word: str
    arrow: str = ""


_LOW, _HIGH = "low", "high"
LOW, HIGH = Mark(_LOW, "bas", "↓"), Mark(_HIGH, "haut", "↑")
_VERY_LOW, _VERY_HIGH = Mark(_LOW, "très bas", "↓↓"), Mark(_HIGH, "très haut", "↑↑")
_ABNORMAL = "triangle-alert"
# HL7 v3 ObservationInterpretation and v2 table 0078. Normal results have no mark.
MARKS: dict[str, Mark] = {
    "L": LOW,
    "LU": _VERY_LOW,
    "LL": _VERY_LOW,
    "<": _VERY_LOW,
    "H": HIGH,
    "HU": _VERY_HIGH,
    "HH": _VERY_HIGH,
    ">": _VERY_HIGH,
    "A": Mark(_ABNORMAL, "anormal"),
    "AA": Mark(_ABNORMAL, "très anormal"),
}
# What an antibiotic does (EUCAST): said in words, resistance with a mark.
SUSCEPTIBILITIES = {
    "S": "Sensible",
    "SDD": "Sensible à forte posologie",
    "I": "Intermédiaire",
    "R": "Résistant",
}
OTHER_WORDS = {"N": "normal", "POS": "positif", "NEG": "négatif", "IND": "indéterminé"}
