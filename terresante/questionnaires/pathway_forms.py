import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from terresante.questionnaires import archive, draft
from terresante.questionnaires import pathway as engine

# What is shown empty under a table, to write lines more without JavaScript.
_SPARE = 2
_LABELS = {
    "rule": "Règle",
    "questionnaire": "Formulaire",
    "item": "Question",
    "green": "Vert",
    "orange": "Orange",
    "red": "Rouge",
    "remeasure": "Mesurer à nouveau un rouge",
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


# Of a question that is added.
_OF_NEW = ("text", "type", "choices", "unit")
NOTHING: Mapping[str, str] = MappingProxyType({})


class BringForm(forms.Form):
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


class CopyForm(forms.Form):
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


class PublishForm(forms.Form):
    note = forms.CharField(
        label="Ce qui change",
        max_length=500,
        help_text="Une phrase, pour ceux qui liront l’historique du parcours.",
        error_messages={"required": "Dites en une phrase ce qui change."},
    )


@dataclass(frozen=True, slots=True)
class EditedField:
    """One field of an editor, named as it is sent; `wrong`: the sentence beside it."""

    name: str
    label: str
    value: str
    wrong: str = ""
    # What helps to fill it: the words of a code, its unit.
    words: str = ""


class TableEditor:
    """A table of a draft as fields: `row-<number>-<column>`."""

    def __init__(
        self,
        files: Mapping[str, str],
        name: str,
        sent: Mapping[str, Any] | None,
        wrong: Mapping[str, str] = NOTHING,
    ) -> None:
        self.name, self.columns, self.wrong = name, draft.COLUMNS[name], wrong
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
    def rows(self) -> list[tuple[int, list[tuple[str, str, EditedField]]]]:
        """(number, [(column, its heading, field)])"""
        return [
            (number + 1, [(one, _LABELS[one], self._field(number, line, one)) for one in self.columns])
            for number, line in enumerate(self.lines)
        ]

    def _field(self, number: int, line: Mapping[str, str], column: str) -> EditedField:
        name = f"row-{number}-{column}"
        label = f"{_LABELS[column]}, ligne {number + 1}"
        return EditedField(name, label, line[column], self.wrong.get(name, ""), self._words(line, column))

    def _words(self, line: Mapping[str, str], column: str) -> str:
        said = self.words.get(line[self.columns[0]])
        if said is None:
            return ""
        if column == "item":
            return said.asked
        return str(getattr(said, column)) if column in said.coded else ""

    def files(self, before: Mapping[str, str]) -> dict[str, str]:
        return draft.with_rows(before, self.name, self.lines)


@dataclass(frozen=True, slots=True)
class EditedQuestion:
    """A question with its fields; `bounds` of a measure, `options` of a choice."""

    key: str
    link_id: str
    words: tuple[EditedField, ...]
    bounds: tuple[EditedField, ...]
    options: tuple[EditedField, ...]
    required: bool
    removed: bool

    @property
    def fields(self) -> tuple[EditedField, ...]:
        return (*self.words, *self.bounds, *self.options)

    @property
    def shows_options(self) -> bool:
        return any(one.wrong for one in self.options)


@dataclass(frozen=True, slots=True)
class EditedForm:
    """`new`: the fields of a question that is added at its end, with the type that it has."""

    name: str
    title: str
    questions: tuple[EditedQuestion, ...]
    new: Mapping[str, EditedField]

    @property
    def fields(self) -> Iterator[tuple[EditedField, str]]:
        """(field, of what)"""
        for number, one in enumerate(self.questions, 1):
            yield from ((field, f"question {number}") for field in one.fields)
        yield from ((field, "question à ajouter") for field in self.new.values())


class QuestionsEditor:
    """Words and bounds of the questions of a draft: `<form>:<linkId>:<field>`; of a new one: `<form>:+:<field>`."""

    FIELDS = ("text", "help", "lowest", "highest", "required", "removed")
    TYPES = draft.NEW_TYPES
    LABELS = {
        "text": "Question",
        "help": "Aide",
        "lowest": "Plus petite valeur possible",
        "highest": "Plus grande valeur possible",
        "type": "Réponse attendue",
        "choices": "Réponses d’un choix, une par ligne",
        "unit": "Unité d’un nombre",
    }

    def __init__(
        self,
        files: Mapping[str, str],
        sent: Mapping[str, Any] | None = None,
        wrong: Mapping[str, str] = NOTHING,
    ) -> None:
        self.forms = draft.questions(files)
        self.titles = draft.titles(files)
        self.sent, self.wrong = sent, wrong

    @property
    def shown(self) -> list[EditedForm]:
        """What was sent, when it was refused, else what is kept."""
        return [
            EditedForm(
                form,
                self.titles.get(form) or form,
                tuple(self._shown(one) for one in asked),
                {name: self._field(f"{form}:+:{name}", self.LABELS[name], "") for name in _OF_NEW},
            )
            for form, asked in self.forms.items()
        ]

    @property
    def refused(self) -> list[tuple[EditedField, str]]:
        return [(field, where) for form in self.shown for field, where in form.fields if field.wrong]

    def mistakes(self) -> dict[str, str]:
        """Of what was sent, by the name of its field: what is wrong, and what to do. A question taken away has none."""
        found: dict[str, str] = {}
        for one in self._on_the_page():
            if not self._said(one.key, "removed"):
                found |= self._of_question(one)
        for form in self.forms:
            found |= self._of_new(form)
        return found

    def files(self, before: Mapping[str, str]) -> dict[str, str]:
        """Of what has no mistake. A question that was not on the page is left as it is."""
        files = draft.with_questions(before, {one.key: self._edit(one) for one in self._on_the_page()})
        for form in self.forms:
            if text := self._said(f"{form}:+", "text")[:1000]:
                files = draft.with_new_question(files, form, self._new(form, text))
        return files

    def _on_the_page(self) -> list[draft.AskedQuestion]:
        every = [one for several in self.forms.values() for one in several]
        return [one for one in every if self.sent is not None and f"{one.key}:text" in self.sent]

    def _said(self, key: str, field: str) -> str:
        return str((self.sent or {}).get(f"{key}:{field}", "")).strip()

    def _of_question(self, one: draft.AskedQuestion) -> Iterator[tuple[str, str]]:
        if not self._said(one.key, "text"):
            yield f"{one.key}:text", "Écrivez la question, ou cochez « Retirer cette question »."
        bounds = {name: self._said(one.key, name) for name in ("lowest", "highest") if one.is_measured}
        numbers = {name: draft.number_of(text) for name, text in bounds.items()}
        for name, text in bounds.items():
            if text and numbers[name] is None:
                told = f"« {text[:20]} » n’est pas un nombre : écrivez par exemple 36,7, ou laissez vide."
                yield f"{one.key}:{name}", told
        lowest, highest = numbers.get("lowest"), numbers.get("highest")
        if lowest is not None and highest is not None and lowest > highest:
            told = f"Elle est au-dessous de la plus petite, {bounds['lowest']} : corrigez l’une des deux."
            yield f"{one.key}:highest", told
        for code, _ in one.options:
            name = f"option:{code}"
            if f"{one.key}:{name}" in (self.sent or {}) and not self._said(one.key, name):
                yield f"{one.key}:{name}", "Écrivez les mots de cette réponse."

    def _of_new(self, form: str) -> Iterator[tuple[str, str]]:
        key = f"{form}:+"
        text, kind, choices, unit = (self._said(key, name) for name in _OF_NEW)
        if not text and (choices or unit):
            yield f"{key}:text", "Écrivez la question à ajouter, ou videz le reste de ce cadre."
        if not text:
            return
        if kind not in self.TYPES:
            yield f"{key}:type", "Choisissez ce que la nouvelle question attend."
        if kind == "choice" and len([one for one in choices.splitlines() if one.strip()]) < 2:
            yield f"{key}:choices", "Écrivez les réponses proposées, une par ligne, deux au moins."
        if choices and kind != "choice":
            yield (
                f"{key}:choices",
                "Ces réponses ne vont qu’avec « Un choix » : videz-les, ou changez la réponse attendue.",
            )
        if unit and kind not in ("integer", "decimal"):
            yield (
                f"{key}:unit",
                "Une unité ne va qu’avec un nombre : videz-la, ou changez la réponse attendue.",
            )

    def _shown(self, one: draft.AskedQuestion) -> EditedQuestion:
        sent = self.sent if self.sent is not None and f"{one.key}:text" in self.sent else None
        bounds = {"lowest": one.lowest, "highest": one.highest} if one.is_measured else {}
        return EditedQuestion(
            key=one.key,
            link_id=one.link_id,
            words=tuple(
                self._field(f"{one.key}:{name}", self.LABELS[name], kept)
                for name, kept in (("text", one.text), ("help", one.help))
            ),
            bounds=tuple(
                self._field(f"{one.key}:{name}", self.LABELS[name], kept, words=engine.in_unit(one.unit))
                for name, kept in bounds.items()
            ),
            options=tuple(
                self._field(f"{one.key}:option:{code}", code, label) for code, label in one.options
            ),
            required=one.required if sent is None else bool(self._said(one.key, "required")),
            removed=sent is not None and bool(self._said(one.key, "removed")),
        )

    def _field(self, name: str, label: str, kept: str, *, words: str = "") -> EditedField:
        value = kept if self.sent is None else str(self.sent.get(name, kept))
        return EditedField(name, label, value, self.wrong.get(name, ""), words)

    def _edit(self, one: draft.AskedQuestion) -> dict[str, Any]:
        labels = {code: self._said(one.key, f"option:{code}")[:300] for code, _ in one.options}
        return {**{name: self._said(one.key, name)[:1000] for name in self.FIELDS}, "options": labels}

    def _new(self, form: str, text: str) -> draft.NewQuestion:
        _, kind, choices, unit = (self._said(f"{form}:+", name)[:5000] for name in _OF_NEW)
        return draft.NewQuestion(text, kind, tuple(choices.splitlines()), unit[:20])


class TextsEditor:
    """What the patient is told: `text-<key>`."""

    def __init__(
        self,
        files: Mapping[str, str],
        sent: Mapping[str, Any] | None,
        wrong: Mapping[str, str] = NOTHING,
    ) -> None:
        self.wrong = wrong
        known = draft.texts(files)
        keys = [*TEXT_LABELS, *(key for key in known if key not in TEXT_LABELS)]
        self.said = {
            key: str(sent.get(f"text-{key}", ""))[:1000] if sent is not None else known.get(key, "")
            for key in keys
        }

    @property
    def fields(self) -> list[EditedField]:
        return [
            EditedField(f"text-{key}", TEXT_LABELS.get(key, key), text, self.wrong.get(f"text-{key}", ""))
            for key, text in self.said.items()
        ]

    def files(self, before: Mapping[str, str]) -> dict[str, str]:
        return draft.with_texts(before, self.said)
