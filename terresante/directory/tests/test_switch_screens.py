"""Settings of the deployment in the administrator's screen."""

import pytest

from terresante.directory.enums import Profession
from terresante.directory.models import Organization
from terresante.kernel import switches
from terresante.kernel.models import SwitchChange
from tests.cast import client_of, professional
from tests.walls import walls_down

pytestmark = pytest.mark.commits
URL = "/administration/reglages/essai/"


@pytest.fixture(autouse=True)
def _declared():
    choices = (("non", "Non"), ("oui", "Oui"))
    switches.declare("essai", label="Un essai", help="Pour les tests.", default="non", choices=choices)
    yield
    del switches._declared["essai"]


def test_a_setting_changes_with_its_reason_and_is_read_again_in_the_history(admin):
    client = client_of(admin)
    assert client.post(URL, {"value": "oui", "reason": "oui"}).status_code == 422
    assert client.post(URL, {"value": "peut-être", "reason": "décidé en comité"}).status_code == 422
    assert client.post(URL, {"value": "oui", "reason": "décidé en comité du 3 mars"}).status_code == 302

    page = client.get("/administration/reglages/").content.decode()
    assert "décidé en comité du 3 mars" in page
    assert client.post(URL, {"value": "oui", "reason": "décidé en comité du 3 mars"}).status_code == 422


def test_nobody_else_sees_or_changes_a_setting(cast):
    with walls_down():
        place = Organization.objects.get(pk=cast.amar.organization_id)
        local = professional("nadia", Profession.OTHER, place, duties=["local_administrator"])
    for actor in (local, cast.amar, cast.dpo):
        client = client_of(actor)
        assert client.get("/administration/reglages/").status_code == 403
        assert client.post(URL, {"value": "oui", "reason": "décidé en comité"}).status_code == 403
    assert not SwitchChange.objects.exists()
