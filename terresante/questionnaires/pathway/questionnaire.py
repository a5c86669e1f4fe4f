"""A FHIR R4 Questionnaire as the questions of a form (https://hl7.org/fhir/R4/questionnaire.html)."""

import difflib
import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from terresante.questionnaires.pathway.elements import (
    CONTROL,
    HIGHEST,
    LOWEST,
    ORDINAL,
    UNIT,
    answer_of,
    control_of,
    decimal_of,
    dicts,
    extension_of,
    is_help,
    name_of,
    unit_of,
)
from terresante.questionnaires.pathway.model import Condition, Enablement, Form, Option, Question
from terresante.questionnaires.pathway.tables import Mistakes, line_of, line_of_link_id, near

KINDS = (
    *("boolean", "integer", "decimal", "quantity", "choice", "open-choice"),
    *("string", "text", "date", "time", "display"),
)
OPERATORS = ("exists", "=", "!=", ">", "<", ">=", "<=")
LINK_ID = re.compile(r"[a-z0-9-]{1,64}")
ITEM_KEYS = (
    *("id", "extension", "modifierExtension", "linkId", "definition", "code", "prefix", "text", "type"),
    *("enableWhen", "enableBehavior", "required", "repeats", "readOnly", "maxLength", "answerValueSet"),
    *("answerOption", "initial", "item"),
)
# What FHIR lets one ask of an answer, and is not asked here.
NOT_APPLIED = (
    *("regex", "minLength", "maxDecimalPlaces", "questionnaire-constraint", "targetConstraint"),
    *("questionnaire-unitOption", "questionnaire-optionExclusive", "questionnaire-hidden"),
    *("questionnaire-minOccurs", "questionnaire-maxOccurs", "sdc-questionnaire-enableWhenExpression"),
    *("sdc-questionnaire-calculatedExpression", "sdc-questionnaire-answerExpression"),
)
MOST_QUESTIONS = 400
MOST_CONDITIONS = 20
MOST_OPTIONS = 200
DEEPEST = 8


class FormReader:
    def __init__(self, file: str, text: str, mistakes: Mistakes):
        self.file, self.text, self.mistakes = file, text, mistakes
        self.questions: list[Question] = []
        self.seen: dict[str, int] = {}
        self.groups: list[str] = []

    def read(self, name: str) -> Form | None:
        resource = self._resource()
        if resource is None:
            return None
        self._items(resource.get("item"), section="", enabled=(), parent="", depth=0)
        if not any(question.is_answered for question in self.questions) and not self.mistakes.errors:
            self.wrong(1, "ce questionnaire ne pose aucune question : ajoutez un « item ».")
        title = resource.get("title")
        if not isinstance(title, str) or not title.strip():
            self.wrong(1, '« title » manque : ajoutez "title": "…".')
        description = resource.get("description")
        return Form(
            name=name,
            title=str(title or name)[:200],
            description=description if isinstance(description, str) else "",
            questions=tuple(self.questions),
            resource=resource,
            groups=tuple(self.groups),
        )

    def wrong(self, line: int, what: str) -> None:
        self.mistakes.add(self.file, line, what)

    def warn(self, line: int, what: str) -> None:
        self.mistakes.add(self.file, line, what, is_warning=True)

    def _resource(self) -> dict[str, Any] | None:
        try:
            resource = json.loads(self.text.removeprefix("\ufeff"), parse_constant=_refused)
        except json.JSONDecodeError as error:
            self.wrong(
                error.lineno,
                f"ce n’est pas du JSON à partir de la colonne {error.colno} : il manque sans doute une "
                "virgule, un guillemet ou une accolade juste avant.",
            )
            return None
        except (RecursionError, ValueError):
            self.wrong(
                1, "ce fichier JSON n’est pas lisible : trop d’accolades imbriquées, ou un nombre démesuré."
            )
            return None
        if not _is_written(resource):
            self.wrong(1, "ce fichier contient un signe qui ne s’écrit pas (\\u0000, \\ud800…) : retirez-le.")
            return None
        if not isinstance(resource, dict) or resource.get("resourceType") != "Questionnaire":
            self.wrong(1, 'ce fichier n’est pas un Questionnaire FHIR : "resourceType": "Questionnaire".')
            return None
        return resource

    def _items(
        self, items: Any, *, section: str, enabled: tuple[Enablement, ...], parent: str, depth: int
    ) -> None:
        if items is None:
            return
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            self.wrong(
                line_of(self.text, '"item"'), "« item » est une liste de questions : [ { … }, { … } ]."
            )
            return
        if depth > DEEPEST:
            self.wrong(1, f"les groupes s’emboîtent sur plus de {DEEPEST} niveaux : aplatissez-les.")
            return
        for item in items:
            if len(self.seen) >= MOST_QUESTIONS:
                self.wrong(1, f"plus de {MOST_QUESTIONS} questions : faites-en deux questionnaires.")
                return
            self._item(item, section=section, enabled=enabled, parent=parent, depth=depth)

    def _item(
        self,
        item: Mapping[str, Any],
        *,
        section: str,
        enabled: tuple[Enablement, ...],
        parent: str,
        depth: int,
    ) -> None:
        link_id = item.get("linkId")
        if not isinstance(link_id, str) or not LINK_ID.fullmatch(link_id):
            line = line_of_link_id(self.text, str(link_id)) if link_id else line_of(self.text, '"item"')
            self.wrong(line, f"linkId « {link_id} » : écrivez-le avec a-z, 0-9 et -, sans espace ni accent.")
            return
        line = line_of_link_id(self.text, link_id, nth=self.seen.get(link_id, 0))
        if link_id in self.seen:
            self.seen[link_id] += 1
            self.wrong(line, f"le linkId « {link_id} » sert deux fois : donnez-en un autre à l’un des deux.")
            return
        self.seen[link_id] = 1
        self._spelling(item, link_id, line)
        enabled = (*enabled, *self._enablement(item, line))
        if item.get("type") == "group":
            self.groups.append(link_id)
            if item.get("repeats"):
                self.wrong(
                    line, f"le groupe « {link_id} » se répète : écrivez ses questions une fois chacune."
                )
            title = str(item.get("text") or section)
            self._items(item.get("item"), section=title, enabled=enabled, parent=parent, depth=depth + 1)
            return
        question = self._question(item, link_id, line, section, enabled, parent)
        if question is None:
            return
        self.questions.append(question)
        inside = [child for child in dicts(item.get("item")) if not is_help(child)]
        self._items(inside, section=section, enabled=enabled, parent=link_id, depth=depth + 1)

    def _question(
        self,
        item: Mapping[str, Any],
        link_id: str,
        line: int,
        section: str,
        enabled: tuple[Enablement, ...],
        parent: str,
    ) -> Question | None:
        kind = item.get("type")
        if kind not in KINDS:
            self.wrong(line, f"« {link_id} » : le type « {kind} » n’est pas lu ici, {near(str(kind), KINDS)}")
            return None
        text = item.get("text")
        if not isinstance(text, str) or not text.strip():
            self.wrong(line, f'« {link_id} » n’a pas de texte : ajoutez "text": "…".')
        options = self._options(item, link_id, line) if kind in ("choice", "open-choice") else ()
        lowest, highest = self._bound(item, LOWEST, line), self._bound(item, HIGHEST, line)
        if lowest is not None and highest is not None and lowest > highest:
            self.wrong(line, f"« {link_id} » : minValue {lowest} est au-dessus de maxValue {highest}.")
        return Question(
            link_id=link_id,
            text=str(text or link_id),
            kind=kind,
            required=item.get("required") is True,
            repeats=item.get("repeats") is True and kind in ("choice", "open-choice"),
            unit=unit_of(item),
            lowest=lowest,
            highest=highest,
            options=options,
            help=" ".join(str(child.get("text", "")) for child in dicts(item.get("item")) if is_help(child)),
            prefix=str(item.get("prefix") or ""),
            name=name_of(item),
            section=section,
            control=control_of(item),
            enable_when=enabled,
            max_length=item["maxLength"] if _is_count(item.get("maxLength")) else None,
            parent=parent,
        )

    def _spelling(self, item: Mapping[str, Any], link_id: str, line: int) -> None:
        """A misspelt key is ignored by FHIR: what was meant as required, or as a bound, would be neither."""
        for key in item:
            if key not in ITEM_KEYS and not key.startswith("_"):
                self.wrong(line, f"« {link_id} » : la clé « {key} » n’existe pas, {near(key, ITEM_KEYS)}")
        for key in ("required", "repeats"):
            if not isinstance(item.get(key, False), bool):
                self.wrong(line, f"« {link_id} » : « {key} » vaut true ou false, sans guillemets.")
        if item.get("repeats") is True and item.get("type") not in ("choice", "open-choice", "group"):
            self.wrong(line, f"« {link_id} » : seule une question « choice » accepte plusieurs réponses.")
        if item.get("enableBehavior", "all") not in ("all", "any"):
            self.wrong(line, f"« {link_id} » : « enableBehavior » vaut all (toutes) ou any (l’une).")
        if "maxLength" in item and not _is_count(item["maxLength"]):
            self.warn(
                line, f"« {link_id} » : « maxLength » est un nombre entier, de 1 à 10000 ; il n’est pas lu."
            )
        self._not_applied(item, link_id, line)
        known = {url.lower(): url for url in (UNIT, CONTROL, LOWEST, HIGHEST)}
        for extension in dicts(item.get("extension")):
            url = str(extension.get("url"))
            close = difflib.get_close_matches(url.lower(), known, n=1, cutoff=0.95)
            if close and known[close[0]] != url:
                self.wrong(
                    line, f"« {link_id} » : l’extension « {url} » n’est pas lue, écrivez {known[close[0]]}"
                )

    def _not_applied(self, item: Mapping[str, Any], link_id: str, line: int) -> None:
        """What would be believed to hold, and does not."""
        urls = [str(extension.get("url")).rpartition("/")[2] for extension in dicts(item.get("extension"))]
        names = [name for name in urls if name in NOT_APPLIED]
        names += [key for key in ("initial", "readOnly") if item.get(key)]
        for name in names:
            self.warn(
                line, f"« {link_id} » : « {name} » n’est pas appliqué ici, la réponse n’en dépendra pas."
            )
        if len(dicts(item.get("enableWhen"))) > 1 and "enableBehavior" not in item:
            self.warn(
                line,
                f'« {link_id} » a plusieurs enableWhen : ajoutez "enableBehavior": "all" (toutes, comme ici) '
                'ou "any" (l’une).',
            )

    def _options(self, item: Mapping[str, Any], link_id: str, line: int) -> tuple[Option, ...]:
        options: list[Option] = []
        for option in dicts(item.get("answerOption")):
            coding = option.get("valueCoding")
            said = option.get("valueString", option.get("valueInteger"))
            if isinstance(said, str | int) and not isinstance(said, bool):
                coding = {"code": str(said), "display": str(said)}
            if not isinstance(coding, dict) or not isinstance(coding.get("code"), str):
                self.wrong(line, f"« {link_id} » : chaque réponse est un valueCoding avec code et display.")
                continue
            points = extension_of(coding, ORDINAL) or extension_of(option, ORDINAL)
            label = str(coding.get("display") or coding["code"])
            options.append(Option(coding["code"], label, decimal_of((points or {}).get("valueDecimal"))))
        codes = [option.code for option in options]
        if len(options) > MOST_OPTIONS:
            self.wrong(line, f"« {link_id} » : plus de {MOST_OPTIONS} réponses, proposez-en moins.")
            return ()
        if not options:
            self.wrong(line, f"« {link_id} » est un choix sans réponse : ajoutez « answerOption ».")
        if len(set(codes)) != len(codes):
            self.wrong(line, f"« {link_id} » : deux réponses ont le même code.")
        return tuple(options)

    def _bound(self, item: Mapping[str, Any], url: str, line: int) -> Decimal | None:
        found = extension_of(item, url)
        if found is None:
            return None
        value = found.get("valueDecimal", found.get("valueInteger"))
        if value is None and isinstance(found.get("valueQuantity"), dict):
            value = found["valueQuantity"].get("value")
        number = decimal_of(value)
        if number is None:
            self.wrong(line, f"« {item['linkId']} » : {url.rpartition('/')[2]} est un nombre (valueDecimal).")
        return number

    def _enablement(self, item: Mapping[str, Any], line: int) -> tuple[Enablement, ...]:
        conditions = []
        for condition in dicts(item.get("enableWhen")):
            operator, other = condition.get("operator"), condition.get("question")
            if operator not in OPERATORS or not isinstance(other, str):
                self.wrong(line, f"« {item['linkId']} » : enableWhen demande « question » et « operator » "
                           f"({', '.join(OPERATORS)}).")  # fmt: skip
                continue
            value = answer_of(condition)
            if value is None or (operator == "exists" and not isinstance(value, bool)):
                self.wrong(line, f"« {item['linkId']} » : enableWhen n’a pas de réponse lisible (answerBoolean, "
                           "answerInteger, answerDecimal, answerCoding…).")  # fmt: skip
                continue
            if operator == "exists":
                conditions.append(Condition(other, operator, None, bool(value)))
            else:
                conditions.append(Condition(other, operator, value))
        if len(conditions) > MOST_CONDITIONS:
            self.wrong(line, f"« {item['linkId']} » : plus de {MOST_CONDITIONS} conditions, simplifiez.")
            return ()
        if not conditions:
            return ()
        return (Enablement(tuple(conditions), any_of=item.get("enableBehavior") == "any"),)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= 10_000


def _is_written(resource: Any) -> bool:
    """A page in UTF-8 holds no half of a character, nor the database a null one."""
    said = json.dumps(resource, ensure_ascii=False)
    try:
        said.encode()
    except UnicodeEncodeError:
        return False
    return "\\u0000" not in said


def _refused(constant: str) -> None:
    raise ValueError(constant)
