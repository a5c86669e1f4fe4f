"""Struck off the directory, or gone from a structure: nothing opens any more, the same day, by whichever door."""

import asyncio
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from terresante.accounts.actions.devices import remember_device
from terresante.accounts.actions.login import begin_login
from terresante.accounts.devices import Source
from terresante.accounts.enums import DeviceChoice
from terresante.accounts.models import User
from terresante.directory.models import Organization, Practitioner, PractitionerRole
from terresante.interop.launch import Launch
from terresante.interop.models import Partner
from terresante.interop.partner_actions import NOBODY_KNOWN, _who
from terresante.kernel.errors import Refused
from terresante.kernel.live import server
from terresante.kernel.ports import actor_behind
from terresante.patients.traits import Traits
from tests.walls import walls_down

pytestmark = pytest.mark.commits
PASSWORD = "des hortensias bleus"
DEPARTURES = {
    "struck off": lambda actor: Practitioner.objects.filter(pk=actor.person_id).update(active=False),
    "gone from his structure": lambda actor: PractitionerRole.objects.filter(
        practitioner_id=actor.person_id
    ).update(period_end=timezone.localdate()),
    "in a structure that closed": lambda actor: Organization.objects.filter(pk=actor.organization_id).update(
        active=False
    ),
}


@pytest.fixture(params=DEPARTURES)
def departs(request):
    def depart(actor):
        with walls_down():
            assert DEPARTURES[request.param](actor) == 1

    return depart


@pytest.fixture
def amar(cast):
    with walls_down():
        user = User.objects.get(pk=cast.amar.user_id)
        user.set_password(PASSWORD)
        user.save()
        Practitioner.objects.filter(pk=cast.amar.person_id).update(rpps="10101010101", idnps="810101010101")
    return user


def pages(record):
    return [
        "/",
        "/patients/",
        "/recherche/?q=LEROUX",
        "/annuaire/",
        reverse("overview:record", args=[record.pk]),
        reverse("notes:list", args=[record.pk]),
        reverse("care_team:circle", args=[record.pk]),
    ]


def test_an_open_session_opens_no_page_any_more(cast, amar, departs):
    client = Client()
    client.force_login(amar)
    assert {client.get(url).status_code for url in pages(cast.madeleine_record)} == {200}

    departs(cast.amar)

    for url in pages(cast.madeleine_record):
        answer = client.get(url)
        assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (302, "/connexion/"), url
    assert client.post(reverse("notes:write", args=[cast.madeleine_record.pk])).status_code == 302


def test_an_open_stream_no_longer_knows_whom_it_serves(cast, amar, departs):
    """Asked every thirty seconds (kernel.live.server.RECHECK_SECONDS), and at each connection."""
    client = Client()
    client.force_login(amar)
    cookie = client.cookies["sessionid"].value
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/live",
        "query_string": b"",
        "headers": [(b"cookie", f"sessionid={cookie}".encode())],
    }
    assert server._actor_of(scope) is not None

    departs(cast.amar)

    assert server._actor_of(scope) is None
    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(server.LiveServer()({**scope}, None, send))
    assert sent[0]["status"] == 401


def test_a_trusted_device_and_a_right_password_lead_nowhere(cast, amar, departs):
    source = Source("203.0.113.0/24")
    _, known = remember_device(amar, source, DeviceChoice.TRUSTED)
    departs(cast.amar)

    passed = begin_login(login=amar.login, password=PASSWORD, source=known)
    client = Client()
    client.force_login(passed)
    request = client.get("/connexion/")

    assert passed == amar
    assert "aucune" in request.content.decode().lower() or request.status_code == 200
    assert client.get("/patients/").status_code == 302


def test_a_call_of_his_software_opens_nothing(cast, amar, departs):
    with walls_down():
        partner = Partner.objects.create(name="Logiciel", editor="Éditeur")
        partner.organizations.add(cast.amar.organization_id)
    call = Launch(
        call_id="1",
        rpps="10101010101",
        structure="",
        local=None,
        traits=Traits(
            birth_name="LEROUX",
            birth_given_names="MADELEINE",
            birth_date=None,
            birth_place_code="94028",
            sex="F",
        ),
    )
    assert _who(partner, call)[0] == amar

    departs(cast.amar)

    with pytest.raises(Refused, match=NOBODY_KNOWN[:20]):
        _who(partner, call)


def test_who_leaves_one_of_two_structures_keeps_the_other(cast, amar):
    with walls_down():
        other = Organization.objects.get(pk=cast.brun.organization_id)
        kept = PractitionerRole.objects.create(
            practitioner_id=cast.amar.person_id,
            organization=other,
            profession="10",
            period_start=timezone.localdate() - timedelta(days=3),
            source="local",
        )
    client = Client()
    client.force_login(amar)
    client.post(
        "/situation/",
        {
            "situation": str(
                PractitionerRole.objects.get(
                    organization_id=cast.amar.organization_id, practitioner_id=cast.amar.person_id
                ).pk
            )
        },
    )
    with walls_down():
        PractitionerRole.objects.filter(
            organization_id=cast.amar.organization_id, practitioner_id=cast.amar.person_id
        ).update(period_end=timezone.localdate())

    request = client.get("/").wsgi_request
    actor = actor_behind(request)

    assert actor.organization_id == kept.organization_id
    # His own circles follow him; those of the structure he left do not.
    assert client.get(reverse("overview:record", args=[cast.madeleine_record.pk])).status_code == 200
