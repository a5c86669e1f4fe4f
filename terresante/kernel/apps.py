from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig, apps

# Loaded once every model is: each registers its rules, handlers, slots or jobs by being imported.
REGISTERING = ("access", "handlers", "slots", "jobs")


class KernelConfig(AppConfig):
    name = "terresante.kernel"
    label = "kernel"
    verbose_name = "Noyau"

    def ready(self) -> None:
        import_module("config.ports")
        import_module("terresante.kernel.switch_changes")
        import_module("terresante.kernel.ui.assets")
        import_module("terresante.kernel.upkeep")
        for app in apps.get_app_configs():
            if app.name.startswith("terresante.") and app.name != self.name:
                for name in REGISTERING:
                    if find_spec(f"{app.name}.{name}"):
                        import_module(f"{app.name}.{name}")
