"""What is read of a resource, without a database: both generations of the French Core, each fault with its place, and
nothing that a sender may write raises anything but its Problem.
"""

import copy
import json
from base64 import b64encode
from collections import Counter
from random import Random

import pytest

from simulators.hospital.messages import Authority, Person
from simulators.partner.resources import Document, bundle, document_reference, patient
from terresante.interop.cda.tests import letters
from terresante.interop.fhir.bundles import read_bundle, read_one
from terresante.interop.fhir.outcome import Problem
from terresante.interop.fhir.patches import read_patch
from terresante.interop.fhir.persons import read_patient
from terresante.interop.fhir.schema import read_json
from terresante.interop.mapping import accepted_traits
from terresante.patients.enums import IdentityStatus
from terresante.patients.identity_rules import ins_key

INS = f"2500277379001{ins_key('2500277379001')}"
CLAIRE = Person(
    ipp="P1",
    birth_name="ESSAI",
    given="CLAIRE ANNE",
    birth_date="1950-02-03",
    sex="F",
    birth_place="77379",
    authority=Authority("CABINET", "1.2.250.1.999.1"),
    ins=INS,
    ins_oid="1.2.250.1.213.1.4.8",
)
PAPER = Document(person=CLAIRE, content=letters.PDF, identifier="1.2.250.1.999.7.1")


@pytest.mark.parametrize("former", [False, True], ids=["hl7.fr", "interopsante.org"])
@pytest.mark.parametrize(("status", "expected"), [("VALI", "QUAL"), ("PROV", "RECUP"), ("DOUT", "PROV")])
def test_a_patient_is_read_in_both_generations(former, status, expected):
    identity = read_patient(patient(CLAIRE, status=status, former=former), "Patient")
    traits = accepted_traits(identity, test_ins=False)

    assert (traits.birth_name, traits.birth_given_names, traits.sex) == ("ESSAI", "CLAIRE ANNE", "F")
    assert (str(traits.birth_date), traits.birth_place_code) == ("1950-02-03", "77379")
    assert traits.identity_status == IdentityStatus(expected)
    assert traits.ins == ("" if status == "DOUT" else INS)
    assert [(each.value, each.authority.key) for each in identity.ipps] == [("P1", "1.2.250.1.999.1")]


def test_a_year_alone_is_no_birth_date():
    identity = read_patient(patient(CLAIRE) | {"birthDate": "1950"}, "Patient")

    assert accepted_traits(identity, test_ins=False).birth_date is None


def without(resource, path):
    """The same, without what stands at this path."""
    found = copy.deepcopy(resource)
    *steps, last = path.split(".")
    inner = found
    for step in steps:
        inner = inner[step]
        inner = inner[0] if isinstance(inner, list) else inner
    del inner[last]
    return found


REQUIRED = (
    *(
        "masterIdentifier",
        "status",
        "type",
        "category",
        "subject",
        "date",
        "author",
        "custodian",
        "securityLabel",
    ),
    *("content.attachment.title", "content.attachment.creation", "content.format", "context.period"),
    *("context.facilityType", "context.practiceSetting", "context.sourcePatientInfo"),
)


@pytest.mark.parametrize("path", REQUIRED)
def test_what_the_profile_demands_is_named_where_it_is_missing(path):
    with pytest.raises(Problem) as refused:
        read_one(without(document_reference(PAPER), path))

    told = [issue.expression for issue in refused.value.issues]
    # Without its status or its content, a DocumentReference is no R4 at all.
    assert any(path.split(".")[-1] in expression for expression in told), told


def changed(**elements):
    return document_reference(PAPER) | elements


FAULTS = {
    "an element of no version": (changed(inventé=1), 400, "DocumentReference.inventé"),
    "a date of no calendar": (changed(date="2026-02-31T10:00:00Z"), 400, "DocumentReference.date"),
    "a number for a text": (changed(status=7), 400, "DocumentReference.status"),
    "a status of the past": (changed(status="superseded"), 422, "DocumentReference.status"),
    "a type of nowhere": (
        changed(type={"coding": [{"system": "http://loinc.org", "code": "0-0"}]}),
        422,
        "DocumentReference.type",
    ),
    "a label of nowhere": (
        changed(securityLabel=[{"coding": [{"code": "SECRET"}]}]),
        422,
        "DocumentReference.securityLabel",
    ),
    "another link": (
        changed(relatesTo=[{"code": "appends", "target": {"reference": "DocumentReference/1"}}]),
        422,
        "DocumentReference.relatesTo[0].code",
    ),
    "an author who is elsewhere": (
        changed(author=[{"reference": "Practitioner/1"}]),
        422,
        "DocumentReference.author[0]",
    ),
    "a subject who is another": (
        changed(
            subject={"reference": "#other"},
            contained=[
                *document_reference(PAPER)["contained"],
                patient(CLAIRE) | {"id": "other", "birthDate": "1951-01-01"},
            ],
        ),
        422,
        "DocumentReference.subject",
    ),
}


@pytest.mark.parametrize(("resource", "status", "where"), FAULTS.values(), ids=FAULTS)
def test_each_fault_says_where_it_is(resource, status, where):
    with pytest.raises(Problem) as refused:
        read_one(resource)

    assert (refused.value.status, refused.value.issues[0].expression) == (status, where)
    assert all(issue.sentence.endswith((".", "…")) for issue in refused.value.issues)


@pytest.mark.parametrize(
    ("attachment", "where"),
    [
        ({"size": 3}, "size"),
        ({"hash": b64encode(b"x" * 20).decode()}, "hash"),
        ({"data": "%%%"}, "data"),
        ({"contentType": "text/html"}, ""),
        ({"contentType": "text/xml"}, ""),
    ],
    ids=["size", "hash", "base64", "type", "no CDA"],
)
def test_bytes_are_what_they_are_said_to_be(attachment, where):
    resource = document_reference(PAPER)
    resource["content"][0]["attachment"] |= attachment

    with pytest.raises(Problem) as refused:
        read_one(resource)

    assert refused.value.status in (400, 422)
    assert where in refused.value.issues[0].expression


def entries(*changes):
    sent = bundle([PAPER], folder="1.2.250.1.999.8.9")
    for change in changes:
        change(sent["entry"])
    return sent


BUNDLES = {
    "without its set": (entries(lambda sent: sent.pop(0)), "Bundle.entry"),
    "with a set that forgets a document": (
        entries(lambda sent: sent[0]["resource"].update(entry=[])),
        "Bundle.entry[0].resource.entry",
    ),
    "with two entries of one name": (
        entries(lambda sent: sent[2].update(fullUrl=sent[1]["fullUrl"])),
        "Bundle.entry[2].fullUrl",
    ),
    "with bytes of nobody": (
        entries(lambda sent: sent.append(sent[2] | {"fullUrl": "urn:uuid:1"})),
        "Bundle.entry[4].resource",
    ),
    "without its bytes": (
        entries(lambda sent: sent.pop(2)),
        "Bundle.entry[1].resource.content[0].attachment.url",
    ),
    "with a deletion": (
        entries(lambda sent: sent[1]["request"].update(method="DELETE")),
        "Bundle.entry[1].request",
    ),
    "with an observation": (
        entries(lambda sent: sent[0].update(resource={"resourceType": "Observation"})),
        "Bundle.entry[0].resource",
    ),
    "with a list of nothing known": (
        entries(lambda sent: sent[3]["resource"].update(code={"coding": [{"code": "x"}]})),
        "Bundle.entry[3].resource.code",
    ),
    "without documents": (entries(lambda sent: sent.__delitem__(slice(1, 3))), "Bundle.entry"),
}


@pytest.mark.parametrize(("sent", "where"), BUNDLES.values(), ids=BUNDLES)
def test_a_bundle_that_is_not_right_says_where(sent, where):
    with pytest.raises(Problem) as refused:
        read_bundle(sent)

    assert refused.value.issues[0].expression == where


def test_a_reference_may_be_relative_to_the_address_of_its_entry():
    """R4, 2.36.4.1: `Patient/1` names the entry whose fullUrl ends so."""
    sent = bundle([PAPER])
    entries_ = sent["entry"]
    urls = {
        each["fullUrl"]: f"{each['resource']['resourceType']}/{number}"
        for number, each in enumerate(entries_)
    }
    told = json.dumps(sent)
    for url, name in urls.items():
        told = told.replace(url, name)
    relative = json.loads(told)
    for each in relative["entry"]:
        each["fullUrl"] = f"https://cabinet.example/fhir/{each['fullUrl']}"

    assert read_bundle(relative).documents == read_bundle(sent).documents


def damaged(raw, chance):
    """Bits, bytes and pieces of a body, as a wire or a bad program would damage them; or an element of its tree."""
    kind = chance.randrange(5)
    place = chance.randrange(len(raw))
    if kind == 0:
        return raw[:place] + bytes([raw[place] ^ (1 << chance.randrange(8))]) + raw[place + 1 :]
    if kind == 1:
        return raw[:place]
    if kind == 2:
        return raw[:place] + raw[place : place + 40] * 3 + raw[place:]
    tree = json.loads(raw)
    inner, steps = tree, chance.randrange(1, 7)
    for _ in range(steps):
        keys = list(inner) if isinstance(inner, dict) else range(len(inner))
        if not keys:
            break
        key = chance.choice(list(keys))
        if not isinstance(inner[key], dict | list) or _ == steps - 1:
            inner[key] = chance.choice(
                [None, [], {}, "", 7, "x" * 300, [None], [[[]]], {"a": [1]}, -1.5, True]
            )
            break
        inner = inner[key]
    return json.dumps(tree).encode()


def read_body(raw):
    """What the door makes of a body: a Bundle, or one resource."""
    resource = read_json(raw)
    kind = resource.get("resourceType")
    return read_one(resource) if kind in ("DocumentReference", "Patient", None) else read_bundle(resource)


def outcome_of(raw):
    try:
        read_body(raw)
    except Problem as refused:
        assert refused.issues[0].sentence
        return f"{refused.status} {refused.issues[0].code}"
    return "read"


def bodies(count, seed):
    chance = Random(seed)  # a reproducible damage
    raws = [json.dumps(bundle([PAPER])).encode(), json.dumps(document_reference(PAPER)).encode()]
    return [damaged(raws[number % 2], chance) for number in range(count)]


@pytest.mark.parametrize("odd", [None, "Dr", 3, {"a": 1}, [None], [["Dr"]]], ids=str)
@pytest.mark.parametrize("key", ["suffix", "given", "family"])
def test_a_name_of_another_shape_is_read_or_refused_with_a_sentence(key, odd):
    """A long run met the first of these: it was answered as a crash of ours."""
    body = document_reference(PAPER)
    (person,) = (each for each in body["contained"] if each["resourceType"] == "Practitioner")
    person["name"][0][key] = odd

    assert outcome_of(json.dumps(body).encode())


@pytest.mark.parametrize("count", [500, pytest.param(20_000, marks=pytest.mark.long)])
def test_nothing_that_is_sent_raises_anything_but_its_problem(request, record_property, count):
    """Every one of these is read, or refused with a sentence."""
    outcomes = Counter(outcome_of(raw) for raw in bodies(count, request.config.getoption("randomly_seed", 0)))
    record_property("damaged", f"{count} ressources : {dict(outcomes.most_common())}")

    assert 0 < outcomes["read"] < count - 100, outcomes


_IG = "https://interop.esante.gouv.fr/ig/fhir/pdsm/StructureDefinition"


def operation(path, value, *, kind="replace", **more):
    parts = [
        {"name": "type", "valueCode": kind},
        {"name": "path", "valueString": path},
        {"name": "value"} | value,
    ]
    return {"name": "operation", "part": [*parts, *({"name": n, "valueString": v} for n, v in more.items())]}


def parameters(*operations):
    return {"resourceType": "Parameters", "parameter": list(operations)}


def test_a_fhirpath_patch_is_read_as_a_json_patch():
    status = operation("DocumentReference.status", {"valueCode": "superseded"})
    url = {"name": "url", "valueUri": f"{_IG}/pdsm-ext-is-deleted"}
    deleted = {"part": [url, {"name": "valueBoolean", "valueBoolean": True}]}
    added = operation("DocumentReference", deleted, kind="add", name="extension")
    label = operation(
        "DocumentReference.securityLabel.coding.where(system='x').code", {"valueCode": "INVISIBLE_PATIENT"}
    )
    kept = operation(
        f"DocumentReference.extension.where(url='{_IG}/pdsm-ext-is-archived').value", {"valueBoolean": False}
    )

    assert read_patch(parameters(status, added)).is_withdrawn
    seen = read_patch(parameters(label, kept)).visibility
    assert seen is not None
    assert seen.is_hidden_from_patient
    for wrong, expected in (
        (parameters(status), 422),
        (parameters(), 400),
        ({"resourceType": "Patient"}, 400),
    ):
        with pytest.raises(Problem) as refused:
            read_patch(wrong)
        assert refused.value.status == expected
    with pytest.raises(Problem) as refused:
        read_patch(parameters(operation("DocumentReference.description", {"valueString": "x"})))
    assert refused.value.status == 405
