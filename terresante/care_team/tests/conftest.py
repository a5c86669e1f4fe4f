"""Pages of a record stand in its frame; where no app binds it, a bare one."""

from dataclasses import replace

import pytest

from terresante.directory.enums import OrganizationKind, Profession
from terresante.directory.models import Organization
from terresante.kernel.ports import bound
from terresante.kernel.ui.frame import Badge, RecordFrame
from tests.cast import join, organization, professional
from tests.walls import walls_down


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


@pytest.fixture
def administrator(cast):
    return replace(cast.dpo, duties=frozenset({"administrator"}))


@pytest.fixture
def samu(cast):
    """Two regulators of two SAMU, so that one's access is not the other's."""
    with walls_down():
        here, there = (organization(name, OrganizationKind.SAMU) for name in ("SAMU 94", "SAMU 77"))
        cast.actors["lea"] = professional("lea", Profession.DOCTOR, here)
        cast.actors["hugo"] = professional("hugo", Profession.DOCTOR, there)
        cast.actors["arm"] = professional("arm", Profession.NURSE, here)
    return cast


@pytest.fixture
def nova(cast):
    """Registered since: a nurse with patients of her own, at the other practice."""
    with walls_down():
        other = Organization.objects.get(pk=cast.brun.organization_id)
        cast.actors["nova"] = professional("nova", Profession.NURSE, other)
        join(cast.leon_record, practitioner_id=cast.actors["nova"].person_id)
    return cast.actors["nova"]
