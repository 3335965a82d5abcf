"""The product on one page: the steps of the line, every fact with its reactions, every clock that ticks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from filon.capture import doors
from filon.capture.costs import commands as costs
from filon.core import purge
from filon.core.inbox import Understand
from filon.core.ledger import Event
from filon.core.line import Step
from filon.leads import acts, records
from filon.leads import commands as leads
from filon.unify import commands as unify

LINES: Mapping[str, Sequence[Step]] = {
    "lead": [
        records.recognise,
        unify.identify_companies,
        unify.identify_people,
        leads.record_companies,
        leads.record_people,
        leads.record_leads,
        leads.answer_leads,
        leads.record_findings,
    ],
    "event": [
        records.recognise,
        unify.identify_people,
        acts.record_acts,
        leads.record_findings,
    ],
    "company": [
        records.recognise,
        unify.identify_companies,
        leads.record_accounts,
        leads.record_findings,
    ],
    "cost": [
        records.recognise,
        costs.record_costs,
        leads.record_findings,
    ],
}
"""What an entry of each kind goes through, in order. Each step takes the whole batch."""

NOW: dict[type[Event], list[Callable[..., None]]] = {}
"""Reactions in the transaction of the fact: whatever the user must see on the next screen."""

LATER: dict[type[Event], list[str]] = {}
"""Reactions by a worker, safe to run twice: names of jobs."""

JOBS: Mapping[str, Callable[..., None]] = {
    "core.purge": purge.run,
}
"""What each job runs."""

CLOCKS: Sequence[tuple[str, int]] = (("core.purge", 86_400),)
"""Work that comes back: (job, every how many seconds)."""

UNDERSTAND: Mapping[str, Understand] = {route: doors.understand(route) for route in doors.DOORS}
"""How what a door stored is understood again when it is replayed, by route."""
