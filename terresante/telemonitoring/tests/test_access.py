"""Who reads a follow-up and what hangs on it: the same role elsewhere, another cell, an index case who is not named."""

import pytest

from terresante.care_team.queries import open_record
from terresante.kernel import access, rls
from terresante.kernel.errors import Conflict, DomainError, NotFound
from terresante.telemonitoring import queries
from terresante.telemonitoring.access import CONTACT_READ, FOLLOW_UP_READ, LINK_READ
from terresante.telemonitoring.contacts import actions as contact_actions
from terresante.telemonitoring.contacts.actions import NewContact
from terresante.telemonitoring.course import actions as course_actions
from terresante.telemonitoring.course import link_actions
from terresante.telemonitoring.enums import EndReason, EnquiryStatus
from terresante.telemonitoring.models import AnswerLink, Contact, Expected, FollowUp
from terresante.telemonitoring.tests.factories import followed, new_follow_up, pathway
from tests.walls import walls_down

pytestmark = pytest.mark.commits
READ = (
    (FOLLOW_UP_READ, FollowUp),
    (FOLLOW_UP_READ, Expected),
    (LINK_READ, AnswerLink),
    (CONTACT_READ, Contact),
)


@pytest.fixture
def version():
    return pathway("covid-contact")


@pytest.fixture
def index(cast, watch, version):
    """Madeleine is followed, and met Léon, who does not know by whom."""
    return followed(cast.amar, cast.madeleine_record, watch.cell, version).follow_up


@pytest.fixture
def contact(cast, index):
    return contact_actions.add_contact(
        cast.amar, cast.madeleine_record.pk, index.pk, NewContact(name="Léon LEROUX", hides_index=True)
    )


def seen(actor, record):
    """The models of which this person reads rows in the record, whatever she forges."""
    with rls.acting(actor):
        try:
            open_record(actor, record.pk)
        except DomainError:
            pass
        return {
            model.__name__
            for action, model in READ
            if access.list(actor, action, model, patient_id=record.patient_id).exists()
        }


def test_a_follow_up_is_read_by_the_circle_the_cell_included_and_by_nobody_else(cast, watch, contact):
    """Brun and Jules have their own patients; the other cell follows nobody here."""
    everything = {"FollowUp", "Expected", "AnswerLink", "Contact"}
    persons = {**cast.actors, "operatrice": watch.operator, "voisine": watch.other_operator}
    assert {
        name: found for name, actor in persons.items() if (found := seen(actor, cast.madeleine_record))
    } == {
        "amar": everything,
        "ines": everything,
        "operatrice": everything,
        # Reads what is medical, writes it not: the link is not his to give.
        "colin": everything - {"AnswerLink"},
        "madeleine": everything - {"AnswerLink"},
    }


def test_the_other_cell_changes_nothing_and_is_not_told_that_it_exists(cast, watch, index):
    for act in (
        lambda who: course_actions.suspend(who, cast.madeleine_record.pk, index.pk, words="Vacances"),
        lambda who: link_actions.make_link(who, cast.madeleine_record.pk, index.pk),
        lambda who: course_actions.end(who, cast.madeleine_record.pk, index.pk, reason=EndReason.TERM),
        lambda who: contact_actions.add_contact(
            who, cast.madeleine_record.pk, index.pk, NewContact(name="X")
        ),
    ):
        for who in (watch.other_operator, cast.brun, cast.jules):
            with pytest.raises(NotFound):
                act(who)


def test_a_key_of_another_record_is_found_in_none(cast, watch, index, version):
    """Brun writes in Léon's record, and forges Madeleine's follow-up under its address."""
    followed(cast.brun, cast.leon_record, watch.cell, version)
    with pytest.raises(NotFound):
        course_actions.suspend(cast.brun, cast.leon_record.pk, index.pk, words="Vacances")
    # The cell reaches both: the address says which.
    with pytest.raises(NotFound):
        course_actions.suspend(watch.operator, cast.leon_record.pk, index.pk, words="Vacances")


def test_an_index_case_who_is_not_named_is_not_found_from_the_contact_s_record(cast, watch, contact, version):
    """The cell, which follows both, begins the contact's follow-up in his record; his own doctor learns of nobody."""
    record = cast.leon_record
    followed(cast.brun, record, watch.cell)
    enrolled = contact_actions.enrol_contact(
        watch.operator, record.pk, contact.pk, new_follow_up(version, watch.cell)
    )

    with walls_down():
        row = FollowUp.objects.get(pk=enrolled.follow_up.pk)
        told = Contact.objects.get(pk=contact.pk)
    assert (row.index_follow_up_id, row.index_name, row.hides_index) == (None, "", True)
    assert (told.status, told.contact_follow_up_id) == (EnquiryStatus.FOLLOWED, row.pk)
    with rls.acting(cast.brun):
        open_record(cast.brun, record.pk)
        values = [str(value) for value in vars(row).values()]
        assert not any("MADELEINE" in value.upper() or str(contact.patient_id) in value for value in values)
        assert not Contact.objects.exists()
        assert queries.contacts_waiting(cast.brun) == []
        assert not FollowUp.objects.filter(patient_id=contact.patient_id).exists()


def test_an_index_case_who_agreed_is_named_in_the_contact_s_follow_up(cast, watch, index, version):
    named = contact_actions.add_contact(
        cast.amar, cast.madeleine_record.pk, index.pk, NewContact(name="Léon LEROUX", hides_index=False)
    )
    followed(cast.brun, cast.leon_record, watch.cell)
    row = contact_actions.enrol_contact(
        watch.operator, cast.leon_record.pk, named.pk, new_follow_up(version, watch.cell)
    ).follow_up

    assert row.index_name == "Madeleine LEROUX"
    with pytest.raises(Conflict):
        contact_actions.enrol_contact(
            watch.operator, cast.leon_record.pk, named.pk, new_follow_up(version, watch.cell)
        )
    with pytest.raises(Conflict):
        contact_actions.set_status(
            cast.amar, cast.madeleine_record.pk, named.pk, status=EnquiryStatus.REFUSED
        )


def test_the_contacts_of_others_are_nobody_s_to_enrol(cast, contact, watch, version):
    """Brun follows Léon, and has seen a contact's key somewhere: it names nothing for him."""
    with pytest.raises(NotFound):
        contact_actions.enrol_contact(
            cast.brun, cast.leon_record.pk, contact.pk, new_follow_up(version, watch.cell)
        )
    with pytest.raises(NotFound):
        contact_actions.set_status(cast.brun, cast.leon_record.pk, contact.pk, status=EnquiryStatus.REACHED)
