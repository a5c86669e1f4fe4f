"""PID, PD1, MRG, ZFD and ZFA: who the message speaks of (IHE PAM France 6.6, INTEROP.md 2)."""

import dataclasses

from terresante.interop.hl7v2.adt_fields import Oddities, first_identifier, identifier, moment
from terresante.interop.hl7v2.adt_model import (
    Address,
    BirthPlace,
    Confidentiality,
    DmpConsent,
    Identifier,
    Identity,
    IdentityProof,
    Ins,
    Merge,
    Name,
    Phone,
)
from terresante.interop.hl7v2.dates import BirthDate, read_birth_date
from terresante.interop.hl7v2.er7 import Message, Repetition, Segment
from terresante.patients.identity_rules import (
    INS_C_OIDS,
    INS_OIDS,
    InsKind,
    is_birth_place_code,
    is_ins_key_valid,
    matricule_agrees_with_birth,
)

_INS_NAMESPACES = {
    "ASIP-SANTE-INS-NIR": "1.2.250.1.213.1.4.8",
    "ASIP-SANTE-INS-NIA": "1.2.250.1.213.1.4.9",
}


def read_identity(pid: Segment, zfd: Segment | None, oddities: Oddities) -> Identity:
    names = pid.repetitions(5)
    sorted_identifiers = _SortedIdentifiers(pid, 3, oddities)
    birth_date, died_at = _birth_date(pid, zfd, oddities), moment(pid, 29, oddities)
    identity = Identity(
        birth_name=_birth_name(names, oddities),
        used_names=tuple(
            _name(part) for part in names if part.value(7) == "D" and (part.value(1) or part.value(2))
        ),
        is_used_name_erased=any(part.value(7) == "D" and part.is_erased for part in names),
        birth_date=birth_date,
        sex=_sex(pid, oddities),
        birth_place=_birth_place(pid, oddities),
        ipps=tuple(sorted_identifiers.ipps),
        ins=tuple(sorted_identifiers.ins),
        is_ins_erased=sorted_identifiers.is_ins_erased,
        ins_c=sorted_identifiers.ins_c,
        other_identifiers=tuple(sorted_identifiers.others),
        reliability=tuple(dict.fromkeys(part.value() for part in pid.repetitions(32) if part.value())),
        account=first_identifier(pid, 18),
        is_dead=pid.value(30) == "Y" or died_at is not None,
        died_at=died_at,
        addresses=tuple(_address(part) for part in pid.repetitions(11) if part.value(7) != "BDL"),
        phones=tuple(_phone(part) for field in (13, 14) for part in pid.repetitions(field)),
        updated_at=moment(pid, 33, oddities),
    )
    _check_ins(identity, oddities)
    if identity.is_dead and identity.died_at is None:
        oddities.add("death-without-date", "PID-29", "Le décès (PID-30) est dit sans sa date (PID-29).")
    return identity


def read_merge(message: Message, identity: Identity, oddities: Oddities) -> Merge | None:
    """MRG-1 often leaves out the authority: it is then that of the surviving IPP, when that has only one."""
    segment = message.segment("MRG")
    if segment is None:
        return None
    prior = _SortedIdentifiers(segment, 1, oddities)
    authorities = {ipp.authority for ipp in identity.ipps}
    if len(authorities) == 1:
        (only,) = authorities
        prior.ipps = [
            ipp if ipp.authority.key else dataclasses.replace(ipp, authority=only) for ipp in prior.ipps
        ]
    return Merge(tuple(prior.ipps), tuple(prior.ins), first_identifier(segment, 3))


def read_confidentiality(message: Message, pid: Segment) -> Confidentiality:
    pd1, pv1, pv2 = message.segment("PD1"), message.segment("PV1"), message.segment("PV2")
    return Confidentiality(
        is_vip=pv1 is not None and pv1.value(16) in {"Y", "I"},
        is_visit_protected=pv2 is not None and pv2.value(22) == "Y",
        is_person_protected=pd1 is not None and pd1.value(12) == "Y",
        is_anonymous=any(part.value() in {"ANOM", "CACH"} for part in pid.repetitions(32)),
        has_pseudonym=any(part.value(7) == "S" for part in pid.repetitions(5)),
    )


def read_dmp_consent(message: Message, oddities: Oddities) -> DmpConsent | None:
    zfa = message.segment("ZFA")
    if zfa is None:
        return None
    feeding, consultation = zfa.value(9), zfa.value(11)
    for value, allowed, field in (
        (feeding, ("INO", "IO", "NA", ""), 9),
        (consultation, ("IC", "INC", "NA", ""), 11),
    ):
        if value not in allowed:
            oddities.add(
                "code-unknown", f"ZFA-{field}", f"La valeur de ZFA-{field} est inconnue du standard."
            )
    return DmpConsent(
        zfa.value(1), feeding, moment(zfa, 10, oddities), consultation, moment(zfa, 12, oddities)
    )


def read_proof(message: Message, oddities: Oddities) -> IdentityProof | None:
    zfd = message.segment("ZFD")
    if zfd is None:
        return None
    sms = {"Y": True, "N": False}.get(zfd.value(3))
    return IdentityProof(zfd.value(5), moment(zfd, 6, oddities), zfd.value(7), moment(zfd, 8, oddities), sms)


class _SortedIdentifiers:
    """The repetitions of a CX field, told apart by authority first: the type is too often wrong."""

    def __init__(self, segment: Segment, field: int, oddities: Oddities) -> None:
        self.ipps: list[Identifier] = []
        self.ins: list[Ins] = []
        self.others: list[Identifier] = []
        self.ins_c = ""
        self.is_ins_erased = False
        self._oddities = oddities
        self._where = f"{segment.name}-{field}"
        for part in segment.repetitions(field):
            self._place(part)

    def _place(self, part: Repetition) -> None:
        found = identifier(part)
        oid = found.authority.universal_id or self._oid_of_namespace(found.authority.namespace)
        if oid in INS_OIDS:
            # PAM France 4.4.3: `""` under an INS authority withdraws the matricule.
            self.is_ins_erased = self.is_ins_erased or part.is_erased
            if found.value:
                self._add_ins(found.value, oid)
        elif not found.value:
            return
        elif oid in INS_C_OIDS or found.authority.namespace == "ASIP-SANTE-INS-C":
            self.ins_c = found.value
        elif found.type in {"PI", ""}:
            self._add_ipp(found)
        else:
            if found.type == "INS":
                self._warn(
                    "ins-authority", "un INS est donné sans autorité d’affectation connue : il est ignoré."
                )
            self.others.append(found)

    def _oid_of_namespace(self, namespace: str) -> str:
        oid = _INS_NAMESPACES.get(namespace, "")
        if oid:
            self._warn("ins-without-oid", "l’OID de l’INS manque : il est déduit du nom de l’autorité.")
        return oid

    def _add_ins(self, value: str, oid: str) -> None:
        matricule = value.replace(" ", "").upper()
        is_valid = is_ins_key_valid(matricule)
        if not is_valid:
            self._warn("ins-key", "la clé d’un matricule INS manque ou est fausse : il n’est pas utilisé.")
        if any(ins.value[:13] == matricule[:13] and ins.oid != oid for ins in self.ins):
            self._warn("ins-twice", "le même matricule est donné comme NIR et comme NIA.")
        self.ins.append(Ins(matricule, oid, INS_OIDS[oid], is_valid))

    def _add_ipp(self, found: Identifier) -> None:
        if not found.type:
            self._warn("identifier-type", "un identifiant sans type est lu comme un IPP.")
        if not found.authority.key:
            self._warn("ipp-authority", "un IPP n’a pas d’autorité d’affectation.")
        if any(ipp.authority.key == found.authority.key and ipp.value != found.value for ipp in self.ipps):
            self._warn("ipp-twice", "la même autorité donne plusieurs IPP.")
        self.ipps.append(found)

    def _warn(self, code: str, sentence: str) -> None:
        self._oddities.add(code, self._where, f"{self._where} : {sentence}")


def _birth_name(names: list[Repetition], oddities: Oddities) -> Name:
    for kind in ("L", "", "M"):
        part = next((name for name in names if name.value(7) == kind), None)
        if part is not None:
            if kind != "L":
                oddities.add(
                    "name-type",
                    "PID-5",
                    "Le nom de naissance (type L) manque : un nom sans type L le remplace.",
                )
            return _name(part)
    oddities.add("birth-name-missing", "PID-5", "PID-5 ne porte aucun nom de naissance (type L).")
    return Name()


def _name(part: Repetition) -> Name:
    return Name(part.value(1), part.value(2), part.value(3))


def _sex(pid: Segment, oddities: Oddities) -> str:
    sex = pid.value(8)
    if sex in {"M", "F", "U"}:
        return sex
    if sex:
        oddities.add(
            "sex-unknown", "PID-8", "Le sexe (PID-8) n’est ni M, ni F, ni U : il est lu comme inconnu."
        )
    return "U"


def _birth_date(pid: Segment, zfd: Segment | None, oddities: Oddities) -> BirthDate | None:
    text = pid.value(7)
    found = read_birth_date(text) if text else None
    if text and found is None:
        oddities.add(
            "birth-date-unreadable", "PID-7", "La date de naissance (PID-7) est illisible : elle est ignorée."
        )
    if found is None:
        return None
    if found.value is None:
        oddities.add(
            "birth-date-partial", "PID-7", "La date de naissance (PID-7) est incomplète ou hors calendrier."
        )
    if found.had_time:
        oddities.add(
            "birth-date-with-time",
            "PID-7",
            "La date de naissance (PID-7) porte une heure : elle est ignorée.",
        )
    if zfd is None:
        return found
    lunar = [zfd.value(1, component) for component in (1, 2, 3)]
    return dataclasses.replace(
        found, is_corrected=zfd.value(4) == "Y", lunar="/".join(lunar) if any(lunar) else ""
    )


def _birth_place(pid: Segment, oddities: Oddities) -> BirthPlace | None:
    part = next((address for address in pid.repetitions(11) if address.value(7) == "BDL"), None)
    city = (part.value(3) if part else "") or pid.value(23)
    code = part.value(9) if part else ""
    if is_birth_place_code(code):
        return BirthPlace(code, city)
    if code:
        oddities.add(
            "birth-place-code", "PID-11", "Le code du lieu de naissance (PID-11.9) n’est pas un code INSEE."
        )
    postcode = part.value(5) if part else ""
    if is_birth_place_code(postcode):
        oddities.add(
            "birth-place-postcode",
            "PID-11",
            "Le code du lieu de naissance est à la place du code postal (PID-11.5) : il reste à confirmer.",
        )
        return BirthPlace(postcode, city, is_postcode=True)
    return BirthPlace("", city) if city else None


def _address(part: Repetition) -> Address:
    return Address(part.value(1), part.value(3), part.value(5), part.value(6), part.value(7))


def _phone(part: Repetition) -> Phone:
    """The number is in XTN.12 in v2.5, in XTN.1 before."""
    return Phone(part.value(12) or part.value(1) or part.value(7), part.value(2), part.value(4))


def _check_ins(identity: Identity, oddities: Oddities) -> None:
    if identity.ins and "VALI" not in identity.reliability:
        oddities.add(
            "ins-without-vali",
            "PID-32",
            "Un INS est transmis sans identité validée (VALI) : il ne suffit pas à rattacher la personne.",
        )
    born = identity.birth_date.value if identity.birth_date else None
    for ins in identity.ins:
        is_number = ins.kind in (InsKind.NIR, InsKind.TEST, InsKind.DEMO)
        if (
            born
            and is_number
            and not matricule_agrees_with_birth(ins.value, year=born.year, month=born.month)
        ):
            oddities.add(
                "ins-birth-date", "PID-7", "Le matricule INS et la date de naissance ne concordent pas."
            )
