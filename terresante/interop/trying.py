"""What the door would answer to a message, and what would be made of it: nothing is stored, nobody is looked for."""

from dataclasses import dataclass

from django.utils import timezone

from terresante.documents.enums import DocumentType
from terresante.interop.hl7v2.adt import read_adt
from terresante.interop.hl7v2.adt_model import AdtMessage, Oddity
from terresante.interop.hl7v2.carried import Act, Carried, read_carried
from terresante.interop.hl7v2.examination import acknowledges, carries_document
from terresante.interop.hl7v2.grammar import Refusal
from terresante.interop.hl7v2.orders import Discrete
from terresante.interop.hl7v2.triggers import EVENT_LABELS
from terresante.interop.hl7v2.zam import asks_reception
from terresante.interop.mapping import reported_movement
from terresante.interop.mllp.intake import Outcome, Received, answer, received
from terresante.interop.mllp.store import refusal_of
from terresante.interop.models import SenderSystem
from terresante.kernel.ids import new_id
from terresante.kernel.ui.wording import count, exact
from terresante.patients.models import IdentityDomain

_NOT_LOOKED_FOR = (
    "La personne serait cherchée par ses numéros, puis par ses traits : l’essai ne la cherche pas."
)
_ACTS = {
    Act.NEW: "Un document serait classé",
    Act.REPLACE: "Un document serait classé à la place d’un autre",
    Act.DELETE: "Un document serait retiré",
}


@dataclass(frozen=True, slots=True)
class Trial:
    """`code` is that of the acknowledgement, `answer` its text, `would` what would be done, in sentences."""

    code: str
    answer: str
    event: str
    refusal: Refusal | None
    would: tuple[str, ...] = ()
    remarks: tuple[Oddity, ...] = ()


def try_message(sender: SenderSystem, text: str) -> Trial:
    """Through the very functions of the door (`mllp.intake`, `mllp.store`)."""
    item = received(str(sender.pk), text.encode())
    refusal = refusal_of(sender, item)
    welcomed = _welcomed(sender, item) if refusal is not None else ""
    if welcomed:
        refusal = None
    told = answer(item, Outcome(refusal)).decode(item.envelope.codec, "replace")
    trial = Trial(
        code=told.split("\r")[1].split(item.envelope.separators.field)[1],
        answer=told.replace("\r", "\n"),
        event=EVENT_LABELS.get(item.envelope.trigger, ""),
        refusal=refusal,
    )
    if refusal is not None or item.message is None:
        return trial
    would, remarks = _consequences(item, sender)
    return Trial(
        trial.code, trial.answer, trial.event, None, (*([welcomed] if welcomed else []), *would), remarks
    )


def _welcomed(sender: SenderSystem, item: Received) -> str:
    """An authority that nobody has becomes the sender's with its first message."""
    if item.refusal is not None:
        return ""
    authority = next((key.authority for key in item.envelope.identity_keys if key.authority), "")
    if not authority or IdentityDomain.objects.filter(authority=authority).exists():
        return ""
    is_declared = not sender.triggers or item.envelope.trigger in sender.triggers
    return f"L’autorité {authority} deviendrait celle de cet établissement." if is_declared else ""


def _consequences(item: Received, sender: SenderSystem) -> tuple[tuple[str, ...], tuple[Oddity, ...]]:
    message = item.message
    if message is None or acknowledges(message):
        return ("Un accusé métier est compté ; il n’a pas d’autre effet.",), ()
    if carries_document(message):
        carried = read_carried(message)
        if isinstance(carried, Refusal):
            return (), ()
        asked = asks_reception(message)
        return (*_of_document(carried), *(_of_return(sender) if asked else ())), carried.warnings
    adt = read_adt(message)
    return _of_event(adt), adt.warnings


def _of_event(adt: AdtMessage) -> tuple[str, ...]:
    if not adt.trigger.is_used:
        return ("Cet événement est sans effet sur la coordination.",)
    moved = reported_movement(adt, message_id=new_id(), received_at=timezone.now())
    if moved is None:
        return ("L’identité serait complétée, sans ouvrir de dossier.", _NOT_LOOKED_FOR)
    kind = moved.kind.label if moved.kind else "le mouvement nommé par ZBE-1"
    unit = " ".join(part for part in (moved.unit_code, moved.unit_name) if part)
    place = f", unité {unit}" if unit else ""
    return (
        f"Mouvement « {kind} » ({moved.action.label.lower()}) de la venue {moved.visit_number}{place},"
        f" survenu {exact(moved.occurred_at)}.",
        _NOT_LOOKED_FOR,
    )


def _of_document(carried: Carried) -> tuple[str, ...]:
    if carried.discrete and not carried.content:
        return (*map(_of_order, carried.discrete), _NOT_LOOKED_FOR)
    kind = DocumentType(carried.type_code).label
    form = f"CDA de niveau {carried.cda.body.level}" if carried.cda else "PDF"
    seen = carried.visibility
    limits = [
        words
        for words, asked in (
            ("masqué aux professionnels hors du cercle de sa source", seen.is_masked),
            ("caché au patient", seen.is_hidden_from_patient),
            ("caché aux représentants légaux", seen.is_hidden_from_representatives),
        )
        if asked
    ]
    said = f"{_ACTS[carried.act]} : {kind} ({form})" + (f", {', '.join(limits)}" if limits else "")
    return (f"{said}.", _NOT_LOOKED_FOR)


def _of_order(order: Discrete) -> str:
    if not order.report.results:
        return f"Ce qui est déjà classé sous le numéro {order.name} serait retiré, en tout ou en partie."
    told = count(len(order.report.results), "résultat", "résultats")
    return f"Un compte rendu de biologie serait classé : numéro {order.name}, {told}."


def _of_return(sender: SenderSystem) -> tuple[str, ...]:
    if sender.return_host:
        return (f"Un accusé métier partirait vers {sender.return_host}:{sender.return_port}.",)
    return ("Il demande un accusé métier : sans adresse de retour, aucun ne part.",)
