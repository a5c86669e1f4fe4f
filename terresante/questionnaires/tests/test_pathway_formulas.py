"""FHIRPath as scores use it, by the library and without it."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terresante.questionnaires.pathway import Answers, fhirpath, read
from terresante.questionnaires.tests.pathways import choice, number, questionnaire, small, yes_no

OPTIONS = {"0": ("Zéro", 0), "1": ("Un", 1), "deux": ("Deux", 2), "none": ("Rien", None)}
FORM = read(
    small(
        {
            "questionnaires/formule.json": questionnaire(
                yes_no("oui", "Oui ?"),
                number("poids", "Poids ?", "kg", 0, 300),
                number("age", "Âge ?", "ans", 0, 120, kind="integer"),
                choice("choix", "Choix ?", OPTIONS),
                choice("plusieurs", "Plusieurs ?", OPTIONS, repeats=True),
            )
        }
    )
).forms["formule"]

answers = st.fixed_dictionaries(
    {},
    optional={
        "oui": st.booleans(),
        "poids": st.decimals(min_value=0, max_value=300, places=1),
        "age": st.integers(0, 120),
        "choix": st.sampled_from(list(OPTIONS)),
        "plusieurs": st.lists(st.sampled_from(list(OPTIONS)), unique=True, min_size=1).map(tuple),
    },
)
names = st.sampled_from(["oui", "poids", "age", "choix", "plusieurs", "absent"])
path = st.builds(
    "{}.{}".format,
    st.one_of(
        names.map("item.where(linkId='{}')".format),
        names.map("repeat(item).where(linkId = '{}')".format),
        st.sampled_from(
            ["item.where(linkId.startsWith('p'))", "item.where(linkId in ('age' | 'oui'))", "item"]
        ),
        st.just("%resource.item"),
    ),
    st.sampled_from(
        [
            *(
                "answer.value",
                "answer.value.value",
                "answer.value.code",
                "answer.exists()",
                "answer.value.ordinal()",
            ),
            *(
                "answer.value.ordinal().sum()",
                "answer.value.code.toInteger()",
                "answer.value.code.toDecimal()",
            ),
            *(
                "answer.value.code.where($this != 'none').count()",
                "answer.value.exists().not()",
                "answer.empty()",
            ),
            *(
                "answer.count()",
                "answer.value.first()",
                "answer.value.sum()",
                "answer.value.code in ('0' | 'deux')",
            ),
        ]
    ),
)
leaf = st.one_of(
    path,
    path,
    st.sampled_from(["1", "2.5", "'deux'", "true", "false", "%connu", "%`vide-ici`", "-3", "0"]),
)
expressions = st.recursive(
    leaf,
    lambda inside: st.one_of(
        st.builds(
            "{} {} {}".format,
            inside,
            st.sampled_from(["+", "-", "*", "=", "!=", "<", ">", "<=", ">=", "and", "or"]),
            inside,
        ),
        st.builds("({})".format, inside),
        st.builds("iif({}, {}, {})".format, inside, inside, inside),
        st.builds("iif({}, {})".format, inside, inside),
        st.builds("({}).not()".format, inside),
    ),
    max_leaves=6,
)


def said(compute):
    try:
        return compute()
    except fhirpath.ExpressionError:
        return "fails"


@settings(max_examples=250, deadline=None)
@given(expression=expressions, given_=answers)
def test_the_two_ways_of_computing_agree(expression, given_):
    """Where the library gives a result, the formula gives the same; it may answer where the library stumbles."""
    compiled = fhirpath.compiled(expression)
    resource = fhirpath.resource_of(FORM, given_)
    variables = {"connu": Decimal("2.5"), "vide-ici": None}

    by_library = said(lambda: compiled.by_library(resource, variables))

    if by_library != "fails":
        assert compiled.evaluate(resource, variables) == by_library


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("1 + 2 * 3", Decimal(7)),
        ("(1 + 2) * 3 - -1", Decimal(10)),
        ("item.where(linkId='poids').answer.value.value / 2", Decimal("36.25")),
        ("item.where(linkId='poids').answer.value / 0", None),
        ("iif(item.where(linkId='age').answer.value >= 65, 1, 0)", Decimal(1)),
        ("iif(item.where(linkId='absent').answer.value, 2, 0)", Decimal(0)),
        ("item.where(linkId='plusieurs').answer.value.ordinal().sum()", Decimal(3)),
        ("item.where(linkId='choix').answer.value.code = 'deux' and true", True),
        ("%autre * 2", Decimal(8)),
        ("%avec-tiret + 1", Decimal(2)),
        ("item.where(linkId='choix').answer.value.code.upper()", "DEUX"),
        ("item.where(linkId='age').answer.value mod 10", Decimal(0)),
    ],
)
def test_an_expression_gives_its_value(expression, expected):
    given_: Answers = {"poids": Decimal("72.5"), "age": 70, "choix": "deux", "plusieurs": ("1", "deux")}
    resource = fhirpath.resource_of(FORM, given_)

    found = said(
        lambda: fhirpath.compiled(expression).evaluate(resource, {"autre": Decimal(4), "avec-tiret": 1})
    )

    assert found == expected or ("answer.value / 0" in expression and found == "fails")


def test_what_scores_say_needs_no_library():
    for expression in (
        "iif(item.where(linkId='a').answer.value, 2, 0)",
        "item.where(linkId='a').answer.value.code.toInteger()",
        "item.where(linkId='a').answer.value.code.where($this != 'none').count()",
        "iif(item.where(linkId='a').answer.value.code in ('x' | 'y'), -7.1, 0)",
        "%autre + item.where(linkId.startsWith('epds-')).answer.value.ordinal().sum()",
    ):
        assert fhirpath.compiled(expression).formula is not None, expression


def test_names_of_an_expression_are_found():
    compiled = fhirpath.compiled(
        "%a-b + item.where(linkId = 'x' or linkId in ('y' | 'z')).answer.count() + %resource.item.count()"
    )

    assert compiled.variables == ("a-b",)
    assert compiled.link_ids == ("x", "y", "z")
