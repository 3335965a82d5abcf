"""The forms of the studio. They check shapes; commands judge."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from filon.kit.errors import Refused
from filon.scoring.rules import Cap, EngagementRule, FitRule, Thresholds
from filon.scoring.studio import wording
from filon.scoring.studio.conditions import MOST_TEXT


class PointsField(forms.DecimalField):
    """Points with one decimal, typed with a comma or a point."""

    def __init__(self, label: Any, **more: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "size": "6"})
        super().__init__(label=label, max_digits=6, decimal_places=1, localize=True, widget=widget, **more)

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]  # django-stubs has it of integers
        """A comma is a decimal comma whatever the language."""
        return super().to_python(value.replace(",", ".").replace(" ", "") if isinstance(value, str) else value)

    def prepare_value(self, value: Any) -> Any:
        """Without needless zeros, with the reader's own decimal mark."""
        if isinstance(value, Decimal):
            plain = f"{value.normalize():f}"
            return plain.replace(".", ",") if wording.is_french() else plain
        return value


def _condition(label: Any, **more: Any) -> forms.CharField:
    return forms.CharField(label=label, max_length=MOST_TEXT, strip=False, **more)


class _Edit(forms.Form):
    """A change of the draft as its author saw it: `edition` is 0 when there was none."""

    edition = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def edition_seen(self) -> int:
        """The edition of the draft that the page showed."""
        return int(self.cleaned_data["edition"])


class FitRuleForm(_Edit):
    """A fit rule."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    condition = _condition(gettext_lazy("Condition"))
    points = PointsField(
        gettext_lazy("Points"),
        help_text=gettext_lazy("From −100 to 100, with one decimal at most. Negative points take away."),
    )
    text_field = "condition"

    def rule(self, rule_id: str = "") -> FitRule:
        """The rule that was typed; a new one gets its id."""
        values = self.cleaned_data
        return FitRule(rule_id or uuid4().hex[:12], values["name"].strip(), values["condition"], values["points"])

    @staticmethod
    def values_of(rule: FitRule) -> dict[str, Any]:
        """A rule as the form shows it."""
        return {"name": rule.name, "condition": rule.condition, "points": rule.points}


class EngagementRuleForm(_Edit):
    """An engagement rule."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    kind = forms.ChoiceField(label=gettext_lazy("Act"))
    where = _condition(
        gettext_lazy("Condition on the act"),
        required=False,
        help_text=gettext_lazy("optional: without one, every act of this kind"),
    )
    points = PointsField(
        gettext_lazy("Points an act brings"), help_text=gettext_lazy("More than 0. They are halved at each half-life.")
    )
    cap_acts = forms.IntegerField(label=gettext_lazy("At most this many acts"), required=False, min_value=1)
    cap_days = forms.IntegerField(
        label=gettext_lazy("in this many days"),
        required=False,
        min_value=1,
        help_text=gettext_lazy(
            "A cap keeps one eager afternoon from looking like a project. Leave both empty for none."
        ),
    )
    text_field = "where"

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["kind"].choices = wording.kind_choices()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Both halves of a cap, or none."""
        values = super().clean() or self.cleaned_data
        if bool(values.get("cap_acts")) != bool(values.get("cap_days")):
            self.add_error("cap_days", _("A cap needs both numbers, or none."))
        return values

    def rule(self, rule_id: str = "") -> EngagementRule:
        """The rule that was typed; a new one gets its id."""
        values = self.cleaned_data
        cap = Cap(values["cap_acts"], values["cap_days"]) if values["cap_acts"] else None
        return EngagementRule(
            rule_id or uuid4().hex[:12], values["name"].strip(), values["kind"], values["where"], values["points"], cap
        )

    @staticmethod
    def values_of(rule: EngagementRule) -> dict[str, Any]:
        """A rule as the form shows it."""
        cap = rule.cap
        return {
            "name": rule.name,
            "kind": rule.kind,
            "where": rule.where,
            "points": rule.points,
            "cap_acts": cap.acts if cap else None,
            "cap_days": cap.days if cap else None,
        }


class SettingsForm(_Edit):
    """The half-life and the thresholds."""

    half_life_days = forms.IntegerField(
        label=gettext_lazy("Half-life in days"),
        min_value=1,
        help_text=gettext_lazy("After this many days an act is worth half of its points."),
    )
    fit_a = PointsField(wording.ASPECTS["fit_a"])
    fit_b = PointsField(wording.ASPECTS["fit_b"])
    fit_c = PointsField(wording.ASPECTS["fit_c"])
    engagement_1 = PointsField(wording.ASPECTS["engagement_1"])
    engagement_2 = PointsField(wording.ASPECTS["engagement_2"])
    engagement_3 = PointsField(wording.ASPECTS["engagement_3"])
    mql_fit = PointsField(wording.ASPECTS["mql_fit"])
    mql_engagement = PointsField(wording.ASPECTS["mql_engagement"])

    def thresholds(self) -> Thresholds:
        """The thresholds that were typed."""
        return Thresholds(**{name: self.cleaned_data[name] for name in Thresholds.__slots__})

    @staticmethod
    def values_of(half_life_days: int, thresholds: Thresholds) -> dict[str, Any]:
        """Settings as the form shows them."""
        named = {name: getattr(thresholds, name) for name in Thresholds.__slots__}
        return {"half_life_days": half_life_days, **named}


class PublishForm(_Edit):
    """What a publication needs: the versions its author compared, and a note."""

    in_force = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    note = forms.CharField(
        label=gettext_lazy("What changes and why"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Colleagues read it in the list of versions."),
    )


def show_refusal(form: forms.Form, refused: Refused) -> None:
    """Put a command's refusal at its field, else above the form. A cap's stands at its second number."""
    for error in refused.errors:
        name = {"cap": "cap_days"}.get(str(error.get("field")), str(error.get("field")))
        if name in form.fields:
            form.add_error(name, str(error["message"]))
    if form.is_valid():
        form.add_error(None, refused.message)
