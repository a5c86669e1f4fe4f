"""Homonyms and twins are shown as such wherever a patient is chosen (RNIV, MISSION A11).

The places: the search (one's own and the region's), the three lists of patients, the home page, the look-alikes of a
new record, an emergency, a call from one's own software; at the identity desk its search, its new identity and the
message that waits for a person. A person like nobody never has the words.
"""

from datetime import date

import pytest

from terresante.interop.models import InboundMessage
from terresante.interop.tests import wire
from terresante.interop.tests.launches import call, software, token
from tests.cast import client_of, shared_record
from tests.walls import walls_down

pytestmark = pytest.mark.commits

HOMONYM = "Homonyme : vérifiez la date de naissance"
TWIN = "Même nom, né le même jour : vérifiez le prénom"


@pytest.fixture(params=["homonym", "twin"])
def words(cast, request):
    """Somebody else bears Madeleine's names, or was born Leroux the same day."""
    with walls_down():
        if request.param == "homonym":
            shared_record(cast.brun, "LEROUX", "MADELEINE", date(1951, 7, 30))
        else:
            shared_record(cast.brun, "LEROUX", "JEANNE", date(1939, 4, 2))
    return HOMONYM if request.param == "homonym" else TWIN


def said(actor, url, **posted):
    client = client_of(actor)
    answer = client.post(url, posted) if posted else client.get(url)
    return " ".join(answer.content.decode().replace("\u00a0", " ").replace("\u202f", " ").split())


def in_hospital(cast, record):
    hospital = wire.connect()
    wire.know(record, hospital)
    wire.receive(hospital, wire.stamped("A01", pid=wire.person(record)))
    wire.apply()


def test_in_the_search(cast, words):
    url = "/recherche/?q=Leroux+Madeleine+02/04/1939"

    assert words in said(cast.amar, url).partition("Hors de vos cercles")[0]
    assert words in said(cast.jules, url).partition("Hors de vos cercles")[2]


def test_in_the_lists_of_patients(cast, words):
    in_hospital(cast, cast.madeleine_record)

    assert words in said(cast.amar, "/patients/")
    assert words in said(cast.colin, "/patients/structure/")
    assert words in said(cast.amar, "/patients/hospitalises/")


def test_on_the_home_page(cast, words):
    in_hospital(cast, cast.madeleine_record)

    assert words in said(cast.amar, "/")


def test_among_the_look_alikes_of_a_new_record(cast, words):
    traits = {
        "birth_name": "Leroux",
        "birth_given_names": "Madeleine",
        "birth_date": "02/04/1939",
        "sex": "F",
        "birth_place": "99999",
    }

    assert words in said(cast.jules, "/patients/nouveau/", **traits)


def test_before_an_emergency(cast, words):
    assert words in said(cast.urgentiste, f"/urgence/{cast.madeleine_record.patient_id}/")


def test_at_a_call_from_one_s_own_software(client, cast, words):
    key = software(cast)
    with walls_down():
        key.partner.organizations.add(cast.brun.organization_id)

    page = call(client, token(key, who="brun")).content.decode()

    assert words.partition(" :")[0] in page.replace("\u00a0", " ").replace("\u202f", " ")


def test_at_the_identity_desk(cast, words):
    assert words in said(cast.identito, "/identites/", nom="Leroux", naissance="02/04/1939")
    traits = {
        "birth_name": "Leroux",
        "birth_given_names": "Madeleine",
        "birth_date": "02/04/1939",
        "sex": "F",
        "birth_place_code": "94028",
    }
    assert words in said(cast.identito, "/identites/nouvelle/", **traits)


def test_at_a_message_that_waits_for_a_person(cast, words):
    hospital = wire.connect()
    wire.receive(hospital, wire.stamped("A01", pid=wire.person(cast.madeleine_record).replace("P1^", "P9^")))
    wire.apply()
    with walls_down():
        message = InboundMessage.objects.get()

    assert words in said(cast.identito, f"/a-verifier/{message.pk}/")


def test_somebody_like_nobody_is_said_to_be_like_nobody(cast):
    in_hospital(cast, cast.madeleine_record)

    for actor, url in (
        (cast.amar, "/recherche/?q=Leroux+Madeleine+02/04/1939"),
        (cast.amar, "/patients/"),
        (cast.amar, "/"),
        (cast.urgentiste, f"/urgence/{cast.madeleine_record.patient_id}/"),
    ):
        page = said(actor, url)
        assert HOMONYM not in page
        assert TWIN not in page
