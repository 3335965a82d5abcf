"""The facts told of nurturing: who entered a sequence and left it, what was sent, what could not be."""

from __future__ import annotations

from dataclasses import dataclass

from filon.core.ledger import Event


@dataclass(frozen=True, kw_only=True)
class Enrolled(Event):
    """A lead entered a sequence."""

    lead_id: int
    person_id: int
    enrollment_id: int
    sequence_id: int


@dataclass(frozen=True, kw_only=True)
class EnrollmentEnded(Event):
    """A lead came to the end of a sequence (`reason` is empty), or left it before, for a reason."""

    lead_id: int
    person_id: int
    enrollment_id: int
    sequence_id: int
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class DeliveryFact(Event):
    """What every fact of a message says: which one, to whom, for which step."""

    lead_id: int
    person_id: int
    delivery_id: int
    sequence_id: int
    step_id: int
    channel: str = "email"


@dataclass(frozen=True, kw_only=True)
class EmailSent(DeliveryFact):
    """The relay took a message over."""


@dataclass(frozen=True, kw_only=True)
class EmailRefused(DeliveryFact):
    """The relay refused a message for good, or put it off for too long. code: what it said, as SMTP numbers it."""

    code: int = 0
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class EmailHeld(DeliveryFact):
    """A message was not sent, because its person must not be written to."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class EmailUncertain(DeliveryFact):
    """Nobody can know whether the relay took a message over: it is not sent again by itself."""


@dataclass(frozen=True, kw_only=True)
class TemplateSaved(Event):
    """A template was made or changed."""

    template_id: int
    version: int


@dataclass(frozen=True, kw_only=True)
class SequenceSaved(Event):
    """A sequence was made, changed, started or paused."""

    sequence_id: int
    version: int
    state: str


@dataclass(frozen=True, kw_only=True)
class SenderSaved(Event):
    """In whose name the workspace writes was changed."""
