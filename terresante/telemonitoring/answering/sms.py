"""What a text message answers: « 1:37,5 2:96 3:non », numbered as the printed sheet numbers its questions. Pure."""

import hmac
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from terresante.kernel.ui.wording import plain
from terresante.questionnaires import pathway as engine

# Two texts sent one after the other arrive as one.
LONGEST = 480
# Seconds between a message and its delivery to us.
VALID_FOR = 300
_PART = re.compile(r"(?<![\d,.])(\d{1,2})\s*[:=)]\s*")
_YES, _NO = ("oui", "o", "yes", "1"), ("non", "n", "no", "0")


@dataclass(frozen=True, slots=True)
class Read:
    """`raw`: as `pathway.parse` takes it. `unread`: numbers of the questions whose answer is not one."""

    raw: dict[str, list[str]]
    unread: tuple[int, ...] = ()


def numbered(form: engine.Form) -> list[engine.Question]:
    """Question 1 is the first: the order of the printed sheet, whatever other answers hide."""
    return [question for question in form.questions if question.kind != "display"]


def read(form: engine.Form, text: str) -> Read:
    """Nothing is guessed: a number without a question, or said twice, is not read."""
    questions = numbered(form)
    parts = _PART.split(text[:LONGEST])
    raw: dict[str, list[str]] = {}
    unread: list[int] = []
    for number, said in zip(map(int, parts[1::2]), parts[2::2], strict=True):
        question = questions[number - 1] if 0 < number <= len(questions) else None
        values = _values(question, said.strip(" \t\r\n;,/.")) if question is not None else []
        if question is None or not values or question.link_id in raw:
            unread.append(number)
        else:
            raw[question.link_id] = values
    return Read(raw, tuple(dict.fromkeys(unread)))


def _values(question: engine.Question, said: str) -> list[str]:
    if question.kind == "boolean":
        word = plain(said)
        return ["true"] if word in _YES else ["false"] if word in _NO else []
    if question.options:
        wanted = [said] if not question.repeats else re.split(r"\s*[+&]\s*", said)
        codes = [_code(question.options, each) for each in wanted]
        return [code for code in codes if code] if all(codes) else []
    return [said] if said else []


def _code(options: Sequence[engine.Option], said: str) -> str:
    """A letter (« a » is the first choice, as the sheet prints it), the code, or the words."""
    word = plain(said)
    if len(word) == 1 and "a" <= word <= "z" and ord(word) - ord("a") < len(options):
        return options[ord(word) - ord("a")].code
    return next((one.code for one in options if word in (plain(one.code), plain(one.label))), "")


def signature(body: bytes, *, secret: str, at: int) -> str:
    """« t=<seconds>,v1=<HMAC-SHA-256 of "seconds.body", in hexadecimal> »: what comes again later is refused."""
    digest = hmac.new(secret.encode(), b"%d." % at + body, sha256).hexdigest()
    return f"t={at},v1={digest}"


def is_signed(body: bytes, said: str, *, secret: str, now: float | None = None) -> bool:
    found = re.fullmatch(r"t=(\d{1,12}),v1=[0-9a-f]{64}", said)
    if found is None or abs((now or time.time()) - int(found[1])) > VALID_FOR:
        return False
    return hmac.compare_digest(signature(body, secret=secret, at=int(found[1])), said)
