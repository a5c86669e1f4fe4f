"""Twenty telephones in stairwells: what they send comes by drops, and the others do not wait for them."""

import socket
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.journey

TELEPHONES = 20


def test_pages_are_given_while_forms_are_still_being_sent(visit, platform):
    address = urlsplit(platform.base_url)
    head = (
        f"POST /connexion/ HTTP/1.1\r\nHost: {address.netloc}\r\nCookie: sessionid={'a' * 32}\r\n"
        "Content-Type: multipart/form-data; boundary=edge\r\nContent-Length: 900000\r\n\r\n--edge\r\n"
    )
    with ExitStack() as sent:
        for _ in range(TELEPHONES):
            wire = sent.enter_context(socket.create_connection((address.hostname, address.port)))
            wire.sendall(head.encode())
        nurse = visit("c.marie", at="/")
        expect(nurse.page.get_by_role("heading", name="Mes patients")).to_be_visible()
