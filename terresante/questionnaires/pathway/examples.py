"""The examples beside a pathway, run: what each expects against what comes out."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from terresante.questionnaires.pathway import scoring, wording
from terresante.questionnaires.pathway.answering import problems
from terresante.questionnaires.pathway.assessing import Assessment, assess
from terresante.questionnaires.pathway.enabling import shown
from terresante.questionnaires.pathway.keeping import read_value
from terresante.questionnaires.pathway.model import (
    Answers,
    AnswerValue,
    Colour,
    Example,
    Mistake,
    Past,
    Pathway,
)
from terresante.questionnaires.pathway.personal import wrong_personal
from terresante.questionnaires.pathway.tables import key_lines, near

# An example happens at a fixed moment: it gives the same result every day.
AT = datetime(2026, 1, 15, 8, 0, tzinfo=UTC)
MOST_WORK = 6_000


def tried(pathway: Pathway, files: Mapping[str, str]) -> Iterator[Mistake]:
    """Of a pathway whose files are right."""
    if not pathway.examples:
        yield Mistake(
            "pathway.toml",
            1,
            "aucun exemple : ajoutez examples/….toml, des réponses et la couleur que vous en attendez.",
        )
    work = 0
    for example in pathway.examples:
        scores = pathway.scores_of(example.questionnaire)
        work += (1 + len(example.history)) * (1 + sum(len(score.parts) or 1 for score in scores))
        if work > MOST_WORK:
            yield Mistake(
                f"examples/{example.name}.toml", 1, "trop d’exemples, ou trop d’antécédents : ôtez-en."
            )
            return
        yield from _Trial(pathway, example, files.get(f"examples/{example.name}.toml", "")).mistakes()


class _Trial:
    def __init__(self, pathway: Pathway, example: Example, text: str):
        self.pathway, self.example = pathway, example
        self.file = f"examples/{example.name}.toml"
        self.lines = key_lines(text)
        self.form = pathway.forms[example.questionnaire]
        self.told: list[Mistake] = []

    def mistakes(self) -> list[Mistake]:
        answers = self.read(self.example.answers, "answers")
        history = self.history()
        baseline = self.read(self.example.baseline, "baseline", any_form=True)
        personal = self.personal()
        if self.told:
            return self.told
        if self.refused(answers) or self.told:
            return self.told
        names = {question.link_id for question in shown(self.form, answers)}
        for link_id in answers:
            if link_id not in names:
                self.wrong("answers", link_id, f"« {link_id} » n’est pas posé avec ces réponses : ôtez-le.")
        self.compare(
            assess(
                self.pathway,
                self.form.name,
                answers,
                at=AT,
                history=history,
                baseline=baseline,
                personal=personal,
            )
        )
        return self.told

    def history(self) -> list[Past]:
        return [
            Past(
                AT - timedelta(days=float(past.days_ago)),
                self.form.name,
                self.read(past.answers, f"history#{number}.answers"),
            )
            for number, past in enumerate(self.example.history)
        ]

    def personal(self) -> dict[str, AnswerValue]:
        kept: dict[str, Decimal] = {}
        for name, value in self.example.personal.items():
            if _is_number(value):
                kept[name] = Decimal(str(value))
            else:
                self.wrong("personal", name, f"« {name} » est un nombre, sans guillemets.")
        for name, told in wrong_personal(self.pathway, kept).items():
            self.wrong("personal", name, told)
        return dict(kept)

    def refused(self, answers: Answers) -> bool:
        found = {problem.link_id: problem.sentence for problem in problems(self.form, answers)}
        expected = self.expected_list("problems")
        for link_id, sentence in found.items():
            if link_id not in expected:
                self.wrong("answers", link_id, f"« {link_id} » est refusé : {sentence}")
        for link_id in expected:
            if link_id not in found:
                self.wrong("expect", "problems", f"« {link_id} » devait être refusé et il est accepté.")
        return bool(found)

    def wrong(self, table: str, key: str, what: str) -> None:
        line = self.lines.get((table, key)) or self.lines.get((table, "")) or 1
        self.told.append(Mistake(self.file, line, what))

    def read(self, raw: Mapping[str, Any], table: str, *, any_form: bool = False) -> Answers:
        """`any_form`: a baseline holds answers of the enrolment too."""
        forms = [self.form, *(self.pathway.forms.values() if any_form else ())]
        answers: dict[str, AnswerValue] = {}
        for link_id, value in raw.items():
            question = next((q for form in forms if (q := form.question(link_id)) is not None), None)
            if question is None or not question.is_answered:
                names = [one.link_id for one in self.form.questions if one.is_answered]
                self.wrong(
                    table,
                    link_id,
                    f"« {link_id} » n’est pas une question de « {self.form.name} » : {near(link_id, names)}",
                )
                continue
            answer = read_value(question, value)
            if answer is None:
                self.wrong(
                    table, link_id, f"« {link_id} » n’accepte pas « {value} » : {_wanted(question.kind)}"
                )
                continue
            answers[link_id] = answer
        return answers

    def expected_list(self, key: str) -> list[str]:
        value = self.example.expect.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self.wrong("expect", key, f'« {key} » est une liste : {key} = ["…"].')
            return []
        return value

    def compare(self, got: Assessment) -> None:
        expect = self.example.expect
        if "colour" in expect and expect["colour"] != got.colour.value:
            if expect["colour"] not in list(Colour):
                known = ", ".join(colour.value for colour in Colour)
                self.wrong(
                    "expect",
                    "colour",
                    f"« {expect['colour']} » n’est pas une couleur : écrivez l’une de {known}.",
                )
            else:
                self.wrong(
                    "expect",
                    "colour",
                    f"attendu {Colour(expect['colour']).label}, obtenu {got.colour.label} ({_why(got)}).",
                )
        if "rules" in expect:
            wanted, fired = set(self.expected_list("rules")), {one.rule for one in got.fired}
            if wanted != fired:
                told = ", ".join(sorted(fired)) or "aucune règle"
                self.wrong(
                    "expect",
                    "rules",
                    f"attendu {', '.join(sorted(wanted)) or 'aucune règle'}, obtenu {told} ({_why(got)}).",
                )
        if "to_confirm" in expect and expect["to_confirm"] is not got.to_confirm:
            told = "à confirmer" if got.to_confirm else "sans confirmation"
            self.wrong("expect", "to_confirm", f"obtenu : {got.colour.label} {told}.")
        self.compare_scores(got)
        if not expect:
            self.wrong("expect", "", 'cet exemple n’attend rien : ajoutez [expect] et colour = "green".')

    def compare_scores(self, got: Assessment) -> None:
        wanted = self.example.expect.get("scores", {})
        if not isinstance(wanted, Mapping):
            self.wrong("expect", "scores", "« scores » s’écrit scores = { confinement = 7 }.")
            return
        results = {score.id: score for score in got.scores}
        for name, value in wanted.items():
            score = results.get(name)
            key = "scores" if ("expect", "scores") in self.lines else ""
            if score is None:
                self.wrong(
                    "expect",
                    key,
                    f"pas de score « {name} » pour « {self.form.name} » : {near(name, list(results))}",
                )
            elif value == "unknown":
                if score.value is not None:
                    self.wrong(
                        "expect", key, f"« {name} » : attendu inconnu, obtenu {wording.number(score.value)}."
                    )
            elif not _is_number(value) or score.value is None or Decimal(str(value)) != score.value:
                self.wrong("expect", key, f"« {name} » : attendu {value}, obtenu {_said(score)}.")


def _said(score: scoring.ScoreResult) -> str:
    if score.value is None:
        return score.failed or "inconnu (il manque une réponse)"
    parts = " + ".join(f"{wording.number(part.points or 0)} ({part.label})" for part in score.parts)
    return wording.number(score.value) + (f" = {parts}" if parts else "")


def _why(got: Assessment) -> str:
    return (
        "; ".join(f"{one.rule} : {one.value}, {one.threshold}" for one in got.fired)
        or "aucune règle ne se déclenche"
    )


def _wanted(kind: str) -> str:
    return {
        "boolean": "écrivez true ou false.",
        "integer": "écrivez un nombre entier, sans guillemets.",
        "decimal": "écrivez un nombre avec un point, sans guillemets.",
        "quantity": "écrivez un nombre avec un point, sans guillemets.",
        "date": 'écrivez une date "2026-12-03".',
        "time": 'écrivez une heure "08:30".',
    }.get(kind, "écrivez un texte entre guillemets, ou le code d’une réponse.")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)
