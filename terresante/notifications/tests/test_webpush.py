"""Messages to a browser: sealed as RFC 8291 shows it, signed as RFC 8292 asks, to listed services only."""

import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from simulators.push.device import Device, Unreadable
from simulators.push.service import signature_fault
from terresante.notifications.carrier import Services
from terresante.notifications.webpush import ServerKey, is_point, said, sealed, unsaid

# RFC 8291, appendix A.
TEXT = b"When I grow up, I want to be a watermelon"
SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
RECEIVER = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
POINT = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH, SALT = "BTBZMqHH6r4Tts7J_aSIgg", "DGv6ra1nlYgDCS1FRnbzlw"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3"
    "jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)
KEY = said(bytes(range(1, 33)))
SERVICE = "https://push.example.org"


def private(told):
    return ec.derive_private_key(int.from_bytes(unsaid(told), "big"), ec.SECP256R1())


def test_a_message_is_sealed_as_the_example_of_rfc_8291():
    body = sealed(TEXT, point=unsaid(POINT), auth=unsaid(AUTH), sender=private(SENDER), salt=unsaid(SALT))

    assert said(body) == BODY


def test_the_browser_that_subscribed_reads_it_and_no_other():
    example = Device("a", "", private(RECEIVER), unsaid(AUTH))
    device, other = Device("b", ""), Device("c", "")

    assert example.read(unsaid(BODY)) == TEXT
    body = sealed(TEXT, point=device.point, auth=device.auth)
    assert device.read(body) == TEXT
    assert body != sealed(TEXT, point=device.point, auth=device.auth)
    with pytest.raises(Unreadable):
        other.read(body)


def test_a_service_knows_who_sends_and_takes_nobody_else_s_word():
    key, other = ServerKey.read(KEY, "mailto:dpo@example.org"), ServerKey.read(SENDER, "mailto:x@example.org")
    header = key.authorization(f"{SERVICE}/push/abc", now=int(time.time()))

    assert signature_fault(header, key.public, SERVICE) == ""
    assert (
        signature_fault(header, key.public, "https://elsewhere.example.org") == "signed for another service"
    )
    assert signature_fault(header, other.public, SERVICE) == "the subscription was made under another key"
    forged = header.replace(f"k={key.public}", f"k={other.public}")
    assert signature_fault(forged, other.public, SERVICE) == "wrong signature"
    old = key.authorization(f"{SERVICE}/push/abc", now=int(time.time()) - 13 * 3600)
    assert "out of date" in signature_fault(old, key.public, SERVICE)


def test_the_signature_says_our_contact_and_no_user():
    header = ServerKey.read(KEY, "mailto:dpo@example.org").authorization(f"{SERVICE}/push/abc", now=0)

    claims = jwt.decode(header.split("t=")[1].split(",")[0], options={"verify_signature": False})

    assert claims == {"aud": SERVICE, "exp": 12 * 3600, "sub": "mailto:dpo@example.org"}


@pytest.mark.parametrize("told", ["", "AAAA", said(bytes(32)), "é"])
def test_a_key_that_is_none_does_not_start(told):
    with pytest.raises(ValueError):
        ServerKey.read(told, "mailto:dpo@example.org")


def test_a_point_stands_on_the_curve():
    assert is_point(unsaid(POINT))
    assert not is_point(b"\x04" + bytes(64))
    assert not is_point(unsaid(POINT)[:-1])


LISTED = Services(("push.example.org", "*.push.example.net"))


@pytest.mark.parametrize(
    ("endpoint", "taken"),
    [
        ("https://push.example.org/send/abc", True),
        ("https://push.example.org:443/send/abc", True),
        ("https://eu.push.example.net/w/abc?token=1", True),
        ("http://push.example.org/send/abc", False),
        ("https://push.example.org:8443/send/abc", False),
        ("https://push.example.org/", False),
        ("https://push.example.org.evil.example/abc", False),
        ("https://evilpush.example.net/abc", False),
        ("https://push.example.net/abc", False),
        ("https://push.example.org@10.0.0.1/abc", False),
        ("https://10.0.0.1/abc", False),
        ("https://127.0.0.1/abc", False),
        ("https://[::1]/abc", False),
        ("https://localhost/abc", False),
        ("http://127.0.0.1:8089/push/abc", False),
        ("https://push.example.org\\@10.0.0.1/abc", False),
        ("https://push.example.org/abc#x", False),
        ("https://push.example.org:99999/abc", False),
        ("file:///etc/passwd", False),
        ("https://push.example.org/" + "a" * 1000, False),
        ("", False),
    ],
)
def test_only_the_listed_services_are_spoken_to(endpoint, taken):
    assert LISTED.take(endpoint) is taken


def test_the_simulated_service_is_its_origin_and_nothing_beside_it():
    demonstration = Services((), "http://127.0.0.1:8089")

    assert demonstration.take("http://127.0.0.1:8089/push/abc")
    assert not demonstration.take("http://127.0.0.1:8090/push/abc")
    assert not demonstration.take("http://127.0.0.1:8089@10.0.0.1/push/abc")
    assert not demonstration.take("https://127.0.0.1:8089/push/abc")


def test_a_listed_name_that_leads_inside_is_refused():
    """Whoever holds the name of a service must not have us speak to a machine of the hospital."""
    with pytest.raises(OSError, match="this network"):
        Services(("localhost",)).refuse_inside("https://localhost/push/abc")
