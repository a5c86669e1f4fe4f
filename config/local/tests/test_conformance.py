from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from simulators.conformance import documented
from terresante.interop.hl7v2.tests.messages import MSH, PID, PV1, ZBE, adt

pytestmark = pytest.mark.commits


def samples(tmp_path, **files):
    for name, raw in files.items():
        (tmp_path / f"{name}.txt").write_bytes(raw)
    return tmp_path


def conformance(folder):
    said = StringIO()
    call_command("conformance_in_database", folder, stdout=said)
    return said.getvalue()


def later(raw, number, *, visit="V1"):
    """The same story, `number` hours later, under the control id and the movement of that number."""
    told = raw.replace(b"2025031109", f"20250311{9 + number:02d}".encode())
    told = told.replace(b"20250311085500||", f"20250311{8 + number:02d}5500||".encode())
    told = told.replace(b"|M1|", f"|M{number}|".encode()).replace(b"ZBE|MV1^", f"ZBE|MV{number}^".encode())
    return told.replace(b"|V1^", f"|{visit}^".encode())


def test_an_absent_folder_is_a_failure(tmp_path):
    with pytest.raises(CommandError, match="n’existe pas"):
        conformance(tmp_path / "absent")


def test_a_folder_without_messages_is_a_failure(tmp_path):
    with pytest.raises(CommandError, match="ni message ADT, ni document"):
        conformance(samples(tmp_path, one=b"<xml/>"))


def test_messages_go_through_the_door_and_have_their_effect(tmp_path):
    story = {
        "a": adt("A28", pv1="PV1|1|N", zbe=None),
        "b": later(adt("A05"), 1),
        "c": later(adt("A01"), 2),
        "d": later(adt("A02"), 3),
        "e": later(adt("A03"), 4),
        "f": later(adt("A13", zbe=ZBE.replace("INSERT", "CANCEL").replace("MV1", "MV4")), 5),
        "g": later(adt("Z99", zbe=ZBE.replace("INSERT|N|", "UPDATE|N|A02").replace("MV1", "MV3")), 6),
        "h": later(adt("A03", "ZFM|8|9"), 7),
        "i": later(adt("A04", pv1=PV1.replace("|1|I|", "|1|E|")), 8, visit="V2"),
        "j": later(adt("A11", zbe=ZBE.replace("INSERT", "CANCEL").replace("MV1", "MV8")), 9, visit="V2"),
        "k": later(adt("A40", "MRG|P0^^^HOPITAL-T&750000222&N^PI", pv1=None, zbe=None), 10),
        "l": later(adt("A01", pid=None), 11),
        "m": later(adt("A01", msh=MSH.replace("ADT^", "ORU^")), 12),
        "n": later(adt("A31", pid=PID.replace("ESSAI", "AUTRE").replace("19560214", "19600101")), 13),
        "o": later(adt("A01"), 14, visit="V3"),
    }

    said = conformance(samples(tmp_path, **story)).splitlines()

    assert said[-1] == "15 fichiers conformes."
    lines = {line.split(".txt")[0][-1]: " ".join(line.split()) for line in said if ".txt" in line}
    assert lines["c"].startswith("A01 AA appliqué séjour en cours, alerte admission conforme")
    assert lines["f"].startswith("A13 AA appliqué séjour en cours, alerte sortie annulée conforme")
    assert lines["h"].startswith("A03 AA appliqué séjour terminé, alerte décès conforme")
    assert lines["j"].startswith("A11 AA appliqué séjour annulé, sans alerte conforme")
    assert [lines[name][:6] for name in "lm"] == ["A01 AE", "A01 AR"]
    assert (lines["n"].split()[2:4], lines["o"].split()[2]) == (["à", "vérifier"], "retenu")
    total = next(line for line in said if line.startswith("total")).split()
    assert total[:4] == ["total", "15", "13", "1"]


def test_an_effect_that_is_not_the_documented_one_is_a_failure(tmp_path, monkeypatch):
    monkeypatch.setattr(documented, "_QUIET", ("I",))
    with pytest.raises(CommandError, match=r"1 fichier.* sur 1 n’ont pas l’effet attendu"):
        conformance(samples(tmp_path, a=adt("A01")))
