from django.apps import AppConfig
from django.utils.module_loading import import_module


class KernelConfig(AppConfig):
    name = "terresante.kernel"
    label = "kernel"
    verbose_name = "Noyau"

    def ready(self) -> None:
        import_module("config.ports")
