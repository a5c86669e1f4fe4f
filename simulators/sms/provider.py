"""An SMS provider: what it would carry to a telephone is written in a folder, as a mailbox keeps letters."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

# French mobile numbers that ARCEP keeps for works of fiction begin so; any other is nobody's business here.
FICTION = ("+3363998", "+3319900", "+3326191", "+3335301", "+3346571", "+3353649")
# The network of this one is always down.
OUT_OF_REACH = "+33639980099"


@dataclass(frozen=True, slots=True)
class SimulatedSms:
    folder: Path

    def send(self, *, number: str, text: str, reference: str) -> None:
        """The same reference is carried once. Raises OSError: refused for now, to be tried again."""
        if number == OUT_OF_REACH:
            raise ConnectionError("the simulated network does not answer")
        if not number.startswith(FICTION):
            raise PermissionError("a simulator writes to invented numbers only")
        message = EmailMessage()
        message["Date"] = format_datetime(datetime.now(UTC))
        message["To"] = number
        message["Subject"] = "SMS"
        message["X-Reference"] = reference
        message.set_content(text)
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / f"sms-{reference}.log").write_bytes(message.as_bytes())
