"""Extractions in the published formats, with nobody real in them.

Family names are made of syllables; RPPS numbers have a right key but begin with 99, which is not attributed.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from simulators.annuaire.columns import (
    ACTIVITY_COLUMNS,
    ESTABLISHMENT_COLUMNS,
    LEGAL_ENTITY_COLUMNS,
    SKILL_COLUMNS,
)
from simulators.region.identifiers import luhn_key

ACTIVITIES = "PS_LibreAcces_Personne_activite.txt"
SKILLS = "PS_LibreAcces_SavoirFaire.txt"
ESTABLISHMENTS = "etalab-cs1100502-stock.csv"
LEGAL_ENTITIES = "etalab-cs1100501-stock.csv"

GIVEN_NAMES = (
    "Marie Jean Anne-Cécile Chloé Nathalie Isabelle Sylvie Catherine Françoise Jacqueline Monique Léa Manon Camille"
    " Sarah Inès Aïcha Fatoumata Mélanie Zoé Pierre Michel André Philippe Loïc Gaël Noël Mathéo Lucas Hugo Louis Jules"
    " Adam Mohamed Karim Étienne Jean-Baptiste Marc-Antoine Kévin Rémi Thibault Yves"
).split()
# As the file writes them, from Pierre on and Jean.
MEN = frozenset(name.upper() for name in ("Jean", *GIVEN_NAMES[GIVEN_NAMES.index("Pierre") :]))
SYLLABLES = (
    "bar bel cour dan dor fau gal guer hal jau ker lan lau mar mer mon nor pel per quin ran rou sau ser tan ver vil"
    " bou cha dru fon gré lé mé né pré thé vé"
).split()
ENDINGS = "ac ard aud eau el ère et ier in oit on ot ou y".split()
# COG code, postal code, name.
COMMUNES = (
    ("94046", "94700", "MAISONS ALFORT"),
    ("94028", "94000", "CRETEIL"),
    ("94068", "94100", "ST MAUR DES FOSSES"),
    ("94080", "94300", "VINCENNES"),
    ("94081", "94400", "VITRY SUR SEINE"),
    ("94041", "94200", "IVRY SUR SEINE"),
    ("93048", "93100", "MONTREUIL"),
    ("93066", "93200", "ST DENIS"),
    ("92012", "92100", "BOULOGNE BILLANCOURT"),
    ("92050", "92000", "NANTERRE"),
    ("77288", "77000", "MELUN"),
    ("77186", "77300", "FONTAINEBLEAU"),
    ("78646", "78000", "VERSAILLES"),
    ("91228", "91000", "EVRY COURCOURONNES"),
    ("95127", "95000", "CERGY"),
    ("75113", "75013", "PARIS"),
    ("75114", "75014", "PARIS"),
    ("75119", "75019", "PARIS"),
    ("69382", "69002", "LYON"),
    ("97411", "97400", "ST DENIS"),
)
# Share, code and label of a profession.
PROFESSIONS = (
    (40, "60", "Infirmier"),
    (24, "10", "Médecin"),
    (11, "70", "Masseur-Kinésithérapeute"),
    (8, "21", "Pharmacien"),
    (5, "40", "Chirurgien-Dentiste"),
    (4, "93", "Psychologue"),
    (3, "91", "Orthophoniste"),
    (3, "50", "Sage-Femme"),
    (2, "80", "Pédicure-Podologue"),
)
SPECIALTIES = (("SM26", "Qualifié en médecine générale"), ("SM42", "Psychiatrie"), ("SM04", "Cardiologie"))
CATEGORIES = (
    ("355", "Centre Hospitalier (C.H.)"),
    ("500", "Etablissement d'hébergement pour personnes âgées dépendantes"),
    ("620", "Pharmacie d'Officine"),
    ("354", "Service de Soins Infirmiers A Domicile (S.S.I.A.D)"),
    ("124", "Centre de Santé"),
    ("156", "Centre Médico-Psychologique (C.M.P.)"),
)


@dataclass(frozen=True, slots=True)
class Extractions:
    activities: Path
    skills: Path
    establishments: Path
    legal_entities: Path


def write_files(folder: Path, practitioners: int = 200_000, organizations: int = 40_000) -> Extractions:
    """The same arguments always write the same files."""
    chance = random.Random(1)  # noqa: S311 -- fiction, not a secret
    files = Extractions(*(folder / name for name in (ACTIVITIES, SKILLS, ESTABLISHMENTS, LEGAL_ENTITIES)))
    legal = max(1, organizations // 20)
    _write(
        files.establishments,
        ";",
        [["finess", "etalab", "96", "2026-05-12"]],
        _establishments(chance, organizations, legal),
    )
    _write(
        files.legal_entities, ";", [["finess", "etalab", "94", "2026-05-12"]], _legal_entities(chance, legal)
    )
    people = [_person(chance, rank) for rank in range(practitioners)]
    _write(files.activities, "|", [ACTIVITY_COLUMNS], _activities(chance, people, organizations))
    _write(files.skills, "|", [SKILL_COLUMNS], _skills(chance, people))
    return files


def _with_key(digits: str) -> str:
    return digits + luhn_key(digits)


def finess_number(rank: int) -> str:
    return _with_key(f"94{rank:06d}")


def legal_finess_number(rank: int) -> str:
    return _with_key(f"949{rank:05d}")


def rpps_number(rank: int) -> str:
    return _with_key(f"99{rank:08d}")


@dataclass(frozen=True, slots=True)
class _Person:
    rank: int
    family_name: str
    given_name: str
    profession: str
    profession_label: str


def _person(chance: random.Random, rank: int) -> _Person:
    weights = [share for share, _, _ in PROFESSIONS]
    _, code, label = chance.choices(PROFESSIONS, weights)[0]
    syllables = chance.choices(SYLLABLES, k=chance.choice((1, 2, 2)))
    family = "".join(syllables) + chance.choice(ENDINGS)
    return _Person(rank, family.upper(), chance.choice(GIVEN_NAMES).upper(), code, label)


def _identity(person: _Person) -> dict[str, str]:
    rpps = rpps_number(person.rank)
    return {
        "Type d'identifiant PP": "8",
        "Identifiant PP": rpps,
        "Identification nationale PP": "8" + rpps,
        "Code civilité": "M" if person.given_name in MEN else "MME",
        "Libellé civilité": "Monsieur" if person.given_name in MEN else "Madame",
        "Nom d'exercice": person.family_name,
        "Prénom d'exercice": person.given_name,
        "Code profession": person.profession,
        "Libellé profession": person.profession_label,
        "Code catégorie professionnelle": "C",
        "Libellé catégorie professionnelle": "Civil",
    }


def _activities(chance: random.Random, people: list[_Person], organizations: int) -> Iterator[list[str]]:
    for person in people:
        identity = _identity(person)
        for place in range(chance.choice((1, 1, 1, 2))):
            salaried = chance.random() < 0.5
            row = identity | (
                _salaried(chance, organizations) if salaried else _practice(chance, person, place)
            )
            yield [row.get(name, "") for name in ACTIVITY_COLUMNS]


def _salaried(chance: random.Random, organizations: int) -> dict[str, str]:
    rank = chance.randrange(organizations)
    _, postal, name = COMMUNES[rank % len(COMMUNES)]
    return {
        "Code mode exercice": "S",
        "Libellé mode exercice": "Salarié",
        "Numéro FINESS site": finess_number(rank),
        "Identifiant technique de la structure": f"F{finess_number(rank)}",
        "Raison sociale site": f"ETABLISSEMENT {rank}",
        "Code postal (coord. structure)": postal,
        "Libellé commune (coord. structure)": name,
        "Code secteur d'activité": "SA01",
        "Libellé secteur d'activité": "Etablissement public de santé",
        "Code genre activité": "GENR01",
    }


def _practice(chance: random.Random, person: _Person, place: int) -> dict[str, str]:
    code, postal, name = chance.choice(COMMUNES)
    return {
        "Code mode exercice": "L",
        "Libellé mode exercice": "Libéral",
        "Identifiant technique de la structure": f"C{person.rank:09d}{place}",
        "Raison sociale site": f"CABINET {person.family_name}",
        "Numéro Voie (coord. structure)": str(chance.randint(1, 200)),
        "Libellé type de voie (coord. structure)": "Rue",
        "Libellé Voie (coord. structure)": "des Lilas",
        "Code postal (coord. structure)": postal,
        "Code commune (coord. structure)": code,
        "Libellé commune (coord. structure)": name,
        # Numbers that the regulator keeps for fiction.
        "Téléphone (coord. structure)": f"019900{chance.randrange(10_000):04d}",
        "Code secteur d'activité": "SA07",
        "Libellé secteur d'activité": "Cabinet individuel",
        "Code genre activité": "GENR01",
    }


def _skills(chance: random.Random, people: list[_Person]) -> Iterator[list[str]]:
    for person in people:
        if person.profession == "10":
            code, label = chance.choice(SPECIALTIES)
            row = _identity(person) | {
                "Code type savoir-faire": "S",
                "Libellé type savoir-faire": "Spécialité ordinale",
                "Code savoir-faire": code,
                "Libellé savoir-faire": label,
            }
            yield [row.get(name, "") for name in SKILL_COLUMNS]


def _establishments(chance: random.Random, count: int, legal: int) -> Iterator[list[str]]:
    for rank in range(count):
        code, postal, name = COMMUNES[rank % len(COMMUNES)]
        category, label = CATEGORIES[rank % len(CATEGORIES)]
        row = {
            "section": "structureet",
            "nofinesset": finess_number(rank),
            "nofinessej": legal_finess_number(rank % legal),
            "rs": f"ETABLISSEMENT {rank}",
            "rslongue": f"{label.partition('(')[0].strip().upper()} {_person(chance, rank).family_name}",
            "numvoie": str(chance.randint(1, 200)),
            "typvoie": "R",
            "voie": "DES ACACIAS",
            "commune": code[2:],
            "departement": code[:2],
            "ligneacheminement": f"{postal} {name}",
            "telephone": f"019900{chance.randrange(10_000):04d}",
            "categetab": category,
            "libcategetab": label,
            "codesph": "1" if category == "355" else "",
            "libsph": "Etablissement public de santé" if category == "355" else "",
            "dateouv": "2001-01-01",
            "datemaj": "2026-05-01",
        }
        if code.startswith("974"):
            row |= {"departement": "9D", "commune": f"4{code[3:]}"}
        yield [row.get(column, "") for column in ESTABLISHMENT_COLUMNS]


def _legal_entities(chance: random.Random, count: int) -> Iterator[list[str]]:
    for rank in range(count):
        row = {
            "section": "structureej",
            "nofiness": legal_finess_number(rank),
            "rs": f"ASSOCIATION {_person(chance, rank).family_name}",
            "commune": "046",
            "departement": "94",
            "ligneacheminement": "94700 MAISONS ALFORT",
        }
        yield [row.get(column, "") for column in LEGAL_ENTITY_COLUMNS]


def _write(path: Path, separator: str, head: Sequence[Sequence[str]], rows: Iterator[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        for row in head:
            file.write(separator.join(row) + "\n")
        for row in rows:
            file.write(separator.join(row) + "\n")
