"""The sheet that is given by hand with a link and a code."""

from collections.abc import Sequence
from string import ascii_lowercase
from typing import TypedDict

import segno
from django.conf import settings
from django.utils import timezone

from terresante.kernel.ui import wording
from terresante.patients.models import Patient
from terresante.questionnaires import pathway as engine
from terresante.questionnaires import queries as questionnaires
from terresante.telemonitoring.answering import sms
from terresante.telemonitoring.models import Cell, FollowUp
from terresante.telemonitoring.schedule import FILLED_AT_HOME


class Numbered(TypedDict):
    """A form as the sheet prints it: question 1 is the first."""

    title: str
    questions: list[str]


def sheet(patient: Patient, follow_up: FollowUp, *, url: str, code: str) -> dict[str, object]:
    """The sheet given by hand: how to answer, whom to call. Nothing says what the follow-up is about."""
    cell = follow_up.cell
    phone = f"Téléphone : {wording.phone(cell.phone)}" if cell.phone else ""
    return {
        "name": f"{patient.display_given_name} {patient.display_name}",
        "reference": f"Fiche du {timezone.localdate():%d/%m/%Y}",
        "foot": "Cette fiche est personnelle : gardez-la avec vous, ne la photographiez pas.",
        "steps": [
            "Scannez ce carré avec votre téléphone, ou ouvrez le lien reçu par SMS.",
            "Tapez votre code.",
            "Répondez aux questions. C’est fini.",
        ],
        "code": code,
        "url": url,
        "qr": segno.make(url, error="m", micro=False).svg_inline(border=0),
        "qr_alt": "Adresse des questions, à ouvrir avec un téléphone",
        "qr_said": "Votre lien",
        "urgent_title": "En cas d’urgence, appelez le 15 ou le 112.",
        "urgent": "N’attendez pas que l’on vous rappelle. Répondre aux questions n’appelle pas les secours.",
        "team_title": "Votre équipe",
        "team": [line for line in (f"{cell.name}, {cell.organization}", phone, *_hours(cell)) if line],
        "forms": by_message(questionnaires.pathway_of(follow_up.version_id)) if settings.SMS_SECRET else [],
    }


def by_message(pathway: engine.Pathway) -> list[Numbered]:
    """What may be answered by SMS, numbered as `sms.read` reads it: the messages themselves name no question."""
    names = dict.fromkeys(step.questionnaire for step in pathway.schedule if step.role in FILLED_AT_HOME)
    return [
        {"title": form.title, "questions": [_question(one) for one in sms.numbered(form)]}
        for form in (pathway.forms[name] for name in names)
    ]


def _question(question: engine.Question) -> str:
    """« Température (°C) », « Toussez-vous ? oui ou non », « Êtes-vous essoufflé ? a : non ; b : à l’effort »."""
    unit = f" ({question.unit})" if question.unit else ""
    choices = " ; ".join(
        f"{letter}\u00a0: {option.label}"
        for letter, option in zip(ascii_lowercase, question.options, strict=False)
    )
    said = choices or ("oui ou non" if question.kind == "boolean" else "")
    return f"{question.text}{unit}" + (f" {said}" if said else "")


def _hours(cell: Cell) -> list[str]:
    """« Lundi : 9 h à 17 h », one line for the days that are alike in a row."""
    lines: list[tuple[list[str], str]] = []
    for number, name in enumerate(wording.WEEKDAYS, start=1):
        spans = [" à ".join(_clock(at) for at in span) for span in cell.opening_hours.get(str(number), ())]
        said = " et ".join(spans)
        if lines and lines[-1][1] == said:
            lines[-1][0].append(name)
        else:
            lines.append(([name], said))
    return [f"{_days(names)} : {said}" for names, said in lines if said]


def _days(names: Sequence[str]) -> str:
    said = (
        names[0]
        if len(names) == 1
        else f"{names[0]} au {names[-1]}"
        if len(names) > 2
        else " et ".join(names)
    )
    return ("Du " if len(names) > 2 else "") + (said if len(names) > 2 else said.capitalize())


def _clock(at: str) -> str:
    hour, _, minute = at.partition(":")
    return f"{int(hour)}\u00a0h" + (f"\u00a0{minute}" if minute.strip("0") else "")
