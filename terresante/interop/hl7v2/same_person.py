"""Whom a message and the document that it carries speak of: the numbers she is known by, and whether both name her."""

from terresante.interop.cda.model import CdaDocument, CdaPatient, InstanceId
from terresante.interop.hl7v2.adt_model import Authority, Identifier, Identity
from terresante.interop.hl7v2.grammar import IDENTIFIER_LENGTH
from terresante.patients.identity_rules import INS_OIDS, normalised_name

# The national numbers of a person: the INS, and those that look like one (INS-C, health insurance).
_NATIONAL = "1.2.250.1.213.1.4."
# As for a number that names somebody already (matching): one trait apart may be a slip, two are another person.
_TRAITS_APART = 2
# Stands for the authority of a person whom a sender knows by her matricule alone.
BY_MATRICULE = "*INS*"


def local_ids(identity: Identity, cda: CdaDocument | None) -> tuple[Identifier, ...]:
    """The IPPs of PID-3, and those of the document; each number of each authority once.

    Ségur lets a document name its person by the matricule alone: it is then what the sender knows her by.
    """
    found = {(each.authority.key, each.value): each for each in identity.ipps if each.authority.key}
    for each in cda.header.patient.ids if cda else ():
        if not each.root.startswith(_NATIONAL) and len(each.extension) <= IDENTIFIER_LENGTH:
            own = Identifier(each.extension, "PI", Authority("", each.root, "ISO"))
            found.setdefault((each.root, each.extension), own)
    matricule = identity.usable_ins
    if not found and matricule is not None:
        return (Identifier(matricule.value, "INS", Authority(BY_MATRICULE)),)
    return tuple(found.values())


def medical_records(identity: Identity) -> tuple[Identifier, ...]:
    """As senders outside France type the numbers they give (table 0203)."""
    return tuple(each for each in identity.other_identifiers if each.type == "MR" and each.authority.key)


def speaks_of_another(identity: Identity, patient: CdaPatient) -> bool:
    """CI-SIS 2.1: what carries a document and the document name the same person, under one number at least."""
    return (
        _contradicts(identity, patient.ids)
        or not _is_shared(identity, patient.ids)
        or _apart(identity, patient) >= _TRAITS_APART
    )


def _contradicts(identity: Identity, theirs: tuple[InstanceId, ...]) -> bool:
    """Two matricules, or two numbers of one authority, that differ."""
    ins = {each.extension for each in theirs if each.root in INS_OIDS}
    ours = {each.value for each in identity.ins}
    if ins and ours and not ins & ours:
        return True
    numbers = {each.root: each.extension for each in theirs}
    return any(numbers.get(each.authority.universal_id, each.value) != each.value for each in identity.ipps)


def _apart(identity: Identity, patient: CdaPatient) -> int:
    """How many traits known on both sides differ. The first given name alone: lists are written in many ways."""
    born, theirs = identity.birth_date, patient.birth_date
    pairs = (
        (normalised_name(identity.birth_name.family), normalised_name(patient.birth_name)),
        (_first(identity.birth_name.first_given), _first(patient.first_given)),
        (born.text if born else "", theirs.text if theirs else ""),
        (identity.sex.removeprefix("U"), patient.sex),
    )
    return sum(bool(ours and said and ours != said) for ours, said in pairs)


def _first(given: str) -> str:
    return normalised_name(given).split(" ")[0]


def _is_shared(identity: Identity, theirs: tuple[InstanceId, ...]) -> bool:
    ours = {each.value for each in identity.ins} | {each.value for each in identity.ipps}
    return any(each.extension in ours for each in theirs)
