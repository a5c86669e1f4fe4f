"""Somebody without an account comes with a link and its code: whose answers are his to give, and for how long."""

from dataclasses import dataclass
from uuid import UUID

from django.core import signing

from terresante.accounts.codes import code_hash, link_hash
from terresante.accounts.queries import session_was_closed
from terresante.kernel import sql
from terresante.kernel.ids import new_id
from terresante.telemonitoring.answering.links import reminded_link

# What a telephone keeps to send later what was answered without network: it adds answers, and reads nothing.
_PERMIT = "telemonitoring.offline"
PERMIT_LASTS = 8 * 24 * 3600  # seconds: the days kept ahead, and one more


@dataclass(frozen=True, slots=True)
class Visit:
    """What a link opens: one follow-up, nothing else."""

    link_id: UUID
    follow_up_id: UUID
    patient_id: UUID
    record_id: UUID


def link_key(token: str) -> UUID | None:
    """Of a link that is still open; None for one that is guessed, revoked, old, or closed by five wrong codes."""
    known: UUID | None = sql.value("SELECT answer_link_key(%s)", link_hash(token))
    return known or _reminded(token)


def _reminded(token: str) -> UUID | None:
    link_id = reminded_link(token)
    return link_id if link_id is not None and held_link(link_id) is not None else None


def opened_link(known: UUID | None, *, code: str) -> Visit | None:
    """None for a wrong link, a wrong code, a fifth wrong code, a revoked or old link, an ended follow-up: all alike.

    Outside any transaction: a wrong try is counted whatever follows.
    """
    link_id = known or new_id()  # the same work for nobody's link
    found = sql.row("SELECT * FROM open_answer_link(%s, %s)", link_id, code_hash(link_id, code))
    return Visit(link_id, *found) if found else None


def held_link(link_id: UUID) -> Visit | None:
    """None once it was revoked, is past its date, or its follow-up has ended."""
    found = sql.row("SELECT * FROM answer_link_holds(%s)", link_id)
    return Visit(link_id, *found) if found else None


def permit_of_link(link_id: UUID) -> str:
    """Says by which link somebody came, not for whom he answers: that is asked again when the answer arrives."""
    return signing.dumps({"link": str(link_id)}, salt=_PERMIT)


def permit_of_account(user_id: UUID, *, session: UUID) -> str:
    """The same, of a session. It ends when its owner closes the session, not when the session expires: the telephone
    then keeps what was answered until he is back.
    """
    return signing.dumps({"user": str(user_id), "session": str(session)}, salt=_PERMIT)


@dataclass(frozen=True, slots=True)
class Permit:
    """`is_closed`: its session was closed, by its owner or because his password changed."""

    link_id: UUID | None
    user_id: UUID | None
    is_closed: bool = False


def read_permit(text: str) -> Permit | None:
    """None for one that is false, or too old."""
    try:
        said = signing.loads(text, salt=_PERMIT, max_age=PERMIT_LASTS)
    except signing.BadSignature:
        return None
    if "link" in said:
        return Permit(link_id=UUID(said["link"]), user_id=None)
    is_closed = session_was_closed(UUID(said["session"]))
    return Permit(link_id=None, user_id=UUID(said["user"]), is_closed=is_closed)
