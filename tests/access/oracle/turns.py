"""Who is named for a restricted care, and who hands a patient over: moves of a world, by the platform's own actions."""

from terresante.care_team.actions.hand_over import Proposal, answer_hand_over, propose_hand_over
from terresante.care_team.actions.secrets import name_reader, withdraw_name
from terresante.care_team.enums import Sector
from terresante.care_team.models import CareTeamParticipant, HandOverItem, NamedReader
from terresante.kernel.actor import Actor
from tests.access.oracle.model import HandsOver, Joins, Reader
from tests.access.oracle.moves import Names, Unnames
from tests.access.oracle.stage import Built
from tests.walls import walls_down


def names(built: Built, move: Names) -> None:
    """By the patient for a whole sector; in the name of a structure, behind the walls."""
    record = built.records[move.patient]
    member_id = (
        built.people[move.who].pk if move.who is not None else built.structures[move.structure or 0].pk
    )
    if move.restricted_to is None:
        with walls_down():
            member = CareTeamParticipant.objects.get(
                patient_id=record.patient_id, member_id=member_id, ended_at=None
            )
        patient = built.actors[Reader("patient", move.patient)]
        assert patient is not None
        named = name_reader(patient, record.pk, sector=Sector(move.sector), participant_id=member.pk)
    else:
        with walls_down():
            named = NamedReader.objects.create(
                patient_id=record.patient_id,
                record=record,
                sector=move.sector,
                restricted_to=built.structures[move.restricted_to],
                practitioner_id=member_id if move.who is not None else None,
                organization_id=member_id if move.who is None else None,
                named_by_name="la preuve",
            )
    built.named[move] = named.pk


def unnames(built: Built, move: Unnames) -> None:
    patient = built.actors[Reader("patient", move.named.patient)]
    assert patient is not None
    withdraw_name(patient, built.records[move.named.patient].pk, built.named[move.named])


def hands_over(built: Built, move: HandsOver) -> None:
    """Proposed, and accepted at once."""
    giver, taker = _at_work(built, move.who), _at_work(built, move.to)
    open_now = CareTeamParticipant.objects.filter(record=built.records[move.patient], ended_at=None)
    with walls_down():
        given = open_now.get(practitioner=built.people[move.who])
    key = propose_hand_over(
        giver,
        Proposal(giver_id=built.people[move.who].pk, taker_id=built.people[move.to].pk, periods=[given.pk]),
    )
    with walls_down():
        items = list(HandOverItem.objects.filter(hand_over_id=key).values_list("pk", flat=True))
    answer_hand_over(taker, key, items=items, accepts=True)
    with walls_down():
        taken = open_now.get(practitioner=built.people[move.to])
    if taken.pk not in built.periods:
        built.periods[taken.pk], built.bringers[taken.pk] = Joins(move.patient, move.to), move.who


def _at_work(built: Built, who: int) -> Actor:
    return next(
        actor
        for reader, actor in built.actors.items()
        if actor is not None and (reader.kind, reader.who, reader.acts_for) == ("professional", who, None)
    )
