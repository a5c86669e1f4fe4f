from django.apps import AppConfig


class CareTeamConfig(AppConfig):
    name = "terresante.care_team"
    label = "care_team"
