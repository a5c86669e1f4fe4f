from django.apps import AppConfig


class PatientsConfig(AppConfig):
    name = "terresante.patients"
    label = "patients"
