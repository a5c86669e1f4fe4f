"""Documents written by the simulated hospital, for the readers of this folder."""

from dataclasses import replace
from datetime import datetime

from simulators.hospital.documents import Author, Letter, Passage, cda, table
from simulators.hospital.messages import PARIS, Authority, Person
from simulators.region.model import Moment, Paper
from simulators.region.papers import pdf

AT = datetime(2026, 3, 12, 9, 30, tzinfo=PARIS)
CLAIRE = Person(
    ipp="P1",
    birth_name="ESSAI",
    given="CLAIRE ANNE",
    birth_date="1950-02-03",
    sex="F",
    birth_place="77379",
    authority=Authority("HOPITAL-T", "1.2.250.1.999.1"),
    ins="250027737900187",
)
AUTHOR = Author("10000000017", "Paul", "MARTEL", "Hôpital Saint-Martin", "770000010")
RECIPIENT = Author("10000000025", "Anne", "SAULNIER", "Cabinet des Tilleuls", "770000028")
PDF = pdf(
    Paper(
        at=Moment(days=0, hour=8, minute=0),
        author="",
        type="11490-0",
        title="Lettre",
        text="Le texte de la lettre.",
        letterhead=(),
        signature="Dr Martel",
    )
)
PASSAGES = (
    Passage(
        "42349-1",
        "Motif d’hospitalisation",
        '<paragraph styleCode="Bold"><content ID="m1">Douleur &amp; fièvre</content></paragraph>',
        passages=(Passage("11329-0", "Antécédents", "<list><item>Asthme</item><item>HTA</item></list>"),),
    ),
    Passage("10183-2", "Traitements à la sortie", table(("Médicament", "Posologie"), ("Paracétamol", "1 g"))),
)


def letter(**changes):
    return replace(Letter(identifier="1.2.250.1.999.9.1", person=CLAIRE, author=AUTHOR, at=AT), **changes)


def structured(**changes):
    return cda(letter(passages=PASSAGES, recipients=(RECIPIENT,), stay=(AT, AT), **changes))


def whole(**changes):
    return cda(letter(**({"pdf": PDF} | changes)))
