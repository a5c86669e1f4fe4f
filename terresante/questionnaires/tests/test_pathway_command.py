"""`terresante pathway check <folder>`."""

import pytest
from django.core.management import call_command

from terresante.questionnaires.pathway import PathwayError, folder
from terresante.questionnaires.tests.pathways import changed, small


def write(tmp_path, files):
    root = tmp_path / "essai"
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def run(path, capsys):
    code: object = 0
    try:
        call_command("pathway", "check", str(path))
    except SystemExit as end:
        code = end.code
    out, err = capsys.readouterr()
    return code, out, err


def test_the_command_says_that_a_folder_is_in_order(tmp_path, capsys):
    code, out, err = run(write(tmp_path, small()), capsys)

    assert (code, err) == (0, "")
    assert out == (
        "Suivi d’essai : en ordre, exemples compris. "
        "2 questionnaires, 1 score, 5 règles, 2 exemples, 0 avertissement.\n"
    )


def test_the_command_ends_with_one_on_a_mistake_and_with_zero_on_a_warning(tmp_path, capsys):
    refused = run(write(tmp_path / "a", changed("rules.csv", "<= 94", "<=")), capsys)
    warned = run(write(tmp_path / "b", changed("rules.csv", "none | usual", "none")), capsys)

    assert refused[0] == 1
    assert refused[2].startswith("essai/rules.csv:3 : colonne « red » : « <= » : il manque un nombre.")
    assert warned[0] == 0
    assert warned[1].startswith("essai/rules.csv:5 : avertissement : « usual » n’est dans aucune case")


def test_the_command_says_in_one_sentence_what_it_cannot_read(tmp_path, capsys):
    root = write(tmp_path, small())
    (root / "rules.csv").write_bytes(b"rule;\xe9\n")

    assert run(tmp_path / "absent", capsys)[2] == (
        f"{tmp_path / 'absent'} : ce dossier n’existe pas : vérifiez son chemin.\n"
    )
    assert run(root, capsys)[2] == (
        "essai/rules.csv:1 : ce fichier n’est pas en UTF-8 : enregistrez-le en « UTF-8 ».\n"
    )


def test_a_folder_that_is_too_large_is_refused(tmp_path):
    root = write(tmp_path, small({"notes.txt": "x" * 1_000_001}))

    with pytest.raises(PathwayError, match="dépasse 1 Mo"):
        folder(root)
