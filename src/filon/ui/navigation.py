"""The pages of the house, in the order people meet them. An entry appears once its address exists.

A slice adds its entry here in one line; `core.access` guards the page itself, `roles` only keeps the list short.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Counter = Callable[[Any], int | None]


@dataclass(frozen=True)
class Entry:
    """One page: its name, icon (a lucide name), address by url name, and who finds it useful (everyone when empty)."""

    label: str | Promise
    icon: str
    url_name: str
    roles: frozenset[str] = frozenset()
    on_phone: bool = False


@dataclass(frozen=True)
class Section:
    """Entries under one heading; the first section has none."""

    label: str | Promise
    entries: Sequence[Entry]


@dataclass(frozen=True)
class ShownEntry:
    """An entry as the template prints it."""

    label: str
    icon: str
    url: str
    is_current: bool
    on_phone: bool
    count: int | None


@dataclass(frozen=True)
class ShownSection:
    """A section with the entries this reader sees."""

    label: str
    entries: list[ShownEntry] = field(default_factory=list)


_RULES: Final = frozenset({"admin", "ops", "marketing", "head"})
_CAPTURE: Final = frozenset({"admin", "ops", "marketing", "head", "manager"})
_IMPORTS: Final = frozenset({"admin", "ops", "marketing"})  # who may run them, and so see them
_HANDS_OVER: Final = frozenset({"admin", "sdr", "sales", "manager", "head"})
_MEETS: Final = frozenset({"admin", "sdr", "sales", "manager", "head", "marketing"})
_WRITES: Final = frozenset({"admin", "sdr", "sales", "manager", "marketing"})
_OPERATIONS: Final = frozenset({"admin", "ops"})

SECTIONS: Final[Sequence[Section]] = (
    Section(
        "",
        (
            Entry(_("Home"), "house", "home", on_phone=True),
            Entry(_("Worklist"), "list-checks", "qualify:worklist", on_phone=True),
        ),
    ),
    Section(
        _("Records"),
        (
            Entry(_("Leads"), "target", "leads:list", on_phone=True),
            Entry(_("People"), "users", "people:list"),
            Entry(_("Companies"), "building-2", "companies:list"),
            Entry(_("Leads for sales"), "send", "handoff:list", _HANDS_OVER),
            Entry(_("Meetings"), "calendar-check", "meetings:diary", _MEETS),
            Entry(_("My mailbox"), "mail", "mailboxes:own", _WRITES),
            Entry(_("Opportunities"), "handshake", "deals:list", on_phone=True),
        ),
    ),
    Section(
        _("Capture"),
        (
            Entry(_("Forms"), "clipboard-list", "forms:list", _CAPTURE),
            Entry(_("Imports"), "file-up", "imports:list", _IMPORTS),
            Entry(_("Web tracking"), "globe", "tracking:show", _CAPTURE),
            Entry(_("Campaigns and costs"), "megaphone", "capture:campaigns", _CAPTURE),
        ),
    ),
    Section(
        _("Nurturing"),
        (Entry(_("Sequences"), "send", "nurture:sequences", _CAPTURE | {"sdr", "sales"}),),
    ),
    Section(
        _("Rules"),
        (
            Entry(_("Scoring"), "gauge", "scoring:studio", _RULES),
            Entry(_("Routing"), "route", "routing:rules", _RULES),
        ),
    ),
    Section(
        _("Figures"),
        (
            Entry(_("Funnel"), "funnel", "measure:funnel", on_phone=True),
            Entry(_("Sources"), "chart-column", "measure:sources"),
            Entry(_("Speed"), "timer", "measure:speed"),
            Entry(_("Costs"), "euro", "measure:cost"),
            Entry(_("Velocity"), "trending-up", "measure:velocity"),
            Entry(_("Forecast"), "calendar", "deals:forecast"),
        ),
    ),
    Section(
        _("Workspace"),
        (
            Entry(_("To look at"), "flag", "findings", _CAPTURE),
            Entry(_("Health"), "heart-pulse", "health", _OPERATIONS),
            Entry(_("Settings"), "settings", "settings", _OPERATIONS),
        ),
    ),
)

_counters: dict[str, Counter] = {}


def register_counter(url_name: str, counter: Counter) -> None:
    """Show `counter(user)` beside an entry, nothing for None or 0. Called at start; the counter runs on every page."""
    _counters[url_name] = counter


def shown(request: HttpRequest, sections: Sequence[Section] = SECTIONS) -> list[ShownSection]:
    """What this reader's navigation holds: entries that exist and are for their role, the current one marked."""
    user = getattr(request, "user", None)
    role = getattr(user, "role", "")
    open_entries = [
        (section, [(entry, url) for entry in section.entries if _is_for(entry, role) and (url := _address(entry))])
        for section in sections
    ]
    current = _current(request.path, [url for _, entries in open_entries for _, url in entries])
    return [
        ShownSection(str(section.label), [_show(entry, url, current, user) for entry, url in entries])
        for section, entries in open_entries
        if entries
    ]


def _is_for(entry: Entry, role: str) -> bool:
    return not entry.roles or role in entry.roles


def _address(entry: Entry) -> str:
    try:
        return reverse(entry.url_name)
    except NoReverseMatch:
        return ""


def _current(path: str, urls: Sequence[str]) -> str:
    """The longest address that the path lies under; home only when it is the path itself."""
    fitting = [url for url in urls if path == url or (url != "/" and path.startswith(url.rstrip("/") + "/"))]
    return max(fitting, key=len, default="")


def _show(entry: Entry, url: str, current: str, user: Any) -> ShownEntry:
    counter = _counters.get(entry.url_name)
    return ShownEntry(
        label=str(entry.label),
        icon=entry.icon,
        url=url,
        is_current=url == current,
        on_phone=entry.on_phone,
        count=(counter(user) or None) if counter else None,
    )
