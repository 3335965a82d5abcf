"""Django's settings, derived from the operator's `Environment`."""

from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF

from filon.config import environment
from filon.kit.sqlite import library

library.use_bundled()

ENVIRONMENT = environment.load()

SECRET_KEY = ENVIRONMENT.secret_key
DEBUG = ENVIRONMENT.debug
FILON_DATA_DIR: Path = ENVIRONMENT.data_dir
FILON_BASE_URL = ENVIRONMENT.base_url
FILON_EMAIL_URL = ENVIRONMENT.email_url
FILON_FILES_MAX_MB = ENVIRONMENT.files_max_mb
FILON_MAILBOX_URL = ENVIRONMENT.mailbox_url
FILON_PRIVATE_HOSTS = ENVIRONMENT.private_hosts
FILON_CURRENCY = ENVIRONMENT.currency
_HOST = urlsplit(ENVIRONMENT.base_url).hostname or ""
ALLOWED_HOSTS = ["*"] if ENVIRONMENT.debug else [_HOST, "127.0.0.1", "localhost", "[::1]"]
CSRF_TRUSTED_ORIGINS = [ENVIRONMENT.base_url]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "filon.core",
    "filon.ui",
    "filon.leads",
    "filon.capture",
    "filon.unify",
    "filon.scoring",
    "filon.routing",
    "filon.deals",
    "filon.qualify",
    "filon.notices",
    "filon.nurture",
    "filon.files",
    "filon.handoff",
    "filon.mailboxes",
    "filon.meetings",
    "filon.measure",
    "filon.demo",
    "filon.home",
    "filon.config",
]
MIDDLEWARE = [
    "filon.core.web.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "filon.core.web.ActorMiddleware",
    "filon.core.web.LanguageMiddleware",
    "filon.core.web.LookingMiddleware",
    "filon.core.web.SignInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "filon.core.web.RefusalMiddleware",
]
ROOT_URLCONF = "filon.config.urls"
ASGI_APPLICATION = "filon.config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "filon.ui.context.ui",
            ],
        },
    }
]

DATABASES = {"default": ENVIRONMENT.database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "core.User"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
CSRF_FAILURE_VIEW = "filon.core.web.csrf_failure"
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "sign_in"

LANGUAGE_CODE = ENVIRONMENT.language
LANGUAGES = [("fr", "Français"), ("en", "English")]
LANGUAGE_COOKIE_NAME = "filon_language"
USE_I18N = True
USE_TZ = True
TIME_ZONE = ENVIRONMENT.time_zone

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024

IS_HTTPS = ENVIRONMENT.base_url.startswith("https://")
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_NAME = "__Host-filon" if IS_HTTPS else "filon"
SESSION_COOKIE_AGE = 14 * 86400
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "filon.core.logs.Line", "shows_values": ENVIRONMENT.debug}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line"},
        "none": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "filon": {"level": "INFO"},
        "django.request": {"handlers": ["none"], "propagate": False},  # it logs addresses; core.web does not
    },
}
