from django.apps import AppConfig


class NotesConfig(AppConfig):
    name = "terresante.notes"
    label = "notes"
