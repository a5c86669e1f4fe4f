"""What the practice's software sends: signed, short, and nothing in an address."""

import http.client
import json
import re
import threading
from dataclasses import asdict
from urllib.parse import urlencode

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from simulators.practice.call import Settings, UnusableFile, read_settings, signed_call
from simulators.practice.page import server

KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
PATIENT = {"label": "Rose <Essai>", "birth_name": "ESSAI", "ipp": {"value": "1", "authority": "2"}}


@pytest.fixture
def settings():
    private = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return Settings("http://127.0.0.1:1", "partner", "key", private, "Dr Essai", "10101010101", (PATIENT,))


@pytest.fixture
def page(settings):
    running = server(settings, port=0)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield running.server_port
    running.shutdown()
    running.server_close()


def asked(port, method, path, form=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    body = urlencode(form) if form else None
    kind = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
    connection.request(method, path, body, {**kind, **headers})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def test_a_call_lives_a_minute_and_names_its_key(settings):
    token = signed_call(settings, PATIENT, now=1000)
    claims = jwt.decode(
        token, PUBLIC, algorithms=["ES256"], options={"verify_exp": False, "verify_aud": False}
    )

    assert jwt.get_unverified_header(token)["kid"] == "key"
    assert (claims["exp"] - claims["iat"], claims["aud"]) == (60, "http://127.0.0.1:1")
    assert "label" not in claims["patient"]
    assert (
        claims["jti"]
        != jwt.decode(signed_call(settings, PATIENT), options={"verify_signature": False})["jti"]
    )


def test_the_button_posts_the_token_to_the_platform(page):
    status, text = asked(page, "GET", "/")
    assert (status, "Rose &lt;Essai&gt;" in text) == (200, True)

    status, text = asked(page, "POST", "/", {"patient": "0"})

    assert status == 200
    assert 'action="http://127.0.0.1:1/appel-contextuel/"' in text
    assert re.search(r'name="token" value="[\w-]+\.[\w-]+\.[\w-]+"', text)


@pytest.mark.parametrize("number", ["", "1", "-1", "x", "99999999"])
def test_an_unknown_patient_is_said(page, number):
    assert asked(page, "POST", "/", {"patient": number, "z": "z"})[0] == 404


def test_another_site_does_not_drive_the_page(page):
    assert asked(page, "POST", "/", {"patient": "0"}, Origin="https://ailleurs.example")[0] == 403
    assert asked(page, "GET", "/", Host="ailleurs.example")[0] == 403


def test_settings_are_read_or_refused_in_a_sentence(tmp_path, settings):
    path = tmp_path / "settings.json"
    with pytest.raises(UnusableFile, match="ne s’ouvre pas"):
        read_settings(path, platform="")
    path.write_text("{")
    with pytest.raises(UnusableFile, match="illisible"):
        read_settings(path, platform="")
    path.write_text(json.dumps(asdict(settings)))
    assert read_settings(path, platform=settings.platform) == settings


def test_the_platform_that_does_not_answer_is_said(page):
    status, text = asked(page, "POST", "/", {"patient": "0", "act": "file"})

    assert status == 200
    assert "ne répond pas" in text
