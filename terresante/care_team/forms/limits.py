"""Who reads what somebody writes: the question that every form of a record asks in the same words."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django import forms

from terresante.care_team.enums import Confidentiality, DataClass
from terresante.care_team.queries.audience import Draft
from terresante.care_team.queries.limits import (
    Limits,
    level_by_default,
    levels_open_to,
    limits_of,
    sector_of,
)
from terresante.kernel.actor import Actor
from terresante.kernel.ui.forms import chosen, offer


class LevelForm(forms.Form):
    """Anything unknown falls back on the first choice."""

    level = forms.ChoiceField(label="Qui la lit", widget=forms.RadioSelect)

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor
        self.sector = sector_of(actor)
        offer(self, "level", [(level.value, level.label) for level in levels_open_to(self.sector)])
        self.fields["level"].initial = level_by_default(self.sector).value

    def limits(self) -> Limits:
        return limits_of(self.actor, Confidentiality(chosen(self, "level")), self.sector)


class ReadersForm(LevelForm):
    """What « Qui verra ceci ? » depends on, but for the class of what is written."""

    # Asked only where somebody acts for the person.
    relatives_see = forms.ChoiceField(
        label="Visible par ses représentants et aidants",
        widget=forms.RadioSelect,
        choices=[("yes", "Oui"), ("no", "Non")],
        initial="yes",
        required=False,
    )

    def draft_of(self, patient_id: UUID, data_class: DataClass) -> Draft:
        limits = replace(self.limits(), hidden_from_representative=chosen(self, "relatives_see") == "no")
        return limits.draft(self.actor, patient_id, data_class)
