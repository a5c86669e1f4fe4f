from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from terresante.interop.hl7v2.tests.messages import adt

pytestmark = pytest.mark.commits


def samples(tmp_path, **files):
    folder = tmp_path / "adt_pam_fr"
    folder.mkdir()
    for name, raw in files.items():
        (folder / f"{name}.er7").write_bytes(raw)
    return folder


def conformance(folder):
    said = StringIO()
    call_command("conformance_in_database", folder, stdout=said)
    return said.getvalue()


def test_an_absent_folder_is_a_failure(tmp_path):
    with pytest.raises(CommandError, match="n’existe pas"):
        conformance(tmp_path / "absent")


def test_a_folder_without_samples_is_a_failure(tmp_path):
    with pytest.raises(CommandError, match="aucun exemple"):
        conformance(samples(tmp_path))


def test_a_sample_without_documented_effect_is_a_failure(tmp_path):
    with pytest.raises(CommandError, match="aucun effet documenté"):
        conformance(samples(tmp_path, one=adt("A60")))


def test_samples_go_through_the_door_and_have_their_effect(tmp_path):
    said = conformance(samples(tmp_path, a=adt("A28", pv1="PV1|1|N", zbe=None), b=adt("A01")))

    assert "2 fichiers conformes" in said
    assert "in-progress" in said
