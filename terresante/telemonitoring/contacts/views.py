from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect

from terresante.care_team.queries import read_record
from terresante.kernel import access
from terresante.kernel.errors import Conflict, Invalid, NotFound
from terresante.kernel.screens import Request, record_page, writes
from terresante.kernel.ui.forms import form_status, show_error
from terresante.telemonitoring import queries
from terresante.telemonitoring.access import CONTACT_WRITE, FOLLOW_UP_MANAGE
from terresante.telemonitoring.contacts import actions as contact_actions
from terresante.telemonitoring.course.link_views import TAB
from terresante.telemonitoring.enums import EnquiryStatus
from terresante.telemonitoring.forms import ContactForm, StatusForm
from terresante.telemonitoring.models import Contact, FollowUp


@writes(CONTACT_WRITE)
def add_contact(request: Request, record_id: UUID, follow_up_id: UUID) -> HttpResponse:
    opened = read_record(request.actor, record_id, action=FOLLOW_UP_MANAGE)
    follow_up = access.get(
        request.actor,
        CONTACT_WRITE,
        FollowUp,
        follow_up_id,
        related=("cell__organization", "version__pathway"),
    )
    if follow_up.record_id != opened.record.pk:
        raise NotFound
    form = ContactForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            contact = contact_actions.add_contact(request.actor, record_id, follow_up_id, form.contact())
        except (Invalid, Conflict) as error:
            show_error(form, error)
        else:
            messages.success(request, f"{contact.name} est à contacter.")
            return redirect("telemonitoring:one", record_id, follow_up_id)
    context = {"form": form, "follow_up": follow_up, "one": queries.shown(follow_up)}
    return record_page(
        request, "telemonitoring/contact.html", opened, context, tab=TAB, status=form_status(form)
    )


@writes(CONTACT_WRITE)
def show_contact(request: Request, record_id: UUID, contact_id: UUID) -> HttpResponse:
    """How far the enquiry is, and how the contact's own follow-up begins: in his own record."""
    opened = read_record(request.actor, record_id, action=FOLLOW_UP_MANAGE)
    contact = access.get(request.actor, CONTACT_WRITE, Contact, contact_id, related=("follow_up",))
    if contact.record_id != opened.record.pk:
        raise NotFound
    form = StatusForm(request.POST or None, initial={"status": contact.status})
    if request.method == "POST" and form.is_valid():
        status = EnquiryStatus(form.cleaned_data["status"])
        contact_actions.set_status(request.actor, record_id, contact_id, status=status)
        messages.success(request, f"Enquête : {status.label.lower()}.")
        return redirect("telemonitoring:one", record_id, contact.follow_up_id)
    context = {"form": form, "contact": contact, "is_followed": contact.status == EnquiryStatus.FOLLOWED}
    status_code = form_status(form)
    return record_page(request, "telemonitoring/enquiry.html", opened, context, tab=TAB, status=status_code)
