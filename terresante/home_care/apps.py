from django.apps import AppConfig


class HomeCareConfig(AppConfig):
    name = "terresante.home_care"
    label = "home_care"
