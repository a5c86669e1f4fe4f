"""The files of `deploy/` as a real Caddy runs them: one origin for the pages, another that asks for a card."""

import http.client
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from http.cookies import SimpleCookie

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.test.testcases import LiveServerThread

from config.local.demo import free_port
from terresante.accounts.models import Session
from terresante.accounts.tests.cards import RPPS, Authority
from terresante.directory.models import Practitioner
from terresante.kernel import reception
from tests.house.tree import ROOT
from tests.walls import walls_down

pytestmark = [pytest.mark.commits, pytest.mark.long]
SECRET = "a secret of thirty-two characters!!"
FILES = ("deploy/Caddyfile", "deploy/cps/Caddyfile")
FORGED = {"X-Client-Certificate": "Zm9yZ2Vk", "X-Proxy-Secret": SECRET}
CARD = "/connexion/cps/carte/?state=of-nobody"


class Proxy:
    def __init__(self, port):
        self.port = port

    @contextmanager
    def wire(self, host, held=None):
        context = ssl.create_default_context()
        # Caddy's own authority of development signs these names; that a browser trusts it is not what is asked here.
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if held:
            context.load_cert_chain(held)
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as plain:
            with context.wrap_socket(plain, server_hostname=host) as wire:
                yield wire

    def get(self, host, path, *, held=None, cookies=None, **headers):
        """One request; `held`: a key and its certificate. Raises OSError where the handshake is refused."""
        if cookies:
            headers["Cookie"] = cookies.output([], header="", sep=";").strip()
        with self.wire(host, held) as wire:
            wire.sendall(self.head("GET", host, path, headers))
            return answer_on(wire)

    def head(self, method, host, path, headers):
        lines = {"Host": f"{host}:{self.port}", "Connection": "close", **headers}
        told = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"{method} {path} HTTP/1.1\r\n{told}\r\n".encode()


class Answer(http.client.HTTPResponse):
    body = ""


def answer_on(wire):
    answer = Answer(wire)
    answer.begin()
    answer.body = answer.read().decode()
    return answer


@pytest.fixture(scope="module")
def authority():
    return Authority()


@pytest.fixture
def proxy(settings, tmp_path, authority):
    pem = tmp_path / "authorities.pem"
    pem.write_bytes(authority.certificate.public_bytes(Encoding.PEM))
    port = free_port()
    settings.BASE_URL = f"https://localhost:{port}"
    settings.CPS_URL = f"https://cps.localhost:{port}"
    settings.CPS_PROXY_SECRET, settings.CPS_AUTHORITIES, settings.CPS_REVOCATIONS = SECRET, str(pem), ""
    settings.ALLOWED_HOSTS = ["localhost", "cps.localhost"]
    pages = LiveServerThread("127.0.0.1", StaticFilesHandler)
    pages.daemon = True
    pages.start()
    pages.is_ready.wait()
    try:
        with _caddy(tmp_path, port, pages.port, pem):
            yield Proxy(port)
    finally:
        pages.terminate()


@contextmanager
def _caddy(folder, port, pages, pem):
    program = shutil.which("caddy")
    assert program, "Caddy est introuvable : installez-le (Debian : sudo apt-get install caddy)."
    options = f"admin off\nskip_install_trust\nauto_https disable_redirects\nhttps_port {port}\n"
    options += f"storage file_system {folder / 'kept'}\n"
    told = "\n".join((ROOT / name).read_text() for name in FILES)
    assert told.count("127.0.0.1:8000") == len(FILES)
    config = folder / "Caddyfile"
    told = told.replace("{\n", "{\n" + options, 1).replace("127.0.0.1:8000", f"127.0.0.1:{pages}")
    config.write_text(told)
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TERRESANTE_DOMAIN": "localhost",
        "TERRESANTE_CPS_AUTHORITIES": str(pem),
        "TERRESANTE_CPS_PROXY_SECRET": SECRET,
    }
    with (folder / "caddy.log").open("wb") as log:
        running = subprocess.Popen(
            [program, "run", "--config", str(config)], env=env, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        _wait(running, port, folder / "caddy.log")
        yield
    finally:
        running.terminate()
        running.wait(timeout=20)


def _wait(running, port, log):
    """Until it listens and has signed itself a certificate for both names."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        assert running.poll() is None, log.read_text()
        with suppress(OSError):
            Proxy(port).get("localhost", "/healthz")
            return
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def presented(folder, authority, **options):
    """A PEM file of a card's key and certificate."""
    key, certificate = authority.held(**options)
    path = folder / "card.pem"
    told = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(told + certificate.public_bytes(Encoding.PEM))
    return path


def where(answer):
    """Host, and path with its question, of where an answer sends on to."""
    host, _, path = answer.headers["Location"].partition("://")[2].partition("/")
    return host.partition(":")[0], f"/{path}"


def test_a_card_goes_from_the_login_page_to_its_own_address_and_back_into_a_session(
    cast, proxy, authority, tmp_path
):
    with walls_down():
        amar = Practitioner.objects.get(pk=cast.amar.person_id)
        amar.rpps, amar.idnps = RPPS, f"8{RPPS}"
        amar.save()
    asked = proxy.get("localhost", "/connexion/cps/")
    kept = SimpleCookie()
    for line in asked.headers.get_all("Set-Cookie"):
        kept.load(line)
    cookies = SimpleCookie({name: each.value for name, each in kept.items()})
    host, path = where(asked)
    assert host == "cps.localhost"

    read = proxy.get(host, path, held=presented(tmp_path, authority))
    assert read.status == 302
    host, path = where(read)
    arrived = proxy.get(host, path, cookies=cookies)

    assert (host, arrived.status) == ("localhost", 302)
    with walls_down():
        assert Session.objects.get(user=amar.user).opened_by == "cps"


def test_nobody_comes_to_the_cards_address_without_one_of_its_authority(proxy, authority, tmp_path):
    with pytest.raises(OSError):
        proxy.get("cps.localhost", CARD)
    with pytest.raises(OSError):
        proxy.get("cps.localhost", CARD, held=presented(tmp_path, Authority()))


def test_what_a_browser_writes_in_the_name_of_the_proxy_is_not_believed(cast, proxy, authority, tmp_path):
    """At the pages' origin nothing comes through; at the cards' address, it is the certificate shown that counts."""
    assert proxy.get("localhost", CARD, **FORGED).status == 404
    held = presented(tmp_path, authority, number="www.example.org")
    answer = proxy.get("cps.localhost", CARD, held=held, **FORGED)
    assert answer.status == 403 and "n’est pas celui" in answer.body


def test_the_cards_address_serves_nothing_else_and_the_pages_never_ask_for_a_card(proxy, authority, tmp_path):
    held = presented(tmp_path, authority)
    assert proxy.get("cps.localhost", "/connexion/", held=held).status == 404
    page = proxy.get("localhost", "/connexion/")
    assert page.status == 200 and "Server" not in page.headers
    assert page.headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_a_form_is_with_the_proxy_before_it_holds_a_thread(proxy, monkeypatch):
    came, rest = [], threading.Event()
    place = reception.place

    def watched(request, kind, sender):
        came.append((rest.is_set(), kind.name))
        return place(request, kind, sender)

    monkeypatch.setattr(reception, "place", watched)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for size in (100, 1_000_000):
        rest.clear()
        with proxy.wire("localhost") as wire:
            head = proxy.head("POST", "localhost", "/connexion/", form | {"Content-Length": size})
            wire.sendall(head + b"a" * 50)
            assert proxy.get("localhost", "/connexion/").status == 200
            rest.set()
            wire.sendall(b"a" * (size - 50))
            # Nobody's token: the form was read whole, and no more than that.
            assert answer_on(wire).status == 403
    assert came == [(True, "form"), (True, "file of nobody")]
