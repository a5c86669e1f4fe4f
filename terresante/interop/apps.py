from django.apps import AppConfig


class InteropConfig(AppConfig):
    name = "terresante.interop"
    label = "interop"
