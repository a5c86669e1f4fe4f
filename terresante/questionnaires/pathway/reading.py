"""From the files of a folder to a pathway. What is wrong is collected, never met one by one."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import partial
from pathlib import PurePosixPath

from terresante.questionnaires.pathway import cell_reading, timing
from terresante.questionnaires.pathway.folders import is_in, sizes_fit
from terresante.questionnaires.pathway.meant import SEXES, ages_of, wrong_criteria
from terresante.questionnaires.pathway.model import (
    Band,
    Colour,
    Delays,
    Example,
    Form,
    MeantFor,
    Part,
    PastExample,
    Pathway,
    PathwayError,
    Rule,
    Score,
    Step,
)
from terresante.questionnaires.pathway.questionnaire import FormReader
from terresante.questionnaires.pathway.tables import Mistakes, Table, csv_rows, near, toml
from terresante.questionnaires.pathway.writing import MORE_COLUMNS

KINDS = ("follow-up", "surgery", "assessment", "sheet")
DATA_CLASSES = ("medical", "care", "social", "coordination")
RULE_COLUMNS = ("rule", "questionnaire", "item", "green", "orange", "red", "remeasure", "why")
STEP_COLUMNS = ("step", "questionnaire", "from", "to", "times", "remind", "grey", "orange", "red", "role")
TEXTS = ("red", "orange", "green", "before", "closed")
MOST_LINES = 300
LONGEST_AGO = 3660
MOST_HISTORY = 100
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
ROLE = re.compile(r"[a-z][a-z_-]{0,39}")


def read(files: Mapping[str, str]) -> Pathway:
    """Raises PathwayError with all that is wrong in the form of the files; `check` looks further."""
    mistakes = Mistakes()
    pathway = load(files, mistakes)
    if pathway is None or mistakes.errors:
        raise PathwayError(mistakes.errors)
    return pathway


def load(files: Mapping[str, str], mistakes: Mistakes) -> Pathway | None:
    """What can be read, with what is wrong told in `mistakes`; None without a pathway.toml."""
    if not sizes_fit(files, mistakes):
        return None
    if "pathway.toml" not in files:
        mistakes.add("pathway.toml", 1, "ce fichier manque : il dit ce qu’est le parcours (code, title…).")
        return None
    head = toml("pathway.toml", files["pathway.toml"], mistakes)
    if head is None:
        return None
    forms = _forms(files, mistakes)
    known = _names(files)
    return _pathway(head, forms, known, files, mistakes)


def _names(files: Mapping[str, str]) -> list[str]:
    return [PurePosixPath(name).stem for name in files if is_in(name, "questionnaires", ".json")]


def _forms(files: Mapping[str, str], mistakes: Mistakes) -> dict[str, Form]:
    forms: dict[str, Form] = {}
    for name, text in sorted(files.items()):
        if not is_in(name, "questionnaires", ".json"):
            continue
        key = PurePosixPath(name).stem
        if not NAME.fullmatch(key):
            mistakes.add(name, 1, "nommez ce fichier avec a-z, 0-9 et -, par exemple quotidien.json.")
        form = FormReader(name, text, mistakes).read(key)
        if form is not None:
            forms[key] = form
    if not any(is_in(name, "questionnaires", ".json") for name in files):
        mistakes.add("pathway.toml", 1, "aucun questionnaire : ajoutez un fichier questionnaires/….json.")
    return forms


def _pathway(
    head: Table, forms: Mapping[str, Form], known: Sequence[str], files: Mapping[str, str], mistakes: Mistakes
) -> Pathway:
    head.only(
        *("code", "title", "version", "kind", "data_class", "summary", "sources", "default_thresholds"),
        *("licence", "anchor", "enrolment", "delays", "roles"),
    )
    code = head.text("code", None)
    if code and not NAME.fullmatch(code):
        head.wrong("code", f"le code « {code} » s’écrit avec a-z, 0-9 et -, en 40 signes au plus.")
    anchor, enrolment, roles = head.table("anchor"), head.table("enrolment"), head.table("roles")
    anchor.only("label", "later")
    later = anchor.table("later")
    for name in later.values:
        if not NAME.fullmatch(name):
            later.wrong(name, f"« {name} » s’écrit avec a-z, 0-9 et -.")
    later_anchors = {name: later.text(name, None, longest=100) for name in later.values}
    enrolment.only("questionnaire", "statuses", "ages", "sex", "criteria")
    roles.only("enrols", "takes")
    texts = files.get("texts.toml")
    return Pathway(
        code=code,
        title=head.text("title", None, longest=200),
        version=head.whole("version", 1, lowest=1),
        kind=head.one_of("kind", KINDS),
        data_class=head.one_of("data_class", DATA_CLASSES),
        summary=head.text("summary", None, longest=500),
        sources=head.texts("sources"),
        default_thresholds=head.flag("default_thresholds", True),
        licence=head.text("licence"),
        anchor_label=anchor.text("label", longest=100),
        enrolment_questionnaire=_questionnaire(enrolment, known, required=False),
        statuses=enrolment.texts("statuses"),
        delays=_delays(head.table("delays")),
        enrols=_roles(roles, "enrols"),
        takes=_roles(roles, "takes"),
        forms=forms,
        scores=_scores(files.get("scores.toml"), known, mistakes),
        rules=_rules(files.get("rules.csv"), forms, known, mistakes),
        schedule=_schedule(files.get("schedule.csv"), known, tuple(later_anchors), mistakes),
        texts={} if texts is None else _texts(texts, mistakes),
        examples=_examples(files, known, mistakes),
        later_anchors=later_anchors,
        meant=_meant(enrolment),
    )


def _questionnaire(table: Table, known: Sequence[str], *, required: bool = True) -> str:
    name = table.text("questionnaire", None if required else "")
    if name and name not in known:
        table.wrong("questionnaire", f"il n’y a pas de questionnaires/{name}.json : {near(name, known)}")
    return name


def _meant(table: Table) -> MeantFor:
    ages, sex = table.text("ages", longest=20), table.one_of("sex", ("", *SEXES), "")
    criteria = tuple(one.strip() for one in table.texts("criteria"))
    if told := wrong_criteria(criteria):
        table.wrong("criteria", told[:1].lower() + told[1:])
    try:
        return MeantFor(ages, *ages_of(ages), sex, criteria)
    except ValueError as error:
        table.wrong("ages", str(error))
        return MeantFor(ages, sex=sex, criteria=criteria)


def _roles(table: Table, key: str) -> tuple[str, ...]:
    roles = table.texts(key)
    for role in roles:
        if not ROLE.fullmatch(role):
            table.wrong(key, f"« {role} » n’est pas un rôle : écrivez par exemple physician, nurse ou cell.")
    return roles


def _delays(table: Table) -> Delays:
    table.only("confirm", "take_red", "take_orange")
    return Delays(
        confirm=table.whole("confirm", 15, highest=24 * 60),
        take_red=table.whole("take_red", 10, lowest=1, highest=24 * 60),
        take_orange=table.whole("take_orange", 240, lowest=1, highest=7 * 24 * 60),
    )


def _scores(text: str | None, known: Sequence[str], mistakes: Mistakes) -> tuple[Score, ...]:
    if text is None or (table := toml("scores.toml", text, mistakes)) is None:
        return ()
    table.only("score")
    scores = [_score(one, known) for one in table.tables("score")[:MOST_LINES]]
    seen: set[str] = set()
    for score in scores:
        if score.id in seen:
            mistakes.add(
                "scores.toml", score.line, f"le score « {score.id} » est écrit deux fois : renommez-en un."
            )
        seen.add(score.id)
    return tuple(scores)


def _score(table: Table, known: Sequence[str]) -> Score:
    table.only(
        *("id", "questionnaire", "title", "max", "formula", "expression", "missing", "part", "band"),
    )
    name = table.text("id", None)
    if name and not VARIABLE.fullmatch(name):
        table.wrong("id", f"l’id « {name} » s’écrit avec des lettres sans accent, des chiffres et -.")
    if name in ("resource", "context", "ucum"):
        table.wrong("id", f"l’id « {name} » est réservé par FHIRPath : choisissez-en un autre.")
    parts = tuple(_part(part) for part in table.tables("part")[:MOST_LINES])
    expression = table.text("expression", longest=4000)
    if bool(expression) == bool(parts):
        told = "les deux sont là" if parts else "aucun des deux n’est là"
        table.wrong("expression", f"écrivez « expression » ou des [[score.part]], jamais les deux ({told}).")
    return Score(
        id=name,
        questionnaire=_questionnaire(table, known),
        title=table.text("title", None, longest=200),
        maximum=table.number("max"),
        formula=table.whole("formula", 1, lowest=1),
        expression=expression,
        missing=table.one_of("missing", ("unknown", "zero"), "unknown"),
        parts=parts,
        bands=tuple(band for one in table.tables("band") if (band := _band(one)) is not None),
        line=table.line(),
        expression_line=table.line("expression"),
    )


def _part(table: Table) -> Part:
    table.only("label", "expression", "max")
    return Part(
        label=table.text("label", None, longest=300),
        expression=table.text("expression", None, longest=4000),
        maximum=table.number("max"),
        line=table.line("expression"),
    )


def _band(table: Table) -> Band | None:
    table.only("from", "to", "label", "colour")
    lowest, highest = table.number("from"), table.number("to")
    if lowest is None or highest is None or lowest > highest:
        table.wrong("from", "une tranche va de « from » à « to », le plus petit d’abord.")
        return None
    colour = table.one_of("colour", ("", "green", "orange", "red", "grey"), "")
    return Band(lowest, highest, table.text("label", None, longest=300), Colour(colour) if colour else None)


def _rules(
    text: str | None, forms: Mapping[str, Form], known: Sequence[str], mistakes: Mistakes
) -> tuple[Rule, ...]:
    if text is None:
        return ()
    rules: list[Rule] = []
    wrong = partial(mistakes.add, "rules.csv")
    for row in csv_rows("rules.csv", text, RULE_COLUMNS, mistakes)[:MOST_LINES]:
        rule = Rule(
            name=row["rule"],
            questionnaire=row["questionnaire"],
            item=row["item"],
            green=row["green"],
            orange=row["orange"],
            red=row["red"],
            remeasure=row["remeasure"] == "yes",
            why=row["why"] or row["rule"],
            line=row.line,
        )
        if not NAME.fullmatch(rule.name):
            wrong(row.line, f"colonne « rule » : « {rule.name} » s’écrit avec a-z, 0-9 et -.")
        if rule.name in {other.name for other in rules}:
            wrong(
                row.line, f"colonne « rule » : « {rule.name} » nomme déjà une autre ligne, renommez celle-ci."
            )
        if row["remeasure"] not in ("yes", "no", ""):
            wrong(row.line, "colonne « remeasure » : écrivez yes ou no.")
        if rule.questionnaire not in known:
            wrong(row.line, f"colonne « questionnaire » : il n’y a pas de questionnaires/{rule.questionnaire}.json : "
                  f"{near(rule.questionnaire, known)}")  # fmt: skip
        codes = codes_of(rule, forms)
        for colour, cell in rule.cells:
            try:
                cell_reading.parsed(cell, codes)
            except cell_reading.CellError as error:
                wrong(row.line, f"colonne « {colour.value} » : {error}")
        rules.append(rule)
    return tuple(rules)


def codes_of(rule: Rule, forms: Mapping[str, Form]) -> frozenset[str]:
    """What a word or a number of a cell may name: the options of the item."""
    form = forms.get(rule.questionnaire)
    return form.codes(rule.item) if form else frozenset()


def _schedule(
    text: str | None, known: Sequence[str], later: Sequence[str], mistakes: Mistakes
) -> tuple[Step, ...]:
    if text is None:
        return ()
    steps: list[Step] = []
    wrong = partial(mistakes.add, "schedule.csv")
    for row in csv_rows("schedule.csv", text, STEP_COLUMNS, mistakes, optional=MORE_COLUMNS)[:MOST_LINES]:
        step = Step(
            name=row["step"],
            questionnaire=row["questionnaire"],
            start=row["from"],
            end=row["to"],
            times=row["times"],
            remind=row["remind"],
            grey=row["grey"],
            orange=row["orange"],
            red=row["red"],
            role=row["role"] or "patient",
            every=row["every"],
            anchor=row["anchor"],
            until=row["until"],
            line=row.line,
        )
        if not step.name or step.name in {other.name for other in steps}:
            wrong(row.line, "colonne « step » : chaque ligne a un nom, différent des autres.")
        if step.questionnaire not in known:
            wrong(row.line, "colonne « questionnaire » : il n’y a pas de "
                  f"questionnaires/{step.questionnaire}.json : {near(step.questionnaire, known)}")  # fmt: skip
        if not ROLE.fullmatch(step.role):
            wrong(
                row.line,
                f"colonne « role » : « {step.role} » n’est pas un rôle, écrivez patient ou professional.",
            )
        for column, name in (("anchor", step.anchor), ("until", step.until)):
            if name and name not in later:
                told = near(name, later) if later else "ajoutez-la sous [anchor.later] dans pathway.toml."
                wrong(row.line, f"colonne « {column} » : la date « {name} » n’est pas connue : {told}")
        try:
            timing.planned(step)
        except timing.StepError as error:
            wrong(row.line, f"colonne « {error.column} » : {error}")
        steps.append(step)
    return tuple(steps)


def _texts(text: str, mistakes: Mistakes) -> dict[str, str]:
    table = toml("texts.toml", text, mistakes)
    if table is None:
        return {}
    table.only("patient")
    patient = table.table("patient")
    patient.only(*TEXTS)
    return {key: patient.text(key, longest=1000) for key in TEXTS if patient.values.get(key)}


def _examples(files: Mapping[str, str], known: Sequence[str], mistakes: Mistakes) -> tuple[Example, ...]:
    examples = []
    for name, text in sorted(files.items()):
        if not is_in(name, "examples", ".toml") or (table := toml(name, text, mistakes)) is None:
            continue
        table.only("questionnaire", "answers", "history", "baseline", "personal", "expect", "title")
        expect = table.table("expect")
        expect.only("colour", "rules", "scores", "problems", "to_confirm")
        examples.append(
            Example(
                name=PurePosixPath(name).stem,
                questionnaire=_questionnaire(table, known),
                answers=table.table("answers").values,
                history=tuple(_past(one) for one in table.tables("history")[:MOST_HISTORY]),
                baseline=table.table("baseline").values,
                personal=table.table("personal").values,
                expect=expect.values,
                line=expect.line(),
            )
        )
    return tuple(examples)


def _past(table: Table) -> PastExample:
    table.only("days_ago", "answers")
    days = table.number("days_ago")
    if days is None or not 0 <= days <= LONGEST_AGO:
        table.wrong("days_ago", "« days_ago » dit il y a combien de jours : un nombre, par exemple 1.")
        days = Decimal(0)
    return PastExample(days, table.table("answers").values)
