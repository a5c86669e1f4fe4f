"""What an answer or a silence asks of the cell: raised once for each, whoever asks twice."""

from collections.abc import Sequence
from datetime import datetime

from terresante.questionnaires.models import QuestionnaireResponse
from terresante.telemonitoring.models import Expected, FollowUp

Answered = tuple[FollowUp, QuestionnaireResponse]


def open_for_answers(answered: Sequence[Answered]) -> None:
    """In the order in which they came; a job has the records open. Asked again of the same answer, nothing happens."""


def open_for_silences(waiting: Sequence[Expected], colour: str, *, now: datetime | None = None) -> None:
    """Orange or red ones, in the transaction that coloured them."""


def climb(now: datetime) -> int:
    """Those that nobody took in time; returns how many."""
    return 0


def stand_unconfirmed(now: datetime) -> int:
    """Values to be measured again that were not, in time; returns how many."""
    return 0
