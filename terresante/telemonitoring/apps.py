from django.apps import AppConfig


class TelemonitoringConfig(AppConfig):
    name = "terresante.telemonitoring"
    label = "telemonitoring"
