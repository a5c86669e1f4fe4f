"""Whom an index case met, and how far the enquiry is. The two records know of each other from the index case's only."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from django.utils import timezone

from terresante.care_team.queries import open_record
from terresante.care_team.queries.limits import limits_on, name_in_circle
from terresante.kernel import access, audit
from terresante.kernel.action import action
from terresante.kernel.actor import Actor
from terresante.kernel.errors import Conflict, Invalid, NotFound
from terresante.kernel.ids import new_id
from terresante.telemonitoring.access import CONTACT_WRITE, FOLLOW_UP_MANAGE
from terresante.telemonitoring.actions import Enrolled, NewFollowUp, enrol
from terresante.telemonitoring.enums import EnquiryStatus
from terresante.telemonitoring.models import Contact, FollowUp
from terresante.telemonitoring.phones import international

# A contact older than that is of another enquiry.
_OLDEST = timedelta(days=90)
# Until a follow-up begins, the enquiry goes from one to the other as it may.
BY_HAND = frozenset(EnquiryStatus) - {EnquiryStatus.FOLLOWED}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewContact:
    name: str
    phone: str = ""
    met_on: date | None = None
    hides_index: bool = True


@action
def add_contact(actor: Actor, record_id: UUID, follow_up_id: UUID, contact: NewContact) -> Contact:
    """Raises Invalid for a name or a date, Conflict when the follow-up of the index case is over."""
    record = open_record(actor, record_id, action=FOLLOW_UP_MANAGE).record
    follow_up = access.get(actor, CONTACT_WRITE, FollowUp, follow_up_id)
    if follow_up.record_id != record.pk:
        raise NotFound
    if follow_up.is_ended:
        raise Conflict("Ce télésuivi est terminé : ses contacts ne changent plus.")
    name = " ".join(contact.name.split())[:150]
    if not name:
        raise Invalid("Indiquez le nom du contact.", fields={"name": "Indiquez son nom."})
    today = timezone.localdate()
    if contact.met_on is not None and not today - _OLDEST <= contact.met_on <= today:
        sentence = "La date du dernier contact est passée, et de moins de trois mois."
        raise Invalid(sentence, fields={"met_on": sentence})
    row = Contact(
        id=new_id(),
        patient_id=record.patient_id,
        record_id=record.pk,
        follow_up=follow_up,
        name=name,
        phone=international(contact.phone),
        met_on=contact.met_on,
        hides_index=contact.hides_index,
        added_by_name=name_in_circle(actor, follow_up.sector),
    )
    row.save(force_insert=True)
    _trace(actor, row)
    return row


@action
def set_status(actor: Actor, record_id: UUID, contact_id: UUID, *, status: EnquiryStatus) -> Contact:
    """Raises Conflict once the contact is followed: his own follow-up says the rest."""
    record = open_record(actor, record_id, action=FOLLOW_UP_MANAGE).record
    row = access.get(actor, CONTACT_WRITE, Contact, contact_id, lock=True, related=("follow_up",))
    if row.record_id != record.pk:
        raise NotFound
    if row.status == EnquiryStatus.FOLLOWED or status not in BY_HAND:
        raise Conflict("Ce contact a son propre télésuivi : c’est là que la suite se lit.")
    _save(row, status)
    _trace(actor, row, status=status.value)
    return row


@action
def enrol_contact(actor: Actor, record_id: UUID, contact_id: UUID, wanted: NewFollowUp) -> Enrolled:
    """In the contact's own record. The index case is written there only if he agreed to be named.

    Raises NotFound for a contact of an index case whom the actor does not follow himself.
    """
    contact = access.get(
        actor, CONTACT_WRITE, Contact, contact_id, lock=True, related=("follow_up__patient",)
    )
    if contact.contact_follow_up_id not in (None, wanted.id):
        raise Conflict("Ce contact a déjà son propre télésuivi.")
    index = contact.follow_up
    patient = index.patient
    enrolled = enrol(
        actor,
        record_id,
        _of_contact(wanted, contact, f"{patient.display_given_name} {patient.display_name}"),
    )
    contact.contact_record_id, contact.contact_follow_up_id = record_id, enrolled.follow_up.pk
    _save(contact, EnquiryStatus.FOLLOWED)
    _trace(actor, contact, status=EnquiryStatus.FOLLOWED.value)
    return enrolled


def _of_contact(wanted: NewFollowUp, contact: Contact, index_name: str) -> NewFollowUp:
    if contact.hides_index:
        return replace(wanted, hides_index=True)
    return replace(wanted, index_follow_up_id=contact.follow_up_id, index_name=index_name)


def _trace(actor: Actor, row: Contact, **detail: str) -> None:
    kept = {**detail, **limits_on(row.follow_up).in_trail}
    audit.record(actor, CONTACT_WRITE, patient_id=row.patient_id, about=row, detail=kept)


def _save(row: Contact, status: EnquiryStatus) -> None:
    """Not through the open record: the contact's may be the one that is open."""
    row.status, row.changed_at = status, timezone.now()
    row.save(update_fields=["status", "changed_at", "contact_record_id", "contact_follow_up_id"])
