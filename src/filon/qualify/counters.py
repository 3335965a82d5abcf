"""What a colleague did today: calls, conversations, messages, meetings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

from filon.core.access import Actor
from filon.core.conditions.sql import LIVE_FACT_SQL
from filon.kit import sql
from filon.leads.events import SPOKEN, CallLogged, MeetingHeld, MessageSent

_KINDS: Final = ", ".join(f"'{cls.kind}'" for cls in (CallLogged, MeetingHeld, MessageSent))
"""In the order of the index `core_fact_of_colleagues`: SQLite takes a partial index only for its very words."""


@dataclass(frozen=True, slots=True)
class Today:
    """Acts that one colleague logged since the morning. conversations: calls in which somebody was spoken with."""

    calls: int = 0
    conversations: int = 0
    messages: int = 0
    meetings: int = 0


def today(*, by: Actor, since: datetime) -> Today:
    """What the actor logged since a moment. One statement, by an index of what colleagues did."""
    if by.kind != "user":
        return Today()
    spoken = ", ".join(f"'{outcome}'" for outcome in sorted(SPOKEN))
    found = sql.fetch(
        f"SELECT fact.kind, COUNT(*), SUM(CASE WHEN fact.payload ->> 'outcome' IN ({spoken}) THEN 1 ELSE 0 END) "
        "FROM core_fact fact WHERE fact.actor_kind = 'user' AND fact.actor_id = %s AND fact.at >= %s "
        f"AND fact.kind IN ({_KINDS}) AND {LIVE_FACT_SQL} "
        "GROUP BY fact.kind",
        [by.id, connection.ops.adapt_datetimefield_value(since)],
    )
    count = {kind: (int(rows), int(talks or 0)) for kind, rows, talks in found}
    calls, conversations = count.get(CallLogged.kind, (0, 0))
    return Today(calls, conversations, count.get(MessageSent.kind, (0, 0))[0], count.get(MeetingHeld.kind, (0, 0))[0])
