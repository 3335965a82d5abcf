"""What the operator sets: environment variables first, then `filon.toml` in the data folder, then defaults."""

from __future__ import annotations

import os
import secrets
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit
from zoneinfo import ZoneInfo, available_timezones


class WrongSetting(Exception):
    """A setting has a value it may not have. The message names it and says what it may be."""


@dataclass(frozen=True, kw_only=True)
class Environment:
    """Every setting of the operator, checked."""

    data_dir: Path
    database: dict[str, object]
    secret_key: str
    base_url: str
    email_url: str
    files_max_mb: int
    mailbox_url: str
    private_hosts: frozenset[str]
    engine_url: str
    time_zone: str
    language: str
    currency: str
    debug: bool


def load(environ: Mapping[str, str] = os.environ) -> Environment:
    """Read and check all settings. Raises WrongSetting."""
    data_dir = Path(environ.get("FILON_DATA_DIR") or "var").resolve()
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = _toml(data_dir / "filon.toml")

    def get(name: str, default: str, check: Callable[[str], bool] = lambda _: True, may_be: str = "") -> str:
        value = environ.get(name) or str(file.get(name) or file.get(name.removeprefix("FILON_").lower()) or default)
        if not check(value):
            raise WrongSetting(f"{name} is {value!r}; it may be {may_be}")
        return value

    url = get("FILON_DATABASE_URL", f"sqlite:///{data_dir / 'filon.sqlite3'}")
    return Environment(
        data_dir=data_dir,
        database=_database(url),
        secret_key=get("FILON_SECRET_KEY", "") or _kept_secret(data_dir),
        base_url=get(
            "FILON_BASE_URL",
            "http://127.0.0.1:8000",
            lambda v: v.startswith(("http://", "https://")) and bool(urlsplit(v).hostname),
            "an address such as https://filon.example.com",
        ).rstrip("/"),
        email_url=get(
            "FILON_EMAIL_URL",
            "console:",
            lambda v: v.split(":", 1)[0] in {"console", "smtp", "smtp+starttls", "smtps"},
            "console: or smtp+starttls://user:password@host:587",
        ),
        files_max_mb=int(
            get(
                "FILON_FILES_MAX_MB",
                "25",
                lambda v: v.isascii() and v.isdecimal() and 0 < int(v) <= 2_000,
                "a number of megabytes, such as 25",
            )
        ),
        mailbox_url=get(
            "FILON_MAILBOX_URL",
            "",
            lambda v: not v or v.split(":", 1)[0] in {"imaps", "imap+starttls", "imap"},
            "imaps://user:password@host/INBOX",
        ),
        private_hosts=frozenset(get("FILON_PRIVATE_HOSTS", "").lower().replace(",", " ").split()),
        engine_url=get("FILON_ENGINE_URL", "duckdb:", lambda v: v == "duckdb:", "duckdb: (Spark comes later)"),
        time_zone=get(
            "FILON_TIME_ZONE", "Europe/Paris", lambda v: v in available_timezones(), "a zone such as Europe/Paris"
        ),
        language=get("FILON_LANGUAGE", "fr", lambda v: v in {"fr", "en"}, "fr or en"),
        currency=get(
            "FILON_CURRENCY", "EUR", lambda v: len(v) == 3 and v.isalpha() and v.isupper(), "an ISO code such as EUR"
        ),
        debug=get("FILON_DEBUG", "0", lambda v: v in {"0", "1"}, "0 or 1") == "1",
    )


def zone(environment: Environment) -> ZoneInfo:
    """The workspace's time zone."""
    return ZoneInfo(environment.time_zone)


def _toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WrongSetting(f"{path.name} in the data folder cannot be read: {error}") from error


def _database(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    if parts.scheme == "sqlite" and parts.path:
        name = parts.path.removeprefix("/") if parts.netloc else parts.path
        return {"ENGINE": "filon.kit.sqlite", "NAME": name, "CONN_MAX_AGE": None}
    if parts.scheme in {"postgresql", "postgres"} and parts.path.strip("/"):
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.strip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": unquote(parts.hostname or ""),
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": 600,
            "CONN_HEALTH_CHECKS": True,
            # A batch asks the same statements each time: prepared, the server need not plan them anew.
            "OPTIONS": dict(parse_qsl(parts.query))
            | {"connect_timeout": 5, "server_side_binding": True, "prepare_threshold": 3},
        }
    raise WrongSetting("FILON_DATABASE_URL may be sqlite:////path/to/file or postgresql://user:password@host/name")


def _kept_secret(data_dir: Path) -> str:
    """The key of this data folder, made at the first start and readable by its owner only."""
    path = data_dir / "secret_key"
    if not path.exists():
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(48))
        except FileExistsError:
            pass  # another process made it between our look and our try
    return path.read_text().strip()
