"""What a deployment has and a test has not: its settings, in a process that starts with deploy/environment.example."""

import json
import os
import secrets
import subprocess
import sys
from base64 import urlsafe_b64encode
from functools import cache

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher

from terresante.accounts.hashing import Argon2InTurn
from tests.house.tree import ROOT


@cache
def environment() -> tuple[tuple[str, str], ...]:
    lines = (ROOT / "deploy" / "environment.example").read_text().splitlines()
    named = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    keys = {
        "TERRESANTE_SECRET_KEY": secrets.token_urlsafe(48),
        "TERRESANTE_DATA_KEYS": f"1:{urlsafe_b64encode(secrets.token_bytes(32)).decode()}",
    }
    own = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return tuple((own | named | keys | {"DJANGO_SETTINGS_MODULE": "config.settings"}).items())


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=dict(environment()),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


# Asked through the whole stack of middleware, as our proxy does; no database is there to answer.
ASKED = """
import json, sys
import django
django.setup()
from django.conf import settings
from django.test import Client
from django.urls import path
from django.http import HttpResponse
from terresante.kernel.screens import public
from config import urls

@public(reason="essai")
def page(request):
    response = HttpResponse("page")
    request.META["CSRF_COOKIE_NEEDS_UPDATE"] = True
    request.META["CSRF_COOKIE"] = "a" * 32
    return response

urls.urlpatterns.append(path("essai/", page))
urls.urlpatterns.append(path("essai/panne/", public(reason="essai")(lambda request: 1 / 0)))
client = Client(raise_request_exception=False)
answers = {}
for name, url, headers, secure in json.loads(sys.argv[1]):
    answer = client.get(url, headers={"host": "terresante.example", **headers}, secure=False)
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    answers[name] = [answer.status_code, dict(answer.items()), body.decode(errors="replace"), str(answer.cookies)]
print("ANSWERS" + json.dumps([answers, {name: getattr(settings, name) for name in (
    "SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY",
    "CSRF_COOKIE_HTTPONLY", "SESSION_COOKIE_SAMESITE", "CSRF_COOKIE_SAMESITE", "SESSION_COOKIE_PATH",
    "SESSION_COOKIE_DOMAIN", "CSRF_COOKIE_DOMAIN", "DEBUG", "ALLOWED_HOSTS", "PASSWORD_HASHERS")}]))
"""
TLS = {"X-Forwarded-Proto": "https"}
QUESTIONS = [
    ("page", "/essai/", TLS, True),
    ("plain", "/essai/", {}, False),
    ("forged host", "/essai/", {**TLS, "host": "ailleurs.example"}, True),
    ("probe", "/healthz", {}, False),
    ("absent", "/nulle-part/", TLS, True),
    ("broken", "/essai/panne/", TLS, True),
    *(
        (f"static {climb}", f"/static/{climb}", TLS, True)
        for climb in (
            "../config/settings.py",
            "..%2f..%2fconfig/settings.py",
            "%2e%2e/%2e%2e/config/settings.py",
            "....//....//config/settings.py",
            "/etc/passwd",
            "%2fetc%2fpasswd",
            "..%5c..%5cconfig%5csettings.py",
            ".vite/manifest.json/..%2f..%2f..%2f..%2fconfig/settings.py",
        )
    ),
    ("directory", "/static/", TLS, True),
    ("sources", "/.git/config", TLS, True),
    ("environment", "/environment", TLS, True),
]


@cache
def answered() -> tuple[dict[str, tuple[int, dict[str, str], str, str]], dict[str, object]]:
    done = run("-c", ASKED, json.dumps(QUESTIONS))
    assert "ANSWERS" in done.stdout, done.stderr[-3000:]
    answers, named = json.loads(done.stdout.partition("ANSWERS")[2])
    return {name: tuple(answer) for name, answer in answers.items()}, named


def test_the_framework_finds_nothing_to_say_of_the_production_settings():
    done = run("-m", "config.console", "check", "--deploy", "--fail-level", "WARNING")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "no issues" in done.stdout


def test_a_deployment_does_not_start_without_its_keys():
    without = {name: value for name, value in environment() if name != "TERRESANTE_SECRET_KEY"}
    asks = "import django; django.setup(); from django.conf import settings; settings.SECRET_KEY"
    done = subprocess.run(
        [sys.executable, "-c", asks],
        cwd=ROOT,
        env=without,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode != 0
    assert "SECRET_KEY" in done.stderr


def test_cookies_are_the_host_s_own_out_of_reach_of_scripts_and_of_other_sites():
    settings = answered()[1]

    assert settings["SESSION_COOKIE_NAME"] == "__Host-session"
    assert settings["CSRF_COOKIE_NAME"] == "__Host-csrf"
    for cookie in ("SESSION", "CSRF"):
        assert settings[f"{cookie}_COOKIE_SECURE"] is settings[f"{cookie}_COOKIE_HTTPONLY"] is True
        assert settings[f"{cookie}_COOKIE_SAMESITE"] == "Lax"
        assert settings[f"{cookie}_COOKIE_DOMAIN"] is None
    sent = answered()[0]["page"][3]
    assert "__Host-csrf=" in sent
    assert all(word in sent for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))
    assert "Domain" not in sent


def test_no_page_is_answered_without_tls_but_the_probes():
    answers = answered()[0]

    status, headers, body, _ = answers["plain"]
    assert (status, headers["Location"], body) == (301, "https://terresante.example/essai/", "")
    assert answers["probe"][0] == 200


def test_a_browser_comes_back_by_tls_alone_for_a_year():
    for name in ("page", "absent", "broken"):
        said = answered()[0][name][1]["Strict-Transport-Security"]
        assert said == "max-age=31536000; includeSubDomains", name


def test_an_unknown_name_of_the_host_is_answered_nothing_of_ours():
    status, _, body, _ = answered()[0]["forged host"]

    assert status == 400
    assert "ailleurs" not in body


@pytest.mark.parametrize("name", ["page", "absent", "broken", "forged host"])
def test_every_answer_carries_the_same_protections_errors_included(name):
    headers = answered()[0][name][1]

    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self'" in policy
    assert "unsafe" not in policy
    assert "*" not in policy
    # Older browsers; an unknown host is refused before it is added.
    assert headers.get("X-Frame-Options", "DENY") == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_an_error_says_nothing_of_the_inside():
    status, _, body, _ = answered()[0]["broken"]

    assert status == 500
    for word in ("Traceback", "ZeroDivision", "division", "config/", ".py", "TERRESANTE_", "SECRET"):
        assert word not in body


def test_no_address_climbs_out_of_the_static_files():
    answers = answered()[0]
    climbs = [name for name in answers if name.startswith("static ")] + [
        "directory",
        "sources",
        "environment",
    ]
    for name in climbs:
        status, _, body, _ = answers[name]
        assert status in (301, 302, 400, 404), (name, status)
        assert "INSTALLED_APPS" not in body, name
        assert "root:" not in body, name


def test_passwords_are_kept_by_argon2_in_production():
    assert answered()[1]["PASSWORD_HASHERS"] == ["terresante.accounts.hashing.Argon2InTurn"]
    assert issubclass(Argon2InTurn, Argon2PasswordHasher)
    assert answered()[1]["DEBUG"] is False
    assert answered()[1]["ALLOWED_HOSTS"] == ["terresante.example"]
