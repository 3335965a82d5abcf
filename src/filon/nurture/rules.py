"""How a lead walks through a sequence, who may be written to, and what a relay's answer means. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

# Walking --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step as walking needs it. side: of the branch `parent_id`, or empty in the sequence itself."""

    id: int
    parent_id: int | None
    side: str
    position: int
    kind: str
    template_id: int | None = None
    minutes: int = 0
    condition: str = ""
    task: str = ""
    text: str = ""
    is_removed: bool = False


class Steps:
    """The steps of one sequence. Those taken out are known, for leads may stand at them, and never walked to."""

    def __init__(self, rows: Iterable[StepRow]) -> None:
        self.by_id: Mapping[int, StepRow] = {row.id: row for row in rows}
        self._of: dict[tuple[int | None, str], list[StepRow]] = {}
        for row in sorted(self.by_id.values(), key=lambda row: (row.position, row.id)):
            if not row.is_removed:
                self._of.setdefault((row.parent_id, row.side), []).append(row)

    def of(self, parent_id: int | None = None, side: str = "") -> Sequence[StepRow]:
        """The steps of a side of a branch, or of the sequence itself, in their order."""
        return self._of.get((parent_id, side), [])

    def first(self) -> StepRow | None:
        """Where a lead begins."""
        return next(iter(self.of()), None)

    def after(self, step: StepRow) -> StepRow | None:
        """The step after this one; at the end of a side, the one after its branch; None at the end of the sequence."""
        behind = (step.position, step.id)
        for other in self.of(step.parent_id, step.side):
            if (other.position, other.id) > behind:
                return other
        return self.after(self.by_id[step.parent_id]) if step.parent_id is not None else None

    def beyond(self, branch: StepRow, *, holds: bool) -> StepRow | None:
        """Where a branch leads: the first step of the side, or what follows the branch where that side has none."""
        side = self.of(branch.id, "yes" if holds else "no")
        return side[0] if side else self.after(branch)

    def in_order(self, parent_id: int | None = None, side: str = "", depth: int = 0) -> list[tuple[StepRow, int]]:
        """Every step with its depth, sides under their branch: as a page shows them."""
        found: list[tuple[StepRow, int]] = []
        for step in self.of(parent_id, side):
            found.append((step, depth))
            if step.kind == "branch":
                found += self.in_order(step.id, "yes", depth + 1)
                found += self.in_order(step.id, "no", depth + 1)
        return found


# Who may be written to ------------------------------------------------------------------------------------------------

HUMAN_STAGES: Final = frozenset({"sql", "opportunity"})
"""Stages at which a colleague speaks with the person: no sequence goes on."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides whether a person may be written to. consent: given, refused or empty when never asked."""

    email: str
    suppressed: str = ""
    consent: str = ""
    is_open: bool = True


def objection(standing: Standing) -> str:
    """Why the person must not be written to; empty when they may.

    A professional address may be written to until its owner objects (CNIL, commercial prospecting between companies);
    a private one only with consent.
    """
    if not standing.email:
        return "no_email"
    if standing.email.lower().endswith(_RESERVED):
        return "not_real"
    if standing.suppressed:
        return standing.suppressed
    if standing.consent == "refused":
        return "refused"
    if standing.consent != "given" and is_private(standing.email):
        return "no_consent"
    return "" if standing.is_open else "left"


_RESERVED: Final = (".example", ".test", ".invalid", ".localhost", "@example.com", "@example.org", "@example.net")
"""Where no mailbox is and none will be (RFC 2606): sample data live there."""

_PRIVATE: Final = frozenset(
    {
        "gmail.com",
        "googlemail.com",
        "outlook.com",
        "outlook.fr",
        "hotmail.com",
        "hotmail.fr",
        "live.com",
        "live.fr",
        "msn.com",
        "yahoo.com",
        "yahoo.fr",
        "ymail.com",
        "icloud.com",
        "me.com",
        "mac.com",
        "aol.com",
        "gmx.com",
        "gmx.fr",
        "gmx.net",
        "gmx.de",
        "web.de",
        "proton.me",
        "protonmail.com",
        "mail.com",
        "zoho.com",
        "yandex.com",
        "yandex.ru",
        "mail.ru",
        "orange.fr",
        "wanadoo.fr",
        "free.fr",
        "sfr.fr",
        "neuf.fr",
        "numericable.fr",
        "laposte.net",
        "bbox.fr",
        "aliceadsl.fr",
        "club-internet.fr",
        "voila.fr",
        "skynet.be",
        "telenet.be",
        "bluewin.ch",
        "sunrise.ch",
    }
)


def is_private(email: str) -> bool:
    """Whether an address is one that people have for themselves, by the provider's domain."""
    return email.rpartition("@")[2].lower() in _PRIVATE


# What a relay says ----------------------------------------------------------------------------------------------------

WAITS: Final = (
    timedelta(seconds=2),
    timedelta(seconds=4),
    timedelta(seconds=8),
    timedelta(seconds=15),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=8),
    timedelta(hours=24),
)
"""How long a message rests after each time the relay put it off: a hiccup is over within the minute, and greylists let
it through within the hour."""


def retry_at(attempts: int, at: datetime) -> datetime | None:
    """When a message is offered again after its n-th try (from 1); None when it has been put off often enough."""
    return at + WAITS[attempts - 1] if attempts <= len(WAITS) else None
