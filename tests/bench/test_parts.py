"""What a run of the measures keeps when one of its parts breaks."""

import json

from bench.__main__ import _told
from bench.load import Refused
from bench.report import Figure, Report


def test_a_part_that_breaks_is_said_and_the_others_are_written(tmp_path, capsys):
    report = Report(context="essai", path=tmp_path / "bench.json")

    def broken():
        raise Refused("/telesuivi/: {'500': 3}")

    assert not _told(report, "tableau", broken)
    assert _told(report, "pages", lambda: [Figure(name="dossier ouvert", value=1.0, unit="/s")])

    assert "tableau : non mesuré, /telesuivi/" in capsys.readouterr().out
    assert [figure["name"] for figure in json.loads(report.path.read_text())] == ["dossier ouvert"]
