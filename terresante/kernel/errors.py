"""The four families of errors, each with a French sentence the person can act on.

DomainError
├── Refused    403  known to exist, not permitted
├── NotFound   404  absent, or invisible to the caller: the two are never told apart
├── Invalid    422  the content is wrong; `fields` says where
└── Conflict   409  true when read, no longer true
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar


class DomainError(Exception):
    status: ClassVar[int] = 400
    title: ClassVar[str] = "La demande n’a pas abouti"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Refused(DomainError):
    status = 403
    title = "Accès non autorisé"


class NotFound(DomainError):
    status = 404
    title = "Page introuvable"

    def __init__(self, sentence: str = "Cette page n’existe pas, ou vous n’y avez pas accès.") -> None:
        super().__init__(sentence)


class Invalid(DomainError):
    status = 422
    title = "Des informations sont à corriger"

    def __init__(self, sentence: str, *, fields: Mapping[str, str] = MappingProxyType({})) -> None:
        super().__init__(sentence)
        self.fields = dict(fields)


class Conflict(DomainError):
    status = 409
    title = "L’information a changé entre-temps"
