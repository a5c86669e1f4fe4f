"""What comes by drops, from telephones in stairwells or from whoever means it, does not make the others wait."""

import socket
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.journey

TELEPHONES = 20
# More than `serve` has threads.
DROPS = 80


@contextmanager
def half_sent(platform, number, *, content_type, length, begins=b""):
    address = urlsplit(platform.base_url)
    head = (
        f"POST /connexion/ HTTP/1.1\r\nHost: {address.netloc}\r\nCookie: sessionid={'a' * 32}\r\n"
        f"Content-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n"
    )
    with ExitStack() as sent:
        for _ in range(number):
            wire = sent.enter_context(socket.create_connection((address.hostname, address.port)))
            wire.sendall(head.encode() + begins)
        yield


def test_pages_are_given_while_files_are_still_being_sent(visit, platform):
    multipart = "multipart/form-data; boundary=edge"
    with half_sent(platform, TELEPHONES, content_type=multipart, length=900_000, begins=b"--edge\r\n"):
        nurse = visit("c.marie", at="/")
        expect(nurse.page.get_by_role("heading", name="Mes patients")).to_be_visible()


def test_pages_are_given_while_more_forms_come_by_drops_than_there_are_threads(visit, platform):
    nurse = visit("c.marie", at="/")
    with half_sent(platform, DROPS, content_type="application/x-www-form-urlencoded", length=100):
        nurse.page.goto(f"{platform.base_url}/")
        expect(nurse.page.get_by_role("heading", name="Mes patients")).to_be_visible()
