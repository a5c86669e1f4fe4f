from django.apps import AppConfig


class StaysConfig(AppConfig):
    name = "terresante.stays"
    label = "stays"
