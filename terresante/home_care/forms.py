from typing import Any
from uuid import UUID

from django import forms
from django.forms import BoundField

from terresante.home_care.actions import SaidAccess
from terresante.home_care.enums import CODES_MAX_LENGTH, FIELD_MAX_LENGTH, NOTE_MAX_LENGTH
from terresante.home_care.models import HomeAccess
from terresante.home_care.queries import HomeLine, lines_of
from terresante.kernel.errors import Conflict, Invalid
from terresante.kernel.ids import asked_key
from terresante.kernel.ui.forms import show_error
from terresante.kernel.ui.translation import later


def _field(
    label: str, help_text: str = "", *, longest: int = FIELD_MAX_LENGTH, **attrs: Any
) -> forms.CharField:
    said = {"autocomplete": "off", **attrs}
    return forms.CharField(
        label=label,
        max_length=longest,
        required=False,
        help_text=help_text,
        widget=forms.TextInput(attrs=said),
    )


class HomeForm(forms.Form):
    """How one gets in, in three parts; on the person's pages too."""

    building_name = _field(later("Bâtiment"))
    entrance = _field(later("Entrée"), later("Par quelle rue, quelle cour, quelle grille."))
    access_code = _field(
        later("Code de la porte"),
        later("S’il y en a plusieurs, dans l’ordre où on les rencontre."),
        longest=CODES_MAX_LENGTH,
    )
    interphone = _field(later("Interphone"), later("Le nom ou le numéro sur lequel sonner."))
    elevator = _field(later("Ascenseur ou escalier"), later("Lequel prendre, ou « pas d’ascenseur »."))
    floor = _field(later("Étage"))
    room_number = _field(later("Porte"), later("Son numéro, ou « à gauche en sortant de l’ascenseur »."))
    key_holder = _field(later("Qui a une clé"), later("Un voisin, un gardien, un proche."))
    key_holder_phone = _field(later("Téléphone de qui a une clé"), longest=20, inputmode="tel")
    key_box = _field(later("Boîte à clés"), later("Où elle est, et son code."), longest=CODES_MAX_LENGTH)
    animal = _field(later("Animal"), later("Un chien à enfermer avant d’entrer, par exemple."))
    parking = _field(later("Stationnement"))
    note = _field(later("Autre chose à savoir"), longest=NOTE_MAX_LENGTH)
    # The version before the eyes of who corrects it; '' = none yet.
    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    # What somebody wrote meanwhile, to be compared; None when nobody did.
    meanwhile: list[HomeLine] | None = None

    @property
    def parts(self) -> list[tuple[str, list[BoundField]]]:
        return [(title, [self[name] for name in names]) for title, names in _PARTS]

    def clean_seen(self) -> UUID | None:
        return asked_key(self.cleaned_data["seen"]) if self.cleaned_data["seen"] else None

    def said(self) -> SaidAccess:
        sent = self.cleaned_data
        return SaidAccess(**{name: sent[name] for _, names in _PARTS for name in names})

    def show_beside(self, error: Invalid | Conflict, row: HomeAccess | None) -> None:
        """What is written here is kept; sent again, it replaces `row`, which is in force now and shown with it."""
        show_error(self, error)
        if row is not None and row.pk != self.cleaned_data["seen"]:
            self.meanwhile = lines_of(row)
            self.data = {**{name: self.data[name] for name in self.data}, "seen": str(row.pk)}


_PARTS = (
    (
        later("Jusqu’à la porte"),
        ("building_name", "entrance", "access_code", "interphone", "elevator", "floor", "room_number"),
    ),
    (later("Si personne n’ouvre"), ("key_holder", "key_holder_phone", "key_box")),
    (later("Bon à savoir"), ("animal", "parking", "note")),
)


def written(row: HomeAccess | None) -> dict[str, Any]:
    """What the form begins with."""
    names = (name for _, names in _PARTS for name in names)
    return {"seen": row.pk, **{name: getattr(row, name) for name in names}} if row else {}
