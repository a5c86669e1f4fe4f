from django.db.models import TextChoices

from terresante.care_team.enums import DataClass


class DocumentType(TextChoices):
    """The codes of JDV_J07-XdsTypeCode-CISIS (LOINC, and TRE_A05 for those without) that a circle files by hand.

    Left out on purpose: psychiatric syntheses (68599-0), psychological assessments (83901-9), certificates (89601-9),
    whose readers the DMP's matrix limits further than a class of ours does (DOMAIN.md 2.1).
    """

    DISCHARGE_LETTER = "11490-0", "Lettre de liaison à la sortie"
    REFERRAL_LETTER = "96349-6", "Lettre d’adressage"
    TRANSFER_NOTE = "18761-7", "Note de transfert"
    HOSPITAL_REPORT = "34112-3", "Compte rendu d’hospitalisation"
    CONSULTATION_REPORT = "11488-4", "Compte rendu de consultation"
    EMERGENCY_REPORT = "15507-7", "Compte rendu de passage aux urgences"
    OPERATIVE_REPORT = "34874-8", "Compte rendu opératoire"
    MEETING_REPORT = "34794-8", "Compte rendu de réunion de concertation"
    CARE_REPORT = "11506-3", "Compte rendu de soins d’un auxiliaire médical"
    FUNCTIONAL_REPORT = "47420-5", "Bilan fonctionnel"
    LABORATORY_REPORT = "11502-2", "Résultat de biologie"
    IMAGING_REPORT = "18748-4", "Compte rendu d’imagerie"
    PATHOLOGY_REPORT = "60568-3", "Compte rendu d’anatomie pathologique"
    DRUG_PRESCRIPTION = "57833-6", "Ordonnance de médicaments"
    CARE_PRESCRIPTION = "57832-8", "Ordonnance de soins"
    LABORATORY_PRESCRIPTION = "PRESC-BIO", "Ordonnance de biologie"
    OTHER_PRESCRIPTION = "57828-6", "Autre ordonnance"
    DRUG_REVIEW = "56445-0", "Bilan médicamenteux"
    MEDICAL_SUMMARY = "60591-5", "Synthèse médicale"
    CARE_PLAN = "18776-5", "Plan personnalisé de soins"
    EMERGENCY_LIAISON = "74207-2", "Document de liaison d’urgence"
    IMMUNISATIONS = "11369-6", "Historique des vaccinations"
    ADVANCE_DIRECTIVES = "EXPPAT_3", "Directives anticipées"
    WISHES = "EXPPAT_1", "Volontés et droits de la personne"
    SOCIAL_DOCUMENT = "28653-4", "Document social ou médico-social"
    SOCIAL_ASSESSMENT = "34842-5", "Grille d’évaluation médico-sociale"
    SUPPORT_PROJECT = "80788-3", "Projet personnalisé d’accompagnement"
    PICTURE = "52040-3", "Photographie"
    APPOINTMENT = "56446-8", "Convocation ou rendez-vous"
    ADMINISTRATIVE = "51851-4", "Document administratif"
    OWN_SUMMARY = "DOCPAT01", "Synthèse déposée par le patient"
    OWN_TREATMENT = "DOCPAT02", "Traitement ou document de soins déposé par le patient"
    OWN_REPORT = "DOCPAT03", "Compte rendu déposé par le patient"
    OWN_IMAGING = "DOCPAT04", "Imagerie déposée par le patient"
    OWN_LABORATORY = "DOCPAT05", "Biologie déposée par le patient"
    OWN_PREVENTION = "DOCPAT06", "Document de prévention déposé par le patient"
    OWN_ADMINISTRATIVE = "DOCPAT09", "Document administratif déposé par le patient"
    OWN_OTHER = "EXPPAT_2", "Autre document du patient"


class DocumentStatus(TextChoices):
    """Of FHIR's DocumentReference."""

    CURRENT = "current", "En vigueur"
    SUPERSEDED = "superseded", "Remplacé"
    ENTERED_IN_ERROR = "entered-in-error", "Retiré"


_T = DocumentType
# The families of the screens, in their order; each type is in one.
FAMILIES: dict[str, tuple[str, tuple[DocumentType, ...]]] = {
    "courriers": ("Courriers", (_T.DISCHARGE_LETTER, _T.REFERRAL_LETTER, _T.TRANSFER_NOTE)),
    "comptes-rendus": (
        "Comptes rendus",
        (
            _T.HOSPITAL_REPORT,
            _T.CONSULTATION_REPORT,
            _T.EMERGENCY_REPORT,
            _T.OPERATIVE_REPORT,
            _T.MEETING_REPORT,
            _T.CARE_REPORT,
            _T.FUNCTIONAL_REPORT,
        ),
    ),
    "resultats": ("Résultats", (_T.LABORATORY_REPORT, _T.IMAGING_REPORT, _T.PATHOLOGY_REPORT)),
    "ordonnances": (
        "Ordonnances",
        (
            _T.DRUG_PRESCRIPTION,
            _T.CARE_PRESCRIPTION,
            _T.LABORATORY_PRESCRIPTION,
            _T.OTHER_PRESCRIPTION,
            _T.DRUG_REVIEW,
        ),
    ),
    "syntheses": (
        "Synthèses et plans",
        (_T.MEDICAL_SUMMARY, _T.CARE_PLAN, _T.EMERGENCY_LIAISON, _T.IMMUNISATIONS),
    ),
    "volontes": ("Volontés de la personne", (_T.ADVANCE_DIRECTIVES, _T.WISHES)),
    "social": ("Social", (_T.SOCIAL_DOCUMENT, _T.SOCIAL_ASSESSMENT, _T.SUPPORT_PROJECT)),
    "personne": (
        "Déposés par la personne",
        (
            _T.OWN_SUMMARY,
            _T.OWN_TREATMENT,
            _T.OWN_REPORT,
            _T.OWN_IMAGING,
            _T.OWN_LABORATORY,
            _T.OWN_PREVENTION,
            _T.OWN_ADMINISTRATIVE,
            _T.OWN_OTHER,
        ),
    ),
    "divers": ("Autres", (_T.PICTURE, _T.APPOINTMENT, _T.ADMINISTRATIVE)),
}

# Which row of the role × data matrix a document belongs to, by its type: who files it never chooses the class.
# The social and home professions read the DMP's short list: liaison, care and social documents (DOMAIN.md 2.1).
_CARE = (
    _T.TRANSFER_NOTE,
    _T.CARE_REPORT,
    _T.FUNCTIONAL_REPORT,
    _T.DRUG_REVIEW,
    _T.EMERGENCY_LIAISON,
    _T.IMMUNISATIONS,
    _T.ADVANCE_DIRECTIVES,
    _T.WISHES,
    _T.PICTURE,
    _T.OWN_TREATMENT,
)
_COORDINATION = (
    _T.CARE_PLAN,
    _T.APPOINTMENT,
    _T.ADMINISTRATIVE,
    _T.OWN_ADMINISTRATIVE,
    _T.OWN_OTHER,
)
_SOCIAL = (_T.SOCIAL_DOCUMENT, _T.SOCIAL_ASSESSMENT, _T.SUPPORT_PROJECT)
CLASS_OF: dict[DocumentType, DataClass] = {
    **dict.fromkeys(DocumentType, DataClass.MEDICAL),
    **dict.fromkeys(_CARE, DataClass.CARE),
    **dict.fromkeys(_COORDINATION, DataClass.COORDINATION),
    **dict.fromkeys(_SOCIAL, DataClass.SOCIAL),
}
DOCUMENT_CLASSES = (DataClass.MEDICAL, DataClass.CARE, DataClass.COORDINATION, DataClass.SOCIAL)
TITLE_MAX_LENGTH = 120
# What the person files herself, as she would say it; no professional files under a type of hers (DOCPAT, EXPPAT_2).
OWN_TYPES: dict[DocumentType, str] = {
    _T.OWN_REPORT: "Compte rendu de consultation ou d’hôpital",
    _T.OWN_LABORATORY: "Résultat d’analyses",
    _T.OWN_IMAGING: "Radio, scanner, IRM",
    _T.OWN_TREATMENT: "Ordonnance ou traitement",
    _T.OWN_SUMMARY: "Résumé de ma santé",
    _T.OWN_PREVENTION: "Vaccins et prévention",
    _T.ADVANCE_DIRECTIVES: "Directives anticipées",
    _T.WISHES: "Mes volontés",
    _T.OWN_ADMINISTRATIVE: "Papier administratif",
    _T.OWN_OTHER: "Autre",
}
HERS_ALONE = frozenset(OWN_TYPES) - {_T.ADVANCE_DIRECTIVES, _T.WISHES}
