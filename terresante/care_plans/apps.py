from django.apps import AppConfig


class CarePlansConfig(AppConfig):
    name = "terresante.care_plans"
    label = "care_plans"
