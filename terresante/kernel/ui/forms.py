from django.forms.renderers import TemplatesSetting


class FormRenderer(TemplatesSetting):
    """Named by FORM_RENDERER, so that `{{ form }}` and `{{ form.name.as_field_group }}` have our hand."""

    form_template_name = "ui/form.html"
    field_template_name = "ui/field.html"
