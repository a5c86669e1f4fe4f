"""The simulated Pro Santé Connect, from the outside: what a platform that asks badly is refused."""

import base64
import hashlib
import json
import re
import secrets
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import KeySet

from config.local.demo import answers, free_port
from config.local.install import usable_node

PROGRAM = Path(__file__).parents[1] / "provider.mjs"
ANSWER, LEAVE = "http://127.0.0.1:9/retour/", "http://127.0.0.1:9/connexion/?au-revoir"
PERSON: dict[str, Any] = {
    "sub": "f:essai:1",
    "label": "Dr Iris ESSAI",
    "shows": "Un exercice",
    "claims": {"SubjectNameID": "810003456785", "SubjectRefPro": {"exercices": []}},
}


@pytest.fixture(scope="module")
def psc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    people = tmp_path_factory.mktemp("psc") / "people.json"
    people.write_text(json.dumps([PERSON]))
    port = free_port()
    told = ["--profile", "psc", "--port", str(port), "--people", str(people)]
    client = ["--client", f"terresante secret {ANSWER} {LEAVE}"]
    process = subprocess.Popen([usable_node(), PROGRAM, *told, *client], stderr=subprocess.DEVNULL)  # noqa: S603
    limit = time.monotonic() + 60
    while not answers(port, "/"):
        assert time.monotonic() < limit and process.poll() is None
        time.sleep(0.1)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(10)


def question(verifier: str, **other: str) -> dict[str, str]:
    digest = hashlib.sha256(verifier.encode()).digest()
    return {
        "client_id": "terresante",
        "response_type": "code",
        "scope": "openid scope_all",
        "redirect_uri": ANSWER,
        "state": "etat",
        "nonce": "unique",
        "acr_values": "eidas1",
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        **other,
    }


def present_card(psc: str, verifier: str, **chosen: str) -> dict[str, str]:
    """The parameters that the browser brings back."""
    browser = requests.Session()
    page = browser.get(f"{psc}/auth", params=question(verifier), timeout=10)
    assert "Dr Iris ESSAI" in page.text
    response = browser.post(
        page.url, data=chosen or {"sub": PERSON["sub"]}, allow_redirects=False, timeout=10
    )
    while not response.headers["Location"].startswith(ANSWER):
        response = browser.get(response.headers["Location"], allow_redirects=False, timeout=10)
    told = parse_qs(urlsplit(response.headers["Location"]).query)
    return {name: values[0] for name, values in told.items()}


def exchange(psc: str, code: str, verifier: str) -> requests.Response:
    told = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": ANSWER,
        "code_verifier": verifier,
    }
    return requests.post(f"{psc}/token", data=told, auth=("terresante", "secret"), timeout=10)


def test_a_card_gives_a_token_of_120_seconds_and_the_claims_of_psc(psc):
    verifier = secrets.token_urlsafe(48)
    told = present_card(psc, verifier)
    assert (told["state"], told["iss"]) == ("etat", psc)
    token = exchange(psc, told["code"], verifier).json()

    assert token["expires_in"] == 120
    keys = KeySet.import_key_set(requests.get(f"{psc}/jwks", timeout=10).json())
    claims = jwt.decode(token["id_token"], keys, algorithms=["RS256"]).claims
    assert (claims["nonce"], claims["acr"], claims["aud"]) == ("unique", "eidas1", "terresante")
    bearer = {"Authorization": f"Bearer {token['access_token']}"}
    person = requests.get(f"{psc}/me", headers=bearer, timeout=10).json()
    assert person == {"sub": PERSON["sub"], **PERSON["claims"]}


def test_without_pkce_nobody_is_asked_for_a_card(psc):
    asked = question("x" * 48)
    del asked["code_challenge"], asked["code_challenge_method"]
    response = requests.get(f"{psc}/auth", params=asked, allow_redirects=False, timeout=10)

    assert "error=invalid_request" in response.headers["Location"]


def test_another_verifier_or_a_spent_code_is_refused(psc):
    verifier = secrets.token_urlsafe(48)
    code = present_card(psc, verifier)["code"]
    assert exchange(psc, code, "y" * 48).json()["error"] == "invalid_grant"

    code = present_card(psc, verifier)["code"]
    assert exchange(psc, code, verifier).status_code == 200
    assert exchange(psc, code, verifier).json()["error"] == "invalid_grant"


def test_an_address_that_was_not_declared_is_not_answered(psc):
    asked = question("x" * 48, redirect_uri="http://127.0.0.1:9/ailleurs/")
    response = requests.get(f"{psc}/auth", params=asked, allow_redirects=False, timeout=10)

    assert response.status_code == 400
    assert re.search(r"redirect_uri", response.text)


def test_who_refuses_is_sent_back_with_the_reason(psc):
    assert present_card(psc, "x" * 48, refus="1")["error"] == "access_denied"
