import datetime
import hashlib
import re
from collections import Counter

import pytest

from simulators.region.build import PATIENTS, build, ipp_of
from simulators.region.identifiers import luhn_key
from simulators.region.model import Note, Region, Story
from simulators.region.reading import DATA

TODAY = datetime.date(2026, 11, 19)
FICTION = re.compile(r"^(01 99 00|06 39 98) \d\d \d\d$")
# Public figures: a made-up region names none of them.
REAL_NAMES = (
    "Macron Chirac Sarkozy Hollande Mitterrand Veil Buzyn Véran Raoult Delfraissy Castex Hidalgo Pécresse "
    "Zidane Mbappé Depardieu Deneuve Delon Belmondo Goldman Aznavour"
).split()


@pytest.fixture(scope="module")
def region() -> Region:
    return build(TODAY)


def everybody_said(story: Story) -> list[str]:
    return [note.text for note in story.notes]


def signed_by_a_member(story: Story, note: Note, region: Region) -> bool:
    keys = {note.author, region.professionals[note.author].structure}
    founder = story.founder == note.author and story.since >= note.at.days
    return founder or any(member.who in keys and member.since >= note.at.days for member in story.members)


def test_the_same_day_gives_the_same_region(region):
    def digest(built: Region) -> str:
        return hashlib.sha256(repr(built).encode()).hexdigest()

    assert digest(build(TODAY)) == digest(region)
    assert digest(build(TODAY + datetime.timedelta(days=1))) != digest(region)


def test_it_has_the_promised_size(region):
    kinds = Counter(structure.kind for structure in region.structures.values())
    assert kinds["public_hospital"] + kinds["private_hospital"] == 3
    assert kinds["dac"] == 2
    assert kinds["had"] == 1
    assert kinds["pharmacy"] >= 3
    assert kinds["laboratory"] >= 2
    assert 55 <= len(region.professionals) <= 65
    assert len({who.profession for who in region.professionals.values()}) >= 15
    assert len(region.stories) == PATIENTS
    assert len({story.key for story in region.stories}) == PATIENTS
    assert sum(story.is_written_by_hand for story in region.stories) >= 12


def test_stories_written_by_hand_have_several_authors(region):
    told = [story for story in region.stories if story.is_written_by_hand and not story.oppositions]
    assert all(5 <= len(story.notes) <= 15 for story in told)
    assert all(len({note.author for note in story.notes}) >= 3 for story in told)


def test_every_note_is_signed_by_a_member_of_that_day(region):
    strangers = [
        (story.key, note.author)
        for story in region.stories
        for note in story.notes
        if not signed_by_a_member(story, note, region)
    ]
    assert strangers == []


def test_nothing_happens_before_birth_or_out_of_order(region):
    for story in region.stories:
        moments = [note.at.on(TODAY) for note in story.notes]
        assert moments == sorted(moments)
        assert all(stay.gone is None or stay.came.on(TODAY) < stay.gone.on(TODAY) for stay in story.stays)
        assert all(stay.came.on(TODAY).date() >= story.identity.born for stay in story.stays)


def test_everybody_named_exists(region):
    known = region.structures.keys() | region.professionals.keys()
    for story in region.stories:
        assert {member.who for member in story.members} <= known
        assert len({member.who for member in story.members}) == len(story.members)
        for stay in story.stays:
            assert stay.unit in {unit.code for unit in region.structures[stay.hospital].units}


def test_telephones_are_those_kept_for_fiction(region):
    numbers = [structure.phone for structure in region.structures.values()]
    numbers += [who.phone for who in region.professionals.values()]
    numbers += [story.identity.phone for story in region.stories]
    numbers += [relative.phone for story in region.stories for relative in story.relatives]
    assert [number for number in numbers if not FICTION.match(number)] == []
    repeated = [number for number, times in Counter(numbers).items() if times > 1]
    assert repeated == []


def test_numbers_pass_their_keys(region):
    for story in region.stories:
        if story.identity.ins:
            body, key = story.identity.ins[:13], story.identity.ins[13:]
            assert (int(body) + int(key)) % 97 == 0
    national = [who.rpps for who in region.professionals.values() if who.rpps]
    national += [structure.finess for structure in region.structures.values() if structure.finess]
    assert all(luhn_key(number[:-1]) == number[-1] for number in national)
    assert len(set(national)) == len(national)
    matricules = [story.identity.ins for story in region.stories if story.identity.ins]
    assert len(set(matricules)) == len(matricules)


def test_a_hospital_gives_each_patient_his_number(region):
    assert len({ipp_of(story, "bicetre") for story in region.stories}) == PATIENTS


def test_no_real_person_is_named(region):
    people = [f"{story.identity.birth_name} {story.identity.used_name}" for story in region.stories]
    people += [who.family for who in region.professionals.values()]
    named = {word for name in people for word in re.split(r"[ -]", name.upper())}
    assert named.isdisjoint(name.upper() for name in REAL_NAMES)


def test_no_note_is_repeated_for_a_patient_nor_often_elsewhere(region):
    assert all(len(set(everybody_said(story))) == len(story.notes) for story in region.stories)
    times = Counter(text for story in region.stories for text in everybody_said(story))
    assert max(times.values()) <= 6


def test_texts_are_typeset_in_french(region):
    texts = [text for story in region.stories for text in everybody_said(story)]
    assert [text for text in texts if re.search(r" [:;?!%»]|'|[{}<\[\]]", text.replace("< ", ""))] == []


def test_the_geriatrician_follows_thirty_eight_patients(region):
    followed = [
        story
        for story in region.stories
        if "georges" in {story.founder, *(member.who for member in story.members)}
    ]
    assert len(followed) == 38
    news = {story.key for story in followed if any(note.at.days < 2 for note in story.notes)}
    assert news == {"isidore", "cauvin", "toussaint", "diallo", "perrin"}


def test_the_visitor_finds_an_opponent_a_stranger_and_a_homonym(region):
    labels = " ".join(visitor.label for visitor in region.visitors)
    assert all(word in labels for word in ("opposé", "inconnue", "homonyme"))
    assert not any(
        visitor.ipp == other.ipp
        for visitor in region.visitors
        for other in region.visitors
        if visitor is not other
    )


def test_stories_are_data_that_can_be_read():
    assert len(list((DATA / "stories").glob("*.toml"))) >= 12
