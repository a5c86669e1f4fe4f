import http.client
import json
import threading

import pytest

from simulators.insi.people import COLUMNS, UnusableFile, invented, read, write
from simulators.insi.service import Insi, server
from terresante.interop.insi import InsiOverHttp
from terresante.patients.enums import InsiAnswer
from terresante.patients.identity_rules import is_ins_key_valid, matricule_agrees_with_birth
from terresante.patients.traits import Traits


def asked(one, **changed):
    said = {
        "nom": one.name,
        "prenom": one.given_names[0],
        "sexe": one.sex,
        "naissance": one.born.isoformat(),
        "lieu": "",
    }
    return said | changed


@pytest.fixture
def people():
    return invented()


@pytest.fixture
def address(people):
    service = server(Insi(people), port=0)
    threading.Thread(target=service.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{service.server_port}"
    service.shutdown()
    service.server_close()


def traits(one, **changed):
    values = {
        "birth_name": one.name.lower(),
        "birth_given_names": one.given_names[0],
        "birth_date": one.born,
        "sex": one.sex,
        "birth_place_code": "99999",
        "ins": one.matricule,
        "ins_oid": "1.2.250.1.213.1.4.10",
    }
    return Traits(**values | changed)


def test_invented_matricules_are_whole(people):
    for one in people:
        assert is_ins_key_valid(one.matricule)
        assert matricule_agrees_with_birth(one.matricule, year=one.born.year, month=one.born.month)
    assert len({one.matricule for one in people}) == len(people)


def test_a_list_is_written_with_the_published_columns_and_read_again(tmp_path, people):
    write(tmp_path / "list.csv", people)

    assert (tmp_path / "list.csv").read_text().splitlines()[0] == ",".join(COLUMNS)
    assert read(tmp_path / "list.csv") == people


def test_a_list_with_other_columns_says_which_are_expected(tmp_path):
    (tmp_path / "list.csv").write_text("a,b\n1,2\n")

    with pytest.raises(UnusableFile, match="Matricule INS"):
        read(tmp_path / "list.csv")
    with pytest.raises(UnusableFile, match="ne s’ouvre pas"):
        read(tmp_path / "absent.csv")


def test_search_answers_00_01_and_02(people):
    insi, twin, homonym = Insi(people), people[0], people[3]

    assert insi.search(asked(twin))["identite"]["matricule"] == twin.matricule
    assert insi.search(asked(twin, naissance="1951-03-09"))["code"] == "01"
    assert insi.search(asked(homonym))["code"] == "02"
    assert insi.search(asked(homonym, lieu=homonym.place))["code"] == "00"


def test_verification_answers_ok_and_ko(people):
    insi, one, other = Insi(people), people[0], people[1]
    right = asked(one, matricule=one.matricule, oid="1.2.250.1.213.1.4.10")

    assert insi.verify(right) == {"code": "OK"}
    assert insi.verify(right | {"matricule": other.matricule}) == {"code": "KO"}
    assert insi.verify(right | {"oid": "1.2.250.1.213.1.4.8"}) == {"code": "KO"}


def test_the_platform_asks_it_over_the_wire(address, people):
    insi, one = InsiOverHttp(address), people[6]
    found = insi.search(traits(one))

    assert found.answer is InsiAnswer.FOUND
    assert found.identity is not None
    assert found.identity.ins == one.matricule
    assert found.identity.birth_place_code == one.place
    assert insi.search(traits(one, sex="M")).answer is InsiAnswer.NONE
    assert insi.search(traits(people[3])).answer is InsiAnswer.SEVERAL
    assert insi.verify(traits(one)) is InsiAnswer.CONFIRMED
    assert insi.verify(traits(one, birth_given_names="AUTRE")) is InsiAnswer.DENIED


def test_an_absent_or_silent_teleservice_is_unavailable(people):
    for address in ("", "http://127.0.0.1:9"):
        insi = InsiOverHttp(address)
        assert insi.search(traits(people[0])).answer is InsiAnswer.UNAVAILABLE
        assert insi.verify(traits(people[0])) is InsiAnswer.UNAVAILABLE


@pytest.mark.parametrize(
    "changed", [{"matricule": "255081416802539"}, {"oid": "1.2.3"}, {"naissance": "hier"}]
)
def test_an_answer_that_is_not_whole_is_not_taken(monkeypatch, people, changed):
    whole = Insi(people).search(asked(people[0]))["identite"]
    monkeypatch.setattr(InsiOverHttp, "_ask", lambda *_: {"code": "00", "identite": whole | changed})

    assert InsiOverHttp("http://127.0.0.1:1").search(traits(people[0])).answer is InsiAnswer.UNAVAILABLE


def test_what_is_no_question_is_refused(address):
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=5)
    connection.request("POST", "/recherche", json.dumps(["x"]))
    assert connection.getresponse().status == 400
    connection.close()
