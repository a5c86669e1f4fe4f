"""Whose patients: mine, those of my structure.

« My patients » are those of whom the actor is a member in person; the rest of his structure is a list of its own.
"""

from collections.abc import Iterable
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

from terresante.care_team.access import RECORD_READ
from terresante.care_team.models import LASTING, CareTeamParticipant
from terresante.kernel import access, compiled
from terresante.kernel.actor import Actor
from terresante.kernel.condition import SqlCondition
from terresante.kernel.ui.links import link
from terresante.patients.models import CareRecord
from terresante.stays.queries import CurrentPlace, current_places

MOST_PATIENTS = 1000
PER_PAGE = 20
BY_NAME = ("patient__match_birth_name", "patient__match_given_name", "patient_id")
# What a row of a list says (`overview.rows`): of the other columns, dates and texts would be made for nothing.
OF_A_ROW = (
    *("patient_id", "is_shared", "kept_by_id"),
    *(
        f"patient__{name}"
        for name in (
            *("birth_name", "birth_given_name", "used_name", "used_given_name"),
            *("birth_date", "sex", "city"),
        )
    ),
)


def in_person(actor: Actor) -> UUID | None:
    """Whose circles are « mine »: a secretary who acts for a physician looks after his."""
    return actor.principal_id or actor.person_id


def records_of(actor: Actor, member_id: UUID | None) -> QuerySet[CareRecord]:
    """Records whose circle this person, or this structure, belongs to now; by name."""
    return (
        access.list(actor, RECORD_READ, CareRecord)
        .filter(
            Q(patient__participants__expires_at=None) | Q(patient__participants__expires_at__gt=Now()),
            patient__participants__member_id=member_id,
            patient__participants__ended_at__isnull=True,
            patient__participants__suspended_at__isnull=True,
            patient__participants__started_at__lte=Now(),
        )
        .annotate(circle_role=F("patient__participants__role"))
        .select_related("patient")
        .order_by(*BY_NAME)
    )


def page_after(rows: QuerySet[CareRecord], last: CareRecord) -> QuerySet[CareRecord]:
    """The rows that follow this one in the order of `records_of`: a place, for an offset would read all before it."""
    name, given = last.patient.match_birth_name, last.patient.match_given_name
    return rows.filter(
        Q(patient__match_birth_name__gt=name)
        | Q(patient__match_birth_name=name, patient__match_given_name__gt=given)
        | Q(patient__match_birth_name=name, patient__match_given_name=given, patient_id__gt=last.patient_id)
    )


def bounded_count(actor: Actor, member_id: UUID | None) -> int:
    """Never counts beyond one more than MOST_PATIENTS: a structure may have 200,000."""
    return _counted(actor, member_id, MOST_PATIENTS + 1)


@compiled.number
def _counted(actor: Actor, member_id: UUID | None, most: int) -> QuerySet[CareRecord]:
    return records_of(actor, member_id).order_by()[:most]


def mine_page(actor: Actor, number: str | None) -> tuple[Page[int], list[CareRecord]]:
    """A page of those I follow in person; one beyond the last is the last."""
    page = Paginator(range(_membership_count(actor)), PER_PAGE).get_page(number)
    return page, _mine_from(actor, max(page.start_index() - 1, 0))


@compiled.rows
def _mine_from(actor: Actor, first: int) -> QuerySet[CareRecord]:
    """The page is chosen among keys, so that what each row takes to be read is paid for the page alone."""
    if actor.principal_id is not None:
        # Those of whom one acts for: few, and asked under the policies.
        lent = _memberships(actor.principal_id).order_by(*BY_NAME)[first : first + PER_PAGE]
        return (
            records_of(actor, actor.principal_id)
            .filter(patient_id__in=lent.values("patient_id"))
            .only(*OF_A_ROW)
        )
    member = F("patient__participants__patient_id")
    chosen = SqlCondition(
        "{0} = ANY (ARRAY(SELECT my_patient_keys(%s, %s)))", "of_member", values=(first, PER_PAGE)
    )
    return records_of(actor, actor.person_id).alias(of_member=member).filter(chosen).only(*OF_A_ROW)


def followed_by(actor: Actor) -> list[CareRecord]:
    """Those the home page tells of, by name: one's own, else those of a structure that follows few enough."""
    return _followed_rows(actor, MOST_PATIENTS)


@compiled.rows
def _followed_rows(actor: Actor, most: int) -> QuerySet[CareRecord]:
    rows = access.list(actor, RECORD_READ, CareRecord).filter(followed(most))
    return rows.select_related("patient").order_by(*BY_NAME)[:most]


def followed(most: int) -> SqlCondition:
    """Keys only: what they open is for the rule of whatever is read with them."""
    return SqlCondition("{0} = ANY ((SELECT my_followed_keys(%s))::uuid[])", "patient_id", values=(most,))


@compiled.number
def _membership_count(actor: Actor) -> QuerySet[CareTeamParticipant]:
    return _memberships(in_person(actor))


def _memberships(member_id: UUID | None) -> QuerySet[CareTeamParticipant]:
    return CareTeamParticipant.objects.filter(
        LASTING, member_id=member_id, ended_at__isnull=True, suspended_at__isnull=True, started_at__lte=Now()
    )


def hospitalised(actor: Actor) -> tuple[list[CareRecord], dict[UUID, CurrentPlace]]:
    """Those of the home page who are in hospital now, as far as the actor may know; by name."""
    records = followed_by(actor)
    places = places_of(actor, records)
    return [record for record in records if record.patient_id in places], places


def places_of(actor: Actor, records: Iterable[CareRecord]) -> dict[UUID, CurrentPlace]:
    return current_places(actor, [record.patient_id for record in records])


def record_url(record_id: UUID) -> str:
    return link("overview:record", record_id)
