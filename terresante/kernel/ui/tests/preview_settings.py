"""The least Django that renders the kernel's templates: previews and tests of the look."""

from pathlib import Path

BASE_DIR = Path(__file__).resolve().parents[4]
SECRET_KEY = "previews hold invented people only"
DEBUG = False
USE_TZ = True
TIME_ZONE = "Europe/Paris"
LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français")]
STATIC_URL = "/static/"
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "terresante.kernel.ui.tests.preview_settings"
urlpatterns: list[object] = []
INSTALLED_APPS = ["django.forms", "terresante.kernel"]
FORM_RENDERER = "terresante.kernel.ui.forms.FormRenderer"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "loaders": ["terresante.kernel.ui.loading.Loader"],
            "builtins": ["terresante.kernel.ui.templatetags.ui"],
        },
    }
]
