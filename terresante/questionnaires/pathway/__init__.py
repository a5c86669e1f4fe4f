"""The engine of pathways: files in; questions, colours, scores and moments out. Pure: no Django, no clock."""

from terresante.questionnaires.pathway.answering import parse, problems
from terresante.questionnaires.pathway.assessing import Assessment, Fired, assess
from terresante.questionnaires.pathway.checking import check
from terresante.questionnaires.pathway.enabling import shown
from terresante.questionnaires.pathway.fhir import bundle, plan_definition, questionnaire_response
from terresante.questionnaires.pathway.fhir_import import from_bundle
from terresante.questionnaires.pathway.folders import folder
from terresante.questionnaires.pathway.in_words import (
    RuleInWords,
    in_words,
    readable,
    rules_in_words,
    same_cell,
    step_in_words,
)
from terresante.questionnaires.pathway.keeping import from_json, to_json
from terresante.questionnaires.pathway.meant import (
    OLDEST,
    Person,
    ages_of,
    meant_for,
    unconfirmed,
    unsuited,
    wrong_criteria,
)
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
from terresante.questionnaires.pathway.personal import OwnThreshold, own_thresholds, wrong_personal
from terresante.questionnaires.pathway.phone import offline
from terresante.questionnaires.pathway.reading import read
from terresante.questionnaires.pathway.replaying import Change, Day, PastAnswer, Replay, Sensitivity, replay
from terresante.questionnaires.pathway.scoring import PartResult, ScoreResult, scores
from terresante.questionnaires.pathway.timing import Occurrence, due
from terresante.questionnaires.pathway.wording import in_unit
from terresante.questionnaires.pathway.writing import files_of

__all__ = [
    "OLDEST",
    "AnswerValue",
    "Answers",
    "Assessment",
    "Change",
    "Colour",
    "Day",
    "Delays",
    "Fired",
    "Form",
    "Mistake",
    "Occurrence",
    "Option",
    "OwnThreshold",
    "PartResult",
    "Past",
    "PastAnswer",
    "Pathway",
    "PathwayError",
    "Person",
    "Problem",
    "Question",
    "Replay",
    "Rule",
    "RuleInWords",
    "Score",
    "ScoreResult",
    "Sensitivity",
    "Step",
    "ages_of",
    "assess",
    "bundle",
    "check",
    "due",
    "files_of",
    "folder",
    "from_bundle",
    "from_json",
    "in_unit",
    "in_words",
    "meant_for",
    "offline",
    "own_thresholds",
    "parse",
    "plan_definition",
    "problems",
    "questionnaire_response",
    "read",
    "readable",
    "replay",
    "rules_in_words",
    "same_cell",
    "scores",
    "shown",
    "step_in_words",
    "to_json",
    "unconfirmed",
    "unsuited",
    "wrong_criteria",
    "wrong_personal",
]
