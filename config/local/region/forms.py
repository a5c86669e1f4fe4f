"""The pathways that come with the platform, and the forms that those who follow the stories filled in."""

from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

import terresante.questionnaires
from config.local.region.places import Directory
from config.local.region.records import Times
from simulators.region.model import Moment, Story
from terresante.feed.models import FeedItem
from terresante.kernel import rls
from terresante.kernel.actor import Actor, Channel
from terresante.kernel.ids import new_id
from terresante.patients.models import CareRecord
from terresante.questionnaires import pathway as engine
from terresante.questionnaires import queries
from terresante.questionnaires.actions import NewResponse, answer
from terresante.questionnaires.enums import ResponseSource
from terresante.questionnaires.models import PathwayVersion
from terresante.questionnaires.pathway_actions import load

SHIPPED = Path(terresante.questionnaires.__path__[0]) / "shipped"


@dataclass(frozen=True, slots=True)
class Filled:
    """Answers are those of an example of the pathway."""

    by: str
    pathway: str
    example: str
    days: int


# From a difficult summer to a better autumn: the curve of each score says so.
FORMS = {
    "isidore": (
        Filled(by="marie", pathway="evaluation-multidimensionnelle", example="orange-mobilite", days=96),
        Filled(by="marie", pathway="evaluation-multidimensionnelle", example="vert", days=12),
        Filled(by="marie", pathway="evaluation-multidimensionnelle", example="epices-30-17", days=12),
    ),
}


def load_shipped(job: Actor) -> None:
    for path in sorted(one.parent for one in SHIPPED.glob("*/pathway.toml")):
        load(job, engine.folder(path))


class FormFiller:
    def __init__(self, job: Actor, directory: Directory, times: Times) -> None:
        self._job, self._directory, self._times = job, directory, times

    def fill(self, patient_id: UUID, story: Story) -> None:
        for filled in FORMS.get(story.key, ()):
            self._fill(patient_id, filled)

    def _fill(self, patient_id: UUID, filled: Filled) -> None:
        version = PathwayVersion.objects.get(pathway__code=filled.pathway, status="published")
        pathway = queries.pathway_of(version.pk)
        example = next(one for one in pathway.examples if one.name == filled.example)
        form = pathway.forms[example.questionnaire]
        at = self._times.at(Moment(days=filled.days, hour=10, minute=15))
        with rls.acting(self._job):
            rls.open_record(patient_id)
            record = CareRecord.objects.get(patient_id=patient_id)
        row = answer(
            # A command keeps the date of what happened before.
            replace(self._directory.actors[filled.by], channel=Channel.COMMAND),
            NewResponse(
                id=new_id(),
                record_id=record.pk,
                version_id=version.pk,
                form=form.name,
                answers=engine.from_json(form, example.answers),
                source=ResponseSource.PROFESSIONAL,
                authored_at=at,
            ),
        )
        with rls.acting(self._job):
            rls.open_record(patient_id)
            FeedItem.objects.filter(object_id=row.pk).update(recorded_at=at)
