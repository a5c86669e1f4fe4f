"""What is wrong in a pathway, and what is suspicious: read, compared with itself, and tried on its examples."""

import re
from collections.abc import Mapping
from decimal import Decimal
from graphlib import CycleError, TopologicalSorter

from terresante.questionnaires.pathway import cell_reading, cells, coverage, fhirpath, timing
from terresante.questionnaires.pathway.assessing import SCORE
from terresante.questionnaires.pathway.examples import tried
from terresante.questionnaires.pathway.model import (
    Answers,
    AnswerValue,
    Form,
    Mistake,
    Pathway,
    Rule,
    Score,
)
from terresante.questionnaires.pathway.naming import (
    conditions,
    suspicious,
    wrong_alternative,
    wrong_codes,
    wrong_condition,
)
from terresante.questionnaires.pathway.personal import without_bounds
from terresante.questionnaires.pathway.reach import (
    asked_before_its_time,
    cut_short,
    filled_by_nobody,
    idle,
    never_shown,
    odd_bands,
    roles_of_nobody,
    slow,
    without_baseline,
)
from terresante.questionnaires.pathway.reading import codes_of, load
from terresante.questionnaires.pathway.scoring import ordered, points, uses
from terresante.questionnaires.pathway.tables import Mistakes, key_lines, line_of_link_id, near

MOST_SIGNS = 60_000
# Of expressions that the library reads: some 70 µs a sign.
MOST_SIGNS_BY_LIBRARY = 8_000
# Values × alternatives, some 1 µs each.
MOST_COMPARED = 300_000
MOST_LINES_OF_AN_ITEM = 5
LONGEST_SENTENCE = 25  # words: reading level B1


def check(files: Mapping[str, str]) -> list[Mistake]:
    """Mistakes first, then warnings, each in the order of its file. Raises nothing."""
    mistakes = Mistakes()
    pathway = load(files, mistakes)
    if pathway is not None:
        _Check(pathway, files, mistakes).all()
    return sorted(mistakes.found, key=lambda one: (one.is_warning, one.file, one.line))


class _Check:
    def __init__(self, pathway: Pathway, files: Mapping[str, str], mistakes: Mistakes):
        self.pathway, self.files, self.mistakes = pathway, files, mistakes

    def all(self) -> None:
        lines = key_lines(self.files["pathway.toml"])
        for key, told in roles_of_nobody(self.pathway):
            self.mistakes.add("pathway.toml", lines.get(("roles", key), 1), told)
        for key, told in slow(self.pathway):
            self.mistakes.add("pathway.toml", lines.get(("delays", key), 1), told, is_warning=True)
        for form in self.pathway.forms.values():
            self.form(form)
        self.scores()
        for rule in self.pathway.rules:
            self.rule(rule)
        self.lines()
        self.schedule()
        self.texts()
        if not self.mistakes.errors:
            for line, told in cut_short(self.pathway):
                self.mistakes.add("schedule.csv", line, told, is_warning=True)
        for told in idle(self.pathway):
            self.mistakes.add("pathway.toml", 1, told, is_warning=True)
        if not self.mistakes.errors:
            for mistake in tried(self.pathway, self.files):
                self.mistakes.add(mistake.file, mistake.line, mistake.what, is_warning=mistake.is_warning)

    # Questionnaires

    def form(self, form: Form) -> None:
        file = f"questionnaires/{form.name}.json"
        text = self.files[file]
        for question in form.questions:
            line = line_of_link_id(text, question.link_id)
            for condition in conditions(question):
                if told := wrong_condition(form, question, condition):
                    self.mistakes.add(file, line, told)
            if not self.mistakes.errors and never_shown(form, question):
                told = (
                    f"« {question.link_id} » ne s’affiche jamais : aucune réponse ne remplit son enableWhen. "
                    "Corrigez la valeur attendue."
                )
                self.mistakes.add(file, line, told, is_warning=True)
            if told := asked_before_its_time(form, question):
                self.mistakes.add(file, line, told, is_warning=True)
            for told in suspicious(question):
                self.mistakes.add(file, line, told, is_warning=True)
        if cycle := _cycle(
            {question.link_id: [c.link_id for c in conditions(question)] for question in form.questions}
        ):
            self.mistakes.add(
                file,
                line_of_link_id(text, cycle[0]),
                f"ces questions s’attendent l’une l’autre et ne s’affichent jamais : {' → '.join(cycle)}. "
                "Retirez un enableWhen.",
            )

    # Scores

    def scores(self) -> None:
        signs = by_library = 0
        for score in self.pathway.scores:
            for told in odd_bands(score):
                self._score(score.line, told, is_warning=True)
            for text, line in _texts_of(score):
                signs += len(text)
                by_library += (
                    len(text) if self.expression("scores.toml", line, text, score.questionnaire, score) else 0
                )
                if signs > MOST_SIGNS or by_library > MOST_SIGNS_BY_LIBRARY:
                    self._score(line, "les scores sont trop longs à calculer : simplifiez leurs expressions.")
                    return
        by_form = {score.id: uses(score) for score in self.pathway.scores}
        if cycle := _cycle(by_form):
            score = next(one for one in self.pathway.scores if one.id == cycle[0])
            told = " → ".join(f"%{name}" for name in cycle)
            self._score(
                score.line, f"ces scores s’attendent l’un l’autre : {told}. Retirez l’un de ces renvois."
            )
        if not self.mistakes.errors:
            for form in self.pathway.forms.values():
                self.try_scores(form)

    def _score(self, line: int, what: str, *, is_warning: bool = False) -> None:
        self.mistakes.add("scores.toml", line, what, is_warning=is_warning)

    def expression(self, file: str, line: int, text: str, form_name: str, score: Score | None) -> bool:
        """What an expression names must be there. True: the library had to read it."""
        form = self.pathway.forms.get(form_name)
        try:
            expression = fhirpath.compiled(text)
        except fhirpath.ExpressionError as error:
            self.mistakes.add(file, line, str(error))
            return True
        mine = {one.id for one in self.pathway.scores if one.questionnaire == form_name and one is not score}
        for name in expression.variables:
            if name not in mine:
                told = near(name, sorted(mine))
                if score is not None and name == score.id:
                    told = "un score ne peut pas se servir de lui-même."
                elif any(one.id == name for one in self.pathway.scores):
                    told = "ce score est celui d’un autre questionnaire."
                self.mistakes.add(file, line, f"la variable %{name} n’est pas connue ici : {told}")
        if form is not None:
            self.names(file, line, expression, form)
        return expression.formula is None

    def names(self, file: str, line: int, expression: fhirpath.Expression, form: Form) -> None:
        names = [question.link_id for question in form.questions]
        for link_id in expression.link_ids:
            if link_id in form.groups:
                self.mistakes.add(
                    file, line, f"« {link_id} » est un groupe : nommez directement ses questions."
                )
            elif link_id not in names:
                told = near(link_id, names)
                self.mistakes.add(
                    file, line, f"le linkId « {link_id} » n’est pas dans « {form.name} » : {told}"
                )
        for prefix in expression.prefixes:
            if not any(name.startswith(prefix) for name in names):
                self.mistakes.add(
                    file, line, f"aucun linkId de « {form.name} » ne commence par « {prefix} »."
                )
        for told in wrong_codes(form, expression.text):
            self.mistakes.add(file, line, told)

    def try_scores(self, form: Form) -> None:
        """On every answer at its lowest, then at its highest: an expression that fails is found before a patient."""
        for answers in (_extreme(form, lowest=True), _extreme(form, lowest=False)):
            resource = fhirpath.resource_of(form, answers)
            variables: dict[str, Decimal | None] = {}
            for score in ordered(self.pathway.scores_of(form.name)):
                value = Decimal(0)
                for text, line in _texts_of(score):
                    maximum = next((part.maximum for part in score.parts if part.expression == text), None)
                    try:
                        got = points(text, maximum, resource, variables, score.missing) or Decimal(0)
                    except fhirpath.ExpressionError as error:
                        self._score(line, f"{error} Essayé sur des réponses complètes de « {form.name} ».")
                        continue
                    value += got
                    if maximum is not None and got > maximum:
                        self._score(
                            line,
                            f"ce point peut valoir {got}, au-dessus de max = {maximum}.",
                            is_warning=True,
                        )
                if score.maximum is not None and value > score.maximum:
                    told = f"« {score.id} » peut valoir {value}, au-dessus de max = {score.maximum}."
                    self._score(score.line, told, is_warning=True)
                variables[score.id] = value

    # Rules

    def rule(self, rule: Rule) -> None:
        form = self.pathway.forms.get(rule.questionnaire)
        if form is None:
            return
        question = form.question(rule.item)
        if rule.item.startswith(SCORE):
            known = [score.id for score in self.pathway.scores_of(form.name)]
            if (name := rule.item.removeprefix(SCORE)) not in known:
                self._rule(
                    rule,
                    f"colonne « item » : pas de score « {name} » pour « {form.name} », {near(name, known)}",
                )
                return
        elif rule.item.startswith("{"):
            if not rule.item.endswith("}"):
                self._rule(rule, "colonne « item » : l’accolade n’est pas fermée, écrivez {expression}.")
                return
            self.expression("rules.csv", rule.line, rule.item[1:-1], form.name, None)
        elif question is None or not question.is_answered:
            names = [one.link_id for one in form.questions if one.is_answered]
            self._rule(
                rule,
                f"colonne « item » : « {form.name} » n’a pas de « {rule.item} », {near(rule.item, names)}",
            )
            return
        for colour, cell in rule.cells:
            try:
                alternatives = cell_reading.parsed(cell, codes_of(rule, self.pathway.forms))
            except cell_reading.CellError:
                continue
            for alternative in alternatives:
                if told := wrong_alternative(alternative, question, form):
                    self._rule(rule, f"colonne « {colour.value} » : {told}")
                if isinstance(alternative, cells.Moved) and alternative.days is None and question is not None:
                    if told := without_baseline(self.pathway, rule):
                        self._rule(rule, told, is_warning=True)
        if told := without_bounds(self.pathway, rule):
            self._rule(rule, told, is_warning=rule.item.startswith("{"))
        if rule.remeasure and question is not None and not question.is_number:
            self._rule(rule, "remeasure = yes ne sert qu’à une mesure : écrivez no.", is_warning=True)

    def _rule(self, rule: Rule, what: str, *, is_warning: bool = False) -> None:
        self.mistakes.add("rules.csv", rule.line, what, is_warning=is_warning)

    def lines(self) -> None:
        read: list[coverage.Line] = []
        work = 0
        for rule in self.pathway.rules:
            form = self.pathway.forms.get(rule.questionnaire)
            if form is None:
                continue
            score = next((one for one in self.pathway.scores if SCORE + one.id == rule.item), None)
            line = coverage.line(rule, form, score, codes_of(rule, self.pathway.forms))
            if line is None:
                continue
            work += line.work
            if work > MOST_COMPARED:
                self._rule(rule, "trop de cas pour comparer cette ligne et les suivantes.", is_warning=True)
                return
            for told in coverage.warnings(line):
                self._rule(rule, told, is_warning=True)
            same = [other for other in read if other.rule.item == rule.item]
            for other in same[:MOST_LINES_OF_AN_ITEM]:
                if other.rule.questionnaire == rule.questionnaire and (
                    told := coverage.contradiction(other, line)
                ):
                    self._rule(rule, told, is_warning=True)
            read.append(line)

    # Schedule, texts

    def schedule(self) -> None:
        asked = {step.questionnaire for step in self.pathway.schedule} | {
            self.pathway.enrolment_questionnaire
        }
        if self.pathway.schedule:
            for name in self.pathway.forms:
                if name not in asked:
                    told = f"le questionnaire « {name} » n’est prévu à aucun moment : ajoutez une ligne si on l’attend."
                    self.mistakes.add("schedule.csv", 1, told, is_warning=True)
        counted = {name for step in self.pathway.schedule for name in (step.anchor, step.until)}
        for name in self.pathway.later_anchors:
            if name not in counted:
                told = f"la date « {name} » d’[anchor.later] ne sert à aucune ligne : écrivez-la dans « anchor »."
                self.mistakes.add("schedule.csv", 1, told, is_warning=True)
        total = 0
        for step in self.pathway.schedule:
            if told := filled_by_nobody(step):
                self.mistakes.add("schedule.csv", step.line, told, is_warning=True)
            try:
                total += timing.count(timing.planned(step))
            except timing.StepError:
                continue
            if total > timing.MOST_OCCURRENCES:
                told = f"plus de {timing.MOST_OCCURRENCES} envois en tout : espacez-les ou raccourcissez le suivi."
                self.mistakes.add("schedule.csv", step.line, told)
                return

    def texts(self) -> None:
        followed = self.pathway.kind in ("follow-up", "surgery")
        red = self.pathway.texts.get("red", "")
        if followed and any(rule.red.strip() for rule in self.pathway.rules):
            if not red:
                told = "« red » manque : écrivez ce que la personne doit faire, avec le 15 (ou le 112)."
                self.mistakes.add("texts.toml", self._text_line("red"), told)
            elif not re.search(r"\b(15|112)\b", red):
                told = "« red » doit dire d’appeler le 15 (ou le 112)."
                self.mistakes.add("texts.toml", self._text_line("red"), told)
        for key, text in self.pathway.texts.items():
            longest = max((len(sentence.split()) for sentence in re.split(r"[.!?\n]", text)), default=0)
            if longest > LONGEST_SENTENCE:
                told = f"« {key} » a une phrase de {longest} mots : coupez-la, 15 mots se lisent mieux."
                self.mistakes.add("texts.toml", self._text_line(key), told, is_warning=True)

    def _text_line(self, key: str) -> int:
        return key_lines(self.files.get("texts.toml", "")).get(("patient", key), 1)


def _texts_of(score: Score) -> list[tuple[str, int]]:
    if score.expression:
        return [(score.expression, score.expression_line)]
    return [(part.expression, part.line) for part in score.parts if part.expression]


def _extreme(form: Form, *, lowest: bool) -> Answers:
    answers: dict[str, AnswerValue] = {}
    for question in form.questions:
        if question.is_number:
            bound = question.lowest if lowest else question.highest
            answers[question.link_id] = bound if bound is not None else Decimal(0 if lowest else 100)
        elif question.kind == "boolean":
            answers[question.link_id] = not lowest
        elif question.is_choice and question.options:
            best = sorted(question.options, key=lambda option: option.points or Decimal(0))
            code = best[0 if lowest else -1].code
            every = tuple(option.code for option in question.options)
            answers[question.link_id] = (every[:1] if lowest else every) if question.repeats else code
    return answers


def _cycle(edges: Mapping[str, list[str]]) -> list[str]:
    """The names of one cycle, the first repeated at the end; empty when there is none."""
    known = {name: [other for other in others if other in edges] for name, others in edges.items()}
    try:
        TopologicalSorter(known).prepare()
    except CycleError as error:
        return [str(name) for name in error.args[1]]
    return []
