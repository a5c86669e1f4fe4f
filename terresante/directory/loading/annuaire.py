"""Files « PS_LibreAcces » of the Annuaire Santé (ANS, Licence Ouverte). Pure.

Published on data.gouv.fr, "annuaire-sante-extractions-des-donnees-en-libre-acces-des-professionnels-intervenant-dans-
le-systeme-de-sante-rpps". Separator `|`, a header line, one line per activity: the same professional comes back for
each place. Columns are found by their name; docs/directory.md says where each name was read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

from terresante.directory.enums import Civility, OrganizationKind, Profession
from terresante.directory.identifiers import (
    has_right_key,
    is_adeli,
    is_finess,
    is_rpps,
    practitioner_national_id,
)
from terresante.directory.loading.lines import (
    FormatError,
    Remark,
    fields_of,
    has_control_characters,
    text_lines,
)
from terresante.directory.names import search_form

SEPARATOR = "|"

# PS_LibreAcces_Personne_activite, in the order of publication (header read in a file of September 2026).
ACTIVITY_COLUMNS = (
    "Type d'identifiant PP",
    "Identifiant PP",
    "Identification nationale PP",
    "Code civilité d'exercice",
    "Libellé civilité d'exercice",
    "Code civilité",
    "Libellé civilité",
    "Nom d'exercice",
    "Prénom d'exercice",
    "Code profession",
    "Libellé profession",
    "Code catégorie professionnelle",
    "Libellé catégorie professionnelle",
    "Code type savoir-faire",
    "Libellé type savoir-faire",
    "Code savoir-faire",
    "Libellé savoir-faire",
    "Code mode exercice",
    "Libellé mode exercice",
    "Numéro SIRET site",
    "Numéro SIREN site",
    "Numéro FINESS site",
    "Numéro FINESS établissement juridique",
    "Identifiant technique de la structure",
    "Raison sociale site",
    "Enseigne commerciale site",
    "Complément destinataire (coord. structure)",
    "Complément point géographique (coord. structure)",
    "Numéro Voie (coord. structure)",
    "Indice répétition voie (coord. structure)",
    "Code type de voie (coord. structure)",
    "Libellé type de voie (coord. structure)",
    "Libellé Voie (coord. structure)",
    "Mention distribution (coord. structure)",
    "Bureau cedex (coord. structure)",
    "Code postal (coord. structure)",
    "Code commune (coord. structure)",
    "Libellé commune (coord. structure)",
    "Code pays (coord. structure)",
    "Libellé pays (coord. structure)",
    "Téléphone (coord. structure)",
    "Téléphone 2 (coord. structure)",
    "Télécopie (coord. structure)",
    "Adresse e-mail (coord. structure)",
    "Code Département (structure)",
    "Libellé Département (structure)",
    "Ancien identifiant de la structure",
    "Autorité d'enregistrement",
    "Code secteur d'activité",
    "Libellé secteur d'activité",
    "Code section tableau pharmaciens",
    "Libellé section tableau pharmaciens",
    "Code rôle",
    "Libellé rôle",
    "Code genre activité",
    "Libellé genre activité",
)

# PS_LibreAcces_SavoirFaire.
SKILL_COLUMNS = (
    "Type d'identifiant PP",
    "Identifiant PP",
    "Identification nationale PP",
    "Nom d'exercice",
    "Prénom d'exercice",
    "Code profession",
    "Libellé profession",
    "Code catégorie professionnelle",
    "Libellé catégorie professionnelle",
    "Code type savoir-faire",
    "Libellé type savoir-faire",
    "Code savoir-faire",
    "Libellé savoir-faire",
)

# The columns that are read: an extraction without one of them is refused whole.
ACTIVITY_READ = (
    "Type d'identifiant PP",
    "Identifiant PP",
    "Identification nationale PP",
    "Nom d'exercice",
    "Prénom d'exercice",
    "Libellé civilité d'exercice",
    "Code civilité",
    "Code profession",
    "Code catégorie professionnelle",
    "Code savoir-faire",
    "Libellé savoir-faire",
    "Code mode exercice",
    "Code rôle",
    "Libellé rôle",
    "Code genre activité",
    "Code secteur d'activité",
    "Identifiant technique de la structure",
    "Numéro FINESS site",
    "Numéro FINESS établissement juridique",
    "Numéro SIRET site",
    "Raison sociale site",
    "Enseigne commerciale site",
    "Complément destinataire (coord. structure)",
    "Complément point géographique (coord. structure)",
    "Numéro Voie (coord. structure)",
    "Indice répétition voie (coord. structure)",
    "Libellé type de voie (coord. structure)",
    "Libellé Voie (coord. structure)",
    "Mention distribution (coord. structure)",
    "Code postal (coord. structure)",
    "Code commune (coord. structure)",
    "Libellé commune (coord. structure)",
    "Téléphone (coord. structure)",
    "Adresse e-mail (coord. structure)",
)
SKILL_READ = (
    "Type d'identifiant PP",
    "Identifiant PP",
    "Identification nationale PP",
    "Code type savoir-faire",
    "Code savoir-faire",
    "Libellé savoir-faire",
)

RPPS_TYPE = "8"
ADELI_TYPE = "0"
STUDENT_CATEGORY = "E"
# TRE_R04-TypeSavoirFaire: « S » is an ordinal specialty, the one shown beside a name.
SPECIALTY_TYPE = "S"

# TRE_R02-SecteurActivite → our kinds; what is not listed is « autre structure ».
KIND_OF_SECTOR = {
    "SA01": OrganizationKind.PUBLIC_HOSPITAL,
    "SA03": OrganizationKind.ESPIC,
    "SA04": OrganizationKind.PRIVATE_HOSPITAL,
    "SA05": OrganizationKind.HEALTH_CENTRE,
    "SA07": OrganizationKind.SOLO_PRACTICE,
    "SA08": OrganizationKind.GROUP_PRACTICE,
    "SA09": OrganizationKind.GROUP_PRACTICE,
    "SA10": OrganizationKind.TRANSPORT,
    "SA15": OrganizationKind.PMI,
    "SA25": OrganizationKind.LABORATORY,
    "SA29": OrganizationKind.LABORATORY,
    "SA33": OrganizationKind.PHARMACY,
    "SA52": OrganizationKind.MSP,
    "SA59": OrganizationKind.LABORATORY,
    "SA63": OrganizationKind.CPTS,
    "SA68": OrganizationKind.FIRE_AND_RESCUE,
}


@dataclass(frozen=True, slots=True)
class Identity:
    rpps: str
    adeli: str
    idnps: str


@dataclass(frozen=True, slots=True)
class Activity:
    """One line: a professional and, when `annuaire_id` or `finess` is known, the place of this activity."""

    line: int
    idnps: str
    rpps: str
    adeli: str
    family_name: str
    given_name: str
    title: str
    civility: str
    search_name: str
    profession: str
    specialty: str
    specialty_label: str
    mode: str
    function: str
    function_label: str
    activity_kind: str
    annuaire_id: str
    finess: str
    legal_finess: str
    siret: str
    organization_name: str
    organization_search_name: str
    organization_kind: str
    sector: str
    address: str
    postal_code: str
    commune_code: str
    commune_name: str
    phone: str
    email: str


@dataclass(frozen=True, slots=True)
class Skill:
    line: int
    idnps: str
    specialty: str
    specialty_label: str


def read_activities(path: Path) -> Iterator[Activity | Remark]:
    """Raises FormatError when the header is not that of an activity extraction."""
    for number, values in _rows(path, ACTIVITY_READ):
        if isinstance(values, Remark):
            yield values
        else:
            yield from _activity(number, values)


def read_skills(path: Path) -> Iterator[Skill | Remark]:
    """Ordinal specialties only. Raises FormatError when the header is not that of a skill extraction."""
    for number, values in _rows(path, SKILL_READ):
        if isinstance(values, Remark):
            yield values
            continue
        kind, identifier, national, skill_type, code, label = values
        identity = _identity(number, kind, identifier, national)
        if isinstance(identity, Remark):
            yield identity
        elif skill_type == SPECIALTY_TYPE and code:
            yield Skill(line=number, idnps=identity.idnps, specialty=code[:10], specialty_label=label[:200])


def _rows(path: Path, wanted: Sequence[str]) -> Iterator[tuple[int, tuple[str, ...] | Remark]]:
    lines = text_lines(path)
    header = next(lines, None)
    if header is None:
        raise FormatError(f"Le fichier {path.name} est vide.")
    names = [name.strip().strip('"').replace("’", "'") for name in header[1].split(SEPARATOR)]
    while names and not names[-1]:
        names.pop()
    missing = [name for name in wanted if name not in names]
    if missing:
        raise FormatError(
            f"Dans l’en-tête de {path.name}, la colonne « {missing[0]} » manque "
            f"({len(missing)} colonne(s) manquante(s)) : ce n’est pas l’extraction attendue."
        )
    chosen = itemgetter(*(names.index(name) for name in wanted))
    for number, line in lines:
        fields = fields_of(line, separator=SEPARATOR, width=len(names))
        if fields is None:
            yield number, Remark(number, "", f"La ligne n’a pas {len(names)} colonnes.")
        elif has_control_characters(line):
            yield number, Remark(number, "", "La ligne contient un caractère de contrôle.")
        else:
            yield number, chosen(fields)


def _identity(number: int, kind: str, identifier: str, national: str) -> Identity | Remark:
    column = "Identifiant PP"
    if not identifier:
        return Remark(number, column, "L’identifiant du professionnel est vide.")
    if kind == RPPS_TYPE:
        if not is_rpps(identifier):
            return Remark(number, column, "Le numéro RPPS n’a pas 11 chiffres.")
        return Identity(rpps=identifier, adeli="", idnps=practitioner_national_id(rpps=identifier))
    if kind == ADELI_TYPE:
        if not is_adeli(identifier):
            return Remark(number, column, "Le numéro ADELI n’a pas 9 caractères.")
        return Identity(rpps="", adeli=identifier, idnps=practitioner_national_id(adeli=identifier))
    if not national or len(national) > 40:
        return Remark(
            number, "Identification nationale PP", "L’identification nationale est vide ou trop longue."
        )
    return Identity(rpps="", adeli="", idnps=national)


_CIVILITIES = {"M": Civility.SIR.value, "MME": Civility.MADAM.value, "MLLE": Civility.MADAM.value}


def _activity(number: int, values: tuple[str, ...]) -> Iterator[Activity | Remark]:
    # The order of ACTIVITY_READ.
    (kind, identifier, national, family, given, title, civility, profession, category, skill, skill_label, mode, role,
     role_label, activity_kind, sector, annuaire_id, finess, legal, siret, name, trade_name, *street,
     postal, commune, commune_name, phone, email) = values  # fmt: skip
    identity = _identity(number, kind, identifier, national)
    if isinstance(identity, Remark):
        yield identity
        return
    if not family:
        yield Remark(number, "Nom d'exercice", "Le nom d’exercice est vide.")
        return
    code = f"G16_{profession}" if category == STUDENT_CATEGORY else profession
    yield from _warnings(number, identity, national, code, finess)
    place = trade_name or name
    yield Activity(
        line=number,
        idnps=identity.idnps,
        rpps=identity.rpps,
        adeli=identity.adeli,
        family_name=family[:100],
        given_name=given[:100],
        title=title[:40],
        civility=_CIVILITIES.get(civility, ""),
        search_name=search_form(family[:100], given[:100]),
        profession=code if code in PROFESSIONS else Profession.OTHER.value,
        specialty=skill[:10],
        specialty_label=skill_label[:200],
        mode=mode if mode in MODES else "",
        function=role[:10],
        function_label=role_label[:120],
        activity_kind=activity_kind[:10],
        annuaire_id=annuaire_id[:40],
        finess=finess if is_finess(finess) else "",
        legal_finess=legal if is_finess(legal) else "",
        siret=siret[:14],
        organization_name=place[:200] or f"Cabinet {family}"[:200],
        organization_search_name=search_form(trade_name, name)[:300] or search_form("Cabinet", family)[:300],
        organization_kind=KIND_OF_SECTOR.get(sector, OrganizationKind.OTHER).value,
        sector=sector[:4],
        address=_address(street),
        postal_code=postal[:5],
        commune_code=commune[:5],
        commune_name=commune_name[:120],
        phone=phone[:30],
        email=email[:254],
    )


PROFESSIONS = frozenset(Profession.values)
MODES = frozenset("LSB")


def _warnings(number: int, identity: Identity, national: str, code: str, finess: str) -> Iterator[Remark]:
    if identity.rpps and not has_right_key(identity.rpps):
        yield Remark(number, "Identifiant PP", "La clé du numéro RPPS est fausse.", rejects=False)
    if national != identity.idnps:
        sentence = "L’identification nationale ne correspond pas à l’identifiant : elle a été recalculée."
        yield Remark(number, "Identification nationale PP", sentence, rejects=False)
    if code not in PROFESSIONS:
        sentence = f"La profession « {code[:20]} » est inconnue : rangée sous « Autre professionnel »."
        yield Remark(number, "Code profession", sentence, rejects=False)
    if finess and not is_finess(finess):
        sentence = "Le numéro FINESS n’a pas 9 caractères : il a été ignoré."
        yield Remark(number, "Numéro FINESS site", sentence, rejects=False)
    elif finess and not has_right_key(finess):
        yield Remark(number, "Numéro FINESS site", "La clé du numéro FINESS est fausse.", rejects=False)


def _address(street: Sequence[str]) -> str:
    """`street`: recipient, geographic point, number, repetition, type of way, way, distribution."""
    recipient, point, number, repetition, way_type, way, distribution = street
    way_line = " ".join(part for part in (number + repetition, way_type, way) if part)
    return "\n".join(line for line in (recipient, point, way_line, distribution) if line)[:400]
