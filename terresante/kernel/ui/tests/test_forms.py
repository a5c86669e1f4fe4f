import pytest
from django import forms

from terresante.kernel.ui.forms import DigitsForm, offer


@pytest.mark.parametrize("sent", ["123456", "123 456", " 12 34 56 "])
def test_a_code_is_read_however_it_was_spaced(sent):
    form = DigitsForm({"code": sent})

    assert form.is_valid()
    assert form.cleaned_data["code"] == "123456"


@pytest.mark.parametrize("sent", ["", "12345", "1234567", "12345a", "١٢٣٤٥٦"])
def test_anything_but_six_digits_is_refused_with_a_sentence(sent):
    form = DigitsForm({"code": sent})

    assert not form.is_valid()
    assert "six chiffres" in form.errors["code"][0]


class Chosen(forms.Form):
    what = forms.ChoiceField()
    why = forms.CharField()


def test_a_choice_is_offered_by_a_field_that_has_choices_and_by_no_other():
    form = Chosen({"what": "a", "why": "b"})
    offer(form, "what", [("a", "A")])

    assert form.is_valid()
    with pytest.raises(TypeError, match="offers no choices"):
        offer(form, "why", [("a", "A")])
