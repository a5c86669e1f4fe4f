"""FHIRPath (https://hl7.org/fhirpath/N1) on the answers to one form, compiled once, bounded.

The answers stand flat: `item.where(linkId='x').answer.value` finds a question whatever its group. A choice is a coding
(`answer.value.code`), a quantity has `value.value`, and `ordinal()` gives the points of a choice.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from functools import lru_cache
from typing import Any

import fhirpathpy
from antlr4 import CommonTokenStream, InputStream  # type: ignore[import-untyped]  # antlr4 ships no types
from antlr4.error.ErrorListener import ErrorListener  # type: ignore[import-untyped]  # antlr4 ships no types
from antlr4.tree.Tree import ParseTreeWalker  # type: ignore[import-untyped]  # antlr4 ships no types
from fhirpathpy.parser.ASTPathListener import ASTPathListener
from fhirpathpy.parser.generated.FHIRPathLexer import FHIRPathLexer
from fhirpathpy.parser.generated.FHIRPathParser import FHIRPathParser

from terresante.questionnaires.pathway import formulas, quick
from terresante.questionnaires.pathway.elements import ORDINAL
from terresante.questionnaires.pathway.model import Answers, AnswerValue, Form, Question

# Each costs at most the size of what it is given: none repeats, multiplies or matches a pattern; none reads a clock.
FUNCTIONS = frozenset(
    (
        *("where", "exists", "empty", "all", "select", "not", "count", "sum", "min", "max", "avg", "iif"),
        *("first", "last", "tail", "skip", "take", "single", "distinct", "allTrue", "anyTrue", "allFalse"),
        *("anyFalse", "toInteger", "toDecimal", "toString", "toBoolean", "abs", "ceiling", "floor", "round"),
        *("sqrt", "truncate", "startsWith", "endsWith", "contains", "length", "ordinal", "weight", "repeat"),
        *("ofType", "is", "as", "coalesce", "extension", "lower", "upper", "union", "intersect"),
        *(
            "power",
            "exp",
            "ln",
            "log",
            "substring",
            "indexOf",
            "trim",
            "convertsToInteger",
            "convertsToDecimal",
        ),
        *("convertsToBoolean", "convertsToString"),
    )
)
_ITERATES = ("where", "exists", "all", "select", "repeat")
LONGEST = 2000
MOST_WORDS = 400
DEEPEST = 60
MOST_NESTED = 3
LARGEST_NUMBER = 10**12
LARGEST_POWER = 100
_TEXT = re.compile(r"'(?:[^'\\]|\\.)*'")
_WORD = re.compile(r"\w+|[^\w\s]")
_CALL = re.compile(r"([A-Za-z_]\w*)\s*\(")
_VARIABLE = re.compile(r"%(?:`([^`]+)`|([A-Za-z_][\w-]*))")
_WITH_DASH = re.compile(r"%([A-Za-z_]\w*(?:-\w+)+)")
_LINK_ID = re.compile(r"linkId\s*(?:=|~)\s*'([^']*)'|'([^']*)'\s*(?:=|~)\s*linkId")
_LINK_IDS = re.compile(r"linkId\s+in\s*\(([^)]*)\)")
_STARTS = re.compile(r"linkId\s*\.\s*startsWith\s*\(\s*'([^']*)'\s*\)")
STANDARD_VARIABLES = ("resource", "context")


class ExpressionError(ValueError):
    """A French sentence: why the expression is refused, or cannot be evaluated on these answers."""


@dataclass(frozen=True, slots=True)
class Expression:
    text: str
    variables: tuple[str, ...]  # without % and without the standard ones
    link_ids: tuple[str, ...]
    prefixes: tuple[str, ...]
    spelt: str  # as the library reads it
    formula: formulas.Formula | None  # without the library, when the expression is simple enough

    def evaluate(
        self, resource: Mapping[str, Any], variables: Mapping[str, Any]
    ) -> Decimal | str | bool | None:
        """None when it is empty. Raises ExpressionError when it gives several values or fails."""
        if self.formula is not None:
            try:
                return _single(self.formula(resource["answers"], variables))
            except formulas.Beyond:
                pass
        return self.by_library(resource, variables)

    def by_library(
        self, resource: Mapping[str, Any], variables: Mapping[str, Any]
    ) -> Decimal | str | bool | None:
        tree = _parsed(self.spelt)
        try:
            found = fhirpathpy.apply_parsed_path(  # type: ignore[no-untyped-call]  # the library's own gap
                resource, tree, {**variables, "resource": resource}, None, _OPTIONS
            )
        except Exception as error:  # fhirpathpy raises bare Exception, KeyError, TypeError…
            raise ExpressionError(
                f"le calcul échoue ({str(error)[:120] or type(error).__name__})."
            ) from error
        return _single(found)


@lru_cache(maxsize=4096)
def compiled(text: str) -> Expression:
    """Raises ExpressionError."""
    bare = _TEXT.sub("''", text)
    _bounded(text, bare)
    # FHIRPath ends a name at a dash: `%a-b` would be `%a` minus b.
    spelt = _WITH_DASH.sub(lambda found: f"%`{found.group(1)}`", text)
    formula = quick.compiled(spelt, _points, _numbers)
    if formula is None:
        _parsed(spelt)
    variables = tuple(dict.fromkeys(quoted or plain for quoted, plain in _VARIABLE.findall(spelt)))
    return Expression(
        text=text,
        variables=tuple(name for name in variables if name not in STANDARD_VARIABLES),
        link_ids=_link_ids(text),
        prefixes=tuple(dict.fromkeys(_STARTS.findall(text))),
        spelt=spelt,
        formula=formula,
    )


def _link_ids(text: str) -> tuple[str, ...]:
    named = [one or other for one, other in _LINK_ID.findall(text)]
    for several in _LINK_IDS.findall(text):
        named += re.findall(r"'([^']*)'", several)
    return tuple(dict.fromkeys(named))


def _bounded(text: str, bare: str) -> None:
    if len(text) > LONGEST:
        raise ExpressionError(
            f"l’expression dépasse {LONGEST} signes : coupez-la en plusieurs [[score.part]]."
        )
    if len(_WORD.findall(bare)) > MOST_WORDS:
        raise ExpressionError(
            f"l’expression a plus de {MOST_WORDS} mots et signes : coupez-la en [[score.part]]."
        )
    for name in _CALL.findall(bare):
        if name not in FUNCTIONS and name not in (
            "and",
            "or",
            "in",
            "xor",
            "implies",
            "div",
            "mod",
            "contains",
        ):
            raise ExpressionError(f"la fonction « {name} » n’est pas admise dans un parcours.")
    if re.search(r"repeat\s*\((?!\s*item\s*\))", bare):
        raise ExpressionError("« repeat » n’est admis que sous la forme repeat(item).")
    depth = 0
    loops: list[int] = []
    for found in re.finditer(r"([A-Za-z_]\w*)?\s*\(|\)|%(?:resource|context)", bare):
        sign = found.group()
        if sign == ")":
            depth -= 1
            loops = [level for level in loops if level <= depth]
        elif sign.startswith("%"):
            if loops:
                raise ExpressionError(
                    "« %resource » n’est pas admis entre les parenthèses de where, select ou all."
                )
        else:
            depth += 1
            if found.group(1) in _ITERATES:
                loops.append(depth)
        if depth > DEEPEST or len(loops) > MOST_NESTED:
            raise ExpressionError("trop de parenthèses s’emboîtent : coupez l’expression.")


class _Refuses(ErrorListener):  # type: ignore[misc]  # its base has no types
    def syntaxError(
        self, recognizer: Any, symbol: Any, line: int, column: int, message: str, error: Any
    ) -> None:
        told = getattr(symbol, "text", None)
        where = "à la fin" if told in (None, "<EOF>") else f"près de « {told} »"
        raise ExpressionError(f"l’expression FHIRPath n’est pas comprise {where} (signe {column + 1}).")


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Any:
    """The library's own parser lets pass what follows an expression, and an expression cut short."""
    refuses = _Refuses()
    lexer = FHIRPathLexer(InputStream(text))
    lexer.removeErrorListeners()
    lexer.addErrorListener(refuses)
    parser = FHIRPathParser(CommonTokenStream(lexer))
    parser.removeErrorListeners()
    parser.addErrorListener(refuses)
    listener = ASTPathListener()  # type: ignore[no-untyped-call]  # fhirpathpy's parser is not annotated
    try:
        entire = parser.entireExpression()  # type: ignore[no-untyped-call]  # generated code
        ParseTreeWalker().walk(listener, entire.expression())
    except ExpressionError:
        raise
    except Exception as error:  # what antlr raises on what it does not expect
        raise ExpressionError("l’expression FHIRPath n’est pas comprise.") from error
    return listener.parentStack[0]


def _single(found: Any) -> Decimal | str | bool | None:
    values = [value for value in (found if isinstance(found, list) else [found]) if value is not None]
    if not values:
        return None
    if len(values) > 1:
        raise ExpressionError(
            f"le calcul donne {len(values)} valeurs au lieu d’une : ajoutez .sum() ou .first()."
        )
    value = values[0]
    if isinstance(value, Mapping) and isinstance(value.get("code"), str):
        return str(value["code"])
    if isinstance(value, Mapping) and "value" in value:
        value = value["value"]
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int | float | Decimal):
        number = Decimal(str(value))
        if not number.is_finite() or abs(number) > LARGEST_NUMBER:
            raise ExpressionError("le calcul donne un nombre démesuré.")
        return number
    raise ExpressionError("le calcul ne donne ni un nombre, ni un code, ni vrai ou faux.")


def resource_of(form: Form, answers: Answers) -> dict[str, Any]:
    """The answers as FHIRPath sees them: a QuestionnaireResponse whose groups are opened."""
    given = {
        question.link_id: _answers(question, answers[question.link_id])
        for question in form.questions
        if question.link_id in answers
    }
    return {
        "resourceType": "QuestionnaireResponse",
        "item": [{"linkId": link_id, "answer": several} for link_id, several in given.items()],
        # The same again, for formulas that do without the library.
        "answers": given,
    }


def _answers(question: Question, value: AnswerValue) -> list[dict[str, Any]]:
    values = value if isinstance(value, tuple) else (value,)
    return [_answer(question, one) for one in values]


def _answer(question: Question, value: AnswerValue) -> dict[str, Any]:
    """`value` stands beside value[x], so that both ways of writing it find it."""
    if isinstance(value, bool):
        return {"value": value, "valueBoolean": value}
    if question.is_choice and isinstance(value, str) and (option := question.option(value)) is not None:
        coding: dict[str, Any] = {"code": option.code, "display": option.label}
        if option.points is not None:
            coding["extension"] = [{"url": ORDINAL, "value": option.points, "valueDecimal": option.points}]
        return {"value": coding, "valueCoding": coding}
    if isinstance(value, int | Decimal):
        if question.kind == "quantity":
            quantity = {"value": value, "unit": question.unit}
            return {"value": quantity, "valueQuantity": quantity}
        name = "valueInteger" if question.kind == "integer" else "valueDecimal"
        return {"value": value, name: value}
    if isinstance(value, date | time):
        name = "valueDate" if isinstance(value, date) else "valueTime"
        return {"value": value.isoformat(), name: value.isoformat()}
    return {"value": value, "valueString": value}


def _points(inputs: Sequence[Any]) -> list[Decimal]:
    found = []
    for one in inputs:
        coding = one.get("value", one) if isinstance(one, Mapping) else None
        for extension in coding.get("extension", ()) if isinstance(coding, Mapping) else ():
            if extension.get("url") == ORDINAL:
                found.append(Decimal(extension["value"]))
    return found


def _numbers(inputs: Sequence[Any]) -> list[Any]:
    """A quantity is its value; the library's own `sum` fails on what comes from a resource."""
    return [one["value"] if isinstance(one, Mapping) and "value" in one else one for one in inputs]


def _average(inputs: Sequence[Any]) -> list[Any]:
    numbers = _numbers(inputs)
    return [sum(numbers) / Decimal(len(numbers))] if numbers else []


def _power(inputs: Sequence[Any], degree: Any) -> list[Any]:
    """Any degree, where the library knows whole ones alone: the formulas of kidneys have others."""
    numbers = _numbers(inputs)
    if not numbers or degree == []:
        return []
    [number] = numbers
    base, exponent = Decimal(str(number)), Decimal(str(degree))
    if abs(exponent) > LARGEST_POWER:
        raise ValueError("power")
    return [] if base < 0 and exponent != int(exponent) else [base**exponent]


_OPTIONS: dict[str, Any] = {
    "userInvocationTable": {
        "ordinal": {"fn": _points},
        "weight": {"fn": _points},
        "sum": {"fn": lambda inputs: [sum(_numbers(inputs))]},
        "min": {"fn": lambda inputs: [min(_numbers(inputs))] if inputs else []},
        "max": {"fn": lambda inputs: [max(_numbers(inputs))] if inputs else []},
        "avg": {"fn": _average},
        "power": {"fn": _power, "arity": {1: ["Number"]}, "nullable": True},
    }
}
