"""Thirty-one more persons at home, over the two cells: rows as the actions would have left them, then looked at by
the board once. Hearts, lungs, Covid, operations, pregnancies: each as her own record tells.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID

from django.utils import timezone

from terresante.care_team.enums import Basis, JoinReason, TeamRole
from terresante.care_team.models import CareTeamParticipant
from terresante.kernel import audit, rls
from terresante.kernel.actor import Actor
from terresante.kernel.ids import new_id
from terresante.kernel.models import AuditEntry
from terresante.kernel.together import written_together
from terresante.patients.models import CareRecord
from terresante.questionnaires import pathway as engine
from terresante.questionnaires.enums import ResponseColour, ResponseSource, ResponseStatus
from terresante.questionnaires.events import QuestionnaireAnswered
from terresante.questionnaires.models import PathwayVersion, QuestionnaireResponse
from terresante.questionnaires.queries import pathway_of
from terresante.telemonitoring import schedule
from terresante.telemonitoring.access import FOLLOW_UP_ENROL
from terresante.telemonitoring.board import colouring
from terresante.telemonitoring.models import Cell, Expected, FollowUp

# (days since the anchor, what was said, the latest first: hours ago and an example of the pathway)
_Said = tuple[int, tuple[tuple[float, str], ...]]
_WELL: tuple[tuple[float, str], ...] = ((4, "vert"), (28, "vert"), (52, "vert"))


@dataclass(frozen=True, slots=True)
class _Kind:
    """The generated stories of one kind are every eighth one (simulators/region/crowd.py)."""

    pathway: str
    cell: str
    first: int
    stories: tuple[_Said, ...]
    status: str = ""


_KINDS = (
    _Kind(
        "insuffisance-cardiaque",
        "Cellule des cœurs à domicile",
        152,
        (
            (12, _WELL),
            (9, ((3, "orange-un-signe"), (27, "vert"), (51, "vert"))),
            (20, _WELL),
            (5, ((5, "rouge-malaise"), (29, "vert"))),
            (31, _WELL),
            (16, ((6, "orange-tension-90"), (30, "vert"), (54, "vert"))),
            (8, _WELL),
            (40, _WELL),
        ),
    ),
    _Kind(
        "difficultes-respiratoires",
        "Cellule Val-de-Marne",
        154,
        (
            (11, _WELL),
            (4, ((2, "orange-plus-essouffle"), (26, "vert"))),
            (18, _WELL),
            (7, ((3, "rouge-inhalateur-9"), (27, "vert"))),
            (22, _WELL),
            (13, _WELL),
            (25, ((5, "orange-inhalateur-5"), (29, "vert"))),
        ),
    ),
    _Kind(
        "covid-adulte",
        "Cellule Val-de-Marne",
        153,
        (
            (6, _WELL),
            (8, ((3, "orange-temperature-38"), (27, "vert"))),
            (10, _WELL),
            (3, ((2, "orange-respiration-22"), (26, "vert"))),
            (13, _WELL),
            (9, ((4, "vert"), (28, "orange-pouls-49"), (52, "vert"))),
        ),
        status="testé positif",
    ),
    _Kind(
        "chirurgie-ambulatoire",
        "Cellule Val-de-Marne",
        159,
        (
            (1, ((3, "suites-vert"), (50, "j-1-vert"))),
            (3, ((2, "suites-orange-douleur-6"), (50, "suites-vert"))),
            (7, ((5, "suites-vert"), (98, "suites-vert"))),
            (1, ((1, "suites-rouge-trempe"), (52, "j-1-vert"))),
            (-2, ((60, "j-7-pret"),)),
            (-5, ((30, "j-7-sans-nuit"),)),
        ),
    ),
    _Kind(
        "diabete-gestationnel",
        "Cellule Val-de-Marne",
        157,
        (
            (20, ((3, "vert-a-jeun-0-95"), (27, "vert-a-jeun-0-95"))),
            (34, ((2, "orange-0-59"), (26, "vert-a-jeun-0-95"))),
            (48, ((4, "vert-1-heure-1-40"), (28, "vert-a-jeun-0-95"))),
            (9, ((3, "vert-a-jeun-0-95"), (27, "vert-1-heure-1-40"))),
        ),
    ),
)
_STEP_OF_KIND = 8


@dataclass(frozen=True, slots=True)
class _Home:
    story: str
    kind: _Kind
    said: _Said


def follow_others_at_home(job: Actor, patients: dict[str, UUID]) -> None:
    """After the cells are open."""
    cells = {cell.name: cell for cell in Cell.objects.all()}
    codes = {kind.pathway for kind in _KINDS}
    versions = {
        one.pathway.code: one
        for one in PathwayVersion.objects.filter(pathway__code__in=codes, status="published").select_related(
            "pathway"
        )
    }
    events: list[QuestionnaireAnswered] = []
    with rls.acting(job), written_together():
        for home in _homes():
            cell, version = cells[home.kind.cell], versions[home.kind.pathway]
            events += _follow(job, home, patients[home.story], cell, version)
    with rls.acting(job), written_together():
        rls.open_records({event.patient_id for event in events if event.patient_id is not None})
        colouring.update_from(events)


def _homes() -> Iterator[_Home]:
    for kind in _KINDS:
        numbers = count(kind.first, _STEP_OF_KIND)
        yield from (
            _Home(f"crowd-{number:03}", kind, said)
            for number, said in zip(numbers, kind.stories, strict=False)
        )


def _follow(
    job: Actor, home: _Home, patient_id: UUID, cell: Cell, version: PathwayVersion
) -> list[QuestionnaireAnswered]:
    rls.open_record(patient_id)
    record = CareRecord.objects.select_related("patient").get(patient_id=patient_id)
    founder = record.created_by
    days, said = home.said
    now, pathway = timezone.now(), pathway_of(version.pk)
    anchor = timezone.localdate() - timedelta(days=days)
    began = now - timedelta(days=max(days, 4))
    follow_up = FollowUp(
        patient_id=patient_id,
        record=record,
        cell=cell,
        version=version,
        data_class=version.pathway.data_class,
        status=home.kind.status,
        anchor_on=anchor,
        later_anchors=dict.fromkeys(pathway.later_anchors),
        criteria=list(pathway.meant.criteria),
        enrolled_at=began,
        enrolled_by_name=founder.full_name if founder else "",
        phone_of_respondent="",
    )
    follow_up.membership = _joined(record, cell, follow_up, began)
    expected = schedule.rows(
        [one for one in engine.due(pathway, anchor, timezone.localdate()) if one.opens_at > now],
        patient_id=patient_id,
        follow_up_id=follow_up.pk,
        now=now,
    )
    follow_up.next_due_at = min((one.opens_at for one in expected), default=None)
    follow_up.save(force_insert=True)
    Expected.objects.bulk_create(expected)
    responses = _responses(follow_up, pathway, said, str(record.patient), now)
    QuestionnaireResponse.objects.bulk_create(responses)
    AuditEntry.objects.bulk_create([_trace(job, follow_up, pathway, now)])
    return [_answered(follow_up, row) for row in responses]


def _joined(
    record: CareRecord, cell: Cell, follow_up: FollowUp, began: datetime
) -> CareTeamParticipant | None:
    """None when the structure is in the circle already."""
    known = CareTeamParticipant.objects.filter(
        patient_id=record.patient_id, organization_id=cell.organization_id, ended_at=None
    )
    if known.exists():
        return None
    return CareTeamParticipant.objects.create(
        patient_id=record.patient_id,
        record=record,
        organization_id=cell.organization_id,
        role=TeamRole.MEMBER,
        basis=Basis.CARE_TEAM,
        reason=JoinReason.FOLLOWS,
        reason_words="Télésuivi",
        started_at=began,
        added_by_name=follow_up.enrolled_by_name,
    )


def _responses(
    follow_up: FollowUp,
    pathway: engine.Pathway,
    said: Sequence[tuple[float, str]],
    name: str,
    now: datetime,
) -> list[QuestionnaireResponse]:
    examples = {example.name: example for example in pathway.examples}
    rows: list[QuestionnaireResponse] = []
    past: list[engine.Past] = []
    for hours, example in reversed(said):
        at, form = now - timedelta(hours=hours), pathway.forms[examples[example].questionnaire]
        answers = engine.from_json(form, examples[example].answers)
        weighed = engine.assess(pathway, form.name, answers, at=at, history=past)
        kept = weighed.as_json()
        past.append(engine.Past(at, form.name, answers))
        rows.append(
            QuestionnaireResponse(
                id=new_id(),
                patient_id=follow_up.patient_id,
                record_id=follow_up.record_id,
                version=follow_up.version,
                form=form.name,
                follow_up_id=follow_up.pk,
                status=ResponseStatus.COMPLETED,
                authored_at=at,
                received_at=at,
                source=ResponseSource.LINK,
                respondent_name=name,
                data_class=follow_up.data_class,
                answers=engine.to_json(form, answers),
                scores=kept["scores"],
                fired=kept["fired"],
                colour=ResponseColour(str(weighed.colour)),
                to_confirm=weighed.to_confirm,
            )
        )
    return rows


def _answered(follow_up: FollowUp, row: QuestionnaireResponse) -> QuestionnaireAnswered:
    return QuestionnaireAnswered(follow_up_id=follow_up.pk, colour=str(row.colour), **row.told())


def _trace(job: Actor, follow_up: FollowUp, pathway: engine.Pathway, now: datetime) -> AuditEntry:
    """The row that `audit.record` would write."""
    return audit.entry(
        replace(job, name=follow_up.enrolled_by_name),
        FOLLOW_UP_ENROL,
        patient_id=follow_up.patient_id,
        about=follow_up,
        detail={"pathway": pathway.code, "cell": str(follow_up.cell_id)},
        at=now,
    )
