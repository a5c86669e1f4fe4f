"""The pathway of docs/writing-a-pathway.md is one that can be copied."""

import re
from pathlib import Path

from terresante.questionnaires.pathway import check, read

PAGE = Path(__file__).resolve().parents[3] / "docs" / "writing-a-pathway.md"
FILE = re.compile(r"^`([a-z/-]+\.(?:toml|json|csv))`\n```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)


def files():
    return dict(FILE.findall(PAGE.read_text()))


def test_the_pathway_of_the_page_is_in_order():
    assert check(files()) == []
    assert len(files()) == 8


def test_the_mistake_that_the_page_shows_is_the_one_that_is_told():
    wrong = files() | {"rules.csv": files()["rules.csv"].replace("oui;peu;", "oui;peut;")}
    [shown] = re.findall(r"^chikungunya/(rules.csv.*)$", PAGE.read_text(), re.MULTILINE)

    assert shown in [str(mistake) for mistake in check(wrong)]


def test_every_cell_that_the_page_explains_is_understood():
    table = PAGE.read_text().partition("| Vous écrivez |")[2].partition("\n\n")[0]
    cells = [
        cell for line in table.splitlines()[2:] for cell in re.findall(r"`([^`]+)`", line.split(" | ")[0])
    ]
    spo2 = '{"linkId": "spo2-effort", "text": "Effort ?", "type": "integer", "required": false},'
    form = files()["questionnaires/quotidien.json"].replace('"item": [', f'"item": [{spo2}', 1)
    items = {"peu": "boire", "oui": "boire", "true": "fatigue", "false": "fatigue"}

    for cell in cells:
        row = f"une;quotidien;{items.get(cell, 'temperature')};;{cell};;no;Une"
        rules = files()["rules.csv"].splitlines()[0] + "\n" + row + "\n"
        told = check(files() | {"rules.csv": rules, "questionnaires/quotidien.json": form})
        assert not [str(one) for one in told if one.file == "rules.csv" and not one.is_warning], cell
    assert len(cells) > 12
    assert read(files()).forms["quotidien"].questions[0].help.startswith("Mesurez au repos")
