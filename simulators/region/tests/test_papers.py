"""The papers of the stories: taken by the platform's own look at files, signed by members, naming invented people."""

import datetime
import io

import pytest

from simulators.region.build import build
from simulators.region.papers import content_of
from terresante.documents.enums import DocumentType
from terresante.kernel.files.kinds import kind_of

TODAY = datetime.date(2026, 11, 19)
REGION = build(TODAY)
STORIES = [story for story in REGION.stories if story.papers]
PAPERS = [(story, paper) for story in STORIES for paper in story.papers]


def test_thirty_papers_tell_the_stories():
    assert len(PAPERS) >= 30 and len(STORIES) >= 9


@pytest.mark.parametrize(("story", "paper"), PAPERS, ids=lambda one: getattr(one, "title", ""))
def test_each_is_a_file_that_is_taken_of_a_known_type(story, paper):
    name, content = content_of(paper)

    assert kind_of(io.BytesIO(content), name=name, size=len(content))
    assert paper.type in DocumentType.values
    assert len(content) < 60_000


@pytest.mark.parametrize(("story", "paper"), PAPERS, ids=lambda one: getattr(one, "title", ""))
def test_each_is_filed_by_a_member_of_that_day(story, paper):
    keys = {paper.author, REGION.professionals[paper.author].structure}
    founder = story.founder == paper.author and story.since >= paper.at.days
    assert founder or any(member.who in keys and member.since >= paper.at.days for member in story.members)


def test_no_two_are_the_same_file():
    contents = [content_of(paper)[1] for _, paper in PAPERS]

    assert len(set(contents)) == len(contents)


LETTERS = [(story, letter) for story in REGION.stories for letter in story.letters]


@pytest.mark.parametrize(("story", "letter"), LETTERS, ids=lambda one: getattr(one, "title", ""))
def test_each_letter_is_of_a_known_type_by_who_has_numbers_of_its_own(story, letter):
    assert letter.type in DocumentType.values
    assert REGION.structures[letter.sender].oid
    assert all(len(row) == len(section.head) for section in letter.sections for row in section.rows)
    assert all(section.text or section.items or section.rows for section in letter.sections)


def test_a_hospital_and_a_laboratory_send_letters():
    assert {REGION.structures[letter.sender].kind for _, letter in LETTERS} == {
        "public_hospital",
        "laboratory",
    }
