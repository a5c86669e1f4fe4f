from django.apps import AppConfig


class ResultsConfig(AppConfig):
    name = "terresante.results"
    label = "results"
