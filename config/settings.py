"""Settings. Everything a deployment changes comes from the environment; docs/operations.md lists the names."""

import json
import os
from base64 import urlsafe_b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from config.database import connection_settings

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("TERRESANTE_VAR", BASE_DIR / "var"))

DEMO = os.environ.get("TERRESANTE_DEMO") == "1"
TESTING = os.environ.get("TERRESANTE_TESTING") == "1"
DEBUG = False
SECRET_KEY = os.environ.get("TERRESANTE_SECRET_KEY", "")
if not SECRET_KEY and (DEMO or TESTING):
    SECRET_KEY = "demonstration-and-tests-only"  # noqa: S105 -- a deployment without its own key does not start
# Wraps message contents and second-factor seeds: urlsafe base64 of 32 bytes, "id:key" pairs, newest first.
DATA_KEYS = os.environ.get("TERRESANTE_DATA_KEYS", "")
ALLOWED_HOSTS = os.environ.get("TERRESANTE_HOSTS", "127.0.0.1 localhost [::1]").split()
BASE_URL = os.environ.get("TERRESANTE_BASE_URL", "http://127.0.0.1:8000")
CSRF_TRUSTED_ORIGINS = [BASE_URL]
# Our proxy writes the caller's address as the last entry of X-Forwarded-For.
BEHIND_PROXY = os.environ.get("TERRESANTE_BEHIND_PROXY") == "1"

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "django.contrib.postgres",
    "procrastinate.contrib.django",
    "terresante.kernel",
    "terresante.accounts",
    "terresante.directory",
    "terresante.patients",
    "terresante.terminology",
    "terresante.care_team",
    "terresante.notifications",
    "terresante.feed",
    "terresante.questionnaires",
    "terresante.notes",
    "terresante.documents",
    "terresante.health_record",
    "terresante.results",
    "terresante.stays",
    "terresante.telemonitoring",
    "terresante.care_plans",
    "terresante.home_care",
    "terresante.overview",
    "terresante.portal",
    "terresante.interop",
]
if DEMO or TESTING:
    INSTALLED_APPS += ["config.local"]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "terresante.kernel.middleware.ContentSecurityPolicy",
    "terresante.kernel.middleware.Correlation",
    "terresante.kernel.middleware.Crossed",
    "terresante.kernel.middleware.Received",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "terresante.accounts.middleware.Presence",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "loaders": [("django.template.loaders.cached.Loader", ["terresante.kernel.ui.loading.Loader"])],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "terresante.kernel.screens.frame_context",
            ],
            "builtins": ["django.templatetags.i18n", "terresante.kernel.ui.templatetags.ui"],
        },
    }
]
FORM_RENDERER = "terresante.kernel.ui.forms.FormRenderer"

DATABASES = {"default": connection_settings(os.environ, testing=TESTING)}
CONN_HEALTH_CHECKS = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["terresante.accounts.sessions.AccountBackend"]
SESSION_ENGINE = "terresante.accounts.sessions"
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "overview:home"
# The page of the directory to which the login page leads who has no account yet.
REGISTER_URL = "directory:register"
PASSWORD_HASHERS = ["terresante.accounts.hashing.Argon2InTurn"]
if TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "terresante.accounts.forms.NoWordOfHere"},
]

IS_SECURE = BASE_URL.startswith("https://")
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_SECURE
if IS_SECURE:
    # No other name of the domain can set them, nor a page without TLS (RFC 6265bis, 4.1.3.2).
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    SECURE_HSTS_SECONDS, SECURE_HSTS_INCLUDE_SUBDOMAINS = 365 * 24 * 3600, True
if IS_SECURE and BEHIND_PROXY:
    # Our proxy says how it was asked; a probe of this machine asks without it.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT, SECURE_REDIRECT_EXEMPT = True, [r"^healthz$", r"^readyz$"]
# Preloading binds every name of the operator's domain for years: his to ask, not ours.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "terresante.kernel.screens.csrf_failure"

LANGUAGE_CODE = "fr-fr"
# A second one comes with its catalogue, `locale/<language>/LC_MESSAGES/django.po`: docs/screens.md, "Another language".
LANGUAGES = [("fr", "Français")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Europe/Paris"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
# What `npm run build` made: every name carries the hash of its content.
STATIC_ROOT = FRONTEND_DIST = BASE_DIR / "frontend" / "dist"
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/assets/.+-[A-Za-z0-9_-]{8}\.[a-z0-9]+$"

# A message or a file over these sizes is refused with a sentence before it is read whole.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
# Of a process that serves pages, as `serve` says: three in four at most receive a body (kernel/reception.py).
THREADS = int(os.environ.get("TERRESANTE_THREADS", "64"))
FILE_UPLOAD_HANDLERS = ["terresante.kernel.files.spooling.BoundedSpool"]

# Received files, encrypted (terresante/kernel/files): a folder, or any storage class of Django's interface.
_FILES = os.environ.get("TERRESANTE_FILES_STORAGE", "django.core.files.storage.FileSystemStorage")
_FOLDER = {
    "location": os.environ.get("TERRESANTE_FILES", str(VAR_DIR / "files")),
    "file_permissions_mode": 0o600,
    "directory_permissions_mode": 0o700,
}
_FILES_OPTIONS = os.environ.get("TERRESANTE_FILES_OPTIONS", "")
STORAGES: dict[str, Any] = {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "files": {"BACKEND": _FILES, "OPTIONS": json.loads(_FILES_OPTIONS) if _FILES_OPTIONS else _FOLDER},
}
# Where clamd answers: "/run/clamav/clamd.ctl" or "host:port"; empty, no antivirus looks at what is received.
CLAMD = os.environ.get("TERRESANTE_CLAMD", "")

DEFAULT_FROM_EMAIL = os.environ.get(
    "TERRESANTE_MAIL_FROM", "Terr-eSanté <ne-pas-repondre@terresante.example>"
)
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = os.environ.get("TERRESANTE_SMTP_HOST", "localhost")
EMAIL_TIMEOUT = 20
EMAIL_FILE_PATH = VAR_DIR / "mailbox"
if DEMO:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"

# INTEROP.md 2: production knows the INS-NIR and INS-NIA authorities only; a demonstration also the test ones.
ACCEPT_TEST_INS = DEMO or TESTING or os.environ.get("TERRESANTE_ACCEPT_TEST_INS") == "1"
# The INSi teleservice, through what speaks to it for this deployment; empty, its screens say that it is not connected.
INSI_URL = os.environ.get("TERRESANTE_INSI_URL", "")
# INTEROP.md 2: a qualified identity is asked about again every three to five years.
INSI_REVERIFY_DAYS = int(os.environ.get("TERRESANTE_INSI_REVERIFY_DAYS", "1095"))

# Who vouches for people besides passwords and passkeys; what is empty is not offered (docs/operations.md).
PSC = {
    "issuer": os.environ.get("TERRESANTE_PSC_ISSUER", ""),
    "client": os.environ.get("TERRESANTE_PSC_CLIENT", ""),
    "secret": os.environ.get("TERRESANTE_PSC_SECRET", ""),
    "discovery": os.environ.get("TERRESANTE_PSC_DISCOVERY", ""),
}
FRANCECONNECT = {
    "issuer": os.environ.get("TERRESANTE_FRANCECONNECT_ISSUER", ""),
    "client": os.environ.get("TERRESANTE_FRANCECONNECT_CLIENT", ""),
    "secret": os.environ.get("TERRESANTE_FRANCECONNECT_SECRET", ""),
    "discovery": os.environ.get("TERRESANTE_FRANCECONNECT_DISCOVERY", ""),
}
# Where the proxy asks for the certificate of a CPS card, and what it proves itself by.
CPS_URL = os.environ.get("TERRESANTE_CPS_URL", "").rstrip("/")
CPS_PROXY_SECRET = os.environ.get("TERRESANTE_CPS_PROXY_SECRET", "")
CPS_AUTHORITIES = os.environ.get("TERRESANTE_CPS_AUTHORITIES", "")
CPS_REVOCATIONS = os.environ.get("TERRESANTE_CPS_REVOCATIONS", "")
ALLOWED_HOSTS += [host for host in [urlsplit(CPS_URL).hostname] if host]
if CPS_URL and not (CPS_AUTHORITIES and len(CPS_PROXY_SECRET) >= 32):
    raise ImproperlyConfigured(
        "TERRESANTE_CPS_URL demande TERRESANTE_CPS_AUTHORITIES et un TERRESANTE_CPS_PROXY_SECRET de 32 caractères."
    )

# Where the proxy asks a partner's software for its client certificate, and what it proves itself by.
API_TLS_URL = os.environ.get("TERRESANTE_API_TLS_URL", "").rstrip("/")
API_PROXY_SECRET = os.environ.get("TERRESANTE_API_PROXY_SECRET", "")
ALLOWED_HOSTS += [host for host in [urlsplit(API_TLS_URL).hostname] if host]
if API_TLS_URL and len(API_PROXY_SECRET) < 32:
    raise ImproperlyConfigured(
        "TERRESANTE_API_TLS_URL demande un TERRESANTE_API_PROXY_SECRET de 32 caractères."
    )

# Heads of the audit chain, outside the database; a deployment mounts it from another machine.
AUDIT_HEADS = os.environ.get("TERRESANTE_AUDIT_HEADS", str(VAR_DIR / "audit-heads.jsonl"))
# Set where the worker may seal: it then opens a connection of its own under the sealer's role.
DATABASE_SEALER_URL = os.environ.get("DATABASE_SEALER_URL", "")
# Days a hospital message without candidate, or one refused, is kept sealed before it is emptied (DESIGN.md 6).
NO_CANDIDATE_DAYS = int(os.environ.get("TERRESANTE_NO_CANDIDATE_DAYS", "7"))
REFUSED_MESSAGE_DAYS = int(os.environ.get("TERRESANTE_REFUSED_MESSAGE_DAYS", "30"))
# The certificates of the authorities whose signatures of documents are believed: a file, or a folder; empty: none.
SIGNATURE_AUTHORITIES = os.environ.get("TERRESANTE_SIGNATURE_AUTHORITIES", "")
# Where files of persons to inform are dropped, each named by the key of its rule; empty: nowhere.
ROBOT_FOLDER = os.environ.get("TERRESANTE_ROBOT_FOLDER", "")
# Where hospitals connect. Without a certificate each sender has its own port on MLLP_HOST (demonstration).
MLLP_HOST = os.environ.get("TERRESANTE_MLLP_HOST", "127.0.0.1")
MLLP_TLS_PORT = int(os.environ.get("TERRESANTE_MLLP_PORT", "2575"))
MLLP_CERTIFICATE = os.environ.get("TERRESANTE_MLLP_CERTIFICATE", "")
MLLP_KEY = os.environ.get("TERRESANTE_MLLP_KEY", "")
MLLP_CLIENT_AUTHORITIES = os.environ.get("TERRESANTE_MLLP_CLIENT_AUTHORITIES", "")

# Alerts on a device: the private half of our key pair (RFC 8292) and whom a push service writes to. Empty: not offered.
PUSH_KEY = os.environ.get("TERRESANTE_PUSH_KEY", "")
PUSH_CONTACT = os.environ.get("TERRESANTE_PUSH_CONTACT", "")
# The simulated service of a demonstration: an origin on this machine, without TLS.
PUSH_LOCAL = f"http://127.0.0.1:{os.environ.get('TERRESANTE_PUSH_PORT', '8089')}" if DEMO else ""
if DEMO and not PUSH_KEY:
    number = sha256(f"push {SECRET_KEY}".encode()).digest()
    PUSH_KEY, PUSH_CONTACT = urlsafe_b64encode(number).decode(), "mailto:demonstration@terresante.example"
if PUSH_KEY and not PUSH_CONTACT.startswith(("mailto:", "https://")):
    raise ImproperlyConfigured(
        "TERRESANTE_PUSH_KEY demande un TERRESANTE_PUSH_CONTACT en mailto: ou https://."
    )
# The only services spoken to: those of the browsers. The address of a device's subscription is the browser's own word.
PUSH_SERVICES = os.environ.get(
    "TERRESANTE_PUSH_SERVICES",
    "fcm.googleapis.com *.push.services.mozilla.com web.push.apple.com *.notify.windows.com",
).split()

# Shared with the provider of SMS, who signs the answers that he delivers. Empty: nobody answers by SMS.
SMS_SECRET = os.environ.get("TERRESANTE_SMS_SECRET", "sms-of-the-demonstration" if DEMO else "")

# A demonstration shows the codes of everybody and knows its hospitals by a port: it answers this machine alone.
if DEMO and not {*ALLOWED_HOSTS, MLLP_HOST} <= {"127.0.0.1", "localhost", "[::1]"}:
    raise ImproperlyConfigured(
        "TERRESANTE_DEMO=1 n’admet que 127.0.0.1 dans TERRESANTE_HOSTS et TERRESANTE_MLLP_HOST."
    )

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "config.logs.OneLine", "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s"}
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "procrastinate": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},
        # It names the address, hence a record, of each post that came without its token.
        "django.security.csrf": {"level": "ERROR"},
        # They write what they send, codes and secrets included, when somebody asks for more detail.
        "authlib": {"level": "WARNING"},
        "urllib3": {"level": "WARNING"},
        # It names credentials at each use.
        "fido2": {"level": "WARNING"},
    },
}
