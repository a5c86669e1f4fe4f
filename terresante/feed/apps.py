from django.apps import AppConfig


class FeedConfig(AppConfig):
    name = "terresante.feed"
    label = "feed"
