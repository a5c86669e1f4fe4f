from django.db.models import TextChoices

from terresante.care_team.enums import DataClass


class DocumentType(TextChoices):
    """Codes of JDV_J07-XdsTypeCode-CISIS (LOINC, and TRE_A05 for those without): those that a circle files by hand,
    then those that arrive by a wire only (`RECEIVED_ONLY`).

    Left out on purpose: those of `NARROWED`, and of `NOT_SHOWN` (references of images, stylesheets, exports).
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

    EPISODE_SUMMARY = "34133-9", "Synthèse d’épisode de soins"
    SUMMARY = "SYNTH", "Synthèse"
    MEASURES = "29274-8", "Mesures de signes vitaux"
    LONG_ILLNESS_PROTOCOL = "PROT_ALD", "Protocole de soins ALD"
    VACCINATION_NOTE = "87273-9", "Note de vaccination"
    IMPLANT_CARD = "101881-1", "Carte d’implant"
    PREVENTION_PLAN = "83869-8", "Plan personnalisé de prévention"
    ANTENATAL_SUMMARY = "57055-6", "Synthèse anténatale"
    BIRTH_SUMMARY_MOTHER = "57057-2", "Synthèse de salle de naissance, mère"
    BIRTH_SUMMARY_CHILD = "57075-4", "Synthèse de salle de naissance, enfant"
    POSTNATAL_SUMMARY_MOTHER = "89235-6", "Synthèse de suites de couches, mère"
    POSTNATAL_SUMMARY_CHILD = "78489-2", "Synthèse de maternité, enfant"
    CHILD_HEALTH_REVIEW = "68817-6", "Bilan de santé et de prévention de l’enfant"
    SOCIAL_DISCHARGE_LETTER = "83981-1", "Lettre de liaison à la sortie d’une structure sociale"
    SOCIAL_ADMISSION_LETTER = "88348-8", "Lettre de liaison à l’entrée en structure sociale"
    EMERGENCY_RETURN = "60280-5", "Fiche de retour des urgences"
    EMERGENCY_TRANSFER = "78341-5", "Fiche de transfert vers les urgences"
    ADMISSION_REPORT = "67851-6", "Compte rendu d’admission"
    ANAESTHESIA_CONSULTATION = "34749-2", "Compte rendu de consultation pré-anesthésique"
    ANAESTHESIA_REPORT = "77436-4", "Compte rendu d’anesthésie"
    POSTOPERATIVE_NOTE = "34875-5", "Évaluation postopératoire"
    EYE_REPORT = "78513-9", "Compte rendu de consultation en ophtalmologie"
    REMOTE_REPORT = "85208-7", "Compte rendu de télémédecine"
    REMOTE_REQUEST = "75496-0", "Demande d’acte de télémédecine"
    THERAPEUTIC_REPORT = "11505-5", "Compte rendu d’acte thérapeutique"
    DIAGNOSTIC_REPORT = "70004-7", "Compte rendu d’acte diagnostique"
    BIRTH_REPORT = "15508-5", "Compte rendu d’accouchement"
    PREGNANCY_REPORT = "89233-1", "Compte rendu de grossesse"
    CHILD_REPORT = "59283-2", "Compte rendu d’examen de l’enfant"
    PROFESSIONAL_REVIEW = "34120-6", "Bilan par un professionnel de santé"
    PHARMACY_REPORT = "93024-8", "Compte rendu de consultation pharmaceutique"
    GENETICS_REPORT = "51969-4", "Compte rendu de génétique moléculaire"
    RAPID_TEST = "96173-0", "Test rapide d’orientation diagnostique"
    IMAGING_REQUEST = "55115-0", "Demande d’acte d’imagerie"
    DISPENSATION = "60593-1", "Dispensation de médicaments"
    ADMINISTERED_DRUGS = "80565-5", "Compte rendu d’administration de médicaments"
    DECLARATION = "CERT_DECL", "Certificat, déclaration"
    REIMBURSEMENTS = "REMB", "Données de remboursement"
    SICK_LEAVE = "PRESC-AAT", "Arrêt de travail"
    PHYSIOTHERAPY_PRESCRIPTION = "PRESC-KINE", "Ordonnance de kinésithérapie"
    NURSING_PRESCRIPTION = "PRESC-INF", "Ordonnance de soins infirmiers"
    PODIATRY_PRESCRIPTION = "PRESC-PEDI", "Ordonnance de pédicurie"
    SPEECH_THERAPY_PRESCRIPTION = "PRESC-ORTHOPHO", "Ordonnance d’orthophonie"
    ORTHOPTICS_PRESCRIPTION = "PRESC-ORTHOPTIE", "Ordonnance d’orthoptie"
    RENEWED_PRESCRIPTION = "75468-9", "Renouvellement d’ordonnance par le pharmacien"
    OTHER_DISPENSATION = "DISP_AUT", "Autre dispensation"
    AUTONOMY_REVIEW = "BIL_AUTO", "Bilan de perte d’autonomie"
    DENTAL_REVIEW = "28617-9", "Bilan bucco-dentaire"
    DENTAL_CHART = "83836-7", "Schéma dentaire"
    PREVENTIVE_ACT_REPORT = "75482-0", "Compte rendu d’acte préventif"
    SCREENING_REPORT = "75492-9", "Compte rendu de dépistage"
    PHARMACIST_ADVICE = "61357-0", "Intervention pharmaceutique"
    PHARMACIST_INTERVIEW = "78601-2", "Compte rendu d’entretien pharmaceutique"
    DRUG_RECONCILIATION = "80820-4", "Conciliation médicamenteuse"
    TREATMENT_PLAN = "77604-7", "Planification thérapeutique"
    COVID_VACCINATION = "96874-3", "Attestation de vaccination Covid-19"
    SCHOOL_PLAN = "80771-9", "Projet d’accueil individualisé"
    QUESTIONNAIRE = "74465-6", "Questionnaire patient"
    CONSENT = "59284-0", "Attestation de consentement"
    DISCHARGE_CERTIFICATE = "86531-1", "Attestation de sortie"
    INSURANCE_CERTIFICATE = "ATTEST-ASS-COMPL", "Attestation d’assurance complémentaire"
    RIGHTS_CERTIFICATE = "ATTEST-DROITS-AM", "Attestation de droits à l’assurance maladie"
    RESIDENCE_CERTIFICATE = "ATTEST-RESID", "Attestation de résidence"
    HOUSING_CERTIFICATE = "ATTEST-HEBGT", "Attestation d’hébergement"
    CARE_PERMISSION = "AUTORIS-SOINS", "Autorisation de soins"
    IDENTITY_PAPER = "PIECE-IDENTITE", "Copie d’une pièce d’identité"
    CONTACTS = "FICHE-CONTACTS", "Fiche de contacts"
    OWN_CERTIFICATE = "DOCPAT07", "Certificat déposé par le patient"
    OWN_PROFILE = "DOCPAT08", "Profil médical de Mon espace santé"


# Whose readers the DMP's matrix limits further than a class of ours does (DOMAIN.md 2.1): psychiatric syntheses,
# psychological assessments, medical certificates.
NARROWED = frozenset({"68599-0", "83901-9", "89601-9"})
# Of JDV_J07, but for machines: no page shows them.
NOT_SHOWN = frozenset({"IMG-KOS", "FEUILLE-DE-STYLE", "EXPORT_DUI"})
# Codes that JDV_J07 no longer has, and those that took their place: software of the first years still sends them.
FORMER: dict[str, str] = {
    "11493-4": DocumentType.HOSPITAL_REPORT,
    "11526-1": DocumentType.PATHOLOGY_REPORT,
    "11528-7": DocumentType.IMAGING_REPORT,
    "10213-7": DocumentType.ANAESTHESIA_REPORT,
    "46241-6": DocumentType.ADMISSION_REPORT,
    "24611-6": DocumentType.REMOTE_REPORT,
    "27899-4": DocumentType.DIAGNOSTIC_REPORT,
    "29554-3": DocumentType.PREVENTIVE_ACT_REPORT,
    "39256-3": DocumentType.SCREENING_REPORT,
    "29551-9": DocumentType.DRUG_PRESCRIPTION,
    "52521-2": DocumentType.CARE_PRESCRIPTION,
    "52063-5": DocumentType.OTHER_PRESCRIPTION,
    "29550-1": DocumentType.DISPENSATION,
}


def type_of(code: str) -> str:
    """The code of today for one of JDV_J07, current or former; itself, for one that is none."""
    return FORMER.get(code, code)


class DocumentStatus(TextChoices):
    """Of FHIR's DocumentReference."""

    CURRENT = "current", "En vigueur"
    SUPERSEDED = "superseded", "Remplacé"
    ENTERED_IN_ERROR = "entered-in-error", "Retiré"


_T = DocumentType
# Of a household's rights: they say nothing of an illness.
_PAPERS = (
    _T.INSURANCE_CERTIFICATE,
    _T.RIGHTS_CERTIFICATE,
    _T.RESIDENCE_CERTIFICATE,
    _T.HOUSING_CERTIFICATE,
    _T.CARE_PERMISSION,
    _T.IDENTITY_PAPER,
    _T.CONTACTS,
)
# What nobody files by hand: it arrives by a wire, from the software that made it.
_RECEIVED: dict[str, tuple[DocumentType, ...]] = {
    "syntheses": (
        _T.EPISODE_SUMMARY,
        _T.SUMMARY,
        _T.MEASURES,
        _T.LONG_ILLNESS_PROTOCOL,
        _T.VACCINATION_NOTE,
        _T.IMPLANT_CARD,
        _T.PREVENTION_PLAN,
        _T.ANTENATAL_SUMMARY,
        _T.BIRTH_SUMMARY_MOTHER,
        _T.BIRTH_SUMMARY_CHILD,
        _T.POSTNATAL_SUMMARY_MOTHER,
        _T.POSTNATAL_SUMMARY_CHILD,
        _T.CHILD_HEALTH_REVIEW,
        _T.TREATMENT_PLAN,
        _T.COVID_VACCINATION,
        _T.DRUG_RECONCILIATION,
    ),
    "courriers": (
        _T.SOCIAL_DISCHARGE_LETTER,
        _T.SOCIAL_ADMISSION_LETTER,
        _T.EMERGENCY_RETURN,
        _T.EMERGENCY_TRANSFER,
    ),
    "comptes-rendus": (
        _T.ADMISSION_REPORT,
        _T.ANAESTHESIA_CONSULTATION,
        _T.ANAESTHESIA_REPORT,
        _T.POSTOPERATIVE_NOTE,
        _T.EYE_REPORT,
        _T.REMOTE_REPORT,
        _T.REMOTE_REQUEST,
        _T.THERAPEUTIC_REPORT,
        _T.DIAGNOSTIC_REPORT,
        _T.BIRTH_REPORT,
        _T.PREGNANCY_REPORT,
        _T.CHILD_REPORT,
        _T.PROFESSIONAL_REVIEW,
        _T.PHARMACY_REPORT,
        _T.PHARMACIST_ADVICE,
        _T.PHARMACIST_INTERVIEW,
        _T.PREVENTIVE_ACT_REPORT,
        _T.SCREENING_REPORT,
        _T.AUTONOMY_REVIEW,
        _T.DENTAL_REVIEW,
        _T.DENTAL_CHART,
    ),
    "resultats": (
        _T.GENETICS_REPORT,
        _T.RAPID_TEST,
    ),
    "ordonnances": (
        _T.IMAGING_REQUEST,
        _T.DISPENSATION,
        _T.ADMINISTERED_DRUGS,
        _T.OTHER_DISPENSATION,
        _T.RENEWED_PRESCRIPTION,
        _T.NURSING_PRESCRIPTION,
        _T.PHYSIOTHERAPY_PRESCRIPTION,
        _T.PODIATRY_PRESCRIPTION,
        _T.SPEECH_THERAPY_PRESCRIPTION,
        _T.ORTHOPTICS_PRESCRIPTION,
        _T.SICK_LEAVE,
    ),
    "volontes": (_T.CONSENT,),
    "social": (_T.SCHOOL_PLAN, *_PAPERS),
    "personne": (_T.OWN_CERTIFICATE, _T.OWN_PROFILE),
    "divers": (
        _T.DECLARATION,
        _T.REIMBURSEMENTS,
        _T.QUESTIONNAIRE,
        _T.DISCHARGE_CERTIFICATE,
    ),
}
RECEIVED_ONLY = frozenset(one for types in _RECEIVED.values() for one in types)
_BY_HAND: dict[str, tuple[str, tuple[DocumentType, ...]]] = {
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

# The families of the screens, in their order; each type is in one.
FAMILIES: dict[str, tuple[str, tuple[DocumentType, ...]]] = {
    key: (label, types + _RECEIVED.get(key, ())) for key, (label, types) in _BY_HAND.items()
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
    _T.MEASURES,
    _T.VACCINATION_NOTE,
    _T.COVID_VACCINATION,
    _T.SOCIAL_DISCHARGE_LETTER,
    _T.SOCIAL_ADMISSION_LETTER,
    _T.EMERGENCY_RETURN,
    _T.EMERGENCY_TRANSFER,
)
_COORDINATION = (
    _T.CARE_PLAN,
    _T.APPOINTMENT,
    _T.ADMINISTRATIVE,
    _T.OWN_ADMINISTRATIVE,
    _T.OWN_OTHER,
)
_SOCIAL = (_T.SOCIAL_DOCUMENT, _T.SOCIAL_ASSESSMENT, _T.SUPPORT_PROJECT, *_PAPERS)
CLASS_OF: dict[DocumentType, DataClass] = {
    **dict.fromkeys(DocumentType, DataClass.MEDICAL),
    **dict.fromkeys(_CARE, DataClass.CARE),
    **dict.fromkeys(_COORDINATION, DataClass.COORDINATION),
    **dict.fromkeys(_SOCIAL, DataClass.SOCIAL),
}
# What tells how somebody leaves a hospital: read as « Retour à domicile ».
DISCHARGES = (
    _T.DISCHARGE_LETTER,
    _T.HOSPITAL_REPORT,
    _T.EMERGENCY_REPORT,
    _T.EMERGENCY_RETURN,
    _T.SOCIAL_DISCHARGE_LETTER,
    _T.POSTNATAL_SUMMARY_MOTHER,
    _T.POSTNATAL_SUMMARY_CHILD,
)
DOCUMENT_CLASSES = (DataClass.MEDICAL, DataClass.CARE, DataClass.COORDINATION, DataClass.SOCIAL)
TITLE_MAX_LENGTH = 120
# Of an account (PID-18), where a stay has no number: it is never taken for a visit (`interop.mapping`).
ACCOUNT = "dossier "
SENDER_IDENTIFIER_LENGTH = 200
TYPE_LENGTH = 20
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
