"""What the base of every table adds to Django's."""

from typing import Any

from django.apps import apps
from django.db.models import Model

from terresante.kernel.models import Row

django: Any = Model  # its stubs leave out what is not public


def test_the_words_of_a_choice_are_those_that_django_finds():
    fields = [
        (model, field)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if field.choices and issubclass(model, Row)
    ]
    for model, field in fields:
        for value in [*dict(field.flatchoices), "no choice", None]:
            row = model(**{field.attname: value})
            assert row._get_FIELD_display(field) == django._get_FIELD_display(row, field)
    assert len(fields) > 50
