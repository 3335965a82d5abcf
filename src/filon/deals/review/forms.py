"""What each decision asks. They check shapes; commands judge."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from filon.deals.forms import LOSS_CHOICES, day


class NewDateForm(forms.Form):
    """When the deal is to close now."""

    close_date = day(label=_("New close date"))


class NextStepForm(forms.Form):
    """What will be done, and when."""

    next_step = forms.CharField(label=pgettext_lazy("deal", "Next step"), max_length=200)
    next_on = day(label=_("Next step on"))


class LossForm(forms.Form):
    """Why the deal is lost."""

    reason = forms.ChoiceField(label=_("Why"), choices=LOSS_CHOICES)
    postponed_to = day(
        label=_("Postponed to"), required=False, help_text=_("For a postponed project: when to come back.")
    )


class NurtureForm(forms.Form):
    """When to come back to it, where that is known."""

    postponed_to = day(label=_("Come back on"), required=False, help_text=_("Leave it empty when nobody knows."))


FORMS: Final[dict[str, type[forms.Form]]] = {
    "new_date": NewDateForm,
    "next_step": NextStepForm,
    "lost": LossForm,
    "nurture": NurtureForm,
}
"""Decision → its form."""


def initial(kind: str, today: date) -> dict[str, Any]:
    """What a form proposes: a date two weeks on, a next step within the week."""
    return {
        "new_date": {"close_date": today + timedelta(days=14)},
        "next_step": {"next_on": today + timedelta(days=3)},
    }.get(kind, {})
