"""Business acknowledgements over TLS, on a real socket: whom we believe, and whom the hospital believes."""

import ssl
from datetime import datetime

import pytest

from simulators.hospital.receiver import Receiver
from terresante.interop.carrier import MllpCarrier
from terresante.interop.hl7v2 import zam
from terresante.interop.hl7v2.dates import PARIS
from terresante.interop.hl7v2.envelope import envelope
from terresante.interop.hl7v2.tests.messages import adt
from terresante.interop.mllp.tests.test_listener import issued, written
from terresante.interop.models import SenderSystem
from tests.walls import walls_down

pytestmark = pytest.mark.commits


@pytest.fixture
def papers_of_tls(tmp_path):
    """An authority that both sides believe, another one that nobody does, and a certificate of each for both ends."""
    for authority, names in (("ca", ("ours", "theirs")), ("other", ("forged", "unknown"))):
        certificate, key = issued(authority)
        written(tmp_path, authority, certificate, key)
        for name in names:
            written(tmp_path, name, *issued(name, issuer=certificate, issuer_key=key))
    return tmp_path


def sent(hospital, folder, settings, *, theirs="theirs", ours="ours", host="127.0.0.1"):
    """What the hospital received, and what the carrier raised; the hospital asks for a certificate of `ca`."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / "ca.pem"))
    tls.load_cert_chain(folder / f"{theirs}.pem", folder / f"{theirs}.key")
    tls.verify_mode = ssl.CERT_REQUIRED
    settings.MLLP_CLIENT_AUTHORITIES = str(folder / "ca.pem")
    settings.MLLP_CERTIFICATE, settings.MLLP_KEY = (
        (str(folder / f"{ours}.pem"), str(folder / f"{ours}.key")) if ours else ("", "")
    )
    door = Quiet(tls=tls)
    door.serve()
    try:
        with walls_down():
            SenderSystem.objects.filter(pk=hospital.pk).update(
                return_host=host, return_port=door.port, return_tls=True
            )
        raw = zam.business_acknowledgement(envelope(adt()), control_id="Y1", at=AT)
        MllpCarrier().send(peer=str(hospital.pk), text=raw.decode())
    except OSError as error:
        return door.received, error
    finally:
        door.shutdown()
        door.server_close()
    return door.received, None


AT = datetime(2026, 3, 12, 9, 30, tzinfo=PARIS)


class Quiet(Receiver):
    """Says nothing of the connections that it refuses."""

    def handle_error(self, request, client_address):
        pass


def test_an_acknowledgement_leaves_over_tls_with_our_certificate(hospital, papers_of_tls, settings):
    received, error = sent(hospital, papers_of_tls, settings)

    assert error is None
    assert [(told.control_id, told.answer) for told in received] == [("Y1", "Y")]


def test_a_hospital_whose_certificate_nobody_vouches_for_is_told_nothing(hospital, papers_of_tls, settings):
    received, error = sent(hospital, papers_of_tls, settings, theirs="forged")

    assert isinstance(error, ssl.SSLCertVerificationError)
    assert received == []


def test_a_certificate_of_another_address_is_told_nothing(hospital, papers_of_tls, settings):
    """`localhost` leads there, and the certificate names 127.0.0.1 alone."""
    received, error = sent(hospital, papers_of_tls, settings, host="localhost")

    assert isinstance(error, ssl.SSLCertVerificationError)
    assert received == []


@pytest.mark.parametrize("ours", ["", "unknown"])
def test_without_a_certificate_that_the_hospital_believes_nothing_passes(
    hospital, papers_of_tls, settings, ours
):
    received, error = sent(hospital, papers_of_tls, settings, ours=ours)

    assert isinstance(error, OSError)
    assert received == []
