"""Which codes of a document its published lists have not: said on its message, never a reason to lose it (P13)."""

from terresante.interop.cda.shown import codes_of
from terresante.interop.hl7v2.carried import Carried
from terresante.terminology.queries import judged


def unlisted(carried: Carried) -> list[str]:
    """As remarks of a message that name the list, never a value. Empty while no list is loaded."""
    codes = codes_of(carried.cda.header) if carried.cda else ()
    verdicts = judged([(one.known, one.code) for one in codes]) if codes else []
    return [
        f"code-not-listed {one.known.value}"[:60]
        for one, verdict in zip(codes, verdicts, strict=True)
        if not verdict.is_listed
    ]
