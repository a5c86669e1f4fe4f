from django.apps import AppConfig


class QuestionnairesConfig(AppConfig):
    name = "terresante.questionnaires"
    label = "questionnaires"
