"""What the FHIR interface answers when it does not do what was asked: an OperationOutcome (R4) whose sentences a person
can act on, and whose expressions say where. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Issue:
    """`code` is of the value set issue-type; `expression` a FHIRPath that names an element of what was sent."""

    sentence: str
    expression: str = ""
    code: str = "invalid"
    severity: str = "error"

    def told(self) -> Resource:
        said: Resource = {"severity": self.severity, "code": self.code, "diagnostics": self.sentence}
        said["details"] = {"text": self.sentence}
        return {**said, "expression": [self.expression]} if self.expression else said


class Problem(Exception):
    """Nothing was done. The sentences quote nothing of what was sent but codes."""

    def __init__(
        self, status: int, *issues: Issue, headers: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        super().__init__(status, *(issue.code for issue in issues))
        self.status, self.issues, self.headers = status, issues, headers


def wrong(sentence: str, where: str = "", *, code: str = "invalid", status: int = 422) -> Problem:
    return Problem(status, Issue(sentence, where, code))


def outcome(*issues: Issue) -> Resource:
    return {"resourceType": "OperationOutcome", "issue": [issue.told() for issue in issues]}
