"""The clean-up in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from filon.deals.review.commands import Done
from filon.deals.review.queries import Cleaned, Reviewed
from filon.ui import formats

FINDINGS: Final[Mapping[str, str | Promise]] = {
    "close_passed": gettext_lazy("Close date passed"),
    "dormant": gettext_lazy("Dormant for 90 days"),
    "pushed": gettext_lazy("Close date put off three times"),
    "slow": gettext_lazy("Long in its stage"),
    "silent": gettext_lazy("No exchange for 30 days"),
    "no_next_step": gettext_lazy("No next step"),
    "no_amount": gettext_lazy("No amount"),
    "no_close_date": gettext_lazy("No close date"),
}
"""What is odd → its name."""

DECISIONS: Final[Mapping[str, str | Promise]] = {
    "new_date": gettext_lazy("New date"),
    "next_step": pgettext_lazy("deal", "Next step"),
    "lost": pgettext_lazy("decision on a deal", "Lost"),
    "nurture": gettext_lazy("Back to nurturing"),
}
"""What can be decided → its name."""


def finding(one: Reviewed, code: str) -> str:
    """What is odd about a deal, with the number that shows it."""
    look = one.look
    if code == "pushed":
        return _("Close date put off %(count)s times") % {"count": formats.number(look.pushes)}
    if code == "silent":
        return _("No exchange for %(days)s days") % {"days": formats.number(look.exchange_days)}
    if code == "dormant":
        return _("Dormant for %(days)s days") % {"days": formats.number(look.quiet_days)}
    if code == "slow" and one.norm is not None:
        said = {"days": formats.number(look.stage_days), "usual": formats.number(round(one.norm.p90))}
        return _("%(days)s days in its stage, rarely more than %(usual)s") % said
    return str(FINDINGS[code])


def announced(kind: str, count: int, amount: object) -> str:
    """What a decision is about, before it is taken."""
    said = {"count": formats.number(count), "amount": formats.money_short(amount, settings.FILON_CURRENCY)}  # type: ignore[arg-type]
    if kind in {"lost", "nurture"}:
        text = ngettext(
            "%(count)s opportunity leaves the pipeline: %(amount)s.",
            "%(count)s opportunities leave the pipeline: %(amount)s.",
            count,
        )
    else:
        text = ngettext("%(count)s opportunity: %(amount)s.", "%(count)s opportunities: %(amount)s.", count)
    return text % said


def done(made: Done) -> str:
    """What became of a decision."""
    parts = [
        ngettext("%(count)s opportunity decided", "%(count)s opportunities decided", made.count)
        % {"count": formats.number(made.count)}
    ]
    if made.leads:
        parts.append(
            ngettext("%(count)s lead back to nurturing", "%(count)s leads back to nurturing", made.leads)
            % {"count": formats.number(made.leads)}
        )
    return " · ".join([*parts, *_stayed(made)])


def undone(made: Done) -> str:
    """What became of taking a decision back."""
    text = ngettext("%(count)s opportunity as it was before", "%(count)s opportunities as they were before", made.count)
    return " · ".join([text % {"count": formats.number(made.count)}, *_stayed(made)])


def _stayed(made: Done) -> list[str]:
    if not made.refused:
        return []
    text = ngettext("%(count)s stays: %(why)s", "%(count)s stay: %(why)s", len(made.refused))
    return [text % {"count": formats.number(len(made.refused)), "why": made.refused[0]}]


def cleaned(found: Cleaned) -> str:
    """What this week's clean-up came to; empty before the first decision."""
    if not found.decided:
        return ""
    decided = ngettext("%(count)s decision this week", "%(count)s decisions this week", found.decided)
    text = decided % {"count": formats.number(found.decided)}
    if not found.taken_out:
        return text
    amount = formats.money_short(found.amount, settings.FILON_CURRENCY)
    return _("Pipeline cleaned up: %(amount)s taken out") % {"amount": amount} + f" · {text}"
