"""The timeline as pages show it: by day, human acts in full, what programs did folded together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Final

from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from filon.leads.card import words
from filon.leads.card.facts import FactPage, FactRow, Names
from filon.leads.card.wording import Family, Weight, counted, sentence, wording_of

_SOON: Final = timedelta(minutes=5)
"""Learnt within this time: as good as at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A fact on the timeline, or several `folded` under a label. learnt_at: only when it was learnt later."""

    id: int
    at: datetime
    icon: str
    who: str = ""
    text: str = ""
    body: str = ""
    channel: str = ""
    url: str = ""
    is_human: bool = False
    is_revoked: bool = False
    learnt_at: datetime | None = None
    folded: Sequence[Entry] = ()


@dataclass(frozen=True, slots=True)
class Day:
    """The entries of one day of the workspace, newest first. is_continued: the page before began it."""

    day: date
    entries: list[Entry] = field(default_factory=list)
    is_continued: bool = False

    @property
    def is_slim(self) -> bool:
        """Whether it fits on one line: a single entry that no human made."""
        return len(self.entries) == 1 and not self.entries[0].is_human


def days(page: FactPage, *, continued: date | None = None) -> list[Day]:
    """A page of facts by day. continued: the last day of the page before."""
    found = groupby(page.facts, key=lambda fact: timezone.localtime(fact.at).date())
    return [Day(day, list(_entries(facts, page.names)), day == continued) for day, facts in found]


def _entries(facts: Iterable[FactRow], names: Names) -> Iterable[Entry]:
    for is_folded, group in groupby(facts, key=_folds):
        together = list(group)
        entries = [_entry(fact, names) for fact in together]
        if is_folded and len(entries) > 1:
            first = entries[0]
            yield Entry(id=first.id, at=first.at, icon=first.icon, text=counted(together), folded=entries)
        else:
            yield from entries


def _folds(fact: FactRow) -> bool:
    return fact.is_machine or wording_of(fact.kind).weight is Weight.FOLD


def _entry(fact: FactRow, names: Names) -> Entry:
    how, said = wording_of(fact.kind), sentence(fact, names)
    channel = words.choice("channel", fact.channel) if how.family is Family.SIGNAL else ""
    if fact.channel in ("", "unknown") or channel in said.text:
        channel = ""
    return Entry(
        id=fact.id,
        at=fact.at,
        icon=how.icon,
        who=said.who,
        text=said.text if said.who else _capitalised(said.text),
        body=said.body,
        channel=channel,
        url=_url(fact, names),
        is_human=how.weight is Weight.FULL and not fact.is_machine,
        is_revoked=fact.is_revoked,
        learnt_at=fact.learnt_at if fact.learnt_at - fact.at > _SOON else None,
    )


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def _url(fact: FactRow, names: Names) -> str:
    if fact.opportunity_id is None or fact.opportunity_id not in names.opportunities:
        return ""
    try:
        return reverse("deals:opportunity", args=[fact.opportunity_id])
    except NoReverseMatch:
        return ""
