"""The access log as the person reads it: a sentence for each act, never the label of a right."""

import re

from terresante.care_team.access import READINGS
from terresante.care_team.queries.lay_words import LAY_ACTS
from terresante.kernel.access import declared_rules
from terresante.patients.models import CareRecord, Patient


def test_each_act_on_a_record_is_said_in_the_words_of_every_day():
    about_her = {
        action.code
        for action, model in declared_rules()
        if model in (CareRecord, Patient)
        or any(field.name == "patient" for field in model._meta.get_fields())
    }

    told = {code for code in about_her if not code.endswith(READINGS)}
    assert sorted(told - set(LAY_ACTS)) == []
    assert [said for said in LAY_ACTS.values() if not re.match(r"a [a-zéê]+", said)] == []
