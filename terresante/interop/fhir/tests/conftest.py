import pytest

from simulators.partner.resources import bundle, document_reference
from terresante.interop.fhir.tests import stage
from terresante.interop.tests import papers


@pytest.fixture(autouse=True)
def _files(files_of_the_test) -> None:
    pass


@pytest.fixture
def filed(cast):
    """Three documents of Madeleine, sent by the practice in one submission and two more."""
    application = stage.ready(cast)
    application.post(
        bundle([stage.paper(cast), stage.paper(cast, "2", type="11502-2")], folder="1.2.250.1.999.8.9")
    )
    application.post(document_reference(stage.letter(cast)))
    masked = stage.paper(cast, "3", labels=("INVISIBLE_PATIENT",), created="2025-01-05T10:00:00+01:00")
    application.post(document_reference(masked))
    rows = papers.filed()
    assert len(rows) == 4
    return rows
