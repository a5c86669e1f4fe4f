"""The engine of pathways: a folder of files in, questions, colours, scores and moments out. Pure: no Django, no clock."""

from terresante.questionnaires.pathway.model import (
    Answers,
    AnswerValue,
    Colour,
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
from terresante.questionnaires.pathway.timing import Occurrence, due

__all__ = [
    "AnswerValue",
    "Answers",
    "Colour",
    "Form",
    "Mistake",
    "Occurrence",
    "Option",
    "Past",
    "Pathway",
    "PathwayError",
    "Problem",
    "Question",
    "Rule",
    "Score",
    "Step",
    "due",
    "folder",
    "read",
]
