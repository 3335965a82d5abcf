"""The head of a lead's page: its path, what comes next, and the one act that its stage calls for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from filon.core.access import Actor
from filon.leads import reasons, rules
from filon.leads.card import words
from filon.leads.card.queries import LeadCard
from filon.leads.events import CallLogged, MessageSent, NoteWritten
from filon.leads.moving import MOVES_TO
from filon.ui import formats

OpenTime = Callable[[datetime, datetime, int | None], timedelta]
ByItself = Callable[[int], tuple[str, datetime | None] | None]
_open_time: OpenTime | None = None
_by_itself: Sequence[ByItself] = ()


def connect(open_time: OpenTime, by_itself: Sequence[ByItself]) -> None:
    """Set who knows the open time between two moments in a team's hours, and what happens next to a lead without its
    owner (in words, and when), in order; called once at start by `config`."""
    global _open_time, _by_itself
    _open_time, _by_itself = open_time, by_itself


@dataclass(frozen=True, slots=True)
class Step:
    """A stage of the path, as `ui/stage_path.html` takes it."""

    stage: str
    state: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Primary:
    """The one act of the head. url: a link; compose: the kind of act to log beside; move: the stage to move to."""

    label: str
    icon: str
    url: str = ""
    compose: str = ""
    move: str = ""


@dataclass(frozen=True, slots=True)
class Promise:
    """The first contact that is owed. left: open time, or that since it was due. tight: under a quarter is left."""

    due_at: datetime
    left: timedelta
    is_tight: bool
    is_late: bool


def path(card: LeadCard, passages: Mapping[str, datetime], *, at: datetime) -> list[Step]:
    """The journey so far: when each stage was reached, how long the present one lasts, and why the lead left."""
    lead = card.lead
    stage, reached = str(lead["stage"]), int(lead["reached"])
    begun = {"captured": lead["captured_at"], **passages}
    since = formats.duration(at - lead["stage_since"])
    steps: list[Step] = []
    for name in rules.STAGES:
        if name == stage:
            steps.append(Step(name, "current", since))
        elif rules.RANK[name] <= max(reached, rules.RANK.get(stage, 0)):
            steps.append(_behind(begun.get(name), name, at=at))
        elif stage not in rules.EXITS:
            steps.append(Step(name, ""))
    if stage in rules.EXITS:
        reason = reasons.label(stage, str(lead["reason"]))
        steps.append(Step(stage, "exit", " · ".join(part for part in (reason, since) if part)))
    return steps


def _behind(begun: datetime | None, name: str, *, at: datetime) -> Step:
    """A stage that lies behind the present one: ticked only when something tells that the lead was in it."""
    return Step(name, "passed", formats.day(begun, at)) if begun else Step(name, "skipped", _("passed over"))


def promise(card: LeadCard, *, at: datetime) -> Promise | None:
    """The first contact that is owed, if one is. Two statements when one is."""
    due_at = card.promised_by
    if due_at is None:
        return None
    assert _open_time is not None  # noqa: S101 — `connect` ran at start
    left = abs(_open_time(at, due_at, card.team_id))
    if at > due_at:
        return Promise(due_at, left or at - due_at, is_tight=True, is_late=True)  # late in the night is late, too
    whole = _open_time(card.lead["routed_at"] or card.lead["captured_at"], due_at, card.team_id)
    return Promise(due_at, left, is_tight=left < whole / 4, is_late=False)


@dataclass(frozen=True, slots=True)
class NextAction:
    """What happens next: a colleague's action, or a step of its own."""

    label: str
    due_at: datetime | None
    is_late: bool


def next_action(card: LeadCard, *, at: datetime) -> NextAction | None:
    """What is planned with the lead, else what others do next, or a sequence. Two statements at the most."""
    if card.planned is not None:
        kind, due_at = card.planned
        return NextAction(words.task(kind), due_at, is_late=due_at < at)
    if not card.lead["is_open"]:
        return None
    for knows in _by_itself:
        step = knows(card.id)
        if step is not None:
            label, due = step
            return NextAction(label, due, is_late=due is not None and due < at)
    return None


def moves(card: LeadCard, by: Actor) -> Sequence[str]:
    """The stages that this actor may move the lead to."""
    if not by.may("leads.move"):
        return ()
    return [stage for stage in MOVES_TO if stage != card.lead["stage"]]


def primary(card: LeadCard, by: Actor) -> Primary | None:
    """What this stage calls for, as far as this actor may do it."""
    stage = str(card.lead["stage"])
    if stage == "mql" and by.may("leads.move"):
        return Primary(label=_("Propose to sales"), icon="send", url=_address("handoff:propose", card.id))
    if stage == "sql" and by.may("deals.change") and (url := _address("deals:new")):
        return Primary(label=_("Create the opportunity"), icon="handshake", url=f"{url}?lead={card.id}")
    if stage == "opportunity" and by.may("deals.see") and (url := _address("deals:list")):
        return Primary(label=_("See the opportunity"), icon="handshake", url=f"{url}?lead={card.id}")
    if stage in ("customer", "attached"):
        return _to_account(card)
    if stage in rules.EXITS:
        return Primary(label=_("Take up again"), icon="undo-2", move="qualifying") if by.may("leads.move") else None
    return _reach(card) if by.may("leads.act") else None


def _reach(card: LeadCard) -> Primary:
    """To talk to the person, by what is known of them."""
    if card.person["phone"]:
        return Primary(label=_("Call"), icon="phone", url=f"tel:{card.person['phone']}", compose=CallLogged.kind)
    if card.person["email"]:
        return Primary(label=_("Write"), icon="mail", url=f"mailto:{card.person['email']}", compose=MessageSent.kind)
    return Primary(label=_("Write a note"), icon="sticky-note", compose=NoteWritten.kind)


def _to_account(card: LeadCard) -> Primary | None:
    if card.company is None:
        return None
    return Primary(label=_("See the account"), icon="building-2", url=_address("companies:company", card.company["id"]))


def _address(name: str, *args: object) -> str:
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
