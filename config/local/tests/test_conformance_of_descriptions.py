"""A table like the published one: a document for each row goes through the real door; what differs is a failure."""

import csv
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from simulators.conformance import described
from terresante.terminology.tests import lists

pytestmark = pytest.mark.commits

_KEPT = "confidentialityCode (pour masquage/invisibilité)"
_MEDIA = "CDA : component/nonXMLBody/text/@mediaType"
ROWS = (
    ("18748-4", "CR d'imagerie", "", "application/pdf"),
    ("29551-9", "Un ancien libell&#233;", "MASQUE_PS", "text/rtf"),
    ("11488-4", "Consultation", "INVISIBLE_PATIENT", "image/tiff"),
    ("11502-2", "Biologie", "", "non applicable"),
)


@pytest.fixture
def folder(tmp_path, settings):
    settings.STORAGES = {
        **settings.STORAGES,
        "files": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "files"},
        },
    }
    names = ("uniqueId", "title", "creationTime", "typeCode", "typeDisplayName", _KEPT, _MEDIA)
    with (tmp_path / described._NAME).open("w", newline="") as lines:
        table = csv.writer(lines)
        table.writerow(names)
        for number, (code, label, kept, media) in enumerate(ROWS):
            table.writerow(
                (f"1.9.{number}", f"document {number}", "20260310101500", code, label, kept, media)
            )
    codes = [(code, label) for code, label, _, _ in ROWS if code != "29551-9"]
    (tmp_path / described._TYPES).write_bytes(lists.svs(*codes, name="JDV_J07-XdsTypeCode-CISIS"))
    return tmp_path


def conformance(folder):
    said = StringIO()
    call_command("conformance_of_descriptions", folder, stdout=said)
    return said.getvalue()


def test_each_row_is_filed_with_its_type_its_title_its_date_and_its_visibility(folder):
    assert conformance(folder).splitlines()[-1] == "4 documents conformes à leur ligne de métadonnées."


def test_a_document_that_is_not_filed_as_its_row_says_is_a_failure(folder, monkeypatch):
    monkeypatch.setitem(described._RENAMED, "29551-9", "34112-3")
    with pytest.raises(CommandError, match=r"1 document.* sur 4"):
        conformance(folder)
