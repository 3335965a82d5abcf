"""The suppression list: addresses that must not be written to. Kept as keyed hashes, checked when a message is claimed.

Nothing takes an address off it: whoever fills in a form with somebody else's address must not undo their objection.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from django.db import connection
from django.utils.crypto import salted_hmac

from filon.core.line import Batch
from filon.kit import sql
from filon.leads.events import Bounced, Unsubscribed
from filon.leads.models import Identifier, Person

OBJECTION: Final = "objection"
_REASONS: Final[Mapping[str, str]] = {Unsubscribed.kind: OBJECTION, Bounced.kind: "invalid"}
"""What each of these acts says of the person's addresses."""


def digest_of(email: str) -> str:
    """How the list knows an address; the key of the hash is not in the database."""
    return salted_hmac("filon.suppression", email.strip().lower(), algorithm="sha256").hexdigest()


def suppress_objectors(batch: Batch) -> None:
    """A step of the line: whoever objected, or cannot be reached, is not written to again. Two statements at the most.

    What files tell of the past counts too: an objection has no age.
    """
    reasons: dict[int, str] = {}
    for item in batch.going():
        reason = _REASONS.get(item.entry.values.get("kind", ""))
        if reason is not None and item.person is not None:
            known = reasons.get(item.person["id"])
            reasons[item.person["id"]] = OBJECTION if OBJECTION in {known, reason} else reason
    if reasons and not batch.is_rehearsal:
        suppress(
            {email: reasons[person_id] for person_id, email in _emails_of(batch, reasons)},
            at=batch.at,
        )


def suppress(emails: Mapping[str, str], *, at: datetime) -> None:
    """Put addresses on the list, each with its reason; an objection takes the place of what was known. One statement.

    Must run in a transaction.
    """
    if not emails:
        return
    moment = connection.ops.adapt_datetimefield_value(at)
    cells = [cell for email, reason in sorted(emails.items()) for cell in (digest_of(email), reason, moment)]
    marks = ", ".join(["(%s, %s, %s)"] * len(emails))
    sql.execute(
        f"INSERT INTO leads_suppression (digest, reason, at) VALUES {marks} ON CONFLICT (digest) DO UPDATE SET "
        "reason = excluded.reason, at = excluded.at WHERE excluded.reason = 'objection' "
        "AND leads_suppression.reason <> 'objection'",
        cells,
    )


def reasons_of(emails: Iterable[str]) -> dict[str, str]:
    """Why each of these addresses must not be written to; those that may are left out. One statement."""
    digests = {digest_of(email): email for email in emails if email}
    if not digests:
        return {}
    where, params = sql.any_of("digest", sorted(digests))
    return {digests[digest]: reason for digest, reason in sql.fetch(_FIND + where, params)}


_FIND: Final = "SELECT digest, reason FROM leads_suppression WHERE "


def _emails_of(batch: Batch, people: Iterable[int]) -> list[tuple[int, str]]:
    """(person, address) of every address of some people, those that this batch brought included. One statement."""
    wanted = set(people)
    where, params = sql.any_of("person_id", sorted(wanted))
    known = sql.fetch(f"SELECT person_id, value FROM leads_identifier WHERE {where} AND kind = 'email'", params)
    new = [
        (row["person_id"], row["value"])
        for row in batch.rows(Identifier).new
        if row["kind"] == Identifier.Kind.EMAIL and row["person_id"] in wanted
    ]
    rows: dict[int, dict[str, Any]] = batch.rows(Person).by_id
    main = [(person_id, rows[person_id]["email"]) for person_id in wanted if rows.get(person_id, {}).get("email")]
    return [(int(person_id), str(email)) for person_id, email in dict.fromkeys([*known, *new, *main])]
