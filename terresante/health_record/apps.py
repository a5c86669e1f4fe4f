from django.apps import AppConfig


class HealthRecordConfig(AppConfig):
    name = "terresante.health_record"
    label = "health_record"
