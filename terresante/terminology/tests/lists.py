"""Small lists of our own, as their publishers write theirs."""

import json

_HEAD = '<?xml version="1.0" encoding="UTF-8"?><RetrieveValueSetResponse xmlns="urn:ihe:iti:svs:2008">'


def svs(*codes, name="JDV_J01-XdsAuthorSpecialty-CISIS", day="2026-01-15", oid="1.2.250.1.999.1", version=""):
    lines = "".join(
        f'<Concept code="{code}" codeSystem="1.2.250.1.999.4.5" displayName="{label}"/>'
        for code, label in codes
    )
    told = f' version="{version}"' if version else ""
    return (
        f'{_HEAD}<ValueSet id="{oid}" displayName="{name}"{told} revisionDate="{day}T00:00:00+01:00">'
        f"<ConceptList>{lines}</ConceptList></ValueSet></RetrieveValueSetResponse>"
    ).encode()


def code_system(*codes, name="TRE_Essai", version="1"):
    concepts = [{"code": code, "display": label} for code, label in codes]
    told = {
        "resourceType": "CodeSystem",
        "url": "https://exemple.invalid/TRE",
        "name": name,
        "version": version,
    }
    return json.dumps({**told, "concept": concepts, "date": "2026-02-01"}).encode()


def value_set(*codes, name="JDV_J08-XdsConfidentialityCode-CISIS", expanded=False):
    concepts = [{"code": code, "display": label} for code, label in codes]
    told = {"resourceType": "ValueSet", "url": "https://exemple.invalid/JDV", "name": name, "version": "2"}
    if expanded:
        return json.dumps(
            {**told, "expansion": {"contains": [{**one, "system": "urn:oid:1.2"} for one in concepts]}}
        ).encode()
    return json.dumps(
        {**told, "compose": {"include": [{"system": "urn:oid:1.2", "concept": concepts}]}}
    ).encode()
