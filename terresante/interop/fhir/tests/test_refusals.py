"""Every reason for which a resource that is sent is refused is given at least once, by damage or by a directed case."""

import json
from base64 import b64encode
from dataclasses import replace
from typing import Any

import pytest

from simulators.partner.resources import bundle, document_reference
from terresante.interop.cda.tests import letters
from terresante.interop.fhir import bundles, documents, people, persons, schema
from terresante.interop.fhir.tests.test_resources import (
    BUNDLES,
    CLAIRE,
    FAULTS,
    PAPER,
    bodies,
    changed,
    entries,
    outcome_of,
)
from terresante.interop.tests.branches import reasons, told, traced

READERS = (bundles, documents, schema, people, persons)
OTHER = replace(CLAIRE, birth_name="AUTRE", birth_date="1961-05-06", ipp="P2", ins="")
LETTER = replace(PAPER, content=letters.structured(), kind="text/xml", identifier="1.2.250.1.999.9.1")


def attached(**changes):
    """One document with its attachment changed; None takes an element away."""
    sent = document_reference(PAPER)
    found = sent["content"][0]["attachment"] | changes
    sent["content"][0]["attachment"] = {name: value for name, value in found.items() if value is not None}
    return sent


def person(**changes):
    sent = document_reference(PAPER)
    sent["contained"][0] |= changes
    return sent


def inside(number, **changes):
    """A Bundle, one of whose resources is changed."""
    return entries(lambda sent: sent[number]["resource"].update(**changes))


def linked(**target):
    return changed(relatesTo=[{"code": "replaces", "target": target}])


NAME = person()["contained"][0]["name"][0]
DIRECTED: tuple[Any, ...] = (
    {"resourceType": "Parameters"},
    {"resourceType": "Patient"},
    {"resourceType": "Bundle", "type": "transaction"},
    [],
    {},
    bundle([PAPER]) | {"entry": bundle([PAPER])["entry"] * 41},
    entries(lambda sent: sent.extend({**sent[2], "fullUrl": f"urn:uuid:{number}"} for number in range(90))),
    inside(2, contentType="text/xml"),
    inside(0, identifier=[]),
    inside(0, date=None),
    inside(0, entry=[{"item": {"reference": "https://elsewhere.example/1"}}]),
    bundle([PAPER, replace(PAPER, person=OTHER, identifier="1.2.250.1.999.7.2")]),
    changed(context=document_reference(PAPER)["context"] | {"sourcePatientInfo": {"reference": "Patient/1"}}),
    changed(content=document_reference(PAPER)["content"] * 2),
    {name: value for name, value in changed().items() if name != "custodian"},
    attached(data=None),
    attached(data="%%%"),
    attached(contentType="image/tiff"),
    attached(data=b64encode(b"no PDF").decode(), size=None, hash=None),
    attached(creation="2026-03"),
    document_reference(replace(LETTER, content=b"<a/>")),
    document_reference(replace(LETTER, identifier="1.2.3")),
    document_reference(replace(LETTER, type="11502-2")),
    document_reference(replace(LETTER, person=OTHER)),
    document_reference(
        replace(LETTER, person=letters.CLAIRE, content=letters.structured(confidentiality="X"))
    ),
    linked(reference=f"DocumentReference/{'-' * 36}"),
    linked(reference="https://elsewhere.example/1"),
    person(name=[{**NAME, "family": ""}]),
    person(name=[]),
    person(birthDate=None),
)
# What the schema has already refused: a date of no calendar, a resource on which its model breaks.
NEVER = {"wrong('Cette date n’existe pas.'", "wrong(_OTHERWISE"}


@pytest.mark.parametrize("count", [100, pytest.param(20_000, marks=pytest.mark.long)])
def test_each_reason_to_refuse_a_resource_is_given_at_least_once(count, record_property):
    directed = [json.dumps(each).encode() for each in DIRECTED]
    known = [json.dumps(each[0]).encode() for each in (*FAULTS.values(), *BUNDLES.values())]
    sent = [*directed, *known, *bodies(count, "branches")]
    lines = traced(READERS, outcome_of, sent)

    never = told(lines, reasons(READERS, ("wrong", "Problem")), record_property, f"{len(sent)} ressources")

    assert {said for said in never if not said.startswith(tuple(NEVER))} == set()
