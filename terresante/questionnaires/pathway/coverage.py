"""What a line of the decision table does with every value its item can take."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from terresante.questionnaires.pathway import cell_reading, cells, wording
from terresante.questionnaires.pathway.model import Colour, Form, Question, Rule, Score

_NOTHING = cells.Around(within=lambda _days: [], other=lambda _item: None, baseline=None, personal={})


@dataclass(frozen=True, slots=True)
class Line:
    """One rule, its cells read, and the values of its item that decide: each code, or each side of each threshold."""

    rule: Rule
    alternatives: dict[Colour, tuple[cells.Alternative, ...]]
    values: tuple[cells.Value, ...]
    question: Question | None
    form: Form

    @property
    def work(self) -> int:
        return len(self.values) * sum(map(len, self.alternatives.values()))

    @property
    def is_simple(self) -> bool:
        return all(cells.is_simple(one) for several in self.alternatives.values() for one in several)

    def said(self, value: cells.Value) -> str:
        if value.codes:
            return f"« {value.codes[0]} »"
        return wording.number(value.number or Decimal(0))

    def colours(self, value: cells.Value) -> list[Colour]:
        """By the alternatives that the value alone decides, worst first."""
        return [
            colour
            for colour in (Colour.RED, Colour.ORANGE, Colour.GREEN)
            if any(
                cells.is_simple(one) and cells.fits(one, value, _NOTHING) for one in self.alternatives[colour]
            )
        ]

    def is_green(self, value: cells.Value) -> bool:
        colours = self.colours(value)
        return colours[0] is Colour.GREEN if colours else not self.rule.green.strip()

    def decided(self, value: cells.Value) -> Colour | None:
        """None when it is in no cell, or a personal threshold or earlier answers may decide otherwise."""
        colours = self.colours(value)
        return colours[0] if colours else None


def line(rule: Rule, form: Form, score: Score | None, codes: frozenset[str]) -> Line | None:
    """None when the cells are not readable."""
    try:
        alternatives = {colour: cell_reading.parsed(cell, codes) for colour, cell in rule.cells}
    except cell_reading.CellError:
        return None
    question = form.question(rule.item)
    every = [one for of_colour in alternatives.values() for one in of_colour]
    return Line(rule, alternatives, tuple(_values(every, question, score)), question, form)


def senseless(
    rule: Rule, form: Form, score: Score | None, codes: frozenset[str], personal: Mapping[str, Decimal]
) -> Iterator[tuple[str, str]]:
    """Thresholds of a person with which a colour of the line never comes: (name, what to do)."""
    general = line(rule, form, score, codes)
    if general is None:
        return
    alternatives = {colour: _of_person(several, personal) for colour, several in general.alternatives.items()}
    every = [one for several in alternatives.values() for one in several]
    own = replace(general, alternatives=alternatives, values=tuple(_values(every, general.question, score)))
    for colour, several in general.alternatives.items():
        for one in several:
            if isinstance(one, cells.Compare) and isinstance(one.number, cells.Personal):
                name = one.number.name
                if name in personal and (told := _in_vain(one.operator, personal[name], colour, own)):
                    yield name, told
    if any(map(general.is_green, general.values)) and not any(map(own.is_green, own.values)):
        told = "Avec ce seuil, aucune valeur ne serait verte : chaque réponse ferait une alerte. Écrivez-en un autre."
        yield from ((name, told) for name in rule.personal if name in personal)


def _in_vain(operator: str, threshold: Decimal, colour: Colour, line: Line) -> str:
    there = cells.Compare(operator, threshold)
    if _cannot(there, line):
        if line.question is not None and line.question.kind == "integer" and threshold != int(threshold):
            return "Cette mesure est un nombre entier : écrivez un seuil sans virgule."
        return f"Avec ce seuil, rien ne serait {colour.label}{_bounds(line)}. Écrivez-en un autre."
    above = _hidden_by(there, colour, line)
    if above is None:
        return ""
    already = ", ".join(
        wording.threshold(one, line.question, line.form)
        for one in line.alternatives[above]
        if cells.is_simple(one)
    )
    remedy = (
        "L’orange vient avant le rouge : corrigez l’un des deux."
        if colour is Colour.ORANGE
        else "Écrivez-en un autre."
    )
    return f"Avec ce seuil, rien ne serait {colour.label} : c’est déjà {above.label} ({already}). {remedy}"


def _of_person(
    alternatives: tuple[cells.Alternative, ...], personal: Mapping[str, Decimal]
) -> tuple[cells.Alternative, ...]:
    """What is in force of a cell: a threshold that is set, as a number, replaces those written beside it."""
    if not any(name in personal for name in cells.personal_of(alternatives)):
        return alternatives
    kept = [one for one in alternatives if not cells.is_simple(one)]
    return tuple(
        cells.Compare(one.operator, personal[one.number.name])
        if isinstance(one, cells.Compare)
        and isinstance(one.number, cells.Personal)
        and one.number.name in personal
        else one
        for one in kept
    )


def warnings(line: Line) -> Iterator[str]:
    yield from _never(line)
    yield from _twice(line)
    yield from _nowhere(line)


def _never(line: Line) -> Iterator[str]:
    if not line.rule.orange.strip() and not line.rule.red.strip() and not line.rule.green.strip():
        yield "cette ligne ne donne jamais orange ni rouge : remplissez une case, ou retirez-la."
    if not line.values:
        return
    for colour, alternatives in line.alternatives.items():
        for one in alternatives:
            if _cannot(one, line):
                bounds = _bounds(line)
                yield (
                    f"colonne « {colour.value} » : « {wording.threshold(one, line.question, _EMPTY)} » n’arrive "
                    f"jamais{bounds} : corrigez le seuil ou les bornes de la question."
                )
            elif (above := _hidden_by(one, colour, line)) is not None:
                yield (
                    f"colonne « {colour.value} » : « {wording.threshold(one, line.question, _EMPTY)} » ne donne "
                    f"jamais {colour.label} : ces valeurs sont déjà dans la colonne « {above.value} »."
                )


def _cannot(one: cells.Alternative, line: Line) -> bool:
    if cells.is_simple(one):
        return not any(cells.fits(one, value, _NOTHING) for value in line.values)
    if isinstance(one, cells.Counted):
        asks_for_some = one.operator == ">" or (one.operator in (">=", "=") and one.times > 0)
        return asks_for_some and not any(cells.fits(one.of, value, _NOTHING) for value in line.values)
    if not isinstance(one, cells.Moved | cells.Difference) or one.operator not in (">", ">="):
        return False
    against = line.question if isinstance(one, cells.Moved) else line.form.question(one.other)
    highest = line.question.highest if line.question is not None else None
    lowest = against.lowest if against is not None else None
    return highest is not None and lowest is not None and one.amount > highest - lowest


def _hidden_by(one: cells.Alternative, colour: Colour, line: Line) -> Colour | None:
    if not cells.is_simple(one):
        return None
    worst = {line.colours(value)[0] for value in line.values if cells.fits(one, value, _NOTHING)}
    return None if colour in worst or not worst else max(worst, key=lambda found: found.rank)


def _twice(line: Line) -> Iterator[str]:
    for value in line.values:
        colours = line.colours(value)
        if len(colours) > 1:
            names = " et ".join(colour.label for colour in colours)
            yield f"{line.said(value)} est à la fois {names} : la plus grave l’emporte, ôtez-le de l’autre case."
            return


def _nowhere(line: Line) -> Iterator[str]:
    if not line.rule.green.strip():
        return
    outside = [value for value in line.values if not line.colours(value)]
    if outside and not (line.question is None and not _has_domain(line)):
        told = ", ".join(line.said(value) for value in outside[:4]) + ("…" if len(outside) > 4 else "")
        yield f"{told} n’est dans aucune case : ce sera orange, « hors table ». Ajoutez-le à une case."


def contradiction(one: Line, other: Line) -> str:
    """A value that one line says green and the other red or orange, or ""."""
    for value in one.values + other.values:
        first, second = one.decided(value), other.decided(value)
        if Colour.GREEN in (first, second) and {first, second} & {Colour.RED, Colour.ORANGE}:
            worst = first if second is Colour.GREEN else second
            assert worst is not None  # noqa: S101  # one of two that are not None
            return (
                f"{one.said(value)} est vert sur une ligne et {worst.label} sur une autre "
                f"(« {one.rule.name} » et « {other.rule.name} ») : la plus grave l’emporte."
            )
    return _outdone(one, other) or _outdone(other, one)


def _outdone(one: Line, other: Line) -> str:
    """A colour that one line gives to nothing but what the other makes worse, or ""."""
    if not (one.is_simple and other.is_simple):
        return ""
    values = one.values + other.values
    for colour in (Colour.ORANGE, Colour.RED):
        given = [other.decided(value) for value in values if one.decided(value) is colour]
        if given and all(worse is not None and worse.rank > colour.rank for worse in given):
            return (
                f"« {one.rule.name} » ne donne jamais {colour.label} : la ligne « {other.rule.name} » est plus grave "
                "pour toutes ces valeurs. Gardez l’une des deux."
            )
    return ""


def _values(
    alternatives: list[cells.Alternative], question: Question | None, score: Score | None
) -> Iterator[cells.Value]:
    if question is not None and question.kind == "boolean":
        yield cells.Value(Decimal(1), ("true",))
        yield cells.Value(Decimal(0), ("false",))
    elif question is not None and question.is_choice:
        for option in question.options:
            number = option.points
            if number is None and option.code.isascii() and option.code.isdecimal():
                number = Decimal(option.code)
            yield cells.Value(number, (option.code,))
    elif (question is not None and question.is_number) or score is not None:
        yield from _numbers(alternatives, question, score)
    elif question is None:
        # An expression takes any value: those that its own cells name are looked at.
        yield from (cells.Value(None, (one.code,)) for one in alternatives if isinstance(one, cells.Code))
        yield from _numbers(alternatives, None, None)


def _numbers(
    alternatives: list[cells.Alternative], question: Question | None, score: Score | None
) -> Iterator[cells.Value]:
    """Each threshold and its two neighbours, within the bounds, on a grid as fine as what is written."""
    thresholds: list[Decimal] = []
    for one in alternatives:
        if isinstance(one, cells.Between):
            thresholds += [one.lowest, one.highest]
        elif isinstance(one, cells.Compare) and isinstance(one.number, Decimal):
            thresholds.append(one.number)
        elif isinstance(one, cells.Counted) and isinstance(one.of, cells.Compare):
            thresholds += [one.of.number] if isinstance(one.of.number, Decimal) else []
    if question is not None:
        lowest, highest = question.lowest, question.highest
        whole = question.kind == "integer"
    else:
        lowest, highest = (Decimal(0), most(score)) if score is not None else (None, None)
        whole = False
    exponents = [exponent for one in thresholds if isinstance(exponent := one.as_tuple().exponent, int)]
    step = Decimal(1) if whole else Decimal(1).scaleb(min([0, *exponents]))
    points = {near for one in thresholds for near in (one - step, one, one + step)}
    points |= {bound for bound in (lowest, highest) if bound is not None}
    if whole:
        points = {point for point in points if point == int(point)}
    for point in sorted(points):
        if (lowest is None or point >= lowest) and (highest is None or point <= highest):
            yield cells.Value(point)


def most(score: Score) -> Decimal | None:
    """What is written, or the sum of its parts."""
    if score.maximum is not None or not score.parts:
        return score.maximum
    known = [part.maximum for part in score.parts if part.maximum is not None]
    return sum(known, Decimal(0)) if len(known) == len(score.parts) else None


def _has_domain(line: Line) -> bool:
    return line.rule.item.startswith("score:")


def _bounds(line: Line) -> str:
    question = line.question
    if question is None or not question.is_number:
        return ""
    low, high = question.lowest, question.highest
    if low is None or high is None:
        return ""
    return f", la question accepte de {wording.number(low)} à {wording.with_unit(high, question.unit)}"


_EMPTY = Form("", "", "", (), {})
