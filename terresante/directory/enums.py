"""Closed lists of the directory.

Professions: TRE_G15 (health), then social professions, users of a title and the 3xx codes, as published in
JDV_J01-XdsAuthorSpecialty and JDV_J48-ProfessionNonPS of the CI-SIS (codes of different lists do not collide).
Students keep their `G16_` prefix, for a medical student must never be taken for a doctor.
"""

import re
import unicodedata

from django.db.models import TextChoices


class Source(TextChoices):
    ANNUAIRE = "annuaire", "Annuaire Santé"
    FINESS = "finess", "FINESS"
    LOCAL = "local", "saisie locale"


class Profession(TextChoices):
    DOCTOR = "10", "Médecin"
    PHARMACIST = "21", "Pharmacien"
    AUDIOLOGIST = "26", "Audioprothésiste"
    OPTICIAN = "28", "Opticien-lunetier"
    DENTAL_ASSISTANT = "31", "Assistant dentaire"
    MEDICAL_PHYSICIST = "32", "Physicien médical"
    CARE_ASSISTANT = "35", "Aide-soignant"
    AMBULANCE_DRIVER = "36", "Ambulancier"
    CHILDCARE_ASSISTANT = "37", "Auxiliaire de puériculture"
    HOSPITAL_PHARMACY_TECHNICIAN = "38", "Préparateur en pharmacie hospitalière"
    PHARMACY_TECHNICIAN = "39", "Préparateur en pharmacie (officine)"
    DENTIST = "40", "Chirurgien-dentiste"
    SOCIAL_WORKER = "41", "Assistant de service social"
    LIFE_ASSISTANT = "42", "Auxiliaire de vie sociale"
    FAMILY_SUPPORT_WORKER = "43", "Technicien de l’intervention sociale et familiale"
    SOCIAL_ECONOMY_ADVISER = "44", "Conseiller en économie sociale et familiale"
    FAMILY_MEDIATOR = "45", "Médiateur familial"
    FOSTER_CARER = "46", "Assistant familial"
    MEDICAL_PSYCHOLOGICAL_AIDE = "47", "Aide médico-psychologique"
    INSTRUCTOR = "48", "Moniteur éducateur"
    EARLY_CHILDHOOD_EDUCATOR = "49", "Éducateur de jeunes enfants"
    MIDWIFE = "50", "Sage-femme"
    SPECIALISED_EDUCATOR = "51", "Éducateur spécialisé"
    TECHNICAL_EDUCATOR = "52", "Éducateur technique spécialisé"
    EDUCATIONAL_AND_SOCIAL_CARER = "53", "Accompagnant éducatif et social"
    NURSE = "60", "Infirmier"
    PSYCHIATRIC_NURSE = "69", "Infirmier psychiatrique"
    PHYSIOTHERAPIST = "70", "Masseur-kinésithérapeute"
    OSTEOPATH = "71", "Ostéopathe"
    PSYCHOTHERAPIST = "72", "Psychothérapeute"
    CHIROPRACTOR = "73", "Chiropracteur"
    PODIATRIST = "80", "Pédicure-podologue"
    ORTHOPROSTHETIST = "81", "Orthoprothésiste"
    PODO_ORTHOTIST = "82", "Podo-orthésiste"
    ORTHOTIST = "83", "Orthopédiste-orthésiste"
    OCULARIST = "84", "Oculariste"
    EPITHESIST = "85", "Épithésiste"
    LABORATORY_TECHNICIAN = "86", "Technicien de laboratoire médical"
    SPEECH_THERAPIST = "91", "Orthophoniste"
    ORTHOPTIST = "92", "Orthoptiste"
    PSYCHOLOGIST = "93", "Psychologue"
    OCCUPATIONAL_THERAPIST = "94", "Ergothérapeute"
    DIETITIAN = "95", "Diététicien"
    PSYCHOMOTOR_THERAPIST = "96", "Psychomotricien"
    GENETIC_COUNSELLOR = "97", "Conseiller en génétique"
    RADIOGRAPHER = "98", "Manipulateur d’électroradiologie médicale"
    TERRITORIAL_COORDINATION = "301", "Coordination territoriale d’appui"
    HOME_SUPPORT = "302", "Aide et accompagnement à domicile"
    LEGAL_GUARDIAN = "307", "Mandataire judiciaire à la protection des majeurs"
    CARE_PILOT = "308", "Pilote MAIA"
    CASE_MANAGER = "309", "Gestionnaire de cas"
    APA_TEAM = "310", "Équipe médico-sociale APA"
    OTHER = "312", "Autre professionnel"
    PATHWAY_COORDINATOR = "330", "Coordonnateur de parcours"
    MEDICAL_SECRETARY = "331", "Secrétaire médicale"
    MEDICAL_ASSISTANT = "332", "Assistant médical"
    SECTOR_MANAGER = "333", "Responsable de secteur"
    HOME_HELP = "350", "Aide à domicile"
    CHILD_MINDER = "351", "Assistant maternel"
    MEDICAL_STUDENT = "G16_10", "Médecin en formation"
    PHARMACY_STUDENT = "G16_21", "Pharmacien en formation"
    DENTAL_STUDENT = "G16_40", "Chirurgien-dentiste en formation"
    MIDWIFERY_STUDENT = "G16_50", "Sage-femme en formation"

    def said_of(self, civility: str) -> str:
        """Its label for a man or a woman; the national lists have the masculine alone."""
        if civility != Civility.MADAM:
            return str(self.label)
        return FEMININE.get(self, str(self.label))


class Civility(TextChoices):
    """« Code civilité » of the Annuaire Santé; its old MLLE is read as MME."""

    SIR = "M", "Monsieur"
    MADAM = "MME", "Madame"


# Those that differ from the label. A physician is said « médecin », whoever holds the title.
FEMININE: dict[str, str] = {
    Profession.PHARMACIST: "Pharmacienne",
    Profession.OPTICIAN: "Opticienne-lunetière",
    Profession.DENTAL_ASSISTANT: "Assistante dentaire",
    Profession.MEDICAL_PHYSICIST: "Physicienne médicale",
    Profession.CARE_ASSISTANT: "Aide-soignante",
    Profession.AMBULANCE_DRIVER: "Ambulancière",
    Profession.HOSPITAL_PHARMACY_TECHNICIAN: "Préparatrice en pharmacie hospitalière",
    Profession.PHARMACY_TECHNICIAN: "Préparatrice en pharmacie (officine)",
    Profession.DENTIST: "Chirurgienne-dentiste",
    Profession.SOCIAL_WORKER: "Assistante de service social",
    Profession.FAMILY_SUPPORT_WORKER: "Technicienne de l’intervention sociale et familiale",
    Profession.SOCIAL_ECONOMY_ADVISER: "Conseillère en économie sociale et familiale",
    Profession.FAMILY_MEDIATOR: "Médiatrice familiale",
    Profession.FOSTER_CARER: "Assistante familiale",
    Profession.INSTRUCTOR: "Monitrice éducatrice",
    Profession.EARLY_CHILDHOOD_EDUCATOR: "Éducatrice de jeunes enfants",
    Profession.SPECIALISED_EDUCATOR: "Éducatrice spécialisée",
    Profession.TECHNICAL_EDUCATOR: "Éducatrice technique spécialisée",
    Profession.EDUCATIONAL_AND_SOCIAL_CARER: "Accompagnante éducative et sociale",
    Profession.NURSE: "Infirmière",
    Profession.PSYCHIATRIC_NURSE: "Infirmière psychiatrique",
    Profession.PHYSIOTHERAPIST: "Masseuse-kinésithérapeute",
    Profession.CHIROPRACTOR: "Chiropractrice",
    Profession.LABORATORY_TECHNICIAN: "Technicienne de laboratoire médical",
    Profession.DIETITIAN: "Diététicienne",
    Profession.PSYCHOMOTOR_THERAPIST: "Psychomotricienne",
    Profession.GENETIC_COUNSELLOR: "Conseillère en génétique",
    Profession.RADIOGRAPHER: "Manipulatrice d’électroradiologie médicale",
    Profession.OTHER: "Autre professionnelle",
    Profession.PATHWAY_COORDINATOR: "Coordonnatrice de parcours",
    Profession.MEDICAL_ASSISTANT: "Assistante médicale",
    Profession.CHILD_MINDER: "Assistante maternelle",
    Profession.PHARMACY_STUDENT: "Pharmacienne en formation",
    Profession.DENTAL_STUDENT: "Chirurgienne-dentiste en formation",
}


# What people type for a profession, beside its label; in `search_form`.
PROFESSION_WORDS: dict[str, Profession] = {
    "docteur": Profession.DOCTOR,
    "dr": Profession.DOCTOR,
    "generaliste": Profession.DOCTOR,
    "medecin traitant": Profession.DOCTOR,
    "pharmacienne": Profession.PHARMACIST,
    "dentiste": Profession.DENTIST,
    "assistante sociale": Profession.SOCIAL_WORKER,
    "assistant social": Profession.SOCIAL_WORKER,
    "sagefemme": Profession.MIDWIFE,
    "infirmiere": Profession.NURSE,
    "ide": Profession.NURSE,
    "idel": Profession.NURSE,
    "kine": Profession.PHYSIOTHERAPIST,
    "kinesitherapeute": Profession.PHYSIOTHERAPIST,
    "podologue": Profession.PODIATRIST,
    "pedicure": Profession.PODIATRIST,
    "opticien": Profession.OPTICIAN,
    "dieteticienne": Profession.DIETITIAN,
    "psychomotricienne": Profession.PSYCHOMOTOR_THERAPIST,
    "ergo": Profession.OCCUPATIONAL_THERAPIST,
    "aide soignante": Profession.CARE_ASSISTANT,
    "ambulanciere": Profession.AMBULANCE_DRIVER,
    "mjpm": Profession.LEGAL_GUARDIAN,
    "tisf": Profession.FAMILY_SUPPORT_WORKER,
    "cesf": Profession.SOCIAL_ECONOMY_ADVISER,
}


class OrganizationKind(TextChoices):
    LEGAL_ENTITY = "legal_entity", "Entité juridique"
    SOLO_PRACTICE = "solo_practice", "Cabinet individuel"
    GROUP_PRACTICE = "group_practice", "Cabinet de groupe"
    MSP = "msp", "Maison de santé pluriprofessionnelle"
    HEALTH_CENTRE = "health_centre", "Centre de santé"
    CPTS = "cpts", "Communauté professionnelle territoriale de santé"
    PHARMACY = "pharmacy", "Pharmacie"
    LABORATORY = "laboratory", "Laboratoire de biologie médicale"
    SSIAD = "ssiad", "Service de soins infirmiers à domicile"
    SAD = "sad", "Service autonomie à domicile"
    HAD = "had", "Hospitalisation à domicile"
    EHPAD = "ehpad", "Établissement d’hébergement pour personnes âgées dépendantes"
    USLD = "usld", "Unité de soins de longue durée"
    PUBLIC_HOSPITAL = "public_hospital", "Hôpital public"
    PRIVATE_HOSPITAL = "private_hospital", "Hôpital privé"
    ESPIC = "espic", "Établissement de santé privé d’intérêt collectif"
    SMR = "smr", "Soins médicaux et de réadaptation"
    EMERGENCY = "emergency", "Service d’accueil des urgences"
    SAMU = "samu", "SAMU"
    FIRE_AND_RESCUE = "fire_and_rescue", "Service d’incendie et de secours"
    DAC = "dac", "Dispositif d’appui à la coordination"
    CLIC = "clic", "Centre local d’information et de coordination"
    CRISIS_CELL = "crisis_cell", "Cellule de crise sanitaire"
    CARSIC = "carsic", "CARSIC"
    EMG = "emg", "Équipe mobile de gériatrie"
    EMSP = "emsp", "Équipe mobile de soins palliatifs"
    CANCER_COORDINATION = "3c", "Centre de coordination en cancérologie"
    HEALTH_NETWORK = "network", "Réseau de santé"
    PMI = "pmi", "Protection maternelle et infantile"
    DEPARTMENT = "cd", "Conseil départemental"
    CCAS = "ccas", "Centre communal d’action sociale"
    CPAM = "cpam", "Caisse primaire d’assurance maladie"
    CMP = "cmp", "Centre médico-psychologique"
    CSAPA = "csapa", "Centre de soins, d’accompagnement et de prévention en addictologie"
    CAARUD = "caarud", "Centre d’accueil et d’accompagnement à la réduction des risques"
    PASS = "pass", "Permanence d’accès aux soins de santé"
    PCO = "pco", "Plateforme de coordination et d’orientation"
    CAMSP = "camsp", "Centre d’action médico-sociale précoce"
    SESSAD = "sessad", "Service d’éducation spéciale et de soins à domicile"
    RESIDENCE = "residence", "Foyer ou résidence"
    MJPM = "mjpm", "Service mandataire judiciaire"
    TRANSPORT = "transport", "Transport sanitaire"
    ARS = "ars", "Agence régionale de santé"
    SESAN = "sesan", "Groupement régional e-santé"
    OTHER = "other", "Autre structure"


class ExerciseMode(TextChoices):
    """TRE_R23-ModeExercice."""

    LIBERAL = "L", "Libéral"
    SALARIED = "S", "Salarié"
    VOLUNTEER = "B", "Bénévole"


class Duty(TextChoices):
    PRIVACY_OFFICER = "privacy_officer", "délégué à la protection des données"
    IDENTITY_OFFICER = "identity_officer", "cellule d’identitovigilance"
    SUPPORT_AGENT = "support_agent", "cellule d’appui"
    ADMINISTRATOR = "administrator", "administrateur de la plateforme"
    LOCAL_ADMINISTRATOR = "local_administrator", "administrateur de sa structure"
    PROGRAMME_LEAD = "programme_lead", "chef de projet des programmes de sa structure"


class ProofKind(TextChoices):
    """What a file is, told by its first bytes."""

    PDF = "application/pdf", "PDF"
    JPEG = "image/jpeg", "JPEG"
    PNG = "image/png", "PNG"


class RegistrationState(TextChoices):
    WAITING = "waiting", "en attente"
    ACCEPTED = "accepted", "acceptée"
    REFUSED = "refused", "refusée"


class RequestKind(TextChoices):
    """What the support desk did for a professional."""

    ACCOUNT = "account", "compte ouvert"
    RECORD = "record", "dossier créé"
    LOGIN_MAIL = "login_mail", "courriel de connexion renvoyé"
    UNLOCK = "unlock", "compte débloqué"
    SESSIONS = "sessions", "sessions fermées"


class RequestChannel(TextChoices):
    """How the professional asked the support desk."""

    PHONE = "phone", "Téléphone"
    EMAIL = "email", "Courriel ou messagerie sécurisée"
    LETTER = "letter", "Courrier"
    VISIT = "visit", "Sur place"


# Who reaches the patients of a physician who says so, and who may say so (medical professions, L4111-1 CSP).
SECRETARIES = frozenset({Profession.MEDICAL_SECRETARY, Profession.MEDICAL_ASSISTANT})
PHYSICIANS = frozenset({Profession.DOCTOR, Profession.DENTIST, Profession.MIDWIFE})
# Entered in a national register (RPPS, ADELI): nobody becomes one of these by a local entry of his structure.
REGISTERED = frozenset(
    {
        *(Profession.DOCTOR, Profession.PHARMACIST, Profession.DENTIST, Profession.MIDWIFE, Profession.NURSE),
        *(Profession.PSYCHIATRIC_NURSE, Profession.PHYSIOTHERAPIST, Profession.PODIATRIST),
        *(Profession.SPEECH_THERAPIST, Profession.ORTHOPTIST, Profession.PSYCHOLOGIST, Profession.DIETITIAN),
        *(Profession.OCCUPATIONAL_THERAPIST, Profession.PSYCHOMOTOR_THERAPIST, Profession.RADIOGRAPHER),
        *(Profession.OPTICIAN, Profession.AUDIOLOGIST, Profession.LABORATORY_TECHNICIAN),
        *(Profession.SOCIAL_WORKER, Profession.ORTHOTIST, Profession.MEDICAL_PHYSICIST),
    }
)


# What each administrator gives and takes. The other duties reach beyond one structure: the platform's alone.
GIVEN_BY: dict[str, frozenset[str]] = {
    Duty.ADMINISTRATOR: frozenset(Duty.values),
    Duty.LOCAL_ADMINISTRATOR: frozenset({Duty.LOCAL_ADMINISTRATOR, Duty.PROGRAMME_LEAD}),
}
PLATFORM_DUTIES = frozenset(Duty.values) - {Duty.LOCAL_ADMINISTRATOR, Duty.PROGRAMME_LEAD}


class UnitSensitivity(TextChoices):
    """Units whose very mention tells a secret: stays decide on it who is told."""

    ORDINARY = "ordinary", "ordinaire"
    PSYCHIATRY = "psychiatry", "psychiatrie"
    ADDICTOLOGY = "addictology", "addictologie"
    ABORTION = "abortion", "interruption volontaire de grossesse"
    SECRET_BIRTH = "secret_birth", "accouchement dans le secret"


_SAID = (
    (
        UnitSensitivity.PSYCHIATRY,
        r"PSYCHIATR|PEDOPSY|GERONTOPSY|PSYCHO ?(GERIATR|PATHOLOG|TRAUMA)|\bPSY\d*\b|SANTE MENTALE|MALADES DIFFICILES"
        r"|ELECTROCONVULSI|SISMOTHERAP|\bCMPP?\b|\bCATTP\b|\bUHSA\b|\bUMD\b|\bUSIP\b",
    ),
    (
        UnitSensitivity.ADDICTOLOGY,
        r"ADDICT|ALCOOLO|TOXICOMAN|SEVRAGE|METHADONE|\bCSAPA\b|\bCAARUD\b|\bELSA\b",
    ),
    (UnitSensitivity.ABORTION, r"\bC?I\.?V\.?G\b|ORTHOGENIE|INTERRUPTION VOLONTAIRE|AVORTEMENT"),
    (UnitSensitivity.SECRET_BIRTH, r"SOUS (LE )?SECRET|DANS LE SECRET|\bSOUS X\b"),
)


def sensitivity_said(name: str) -> UnitSensitivity:
    """What the name of a unit nobody declared gives away: better one stay too many kept secret than one told."""
    spread = unicodedata.normalize("NFKD", name)
    capitals = "".join(letter for letter in spread if not unicodedata.combining(letter)).upper()
    words = re.sub(r"[-_/]+", " ", capitals)
    return next((found for found, pattern in _SAID if re.search(pattern, words)), UnitSensitivity.ORDINARY)


class PlaceKind(TextChoices):
    COMMUNE = "commune", "commune"
    DISTRICT = "district", "arrondissement municipal"
    DELEGATED = "delegated", "commune déléguée"
    ASSOCIATED = "associated", "commune associée"
    COUNTRY = "country", "pays étranger"


class ImportState(TextChoices):
    APPLIED = "applied", "appliqué"
    HELD = "held", "retenu, décision attendue"
    DISCARDED = "discarded", "écarté"
    DRY_RUN = "dry_run", "essai à blanc"


class RemarkLevel(TextChoices):
    REJECTION = "rejection", "ligne rejetée"
    WARNING = "warning", "avertissement"
