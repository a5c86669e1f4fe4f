"""Small lists of codes of our own, in the form that the ANS publishes: enough for the screens to speak French."""

from xml.sax.saxutils import quoteattr

from terresante.documents.enums import DocumentType
from terresante.kernel.actor import Actor
from terresante.terminology.actions import load_set

_NAMES = "urn:ihe:iti:svs:2008"
_SPECIALTIES = {
    "G15_10/SM03": "Médecin, biologie médicale",
    "G15_10/SM04": "Médecin, cardiologie et maladies vasculaires",
    "G15_10/SM08": "Médecin, chirurgie orthopédique et traumatologie",
    "G15_10/SM26": "Médecin, médecine générale",
    "G15_60": "Infirmier",
    # Emergency medicine is left out: the page of its report shows what a code outside its list looks like.
}
_FACILITIES = {
    "SA01": "Hôpital public",
    "SA07": "Cabinet individuel",
    "SA08": "Cabinet de groupe",
    "SA25": "Laboratoire",
}
_CONFIDENTIALITIES = {"N": "Normal", "R": "Restreint", "V": "Très restreint"}
# Name of the list, number of ours, code system, codes.
_LISTS: tuple[tuple[str, int, str, dict[str, str]], ...] = (
    ("JDV_J07-XdsTypeCode-CISIS", 7, "2.16.840.1.113883.6.1", {one.value: one.label for one in DocumentType}),
    ("JDV_J01-XdsAuthorSpecialty-CISIS", 1, "1.2.250.1.213.1.1.4.5", _SPECIALTIES),
    ("JDV_J02-XdsHealthcareFacilityTypeCode-CISIS", 2, "1.2.250.1.71.4.2.4", _FACILITIES),
    ("JDV_J08-XdsConfidentialityCode-CISIS", 8, "2.16.840.1.113883.5.25", _CONFIDENTIALITIES),
)


def load_lists(job: Actor) -> None:
    for name, number, system, codes in _LISTS:
        load_set(job, content=_written(name, number, system, codes), file_name=f"{name}-demonstration.xml")


def _written(name: str, number: int, system: str, codes: dict[str, str]) -> bytes:
    concepts = "".join(
        f"<Concept code={quoteattr(code)} codeSystem={quoteattr(system)} displayName={quoteattr(label)}/>"
        for code, label in codes.items()
    )
    told = f'id="2.999.95.{number}" displayName={quoteattr(name)} version="démonstration"'
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><RetrieveValueSetResponse xmlns="{_NAMES}"><ValueSet {told}'
        f' revisionDate="2026-01-15T00:00:00+01:00"><ConceptList>{concepts}</ConceptList></ValueSet>'
        "</RetrieveValueSetResponse>"
    ).encode()
