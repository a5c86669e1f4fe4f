"""The two secrets of who answers without an account. Neither is kept, and they never travel together."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone

from terresante.accounts.codes import code_hash, link_hash, new_code, new_link
from terresante.kernel.actor import Actor
from terresante.kernel.ids import new_id
from terresante.kernel.outbound import queue_sms
from terresante.kernel.ports import sms_is_bound
from terresante.telemonitoring.models import AnswerLink, FollowUp

# The same words for everybody. Nothing of health: a telephone lies on a table.
SMS = "Terr-eSanté : des questions vous attendent à cette adresse : {url}. Le code vous a été donné à part."
# Wrong codes before a link is closed; another one is then made.
MOST_TRIES = 5


@dataclass(frozen=True, slots=True)
class Secrets:
    """Shown once: the address was sent, or is printed; the code is said, or given by hand."""

    link: AnswerLink
    url: str
    code: str


def make(actor: Actor, follow_up: FollowUp, *, expires_at: datetime) -> Secrets:
    """Ends the link before it; sends the address alone to the telephone of who answers, when messages leave."""
    AnswerLink.objects.filter(
        follow_up_id=follow_up.pk, patient_id=follow_up.patient_id, revoked_at=None
    ).update(revoked_at=timezone.now())
    token, code, key = new_link(), new_code(), new_id()
    phone = follow_up.phone_of_respondent if sms_is_bound() else ""
    link = AnswerLink(
        id=key,
        patient_id=follow_up.patient_id,
        follow_up_id=follow_up.pk,
        token_hash=link_hash(token),
        code_hash=code_hash(key, code),
        made_by_name=actor.name,
        sent_to=phone,
        expires_at=expires_at,
    )
    link.save(force_insert=True)
    url = address_of(token)
    if phone:
        queue_sms(number=phone, text=SMS.format(url=url), dedupe_key=f"link:{key}")
    return Secrets(link, url, code)


def address_of(token: str) -> str:
    return f"{settings.BASE_URL}/suivi/{token}/"
