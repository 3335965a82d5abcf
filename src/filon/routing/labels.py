"""What people call the codes of routing, in the language now active."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.utils.functional import Promise as Lazy
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _

from filon.leads.fields import ROUTES
from filon.routing.decisions import Rule

WHYS: Final[dict[str, str | Lazy]] = {
    "owner_given": gettext_lazy("its owner was named when it came in"),
    "customer": gettext_lazy("the account is a customer: its account owner"),
    "open_deal": gettext_lazy("the account has an open opportunity: its seller"),
    "same_account": gettext_lazy("another open lead of the account: the same owner"),
    "default": gettext_lazy("no rule decided"),
}
STATES: Final[dict[str, str | Lazy]] = {
    "running": gettext_lazy("Running"),
    "met": gettext_lazy("Kept"),
    "breached": gettext_lazy("Broken"),
    "cancelled": gettext_lazy("Cancelled"),
}
REGIONS: Final[dict[str, str | Lazy]] = {
    "FR": gettext_lazy("France"),
    "FR-57": gettext_lazy("France, Alsace-Moselle"),
    "": gettext_lazy("No public holidays"),
}
DAYS: Final[tuple[str | Lazy, ...]] = (
    pgettext_lazy("timetable", "Monday"),
    pgettext_lazy("timetable", "Tuesday"),
    pgettext_lazy("timetable", "Wednesday"),
    pgettext_lazy("timetable", "Thursday"),
    pgettext_lazy("timetable", "Friday"),
    pgettext_lazy("timetable", "Saturday"),
    pgettext_lazy("timetable", "Sunday"),
)
_GROUPS: Final[dict[str, str | Lazy]] = {
    "sdr": gettext_lazy("the SDRs in turn"),
    "direct_sales": gettext_lazy("the sellers in turn"),
}


def route(code: str) -> str:
    """A route's name."""
    return ROUTES[code].in_language(get_language() or "fr") if code in ROUTES else code


def why(code: str, rule: int = 0, rule_name: str = "") -> str:
    """Why a lead went where it went: the rule, or the reason before and after all rules."""
    if code == "rule":
        return _("rule %(number)s, “%(name)s”") % {"number": rule, "name": rule_name}
    return str(WHYS.get(code, code))


def receiver(rule: Rule, name: str) -> str:
    """Who gets a rule's leads; `name`: that of its team or colleague."""
    if rule.to == "team":
        group = str(_GROUPS.get(rule.route, rule.route))
        return _("%(group)s, team %(team)s") % {"group": group, "team": name} if name else group
    if rule.to == "owner":
        return name or _("a colleague who left")
    return _("the account owner") if rule.to == "account_owner" else _("nobody yet")


def minutes(count: int) -> str:
    """An open time promised: `45 min`, `1 h`, `2 h 30`, always in hours of work and never in days."""
    hours, rest = divmod(count, 60)
    if not hours:
        return _("%s min") % rest
    return _("%(hours)s h %(minutes)02d") % {"hours": hours, "minutes": rest} if rest else _("%s h") % hours


def left(time: timedelta) -> str:
    """The open time left, or past, in words: `0 h 42`, `2 h 05`."""
    total = int(abs(time) / timedelta(minutes=1))
    return _("%(hours)s h %(minutes)02d") % {"hours": total // 60, "minutes": total % 60}
