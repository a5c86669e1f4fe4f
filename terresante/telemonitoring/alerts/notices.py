"""Who is called up when an alert climbs. Nothing says of whom, nor of what: « une alerte attend »."""

from terresante.kernel.outbound import queue_email, queue_sms
from terresante.kernel.ports import sms_is_bound
from terresante.telemonitoring.alerts.enums import AlertLevel
from terresante.telemonitoring.models import Alert, Cell

SUBJECT = "Télésuivi : une alerte attend"
BODY = (
    "Bonjour,\n\n"
    "Une alerte attend d’être prise au télésuivi, et personne ne l’a prise dans le délai prévu.\n"
    "Connectez-vous à Terr-eSanté, puis ouvrez « Télésuivi ».\n"
)
TEXT = "Terr-eSanté : une alerte de télésuivi attend. Connectez-vous, puis ouvrez « Télésuivi »."


def call_up(alert: Alert, cell: Cell) -> None:
    """Those of its new level; the same rise of the same alert is told once."""
    key = f"alert:{alert.pk}:{alert.level}:{alert.waits_since:%Y%m%d%H%M%S}"
    if alert.level == AlertLevel.ON_CALL:
        if cell.on_call_phone and sms_is_bound():
            queue_sms(number=cell.on_call_phone, text=TEXT, dedupe_key=key)
        return
    user = cell.second_level if alert.level == AlertLevel.SECOND else cell.physician
    if user is not None and user.email:
        queue_email(recipient=user.email, subject=SUBJECT, body=BODY, dedupe_key=key)
