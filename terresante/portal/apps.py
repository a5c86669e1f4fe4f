from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "terresante.portal"
    label = "portal"
