import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from terresante.kernel.ui.forms import CorrectedForm
from terresante.questionnaires import archive, draft
from terresante.questionnaires import pathway as engine

# What is shown empty under a table, to write lines more without JavaScript.
_SPARE = 3
_LABELS = {
    "rule": "Règle",
    "questionnaire": "Formulaire",
    "item": "Question",
    "green": "Vert",
    "orange": "Orange",
    "red": "Rouge",
    "remeasure": "Confirmer",
    "why": "Pourquoi",
    "step": "Étape",
    "from": "Du",
    "to": "Au",
    "times": "Heures",
    "remind": "Relance",
    "grey": "Gris",
    "role": "Qui",
}
TEXT_LABELS = {
    "red": "Réponse rouge",
    "orange": "Réponse orange",
    "green": "Réponse verte",
    "before": "Avant de répondre",
    "closed": "En dehors des heures de l’équipe",
}


class BringForm(CorrectedForm):
    file = forms.FileField(
        label="Fichier",
        help_text="Le dossier du parcours en zip, ou un Bundle FHIR (JSON). 1 Mo au plus.",
        error_messages={
            "required": "Choisissez un fichier.",
            "empty": "Ce fichier est vide : choisissez-en un autre.",
        },
        widget=forms.FileInput(attrs={"accept": ".zip,.json,application/zip,application/json"}),
    )

    def clean_file(self) -> bytes:
        sent: UploadedFile[bytes] = self.cleaned_data["file"]
        content: bytes = sent.read(archive.MOST_BYTES + 1)
        if len(content) > archive.MOST_BYTES:
            raise forms.ValidationError("Ce fichier dépasse 1 Mo : un parcours est bien plus petit.")
        return content


class CopyForm(CorrectedForm):
    title = forms.CharField(
        label="Titre", max_length=200, error_messages={"required": "Donnez un titre au nouveau parcours."}
    )
    code = forms.CharField(
        label="Code",
        max_length=40,
        help_text="Des lettres minuscules, des chiffres et des tirets : chikungunya, covid-enfant…",
        error_messages={"required": "Donnez un code au nouveau parcours."},
    )

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        if not re.fullmatch(r"[a-z0-9-]{1,40}", code):
            raise forms.ValidationError(
                "Le code ne compte que des lettres minuscules, des chiffres et des tirets."
            )
        return code


class PublishForm(CorrectedForm):
    note = forms.CharField(
        label="Ce qui change",
        max_length=500,
        help_text="Une phrase, pour ceux qui liront l’historique du parcours.",
        error_messages={"required": "Dites en une phrase ce qui change."},
    )


class TableEditor:
    """A table of a draft as fields: `row-<number>-<column>`."""

    def __init__(self, files: Mapping[str, str], name: str, sent: Mapping[str, Any] | None) -> None:
        self.name, self.columns = name, draft.COLUMNS[name]
        # Of what is kept: words beside what was just typed, and refused, would be of something else.
        self.words = engine.rules_in_words(files) if name == draft.RULES and sent is None else {}
        self.labels = [_LABELS[column] for column in self.columns]
        known = self._sent(sent) if sent is not None else draft.rows(files, name)
        self.lines = [*known, *(dict.fromkeys(self.columns, "") for _ in range(_SPARE))]

    def _sent(self, sent: Mapping[str, Any]) -> list[dict[str, str]]:
        numbers = sorted({int(found[1]) for key in sent if (found := re.match(r"row-(\d{1,3})-", key))})
        lines = [
            {column: str(sent.get(f"row-{number}-{column}", "")).strip()[:500] for column in self.columns}
            for number in numbers
        ]
        return [line for line in lines if any(line.values())]

    @property
    def rows(self) -> list[tuple[int, list[tuple[str, str, str, str, str]]]]:
        """(number, [(column, label, name of its field, value, what it says in words)])"""
        return [
            (
                number + 1,
                [
                    (one, _LABELS[one], f"row-{number}-{one}", line[one], self._words(line, one))
                    for one in self.columns
                ],
            )
            for number, line in enumerate(self.lines)
        ]

    def _words(self, line: Mapping[str, str], column: str) -> str:
        said = self.words.get(line[self.columns[0]])
        if said is None:
            return ""
        if column == "item":
            return said.asked
        return str(getattr(said, column)) if column in said.coded else ""

    def files(self, before: Mapping[str, str]) -> dict[str, str]:
        return draft.with_rows(before, self.name, self.lines)


class QuestionsEditor:
    """Words and bounds of the questions of a draft: `<form>:<linkId>:<field>`."""

    FIELDS = ("text", "help", "lowest", "highest", "required", "removed")
    TYPES = draft.NEW_TYPES

    def __init__(self, files: Mapping[str, str]) -> None:
        self.forms = draft.questions(files)
        self.titles = draft.titles(files)

    @property
    def shown(self) -> list[tuple[str, str, list[draft.AskedQuestion]]]:
        """(form, title, questions)"""
        return [(form, self.titles.get(form) or form, asked) for form, asked in self.forms.items()]

    def files(self, before: Mapping[str, str], sent: Mapping[str, Any]) -> dict[str, str]:
        """Raises `archive.Unreadable`. A question that was not on the page is left as it is."""
        asked = [one for several in self.forms.values() for one in several if f"{one.key}:text" in sent]
        files = draft.with_questions(before, {one.key: self._edit(one, sent) for one in asked})
        for form in self.forms:
            if text := str(sent.get(f"{form}:+:text", "")).strip()[:1000]:
                files = draft.with_new_question(files, form, self._new(form, text, sent))
        return files

    def _edit(self, one: draft.AskedQuestion, sent: Mapping[str, Any]) -> dict[str, Any]:
        labels = {code: str(sent.get(f"{one.key}:option:{code}", ""))[:300] for code, _ in one.options}
        return {
            **{name: str(sent.get(f"{one.key}:{name}", ""))[:1000] for name in self.FIELDS},
            "options": labels,
        }

    def _new(self, form: str, text: str, sent: Mapping[str, Any]) -> draft.NewQuestion:
        def said(name: str) -> str:
            return str(sent.get(f"{form}:+:{name}", ""))[:5000]

        return draft.NewQuestion(text, said("type"), tuple(said("choices").splitlines()), said("unit")[:20])


class TextsEditor:
    """What the patient is told: `text-<key>`."""

    def __init__(self, files: Mapping[str, str], sent: Mapping[str, Any] | None) -> None:
        known = draft.texts(files)
        keys = [*TEXT_LABELS, *(key for key in known if key not in TEXT_LABELS)]
        self.said = {
            key: str(sent.get(f"text-{key}", ""))[:1000] if sent is not None else known.get(key, "")
            for key in keys
        }

    @property
    def fields(self) -> list[tuple[str, str, str]]:
        return [(f"text-{key}", TEXT_LABELS.get(key, key), text) for key, text in self.said.items()]

    def files(self, before: Mapping[str, str]) -> dict[str, str]:
        return draft.with_texts(before, self.said)
