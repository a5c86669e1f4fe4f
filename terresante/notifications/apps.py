from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "terresante.notifications"
    label = "notifications"
