from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "terresante.directory"
    label = "directory"
