from django.apps import AppConfig


class LocalConfig(AppConfig):
    """Installed in a demonstration and in tests only: `load_demo` does not exist elsewhere."""

    name = "config.local"
    label = "local"
