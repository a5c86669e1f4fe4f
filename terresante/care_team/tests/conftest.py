"""Pages of a record stand in its frame; where no app binds it, a bare one."""

import pytest

from terresante.kernel.ports import bound
from terresante.kernel.ui.frame import Badge, RecordFrame


@pytest.fixture(autouse=True)
def record_frame(monkeypatch):
    if bound.record_frame is None:
        monkeypatch.setattr(bound, "record_frame", bare_frame)


def bare_frame(actor, opened, tab, main_action):
    return RecordFrame(
        given_name=opened.patient.display_given_name,
        family_name=opened.patient.display_name,
        facts="",
        identity=Badge(text=""),
        back_url="/",
        tabs=(),
        bottom_tabs=(),
        main_action=main_action,
    )
