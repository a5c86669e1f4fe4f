import io

import pytest

from simulators.clamd.daemon import EICAR, running
from terresante.kernel.files.antivirus import Clamd, Unreachable


@pytest.mark.parametrize("before", [0, 7, (1 << 18) - 20, 3 << 20])
def test_the_test_file_is_found_wherever_it_stands(before):
    with running() as address:
        assert Clamd(address).found_in(io.BytesIO(b"." * before + EICAR)) == "Eicar-Test-Signature"
        assert Clamd(address).found_in(io.BytesIO(b"." * before + EICAR[:-1])) == ""


def test_a_socket_of_this_machine_is_called_by_its_path(tmp_path):
    with running(tmp_path / "clamd.ctl") as address:
        assert Clamd(address).answers()
        assert Clamd(address).found_in(io.BytesIO(b"rien")) == ""


def test_a_daemon_that_is_not_there_gives_no_verdict(tmp_path):
    with pytest.raises(Unreachable):
        Clamd(str(tmp_path / "nowhere")).found_in(io.BytesIO(b"x"))
    assert not Clamd("127.0.0.1:9").answers()


def test_a_stream_that_the_daemon_refuses_gives_no_verdict():
    with running() as address, pytest.raises(Unreachable):
        Clamd(address).found_in(io.BytesIO(bytes((100 << 20) + 1)))
