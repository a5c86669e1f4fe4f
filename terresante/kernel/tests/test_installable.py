"""The application of a telephone: what its manifest says, what its worker keeps."""

import json
import re

import pytest
from django.conf import settings
from django.test import Client

from tests.cast import login

pytestmark = pytest.mark.commits


@pytest.fixture
def client():
    return Client()


def on_disk(url):
    return settings.FRONTEND_DIST / url.removeprefix("/static/")


def kept(client):
    text = client.get("/sw.js").content.decode()
    told, _, _ = text.removeprefix("const KEPT_SHELL = ").partition(";\n")
    return json.loads(told)


def test_the_manifest_installs_the_platform_in_french(client):
    answer = client.get("/application.webmanifest")
    told = answer.json()

    assert answer.headers["Content-Type"] == "application/manifest+json"
    assert (told["name"], told["lang"], told["display"], told["start_url"]) == (
        "Terr-eSanté",
        "fr",
        "standalone",
        "/",
    )
    assert [(icon["sizes"], icon["purpose"]) for icon in told["icons"]] == [
        ("192x192", "any"),
        ("512x512", "any"),
        ("512x512", "maskable"),
    ]
    for icon in told["icons"]:
        assert on_disk(icon["src"]).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_the_worker_governs_the_whole_site_and_is_asked_again_each_time(client):
    answer = client.get("/sw.js")

    assert answer.headers["Service-Worker-Allowed"] == "/"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert not re.search(r"\b(import|export)\b\s*[{*\"']", answer.content.decode())


def test_it_keeps_hashed_files_and_the_page_without_network_only(client):
    told = kept(client)

    assert told["offline"] == "/hors-connexion/"
    assert any(name.endswith(".css") for name in told["files"])
    for name in told["files"]:
        assert re.fullmatch(r"/static/assets/.+-[\w-]{8}\.[a-z0-9]+", name)
        assert on_disk(name).is_file()


def test_the_page_without_network_is_nobody_s(client, cast):
    nobody_s = client.get("/hors-connexion/").content
    login(client, cast.ines)

    assert client.get("/hors-connexion/").content == nobody_s
    assert "Vous êtes hors connexion" in nobody_s.decode()
    assert "csrf" not in nobody_s.decode()
