"""The facts told of leads, people and companies. Personal values (`PERSONAL`) go to the erasable detail row."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from filon.core.ledger import Event


@dataclass(frozen=True, kw_only=True)
class LeadCaptured(Event):
    """A lead came to be; its journey begins at `stage`. `at` is the capture, which may be long ago (history)."""

    PERSONAL: ClassVar[frozenset[str]] = frozenset({"landing_page"})

    lead_id: int
    person_id: int
    company_id: int | None = None
    door: str
    channel: str
    source: str = ""
    campaign_id: int | None = None
    stage: str = "captured"
    is_history: bool = False
    landing_page: str = ""


@dataclass(frozen=True, kw_only=True)
class Submitted(Event):
    """The person (or a program in their name) came through a door: a form, a call of the API, a hook.

    wants: `content` where a document or news were asked for; empty where we were. otherwise: what a form says of a
    person known already that is not what is known of them, by field; a colleague decides.
    """

    PERSONAL: ClassVar[frozenset[str]] = frozenset({"message", "landing_page", "otherwise"})

    lead_id: int
    person_id: int
    company_id: int | None = None
    door: str
    channel: str
    source: str = ""
    campaign_id: int | None = None
    path: str = ""
    landing_page: str = ""
    message: str = ""
    wants: str = ""
    otherwise: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class FieldsChanged(Event):
    """Fields of a person, company or lead took other values; `fields` names them, the values are personal."""

    PERSONAL: ClassVar[frozenset[str]] = frozenset({"old", "new"})

    of: str  # person, company or lead
    fields: list[str]
    old: dict[str, Any]
    new: dict[str, Any]
    person_id: int | None = None
    company_id: int | None = None
    lead_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class ConsentGiven(Event):
    """The person allowed something; `text_id` names the words they agreed to, `path` the page that showed them."""

    person_id: int
    company_id: int | None = None
    purpose: str
    text_id: int | None = None
    door: str = ""
    path: str = ""


@dataclass(frozen=True, kw_only=True)
class ConsentRefused(Event):
    """The person refused something, or took back that they had allowed it."""

    person_id: int
    company_id: int | None = None
    purpose: str
    text_id: int | None = None
    door: str = ""
    path: str = ""


@dataclass(frozen=True, kw_only=True)
class StageChanged(Event):
    """A lead passed from one stage to another."""

    lead_id: int
    person_id: int | None = None
    company_id: int | None = None
    from_stage: str
    to_stage: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class StageMoveUndone(Event):
    """A passage was taken back, and is forgotten by every figure: `revokes_id` names it. The lead is at `to_stage`."""

    lead_id: int
    person_id: int | None = None
    company_id: int | None = None
    from_stage: str
    to_stage: str
    revokes_id: int


@dataclass(frozen=True, kw_only=True)
class CustomFieldSaved(Event):
    """A custom field of leads or accounts was made, changed or retired."""

    field_id: int
    of: str
    kind_of_value: str
    is_retired: bool


@dataclass(frozen=True, kw_only=True)
class TaskPlanned(Event):
    """Something is to be done with a lead, by `owner_id`, at `due_at`. attempt: of a series of calls, else 0."""

    task_id: int
    lead_id: int
    person_id: int | None = None
    task: str
    owner_id: int | None = None
    due_at: datetime
    attempt: int = 0


@dataclass(frozen=True, kw_only=True)
class TaskClosed(Event):
    """What was to be done is done, or no longer to be done (dropped)."""

    task_id: int
    lead_id: int
    person_id: int | None = None
    task: str
    result: str


@dataclass(frozen=True, kw_only=True)
class OwnerChanged(Event):
    """A lead changed hands."""

    lead_id: int
    person_id: int | None = None
    from_owner_id: int | None = None
    to_owner_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Act(Event):
    """Something the person did or was done toward them; the base of the kinds below."""

    PERSONAL: ClassVar[frozenset[str]] = frozenset({"text"})

    person_id: int
    lead_id: int | None = None
    company_id: int | None = None
    door: str = ""
    channel: str = ""
    source: str = ""
    campaign_id: int | None = None
    path: str = ""
    value: Any = None
    is_machine: bool = False
    text: str = ""


class PageViewed(Act):
    """A page of ours was seen."""


@dataclass(frozen=True, kw_only=True)
class EmailOpened(Act):
    """One of our mails was opened (by a program as often as by a person). delivery_id: which, when it is known."""

    delivery_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class EmailClicked(Act):
    """A link in one of our mails was followed. delivery_id: in which, when it is known."""

    delivery_id: int | None = None


class FormSubmitted(Act):
    """A form was sent (reported by another system)."""


class DemoRequested(Act):
    """The person asked for a demonstration or a quote."""


class ContentDownloaded(Act):
    """A document was taken."""


class WebinarAttended(Act):
    """The person attended a webinar."""


class EventAttended(Act):
    """The person came to our stand or event."""


class ChatStarted(Act):
    """The person wrote in the chat of our site."""


class InboundCall(Act):
    """The person called and was answered: a two-way exchange."""


class Replied(Act):
    """The person answered one of our messages: a two-way exchange."""


class MeetingHeld(Act):
    """A meeting with the person took place: a two-way exchange."""


class Unsubscribed(Act):
    """The person objected to our messages."""


class Bounced(Act):
    """A message could not be delivered."""


class AutoAnswered(Act):
    """A program of theirs answered one of our messages: they are away, or it was received."""


@dataclass(frozen=True, kw_only=True)
class NoteWritten(Act):
    """A colleague wrote something down about the lead.

    about: a call, email, message, meeting or task that the note speaks of, as other systems keep them. state: of what
    it is about: planned, done or dropped. due: the day it is planned for, ISO.
    """

    about: str = ""
    state: str = ""
    due: str = ""


@dataclass(frozen=True, kw_only=True)
class CallLogged(Act):
    """A colleague called the person. `outcome`: reached, voicemail, no_answer, call_back, wrong_number, gatekeeper,
    not_now or not_interested; empty when a file does not say."""

    outcome: str = "reached"


class MessageSent(Act):
    """A colleague wrote to the person by hand (mail, social message)."""


@dataclass(frozen=True, kw_only=True)
class CustomAct(Act):
    """Something that happened, of a kind this product has no name for; `name` says which."""

    name: str = ""


@dataclass(frozen=True, kw_only=True)
class AskAnswered(Event):
    """A colleague answered what the lead's person had asked by `asked` at `asked_at`."""

    lead_id: int
    person_id: int | None = None
    company_id: int | None = None
    asked: str
    asked_at: datetime


@dataclass(frozen=True, kw_only=True)
class AskReopened(Event):
    """The answer was taken back: what was asked waits again."""

    lead_id: int
    person_id: int | None = None
    revokes_id: int


@dataclass(frozen=True, kw_only=True)
class ActUndone(Event):
    """Who logged an act took it back. act: its kind. acted_at: when it was; logged_at: when it was told."""

    lead_id: int
    person_id: int | None = None
    act: str
    acted_at: datetime
    logged_at: datetime
    revokes_id: int


ACTS: dict[str, type[Act]] = {
    cls.kind: cls
    for cls in (
        PageViewed,
        EmailOpened,
        EmailClicked,
        FormSubmitted,
        DemoRequested,
        ContentDownloaded,
        WebinarAttended,
        EventAttended,
        ChatStarted,
        InboundCall,
        Replied,
        MeetingHeld,
        Unsubscribed,
        Bounced,
        AutoAnswered,
        NoteWritten,
        CallLogged,
        MessageSent,
    )
}
"""The kinds of act that doors may bring and people may log, by code."""

OUTREACH = frozenset({CallLogged.kind, MessageSent.kind})
"""Human acts toward the person: the first one is the first response."""

EXCHANGES = frozenset({InboundCall.kind, Replied.kind, MeetingHeld.kind})
"""Two-way exchanges; a logged call counts too when its outcome is `reached`, `call_back`, `not_now` or
`not_interested`."""

SPOKEN = frozenset({"reached", "call_back", "not_now", "not_interested"})
"""Outcomes of a call in which someone spoke with the person."""


OF_KNOWN_PEOPLE = OUTREACH | EXCHANGES | {NoteWritten.kind}
"""What colleagues did with somebody, or wrote about them: a file that tells of it must mean people known already."""


def act_of(kind: str, *, at: datetime, person_id: int, **fields: Any) -> Act:
    """An act of the kind named by a door; unknown kinds are kept under their own name as `custom_act`."""
    cls = ACTS.get(kind)
    if cls is None:
        return CustomAct(at=at, person_id=person_id, name=kind[:80], **fields)
    return cls(at=at, person_id=person_id, **fields)
