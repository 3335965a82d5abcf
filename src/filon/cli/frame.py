"""What every command shares: `--json`, progress on standard error, clear words and the right exit status.

Exit status: 0 done, 1 failed with a message that says what to do, 2 wrong usage (click's own).
"""

from __future__ import annotations

import functools
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any, ParamSpec

import click

P = ParamSpec("P")


def command(function: Callable[P, dict[str, Any] | None]) -> Callable[P, None]:
    """A command's body: Django and the tables are ready when it runs; what it returns is the JSON object of `--json`.

    The body writes for people with `say`; with `--json` that goes to standard error.
    """
    return _framed(function, needs_tables=True)


def bare_command(function: Callable[P, dict[str, Any] | None]) -> Callable[P, None]:
    """A command that looks after the tables itself, or works without any."""
    return _framed(function, needs_tables=False)


def _framed(function: Callable[P, dict[str, Any] | None], *, needs_tables: bool) -> Callable[P, None]:
    @click.option("--json", "as_json", is_flag=True, help="One JSON object on the last line of standard output.")
    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        _Output.as_json = bool(kwargs.pop("as_json"))
        with _Clear():
            _set_up()
            if needs_tables:
                from filon.core import schema

                schema.prepare()
            result = function(*args, **kwargs)
        if result is not None:
            answer(result)

    return run


def answer(result: dict[str, Any]) -> None:
    """The JSON object of `--json`, for a command that ends by itself (with exit status 1)."""
    if _Output.as_json:
        click.echo(json.dumps(result, ensure_ascii=False, default=str))


def _(text: str) -> str:
    """In the workspace's language, once there is one: settings that cannot be read are told in English."""
    from django.conf import settings

    if not settings.configured:
        return text
    from django.utils.translation import gettext

    return gettext(text)


class _Output:
    """Where words for people go."""

    as_json = False


def say(text: str) -> None:
    """A line for people: on standard output, or on standard error when a program reads standard output."""
    click.echo(text, err=_Output.as_json)


def _set_up() -> None:
    os.umask(0o077)  # what is written holds personal data: for its owner only
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "filon.config.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.utils import translation

    translation.activate(settings.LANGUAGE_CODE)


class _Clear:
    """Turns what can go wrong into one sentence and exit status 1; the traceback only with FILON_DEBUG=1."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if error is None or isinstance(error, click.ClickException | click.exceptions.Exit | SystemExit):
            return
        if isinstance(error, KeyboardInterrupt):
            click.echo(_("Stopped."), err=True)
            sys.exit(1)
        message = sentence(error)
        if message is None or os.environ.get("FILON_DEBUG") == "1":
            return
        click.echo(message, err=True)
        answer({"error": message})
        sys.exit(1)


def sentence(error: BaseException) -> str | None:
    """What to tell people of an error, or None for one that is our fault and deserves its traceback."""
    from filon.config.environment import WrongSetting
    from filon.kit.errors import Refused
    from filon.kit.sqlite.library import UnsafeSQLite

    if isinstance(error, Refused | WrongSetting | UnsafeSQLite):
        return str(error)
    if isinstance(error, BrokenPipeError):
        return _("The reader of the output has gone.")
    if isinstance(error, OSError):
        return f"{error.strerror or error}: {error.filename or ''}".rstrip(": ")
    from django.db import InterfaceError, OperationalError, ProgrammingError

    if isinstance(error, OperationalError | InterfaceError):
        return _("The database does not answer: %(why)s. Check FILON_DATABASE_URL and that it runs.") % {
            "why": str(error).strip()
        }
    if isinstance(error, ProgrammingError):
        return _("The database lacks what this version needs (%(why)s). Run: filon migrate") % {
            "why": str(error).strip()
        }
    return None


class Progress:
    """Long work on standard error: done, rate, time left. A line a second on a terminal, every ten seconds else."""

    def __init__(self, what: str, total: int | None = None) -> None:
        self._what = what
        self._total = total
        self._start = time.monotonic()
        self._said = 0.0
        self._is_terminal = sys.stderr.isatty()

    def show(self, done: int) -> None:
        """Say how far it is, when it is time to."""
        now = time.monotonic()
        if now - self._said < (1 if self._is_terminal else 10):
            return
        self._said = now
        click.echo(self._line(done, now - self._start), err=True, nl=not self._is_terminal)

    def end(self) -> None:
        """Leave the line."""
        if self._is_terminal and self._said:
            click.echo("", err=True)

    def _line(self, done: int, seconds: float) -> str:
        rate = done / seconds if seconds else 0.0
        from filon.ui import formats

        text = _("%(what)s: %(done)s") % {"what": self._what, "done": formats.number(done)}
        text += (f" / {formats.number(self._total)}" if self._total else "") + f", {formats.number(rate, 0)}/s"
        if self._total and rate:
            left = formats.number(max(0, self._total - done) / rate, 0)
            text += ", " + _("%(seconds)s s left") % {"seconds": left}
        return f"\r\033[K{text}" if self._is_terminal else text
