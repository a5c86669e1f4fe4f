from django.apps import AppConfig


class TerminologyConfig(AppConfig):
    name = "terresante.terminology"
    label = "terminology"
