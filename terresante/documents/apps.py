from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "terresante.documents"
    label = "documents"
