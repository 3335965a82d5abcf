"""The forms of campaigns and costs. They check shapes; commands judge."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _

from filon.leads.fields import CHANNELS

KINDS = {
    "media": pgettext_lazy("cost", "Media"),
    "event": pgettext_lazy("cost", "Event"),
    "agency": pgettext_lazy("cost", "Agency"),
    "tool": pgettext_lazy("cost", "Tool"),
    "salary": pgettext_lazy("cost", "Salary"),
}
"""What money goes to, in words."""

_DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def channel_choices() -> list[tuple[str, str]]:
    """The channels in the active language."""
    language = get_language() or "fr"
    return [(code, label.in_language(language)) for code, label in CHANNELS.items()]


class CampaignForm(forms.Form):
    """A campaign to declare."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=200,
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
    )
    channel = forms.ChoiceField(label=gettext_lazy("Channel"), initial="unknown")
    starts_on = forms.DateField(label=gettext_lazy("Starts on"), required=False, widget=_DATE)
    ends_on = forms.DateField(label=gettext_lazy("Ends on"), required=False, widget=_DATE)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["channel"].choices = channel_choices()  # type: ignore[attr-defined]


class AmountField(forms.DecimalField):
    """An amount as people type it: with spaces between thousands, and a comma or a point."""

    def to_python(self, value: Any) -> Any:
        """The amount."""
        return super().to_python("".join(str(value).split()).replace(",", ".") if value else value)


class CostForm(forms.Form):
    """A cost to record."""

    amount = AmountField(
        label=gettext_lazy("Amount, without tax"),
        min_value=0,
        max_digits=17,
        decimal_places=2,
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off", "inputmode": "decimal"}),
    )
    kind = forms.ChoiceField(label=gettext_lazy("What for"), choices=KINDS.items, initial="media")
    date_from = forms.DateField(label=gettext_lazy("From"), widget=_DATE)
    date_to = forms.DateField(
        label=gettext_lazy("To"), required=False, widget=_DATE, help_text=gettext_lazy("Empty: that day alone.")
    )
    channel = forms.ChoiceField(label=gettext_lazy("Channel"), initial="unknown")
    campaign = forms.ChoiceField(label=gettext_lazy("Campaign"), required=False)

    def __init__(self, *args: Any, campaigns: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["channel"].choices = channel_choices()  # type: ignore[attr-defined]
        named = [("", _("none in particular")), *((name, name) for _id, name in campaigns)]
        self.fields["campaign"].choices = named  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        """What `add_cost` takes."""
        said = self.cleaned_data
        values = {
            name: said[name] for name in ("amount", "kind", "channel", "campaign") if said[name] not in ("", None)
        }
        return values | {"from": said["date_from"], "to": said["date_to"] or said["date_from"]}
