from django.apps import AppConfig


class OverviewConfig(AppConfig):
    name = "terresante.overview"
    label = "overview"
