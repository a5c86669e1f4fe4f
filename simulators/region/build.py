"""`build(today)`: the whole region, the same for the same day."""

import datetime
from dataclasses import replace

from simulators.region import identifiers
from simulators.region.crowd import Crowd
from simulators.region.model import Identity, Region, Story, Visitor
from simulators.region.reading import Setting, read_accounts, read_setting, read_stories

PATIENTS = 400
SIMULATED_HOSPITAL = "bicetre"
# Stories whose messages a visitor may play, and what they will show.
_KNOWN = (
    ("isidore", "déjà hospitalisée : transfert, sortie"),
    ("cauvin", "a un dossier : une admission prévient son cercle"),
    ("le-goff", "a un dossier : urgences, puis hospitalisation"),
    ("diallo", "a un dossier"),
    ("rahmani", "a un dossier : la psychiatrie reste à l’hôpital"),
    ("saint-aubin", "opposé au dossier : rien n’est gardé"),
)


def build(today: datetime.date) -> Region:
    setting = read_setting(today)
    stories = list(read_stories(setting))
    stories += Crowd(setting).stories(PATIENTS - len(stories))
    return Region(
        today=today,
        communes=setting.communes + setting.birth_places,
        structures=setting.structures,
        professionals=setting.professionals,
        accounts=read_accounts(),
        stories=tuple(stories),
        visitors=_visitors(setting, {story.key: story for story in stories}),
        simulated_hospital=SIMULATED_HOSPITAL,
    )


def ipp_of(story: Story, hospital: str) -> str:
    """The local number of a patient in a hospital: the same in its messages as on the simulator's page."""
    letters = "".join(f"{ord(character):03d}" for character in story.key[-4:])
    return f"{hospital[0].upper()}{letters[-9:]}"


def _visitors(setting: Setting, stories: dict[str, Story]) -> tuple[Visitor, ...]:
    known = [
        Visitor(ipp=ipp_of(stories[key], SIMULATED_HOSPITAL), identity=stories[key].identity, label=label)
        for key, label in _KNOWN
    ]
    return (
        *known,
        Visitor(ipp="B900000001", identity=_stranger(setting), label="inconnue : aucun dossier"),
        Visitor(
            ipp="B900000002",
            identity=_homonym(stories["cauvin"].identity),
            label="homonyme de M. Cauvin, né un autre jour : identité douteuse",
        ),
    )


def _stranger(setting: Setting) -> Identity:
    born = datetime.date(1971, 2, 23)
    place = setting.place("44109")
    return Identity(
        birth_name="KERDRAON-VASSAL",
        given="Bénédicte",
        used_name="",
        sex="F",
        born=born,
        birth_place=place,
        status="QUAL",
        ins=identifiers.ins(sex="F", born=born, place=place.code, order=907),
        phone="06 39 98 39 01",
        address="1 rue du Canal",
        commune=setting.place("94043"),
    )


def _homonym(identity: Identity) -> Identity:
    """Same names, same year, another day, no national number: a person must decide."""
    other_day = identity.born.replace(month=identity.born.month % 12 + 1, day=min(identity.born.day, 28))
    return replace(identity, born=other_day, ins="", status="PROV", phone="06 39 98 39 02")
