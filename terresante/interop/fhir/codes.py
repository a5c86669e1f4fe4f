"""Codes that a document has in the national value sets, from what is known of it here. Pure."""

from terresante.directory.enums import OrganizationKind
from terresante.documents.enums import FAMILIES, DocumentType

NOS = "https://mos.esante.gouv.fr/NOS"
CLASSES = f"{NOS}/TRE_A03-ClasseDocument/FHIR/TRE-A03-ClasseDocument"
SECTORS = f"{NOS}/TRE_R02-SecteurActivite/FHIR/TRE-R02-SecteurActivite"
SETTINGS = f"{NOS}/TRE_A01-CadreExercice/FHIR/TRE-A01-CadreExercice"
LIST_TYPES = "https://profiles.ihe.net/ITI/MHD/CodeSystem/MHDlistTypes"

_T, _K = DocumentType, OrganizationKind
# TRE_A03.
CLASS_LABELS = {
    "10": "Compte rendu",
    "11": "Synthèse",
    "31": "Imagerie médicale",
    "42": "Prescription",
    "43": "Dispensation",
    "44": "Plan de soins, protocole de soins",
    "45": "Traitement administré",
    "52": "Certificat, déclaration",
    "60": "Données de remboursement",
    "90": "Autres documents déposés par le patient",
    "95": "Document de gestion",
}
_PLANS = (_T.CARE_PLAN, _T.LONG_ILLNESS_PROTOCOL, _T.PREVENTION_PLAN, _T.SUPPORT_PROJECT)
# JDV_J06, the class of each type (XdsClassCode).
CLASS_OF_TYPE: dict[str, str] = {
    **dict.fromkeys(DocumentType, "10"),
    **dict.fromkeys(FAMILIES["syntheses"][1], "11"),
    **dict.fromkeys(FAMILIES["ordonnances"][1], "42"),
    **dict.fromkeys(FAMILIES["personne"][1], "90"),
    **dict.fromkeys((_T.ADVANCE_DIRECTIVES, _T.WISHES), "90"),
    **dict.fromkeys(_PLANS, "44"),
    **dict.fromkeys((_T.APPOINTMENT, _T.ADMINISTRATIVE), "95"),
    _T.PICTURE: "31",
    **dict.fromkeys((_T.DISPENSATION, _T.OTHER_DISPENSATION), "43"),
    _T.ADMINISTERED_DRUGS: "45",
    _T.DECLARATION: "52",
    _T.REIMBURSEMENTS: "60",
}
# TRE_R02 and TRE_A01, where a kind of structure of ours says one.
SECTOR_OF: dict[str, tuple[str, str]] = {
    _K.PUBLIC_HOSPITAL: ("SA01", "Etablissement public de santé"),
    _K.HEALTH_CENTRE: ("SA05", "Centre de santé"),
    _K.SOLO_PRACTICE: ("SA07", "Cabinet individuel"),
    _K.GROUP_PRACTICE: ("SA08", "Cabinet de groupe"),
    _K.LABORATORY: ("SA25", "Laboratoire de biologie médicale"),
}
_HOSPITALS = (_K.PUBLIC_HOSPITAL, _K.PRIVATE_HOSPITAL, _K.ESPIC, _K.SMR, _K.EMERGENCY)
_CLINICS = (_K.SOLO_PRACTICE, _K.GROUP_PRACTICE, _K.MSP, _K.HEALTH_CENTRE, _K.PHARMACY, _K.LABORATORY)
SETTING_OF: dict[str, tuple[str, str]] = {
    **dict.fromkeys(_HOSPITALS, ("ETABLISSEMENT", "Etablissement de santé")),
    **dict.fromkeys(_CLINICS, ("AMBULATOIRE", "Ambulatoire")),
    _K.HAD: ("HAD", "Hospitalisation à domicile"),
    _K.SAD: ("SAD", "Soins à domicile"),
    _K.SAMU: ("SAMU_SMUR", "SAMU-SMUR"),
}


def types_of_class(code: str) -> list[str]:
    return [type_ for type_, its in CLASS_OF_TYPE.items() if its == code]
