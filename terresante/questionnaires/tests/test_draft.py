"""From the files of a draft to the fields of its screen, and back."""

import io
import json
import zipfile

import pytest

from terresante.questionnaires import archive, draft
from terresante.questionnaires.pathway import check
from terresante.questionnaires.tests.factories import files


def packed(entries: dict[str, bytes]) -> bytes:
    sent = io.BytesIO()
    with zipfile.ZipFile(sent, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in entries.items():
            made.writestr(name, content)
    return sent.getvalue()


def test_a_folder_goes_into_an_archive_and_comes_back_the_same():
    sent = files()

    assert archive.unzipped(archive.zipped(sent, "essai")) == sent
    assert archive.zipped(sent, "essai") == archive.zipped(dict(reversed(sent.items())), "essai")


def test_what_a_computer_adds_to_an_archive_is_left_out():
    entries = {f"essai/{name}": text.encode() for name, text in files().items()}
    entries |= {"__MACOSX/essai/._rules.csv": b"x", "essai/.DS_Store": b"x"}

    assert archive.unzipped(packed(entries)) == files()


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"a/pathway.toml": b"x", "a/../../etc/passwd.txt": b"x"}, "n’a pas sa place"),
        ({"pathway.toml": b"x", "run.sh": b"x"}, "n’a pas sa place"),
        ({"rules.csv": b"x"}, "pathway.toml » manque"),
        ({"pathway.toml": b"\xff\xfe\x00"}, "UTF-8"),
        ({"pathway.toml": b"x", "texts.toml": b" " * 2_000_000}, "trop grande"),
        ({"pathway.toml": b"x", **{f"examples/e{n}.toml": b"x" for n in range(200)}}, "trop grande"),
    ],
)
def test_an_archive_that_is_no_pathway_is_refused_with_what_is_wrong(entries, said):
    with pytest.raises(archive.Unreadable, match=said):
        archive.unzipped(packed(entries))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not an archive", b"{}"])
def test_what_is_no_archive_is_refused(content):
    with pytest.raises(archive.Unreadable, match="zip"):
        archive.unzipped(content)


def test_a_table_is_edited_line_by_line_and_keeps_the_columns_it_does_not_know():
    before = {**files(), "rules.csv": "rule;questionnaire;item;red;remark\nt;q;temp;>= 39;voir HAS\n"}

    lines = draft.rows(before, "rules.csv")
    lines[0]["red"] = ">= 38,5 | < 35"
    after = draft.with_rows(before, "rules.csv", [*lines, {"rule": ""}])

    assert after["rules.csv"].splitlines() == [
        "rule;questionnaire;item;green;orange;red;remeasure;why;remark",
        "t;q;temp;;;>= 38,5 | < 35;;;voir HAS",
    ]
    assert "rules.csv" not in draft.with_rows(before, "rules.csv", [{"rule": " "}])


def test_words_bounds_and_help_of_a_question_change_and_nothing_else_does():
    before = files()
    edit = {
        "text": "Température sous le bras ?",
        "help": "Attendez cinq minutes.",
        "required": "",
        "lowest": "34",
        "highest": "42,5",
    }

    after = draft.with_questions(before, {"quotidien:temperature": edit})

    asked = draft.questions(after)["quotidien"][0]
    assert (asked.text, asked.help, asked.required) == (
        "Température sous le bras ?",
        "Attendez cinq minutes.",
        False,
    )
    assert (asked.lowest, asked.highest) == ("34", "42,5")
    changed = json.loads(after["questionnaires/quotidien.json"])["item"]
    assert changed[1:] == json.loads(before["questionnaires/quotidien.json"])["item"][1:]
    assert {name for name in after if after[name] != before[name]} == {"questionnaires/quotidien.json"}
    assert draft.with_questions(before, {}) == before


_ODD = (
    {"item": {"a": 1}},
    {"item": None},
    {"item": ["x", 3]},
    {"extension": "x"},
    {"extension": ["x"]},
    {"extension": None},
)


@pytest.mark.parametrize("odd", _ODD, ids=str)
def test_a_question_with_what_no_editor_writes_is_still_shown_and_edited(odd):
    form = json.loads(files()["questionnaires/quotidien.json"])
    form["item"][0] |= odd
    sent = {**files(), "questionnaires/quotidien.json": json.dumps(form)}
    edit = {"text": "Température ?", "help": "Attendez.", "required": True, "lowest": "34", "highest": "42"}

    assert len(draft.questions(sent)["quotidien"]) == 3
    after = draft.questions(draft.with_questions(sent, {"quotidien:temperature": edit}))["quotidien"][0]
    assert (after.text, after.help, after.lowest) == ("Température ?", "Attendez.", "34")


@pytest.mark.parametrize(
    "name", [archive.ABOUT, draft.TEXTS, draft.RULES, "scores.toml", "questionnaires/quotidien.json"]
)
@pytest.mark.parametrize(
    "hostile",
    ["a = " + "[" * 20000, ".".join("a" * 40_000) + " = 1", '{"item":' * 2000, "x" * 200_000, '"a'],
    ids=["deep", "endless key", "deep json", "wide", "open quote"],
)
def test_a_hostile_file_is_a_mistake_that_is_said_and_breaks_no_page(name, hostile):
    """A dotted key of forty thousand parts kept the library's reader for minutes."""
    sent = {**files(), name: hostile}

    for shows in (archive.checked, draft.told, draft.texts, draft.questions):
        shows(sent)
    draft.rows(sent, draft.RULES)
    draft.with_rows(sent, draft.RULES, [{"rule": "a", "item": "b"}])
    assert [one for one in check(sent) if not one.is_warning and one.file == name]


@pytest.mark.parametrize("sign", ["\\u0000", "\\ud800"])
def test_a_question_that_cannot_be_written_on_a_page_is_refused(sign):
    sent = {
        **files(),
        "questionnaires/quotidien.json": files()["questionnaires/quotidien.json"].replace("Quelle", sign),
    }

    assert "ne s’écrit pas" in check(sent)[0].what


def _corrupt(sent):
    at = sent.index(b"pathway.toml") + 30
    return sent[:at] + bytes(255 - byte for byte in sent[at : at + 60]) + sent[at + 60 :]


def _one_file(way, size):
    sent = io.BytesIO()
    with zipfile.ZipFile(sent, "w", way) as made:
        made.writestr("pathway.toml", "x" * size)
    return sent.getvalue()


def _by_lzma(_sent):
    return _one_file(zipfile.ZIP_LZMA, 1000)


def _bomb(_sent):
    lied = bytearray(_one_file(zipfile.ZIP_DEFLATED, 30_000_000))
    at = lied.rindex(b"PK\x01\x02") + 24
    lied[at : at + 4] = (10).to_bytes(4, "little")
    return bytes(lied)


@pytest.mark.parametrize("spoilt", [_corrupt, _by_lzma, _bomb, lambda sent: sent[:-30]])
def test_an_archive_that_lies_or_is_spoilt_is_refused_with_a_sentence(spoilt):
    with pytest.raises(archive.Unreadable):
        archive.unzipped(spoilt(archive.zipped(files(), "dossier")))


def test_a_null_character_is_refused_before_it_is_kept():
    with pytest.raises(archive.Unreadable, match="nul"):
        archive.checked({**files(), draft.RULES: "a\x00"})


def test_a_bound_that_is_no_number_is_refused():
    edit = {"text": "x", "lowest": "trente", "highest": ""}
    with pytest.raises(archive.Unreadable, match="n’est pas un nombre"):
        draft.with_questions(files(), {"quotidien:temperature": edit})


def test_texts_of_the_patient_survive_quotes_and_backslashes():
    said = {"red": 'Appelez le 15 : dites "je suffoque" \\ sans attendre', "green": ""}

    assert draft.texts(draft.with_texts(files(), said)) == {"red": said["red"]}


def test_a_copy_has_its_own_code_and_title():
    told = draft.told(draft.renamed(files("covid"), "chikungunya", "Chikungunya « 2027 »"))

    assert (told["code"], told["title"]) == ("chikungunya", "Chikungunya « 2027 »")
