"""The facts told of colleagues' mailboxes."""

from __future__ import annotations

from dataclasses import dataclass

from filon.core.ledger import Event


@dataclass(frozen=True, kw_only=True)
class MailboxConnected(Event):
    """A colleague connected their mailbox, or gave it other settings."""

    account_id: int


@dataclass(frozen=True, kw_only=True)
class MailboxDisconnected(Event):
    """A colleague took their mailbox away."""

    account_id: int


@dataclass(frozen=True, kw_only=True)
class MailWritten(Event):
    """A colleague wrote a mail to a lead's person; it goes out soon. What was sent is told as `message_sent`."""

    lead_id: int
    person_id: int
    written_id: int


@dataclass(frozen=True, kw_only=True)
class MailWithdrawn(Event):
    """The mail was taken back before it went out."""

    lead_id: int
    person_id: int
    written_id: int
