"""An invented population and the errors of those who type it a second time.

The rates were written before anything was tuned against them, and are not touched when a figure displeases. Names are
drawn by their rank (Zipf): a few are everybody's, most are rare, as in a register. Nobody here exists.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

# How many errors one second entry carries.
NO_ERROR, ONE_ERROR, TWO_ERRORS = 0.10, 0.65, 0.25
# Which error, when there is one (weights).
ERRORS = {
    "typing, family name": 16,
    "typing, given name": 12,
    "transliteration": 8,
    "married name in place of the birth name": 14,
    "one part of a compound name": 8,
    "one part of a compound given name": 7,
    "usual given name in place of the first": 4,
    "day and month inverted": 6,
    "one digit of the birth date": 9,
    "day and month unknown": 3,
    "name and given name inverted": 4,
    "sex": 2,
    "birth place unknown or wrong": 7,
}
# Beside the errors: how a name is written.
SPACES_FOR_HYPHENS = 0.3
TWINS, USED_NAME_KNOWN, COMPOUND_FAMILY, COMPOUND_GIVEN = 0.012, 0.75, 0.04, 0.12
WITH_INS, INS_OF_SOMEBODY_ELSE = 0.4, 0.01

_FAMILIES = (
    "MARTIN BERNARD THOMAS PETIT ROBERT RICHARD DURAND DUBOIS MOREAU LAURENT SIMON MICHEL LEFÈVRE LEROY "
    "ROUX DAVID BERTRAND MOREL FOURNIER GIRARD BONNET DUPONT LAMBERT FONTAINE ROUSSEAU VINCENT MÜLLER "
    "LEFEBVRE FAURE ANDRÉ MERCIER BLANC GUÉRIN BOYER GARNIER CHEVALIER FRANÇOIS LEGRAND GAUTHIER GARCIA "
    "PERRIN ROBIN CLÉMENT MORIN NICOLAS HENRY ROUSSEL MATHIEU GAUTIER MASSON MARCHAND DUVAL DENIS DUMONT "
    "MARIE LEMAIRE NOËL MEYER DUFOUR MEUNIER BRUN BLANCHARD GIRAUD JOLY RIVIÈRE LUCAS BRUNET GAILLARD "
    "BARBIER ARNAUD MARTINEZ GÉRARD ROCHE RENARD SCHMITT ROY LEROUX COLIN VIDAL CARON PICARD ROGER FABRE "
    "AUBERT LEMOINE RENAUD DUMAS LACROIX OLIVIER PHILIPPE BOURGEOIS PIERRE BENOÎT REY LECLERC DIALLO "
    "TRAORÉ BEN-AHMED BELKACEM BOUZID CHERIF HADDAD MANSOURI BENALI SAÏDI KADDOUR MOHAMED NGUYEN TRAN "
    "PHAM WANG CHEN DA-SILVA FERREIRA PEREIRA RODRIGUES SANTOS LOPES FERNANDES KONÉ COULIBALY CAMARA DIOP "
    "NDIAYE SOW BAKAYOKO YILMAZ"
).split()
_WOMEN = (
    "MARIE JEANNE FRANÇOISE MONIQUE CATHERINE NATHALIE ISABELLE JACQUELINE ANNE SYLVIE MARTINE MADELEINE "
    "NICOLE SUZANNE HÉLÈNE CHRISTINE MARGUERITE DENISE LOUISE CHRISTIANE JULIE CÉLINE VALÉRIE SANDRINE "
    "SOPHIE LÉA CAMILLE EMMA CHLOÉ INÈS FATIMA AÏCHA KHADIJA YASMINE SAMIRA NADIA LEÏLA AMINATA FATOUMATA "
    "MARIAM THÉRÈSE SIMONE YVETTE PAULETTE ODETTE GERMAINE ZOHRA RACHIDA MALIKA SORAYA LINH MEI ROSA "
    "CONCEIÇÃO CHARLOTTE ALICE JADE LOLA ZOÉ MANON SARAH LUCIE MATHILDE PAULINE"
).split()
_MEN = (
    "JEAN PIERRE MICHEL ANDRÉ PHILIPPE RENÉ LOUIS ALAIN JACQUES BERNARD MARCEL DANIEL ROGER ROBERT PAUL "
    "CLAUDE HENRI CHRISTIAN NICOLAS GEORGES PATRICK FRANÇOIS MAURICE GÉRARD THOMAS JULIEN DAVID OLIVIER "
    "LAURENT SÉBASTIEN LUCAS HUGO MOHAMED AHMED KHALED YOUSSEF RACHID KARIM ABDELKADER MUSTAPHA HASSAN "
    "OMAR IBRAHIMA MAMADOU MOUSSA ABDOULAYE ÉTIENNE THÉO LÉO LOUP GABRIEL RAPHAËL ARTHUR JULES ADAM "
    "NATHAN ENZO YANIS MEHDI BILAL ANTOINE GUILLAUME MATTHIEU LUC YVES GUY"
).split()
_SYLLABLES = ("BA BE BO CA CHE COU DA DE DRI FA FER GA GUI HA JO KA LA LE LI MA ME MO NA NI PA PE PRA QUE RA RE RO SA "
              "SE SOU TA TE TI TOU VA VE VI ZA").split()  # fmt: skip
_ENDINGS = "RD T UX N NT RE LLE ND S Z U IN ON EAU IER ET OT ARD".split()
# The same sound written by another hand.
_HANDS = (
    ("OU", "U"), ("KH", "K"), ("MM", "M"), ("DD", "D"), ("SS", "S"), ("CH", "SH"), ("PH", "F"), ("I", "Y"), ("Y", "I"),
    ("É", "EE"), ("K", "C"), ("C", "K"), ("AÏ", "AY"), ("W", "OU"), ("DJ", "J"), ("H", ""), ("E", "I"), ("Z", "S"),
)  # fmt: skip
_NEAR = {
    "A": "QZ", "B": "VN", "C": "XV", "D": "SF", "E": "RZ", "F": "DG", "G": "FH", "H": "GJ", "I": "UO",
    "J": "HK", "K": "JL", "L": "KM", "M": "LP", "N": "BV", "O": "IP", "P": "OM", "Q": "SA", "R": "ET",
    "S": "QD", "T": "RY", "U": "YI", "V": "CB", "W": "XS", "X": "WC", "Y": "TU", "Z": "AE",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    number: int
    family: str
    given: tuple[str, ...]
    used: str
    born: date
    sex: str
    place: str
    ins: str
    lunar: bool = False


def persons(count: int, seed: int) -> Iterator[Person]:
    """Twins follow each other: same names but the given one, same day, same place."""
    draw = random.Random(seed)
    families, first = _register(draw), {sex: _weights(len(names)) for sex, names in _GIVEN.items()}
    number = 0
    while number < count:
        born = date(1925, 1, 1) + timedelta(days=draw.randrange(36_500))
        one = _person(draw, number, families, first, born)
        yield one
        number += 1
        if number < count and draw.random() < TWINS:
            other = _person(draw, number, families, first, born)
            yield replace(other, family=one.family, place=one.place, used="")
            number += 1


def typed_again(person: Person, seed: int, stranger: Person) -> tuple[Person, tuple[str, ...]]:
    """The same person entered a second time by somebody else, and the errors of that entry."""
    draw = random.Random(f"{seed} {person.number}")
    chance = draw.random()
    wanted = 0 if chance < NO_ERROR else 1 if chance < NO_ERROR + ONE_ERROR else 2
    made: list[str] = []
    entered = person
    while len(made) < wanted:
        kind = draw.choices(list(ERRORS), weights=list(ERRORS.values()))[0]
        changed = _MAKE[kind](draw, entered, stranger)
        if kind not in made and changed != entered:
            entered = changed
            made.append(kind)
    if draw.random() < INS_OF_SOMEBODY_ELSE:
        entered = replace(entered, ins=stranger.ins)
    elif draw.random() >= WITH_INS:
        entered = replace(entered, ins="")
    if draw.random() < SPACES_FOR_HYPHENS:
        given = tuple(part for name in entered.given for part in name.split("-"))
        entered = replace(entered, family=entered.family.replace("-", " "), given=given)
    return entered, tuple(made)


_GIVEN = {"F": _WOMEN, "M": _MEN}


def _register(draw: random.Random) -> tuple[list[str], list[float]]:
    """Known names first, then thirty thousand rare ones."""
    rare = {
        "".join(draw.choices(_SYLLABLES, k=draw.choice((2, 2, 3)))) + draw.choice(_ENDINGS)
        for _ in range(36_000)
    }
    families = _FAMILIES + sorted(rare)[:30_000]
    draw.shuffle(families[len(_FAMILIES) :])
    return families, _weights(len(families))


def _weights(count: int) -> list[float]:
    total, cumulated = 0.0, []
    for rank in range(count):
        total += 1 / (rank + 12) ** 0.85
        cumulated.append(total)
    return cumulated


def _person(
    draw: random.Random,
    number: int,
    families: tuple[list[str], list[float]],
    first: dict[str, list[float]],
    born: date,
) -> Person:
    names, weights = families
    sex = draw.choice("FM")
    chosen = draw.choices(_GIVEN[sex], cum_weights=first[sex], k=draw.choice((1, 2, 3)))
    given = tuple(dict.fromkeys(chosen))
    if draw.random() < COMPOUND_GIVEN:
        second = draw.choice(_GIVEN[sex][:20])
        given = (f"{given[0]}-{second}", *given[1:])
    family, other = draw.choices(names, cum_weights=weights, k=2)
    if draw.random() < COMPOUND_FAMILY:
        family = f"{family}-{draw.choices(names, cum_weights=weights)[0]}"
    married = sex == "F" and born.year < 1998 and draw.random() < 0.55
    return Person(
        number=number,
        family=family,
        given=given,
        used=other if married and draw.random() < USED_NAME_KNOWN else "",
        born=born,
        sex=sex,
        place=f"{draw.choices((75, 93, 94, 92, 91, 77, 99, 13, 59), weights=(20, 15, 14, 10, 8, 8, 15, 5, 5))[0]}"
        f"{draw.randrange(1, 400 if draw.random() < 0.5 else 40):03d}",
        ins=f"{number:013d}00",
    )


def _typed(draw: random.Random, word: str) -> str:
    if len(word) < 3:
        return word
    place = draw.randrange(len(word))
    match draw.choice(("drop", "double", "near", "swap")):
        case "drop":
            return word[:place] + word[place + 1 :]
        case "double":
            return word[:place] + word[place] + word[place:]
        case "near":
            return word[:place] + draw.choice(_NEAR.get(word[place], "E")) + word[place + 1 :]
        case _:
            place = min(place, len(word) - 2)
            return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def _another_hand(draw: random.Random, word: str) -> str:
    written = [word.replace(old, new, 1) for old, new in _HANDS if old in word]
    return draw.choice(written) if written else word


def _digit(draw: random.Random, born: date) -> date:
    """One digit of the day, the month or the year; a date that exists."""
    for _ in range(20):
        text = list(f"{born:%d%m%Y}")
        place = draw.choice((0, 1, 2, 3, 6, 7, 7, 1, 3))
        text[place] = str(draw.randrange(10))
        try:
            typed = date(int("".join(text[4:])), int("".join(text[2:4])), int("".join(text[:2])))
        except ValueError:
            continue
        if typed != born and 1915 < typed.year <= 2025:
            return typed
    return born


def _inverted(born: date) -> date:
    return date(born.year, born.day, born.month) if born.day <= 12 else born


def _place(draw: random.Random, person: Person, stranger: Person) -> Person:
    return replace(person, place=draw.choice(("99999", stranger.place)))


def _first_of(person: Person, name: str) -> Person:
    return replace(person, given=(name, *person.given[1:]))


Maker = Callable[[random.Random, Person, Person], Person]
_MAKE: dict[str, Maker] = {
    "typing, family name": lambda d, p, s: replace(p, family=_typed(d, p.family)),
    "typing, given name": lambda d, p, s: _first_of(p, _typed(d, p.given[0])),
    "transliteration": lambda d, p, s: (
        replace(p, family=_another_hand(d, p.family))
        if d.random() < 0.5
        else _first_of(p, _another_hand(d, p.given[0]))
    ),
    "married name in place of the birth name": lambda d, p, s: (
        replace(p, family=p.used or s.family, used="") if p.sex == "F" and p.born.year < 1998 else p
    ),
    "one part of a compound name": lambda d, p, s: replace(p, family=d.choice(p.family.split("-"))),
    "one part of a compound given name": lambda d, p, s: _first_of(p, p.given[0].split("-")[0]),
    "usual given name in place of the first": lambda d, p, s: replace(p, given=p.given[1:] or p.given),
    "day and month inverted": lambda d, p, s: replace(p, born=_inverted(p.born)),
    "one digit of the birth date": lambda d, p, s: replace(p, born=_digit(d, p.born)),
    "day and month unknown": lambda d, p, s: replace(p, born=date(p.born.year, 1, 1), lunar=True),
    "name and given name inverted": lambda d, p, s: replace(
        p, family=p.given[0], given=(p.family, *p.given[1:])
    ),
    "sex": lambda d, p, s: replace(p, sex="M" if p.sex == "F" else "F"),
    "birth place unknown or wrong": _place,
}
