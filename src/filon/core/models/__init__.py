"""Core's tables, one file a subject."""

from filon.core.models.inbox import InboxEntry
from filon.core.models.jobs import Job
from filon.core.models.ledger import Fact, FactDetail
from filon.core.models.letters import Letter
from filon.core.models.runtime import Allowance, ClockTick, Worker
from filon.core.models.settings import AuditEntry, Tunable
from filon.core.models.users import ApiKey, StartLink, Team, User

__all__ = [
    "Allowance",
    "ApiKey",
    "AuditEntry",
    "ClockTick",
    "Fact",
    "FactDetail",
    "InboxEntry",
    "Job",
    "Letter",
    "StartLink",
    "Team",
    "Tunable",
    "User",
    "Worker",
]
