import pytest
from django import forms
from django.forms.renderers import TemplatesSetting
from django.utils.safestring import mark_safe

from terresante.kernel.ui import fields
from terresante.kernel.ui.forms import DigitsForm, FormRenderer, offer
from terresante.kernel.ui.translation import catalogue
from tests.costs import tags_drawn


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


_NASTY = "<i>\"'& é"


class Asked(forms.Form):
    name = forms.CharField(label="Nom : <usuel>", max_length=100, help_text="Par exemple « LE GUEN » & fils.")
    alone = forms.BooleanField(label="Vit seule ?", required=False)
    sex = forms.ChoiceField(
        label="Sexe", choices=[("F", "Féminin")], widget=forms.RadioSelect, help_text="Du registre."
    )
    town = forms.CharField(label="", required=False, widget=forms.TextInput(attrs={"x-y": _NASTY}))


@pytest.mark.parametrize(
    "widget",
    [
        forms.TextInput(
            {"maxlength": 1234, "autofocus": True, "hidden": False, "data-x": mark_safe("&amp;")}
        ),
        forms.EmailInput({"placeholder": _NASTY}),
        *(forms.NumberInput(), forms.PasswordInput(render_value=True), forms.HiddenInput(), forms.URLInput()),
        *(
            forms.DateInput(),
            forms.DateTimeInput(),
            forms.TimeInput(),
            forms.CheckboxInput(),
            forms.FileInput(),
        ),
        forms.TextInput({"type": "search"}),
    ],
)
@pytest.mark.parametrize("value", [None, "", 0, 12345, True, _NASTY, mark_safe("&amp;")])
def test_an_input_is_drawn_as_django_draws_it(widget, value):
    ours, theirs = (
        widget.render("asked<name>", value, {"id": "id_asked"}, renderer)
        for renderer in (FormRenderer(), TemplatesSetting())
    )

    assert widget.template_name in fields.DRAWN
    assert ours == theirs


def test_a_field_has_its_label_its_help_and_what_is_wrong_letter_by_letter():
    name, alone, sex, town = (
        str(field.as_field_group()) for field in Asked({"name": _NASTY * 40, "town": _NASTY})
    )

    assert '<label for="id_name">Nom\u00a0: &lt;usuel&gt;</label>' in name
    assert (
        '<p class="field-help" id="id_name_helptext">Par exemple «\u00a0LE GUEN\u00a0» &amp; fils.</p>'
        in name
    )
    assert (
        name.startswith('<div class="field has-error">')
        and '<div id="id_name_error"><p class="field-error">' in name
    )
    assert 'aria-describedby="id_name_helptext id_name_error"' in name and 'aria-invalid="true"' in name
    assert alone == (
        '<div class="field"><label class="choice" for="id_alone"><input type="checkbox" name="alone" id="id_alone">'
        " <span>Vit seule\u00a0?</span></label></div>"
    )
    assert sex.startswith(
        '<fieldset class="field has-error" aria-describedby="id_sex_helptext id_sex_error"><legend>Sexe</legend>'
    )
    assert "<label" not in town and 'x-y="&lt;i&gt;&quot;&#x27;&amp; é"' in town
    assert "<i>" not in name + town


def test_what_may_be_left_empty_is_said_and_can_be_translated():
    class Left(forms.Form):
        phone = forms.CharField(label="Téléphone", required=False)

    assert '>Téléphone <span class="optional">facultatif</span></label>' in str(
        Left()["phone"].as_field_group()
    )
    assert "facultatif" in catalogue()


def test_a_field_more_is_drawn_at_once():
    """Bad: a template for a field, another for what is typed there. Three fields took a fifth of a search."""

    def tags(number):
        asked = type("Many", (forms.Form,), {f"field_{at}": forms.CharField() for at in range(number)})
        with tags_drawn() as drawn:
            str(asked())
        return drawn.total

    assert tags(12) - tags(2) <= 10
