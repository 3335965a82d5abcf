"""`filon user create` and `filon key create`: accounts from the command line."""

from __future__ import annotations

import sys
from typing import Any

import click

from filon.cli.frame import command, say

_ROLES = ("admin", "marketing", "sdr", "sales", "manager", "head", "ops", "read_only")


@click.group()
def user() -> None:
    """Colleagues."""


@user.command("create")
@click.argument("email")
@click.option("--role", type=click.Choice(_ROLES), required=True)
@click.option("--name", default="", help="Defaults to the first part of the e-mail.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input, else print a link.")
@command
def create_user(email: str, role: str, name: str, password_stdin: bool) -> dict[str, Any]:
    """Add a colleague; without a password, print a one-use link with which they choose one."""
    from django.conf import settings
    from django.utils import timezone

    from filon.core import accounts
    from filon.core.access import SYSTEM

    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    now = timezone.now()
    made = accounts.create_user(email, role=role, name=name, password=password, by=SYSTEM, at=now)
    result: dict[str, Any] = {"id": made.pk, "email": made.email, "role": made.role}
    say(f"{made.email} ({made.role}) created.")
    if password is None:
        result["link"] = f"{settings.FILON_BASE_URL}{accounts.password_link(made.pk, by=SYSTEM, at=now)}"
        say(f"To choose a password, once and within three days: {result['link']}")
    return result


@click.group()
def key() -> None:
    """API keys."""


@key.command("create")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, help="What it may do; may be repeated.")
@command
def create_key(name: str, scopes: tuple[str, ...]) -> dict[str, Any]:
    """Make an API key and print it: it is not shown again."""
    from django.utils import timezone

    from filon.core import accounts
    from filon.core.access import SYSTEM

    made, secret = accounts.create_key(name, scopes, by=SYSTEM, at=timezone.now())
    say(secret)
    return {"id": made.pk, "key": secret, "name": made.name, "scopes": made.scopes}
