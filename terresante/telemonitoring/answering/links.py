"""The two secrets of who answers without an account. Neither is kept, and they never travel together.

A reminder cannot say again an address that nobody kept: it says one that the deployment's key proves.
"""

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from terresante.accounts.codes import code_hash, link_hash, new_code, new_link
from terresante.accounts.tries import refuse_beyond
from terresante.kernel.actor import Actor, ActorKind
from terresante.kernel.errors import Conflict, Invalid
from terresante.kernel.ids import new_id
from terresante.kernel.outbound import queue_sms
from terresante.kernel.ports import sms_is_bound
from terresante.telemonitoring.models import AnswerLink, FollowUp

# The same words for everybody. Nothing of health: a telephone lies on a table.
SMS = "Terr-eSanté : des questions vous attendent à cette adresse : {url}. Le code vous a été donné à part."
_BYTES_OF_KEY, _BYTES_OF_PROOF = 16, 16
# A slip of a digit, or a hand that means harm, fills no stranger's telephone.
_MOST_TO_A_NUMBER, _MOST_BY_AN_ACCOUNT, _WINDOW = 10, 300, timedelta(hours=24)
_PRINT = "laissez le numéro vide et imprimez la fiche."
_NUMBER_IS_FULL = f"Dix liens sont déjà partis vers ce numéro en un jour : vérifiez-le, ou {_PRINT}"
_ACCOUNT_IS_FULL = f"Vous avez envoyé beaucoup de liens aujourd’hui : reprenez demain, ou {_PRINT}"


@dataclass(frozen=True, slots=True)
class Secrets:
    """Shown once: the address was sent, or is printed; the code is said, or given by hand."""

    link: AnswerLink
    url: str
    code: str


def make(actor: Actor, follow_up: FollowUp, *, expires_at: datetime) -> Secrets:
    """Ends the link before it; sends the address alone to the telephone of who answers, when messages leave.

    Raises Conflict when too many left today, to this number or by this account.
    """
    phone = follow_up.phone_of_respondent if sms_is_bound() else ""
    if phone and actor.kind != ActorKind.JOB:
        _refuse_floods(actor, phone)
    open_of(follow_up).update(revoked_at=timezone.now())
    token, code, key = new_link(), new_code(), new_id()
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


def open_of(follow_up: FollowUp) -> QuerySet[AnswerLink]:
    return AnswerLink.objects.filter(
        follow_up_id=follow_up.pk, patient_id=follow_up.patient_id, revoked_at=None
    )


def _refuse_floods(actor: Actor, phone: str) -> None:
    for most, counted, sentence in (
        (_MOST_TO_A_NUMBER, f"links to {phone}", _NUMBER_IS_FULL),
        (_MOST_BY_AN_ACCOUNT, f"links by {actor.user_id}", _ACCOUNT_IS_FULL),
    ):
        try:
            refuse_beyond(most, counted, window=_WINDOW)
        except Invalid as error:
            raise Conflict(sentence) from error


def reminder_token(link_id: UUID) -> str:
    """Names the link and proves that we wrote it; the code is still asked, and a closed link opens nothing."""
    return base64.urlsafe_b64encode(link_id.bytes + _proof(link_id)).rstrip(b"=").decode()


def reminded_link(token: str) -> UUID | None:
    """The link that such a token names; None for any other one."""
    try:
        said = base64.urlsafe_b64decode(token.encode("ascii") + b"=")
    except ValueError:
        return None
    if len(said) != _BYTES_OF_KEY + _BYTES_OF_PROOF:
        return None
    link_id = UUID(bytes=said[:_BYTES_OF_KEY])
    return link_id if constant_time_compare(said[_BYTES_OF_KEY:], _proof(link_id)) else None


def _proof(link_id: UUID) -> bytes:
    mac = salted_hmac("telemonitoring.reminder", link_id.hex, algorithm="sha256")
    return mac.digest()[:_BYTES_OF_PROOF]


def address_of(token: str) -> str:
    return f"{settings.BASE_URL}/suivi/{token}/"
