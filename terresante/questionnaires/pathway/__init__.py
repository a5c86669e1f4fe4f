"""The engine of pathways: files in; questions, colours, scores and moments out. Pure: no Django, no clock."""

from terresante.questionnaires.pathway.answering import from_json, parse, problems, shown, to_json
from terresante.questionnaires.pathway.assessing import Assessment, Fired, assess
from terresante.questionnaires.pathway.checking import check
from terresante.questionnaires.pathway.model import (
    Answers,
    AnswerValue,
    Colour,
    Delays,
    Form,
    Mistake,
    Option,
    Past,
    Pathway,
    PathwayError,
    Problem,
    Question,
    Rule,
    Score,
    Step,
)
from terresante.questionnaires.pathway.reading import folder, read
from terresante.questionnaires.pathway.scoring import PartResult, ScoreResult, scores
from terresante.questionnaires.pathway.timing import Occurrence, due

__all__ = [
    "AnswerValue",
    "Answers",
    "Assessment",
    "Colour",
    "Delays",
    "Fired",
    "Form",
    "Mistake",
    "Occurrence",
    "Option",
    "PartResult",
    "Past",
    "Pathway",
    "PathwayError",
    "Problem",
    "Question",
    "Rule",
    "Score",
    "ScoreResult",
    "Step",
    "assess",
    "check",
    "due",
    "folder",
    "from_json",
    "parse",
    "problems",
    "read",
    "scores",
    "shown",
    "to_json",
]
