"""Limits that hold across processes and restarts: how often something may be tried in a window of time."""

from __future__ import annotations

from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from django.db import connection, transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from filon.kit import sql
from filon.kit.errors import Kind, Refused


def take(purpose: str, subject: str, *, most: int, window: timedelta, at: datetime) -> None:
    """Use one of `most` tries in the window, counted in one statement. Raises Refused (too many)."""
    now, end = (connection.ops.adapt_datetimefield_value(time) for time in (at, at + window))
    with transaction.atomic():
        [(used,)] = sql.fetch(
            "INSERT INTO core_allowance (key, used, resets_at) VALUES (%s, 1, %s) ON CONFLICT (key) DO UPDATE SET "
            "used = CASE WHEN core_allowance.resets_at <= %s THEN 1 ELSE core_allowance.used + 1 END, "
            "resets_at = CASE WHEN core_allowance.resets_at <= %s THEN excluded.resets_at "
            "ELSE core_allowance.resets_at END RETURNING used",
            [_key(purpose, subject), end, now, now],
        )
    if used > most:
        minutes = max(1, round(window.total_seconds() / 60))
        message = _("Too many tries. Wait %(minutes)s minutes, then try again.") % {"minutes": minutes}
        raise Refused(message, Kind.TOO_MANY, code="too_many")


def forgive(purpose: str, subject: str) -> None:
    """Start counting anew, for example after the right password."""
    sql.execute("DELETE FROM core_allowance WHERE key = %s", [_key(purpose, subject)])


def network_of(address: str) -> str:
    """Whom an address counts for: itself, or the /64 of an IPv6 one, which is what one customer of a provider has."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((known, 64), strict=False)) if isinstance(known, IPv6Address) else address


def _key(purpose: str, subject: str) -> str:
    """A keyed hash: the table holds neither addresses nor account names."""
    return salted_hmac(f"filon.limits.{purpose}", subject, algorithm="sha256").hexdigest()
