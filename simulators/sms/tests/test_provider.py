from email import message_from_bytes
from email.policy import default

import pytest

from simulators.sms.provider import OUT_OF_REACH, SimulatedSms

NUMBER = "+33639980017"


def test_a_message_is_read_in_the_folder(tmp_path):
    SimulatedSms(tmp_path).send(number=NUMBER, text="Votre code est 123456, à bientôt.", reference="a")

    (path,) = tmp_path.iterdir()
    message = message_from_bytes(path.read_bytes(), policy=default)
    assert message["To"] == NUMBER
    assert message.get_content().strip() == "Votre code est 123456, à bientôt."


def test_the_same_reference_is_carried_once(tmp_path):
    provider = SimulatedSms(tmp_path)
    provider.send(number=NUMBER, text="un", reference="a")
    provider.send(number=NUMBER, text="un", reference="a")

    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("number", [OUT_OF_REACH, "+33612345678"])
def test_a_silent_network_and_a_real_number_are_refused(tmp_path, number):
    with pytest.raises(OSError, match=r"simulat"):
        SimulatedSms(tmp_path).send(number=number, text="un", reference="a")

    assert not list(tmp_path.iterdir())
