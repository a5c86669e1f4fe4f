"""A CDA document for the page that shows it: the port of `documents.reading`."""

from collections.abc import Iterator
from dataclasses import dataclass

from cryptography import x509

from terresante.documents.reading import Discharge, HeaderCode, Passage, Reading
from terresante.interop.cda.body import content_of, paper_of, picture_of, read_cda, text_of
from terresante.interop.cda.discharge import discharge_of
from terresante.interop.cda.model import COPY_SECTION, CdaDocument, Header, Section
from terresante.interop.cda.narrative import rendered, written_out
from terresante.interop.cda.parsing import NotCda
from terresante.interop.cda.signature import Signature, Verdict, signature_of
from terresante.interop.cda.trust import Trust
from terresante.kernel.errors import Invalid, NotFound
from terresante.kernel.files.pictures import scan_as_pdf
from terresante.kernel.ui.wording import long_date
from terresante.terminology.enums import KnownSet

_UNREADABLE = "Ce document ne peut plus être lu ici : téléchargez l’original."
_DEEPEST = 3
_VERDICTS = {
    Verdict.INTACT: "intègre depuis sa signature ; l’autorité du certificat n’est pas vérifiée ici",
    Verdict.CHANGED: "signature invalide, le document ou sa signature a changé depuis ; appelez son émetteur",
    Verdict.ELSEWHERE: "signature qui ne porte pas sur ce document ; appelez son émetteur",
    Verdict.UNCHECKED: "signature non vérifiée ici",
}
# Of what is intact, where authorities are believed.
_STANDINGS = {
    Trust.UNKNOWN: "intègre depuis sa signature ; son certificat ne vient d’aucune autorité reconnue ici",
    Trust.OUT_OF_TIME: (
        "intègre depuis sa signature ; son certificat n’était pas valide le {at}, date que dit la signature"
    ),
}


@dataclass(frozen=True, slots=True)
class CdaReader:
    """Checked once at the door; read again each time, as the reader is now. `authorities` are those whose certificates
    are believed; without any, a signature is said to be intact, never whose it is.
    """

    authorities: tuple[x509.Certificate, ...] = ()

    def read(self, content: bytes) -> Reading:
        document = _read(content)
        return Reading(
            passages=(*_passages(document.body.sections, 1), *_whole_text(document)),
            facts=tuple(_facts(document.header)),
            codes=codes_of(document.header),
            has_paper=(paper_of(document.body) or picture_of(document.body)) is not None,
            signature=_signature(document, content, self.authorities),
        )

    def discharge(self, content: bytes) -> Discharge:
        document = _read(content)
        return discharge_of(document, tuple(_facts(document.header)))

    def paper(self, content: bytes) -> bytes:
        """The PDF itself; of an image, its pages."""
        body = _read(content).body
        paper, picture = paper_of(body), picture_of(body)
        if paper is not None:
            return content_of(paper)
        if picture is None:
            raise NotFound
        try:
            return scan_as_pdf(content_of(picture))
        except Invalid as damaged:
            raise NotFound(_UNREADABLE) from damaged


def codes_of(header: Header) -> tuple[HeaderCode, ...]:
    """Of the header, those that the CI-SIS takes from a published list."""
    said = [(KnownSet.TYPE, header.type.code, "")]
    said += [(KnownSet.SPECIALTY, one.role.code, one.role.label) for one in header.authors[:1]]
    if header.encounter is not None:
        facility = header.encounter.facility
        said.append((KnownSet.FACILITY, facility.code, facility.label))
    said += [(KnownSet.CONFIDENTIALITY, code, "") for code in header.confidentiality]
    return tuple(HeaderCode(*one) for one in said if one[1])


def _signature(document: CdaDocument, content: bytes, authorities: tuple[x509.Certificate, ...]) -> str:
    found = signature_of(document, content, authorities=authorities)
    if found is None:
        return ""
    if found.standing.trust is Trust.TRUSTED:
        return _vouched_for(found)
    by = f"Signé par {found.signer}" if found.signer else "Signé"
    verdict = _STANDINGS.get(found.standing.trust, _VERDICTS[found.verdict])
    return f"{by} : {verdict.format(at=long_date(found.at) if found.at else '')}"


def _vouched_for(found: Signature) -> str:
    """« Signature vérifiée, signataire Anne ESSAI : … »"""
    by = ", sous l’autorité de ".join(f"« {name} »" for name in found.standing.chain)
    return (
        f"Signature vérifiée, signataire {found.signer or 'sans nom'} : certificat délivré par {by}, valide le "
        f"{long_date(found.at) if found.at else ''}, date que dit la signature ; sa révocation n’est pas cherchée ici"
    )


def _read(content: bytes) -> CdaDocument:
    try:
        return read_cda(content)
    except NotCda as flaw:
        raise NotFound(_UNREADABLE) from flaw


def _passages(sections: tuple[Section, ...], depth: int) -> Iterator[Passage]:
    """The copy of the paper is shown as a paper; a section without a word is a heading of those inside it."""
    for section in sections:
        if section.code.code == COPY_SECTION:
            continue
        inside = list(_passages(section.sections, min(depth + 1, _DEEPEST)))
        html = rendered(section.narrative)
        if html or inside:
            yield Passage(section.title or section.code.label or "Section sans titre", html, depth)
        yield from inside


def _whole_text(document: CdaDocument) -> Iterator[Passage]:
    """Of a document that is text, as its lines stand; a base64 that was damaged since shows nothing."""
    try:
        text = text_of(document.body)
    except NotCda:
        return
    if text.strip():
        yield Passage("Texte du document", written_out(text))


def _facts(header: Header) -> Iterator[tuple[str, str]]:
    others = [each.signature for each in header.authors[1:] if each.signature]
    if others:
        yield "Autres auteurs", " ; ".join(others)
    validator = header.authenticator
    if validator is not None and validator.signature:
        at = f", le {long_date(validator.at)}" if validator.at else ""
        yield "Validé par", f"{validator.signature}{at}"
    named = [each.signature for each in header.recipients if each.signature]
    if named:
        yield "Adressé à", " ; ".join(named)
    stay = header.encounter
    if stay is not None and stay.period.start is not None:
        until = f" au {long_date(stay.period.end)}" if stay.period.end else ""
        yield "Prise en charge", f"du {long_date(stay.period.start)}{until}"
    written_at = {each.organization for each in header.authors}
    if header.custodian is not None and header.custodian.organization not in {"", *written_at}:
        yield "Conservé par", header.custodian.organization
