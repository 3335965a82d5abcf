"""The forms of routing's pages. They check shapes; commands judge."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from filon.core.models import Team, User
from filon.kit.errors import Refused
from filon.leads.rules import ROUTES
from filon.routing import labels, rules
from filon.routing.decisions import Rule

_CONDITION: Final = forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "autocapitalize": "none"})


class RuleForm(forms.Form):
    """One rule."""

    name = forms.CharField(label=_("Name"), max_length=120)
    when = forms.CharField(
        label=_("When"),
        widget=_CONDITION,
        help_text=_("For example: company.employees >= 250 and count(demo_requested, 30 days) >= 1"),
    )
    route = forms.ChoiceField(label=_("Route"))
    receiver = forms.ChoiceField(label=_("Who gets it"))
    minutes = forms.IntegerField(
        label=_("First response within (minutes of work)"),
        min_value=1,
        required=False,
        help_text=_("Empty: as promised for all rules."),
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["route"].choices = [(code, labels.route(code)) for code in ROUTES]  # type: ignore[attr-defined]
        self.fields["receiver"].choices = _receivers()  # type: ignore[attr-defined]

    @property
    def rule(self) -> Rule:
        """The rule that the valid form describes."""
        said = self.cleaned_data
        to, _colon, to_id = said["receiver"].partition(":")
        return Rule(
            said["name"].strip(), said["when"], said["route"], to, int(to_id) if to_id else None, said["minutes"]
        )


def initial_of(rule: Rule) -> dict[str, Any]:
    """A rule as its form shows it."""
    receiver = f"{rule.to}:{rule.to_id or ''}" if rule.to in {"team", "owner"} else rule.to
    return {
        "name": rule.name,
        "when": rule.when,
        "route": rule.route,
        "receiver": receiver,
        "minutes": rule.minutes,
    }


def _receivers() -> list[tuple[Any, Any]]:
    teams = [(f"team:{pk}", name) for pk, name in Team.objects.order_by("name").values_list("pk", "name")]
    people = User.objects.filter(is_active=True).order_by("name_folded").values_list("pk", "name")
    return [
        (_("In turn"), [("team:", _("Everybody of the route")), *teams]),
        (_("By account"), [("account_owner", _("The account owner"))]),
        (_("Nobody yet"), [("nobody", _("Whoever takes it first"))]),
        (_("A colleague"), [(f"owner:{pk}", name) for pk, name in people]),
    ]


class PromiseForm(forms.Form):
    """What is promised unless a rule says otherwise, in minutes of work."""

    minutes_asked = forms.IntegerField(label=_("To those who ask for us"), min_value=1)
    minutes_other = forms.IntegerField(label=_("To the others"), min_value=1)


class AbsenceForm(forms.Form):
    """Days on which a colleague gets no new leads."""

    user = forms.ModelChoiceField(User.objects.none(), label=_("Colleague"))
    starts_on = forms.DateField(label=_("First day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    ends_on = forms.DateField(label=_("Last day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, *args: Any, user_ids: list[int], **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["user"].queryset = _people(user_ids)  # type: ignore[attr-defined]


class CapacityForm(forms.Form):
    """How many leads in work a colleague may hold."""

    user = forms.ModelChoiceField(User.objects.none(), label=_("Colleague"))
    leads_at_most = forms.IntegerField(
        label=_("Leads in work at most"),
        min_value=0,
        max_value=100_000,
        required=False,
        help_text=_("Empty: no limit."),
    )

    def __init__(self, *args: Any, user_ids: list[int], **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["user"].queryset = _people(user_ids)  # type: ignore[attr-defined]


def _people(user_ids: list[int]) -> QuerySet[User]:
    return User.objects.filter(pk__in=user_ids).order_by("name_folded")


class CalendarForm(forms.Form):
    """A week's hours, a day a line, and the holidays."""

    region = forms.ChoiceField(label=_("Public holidays"), required=False, choices=list(labels.REGIONS.items()))

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        for number, day in enumerate(labels.DAYS):
            self.fields[f"day_{number}"] = forms.CharField(
                label=str(day),
                required=False,
                max_length=120,
                widget=forms.TextInput(attrs={"placeholder": _("closed")}),
            )
        self.order_fields([*(f"day_{number}" for number in range(7)), "region"])

    def clean(self) -> dict[str, Any]:
        """Read the hours of each day."""
        cleaned = super().clean() or {}
        week = []
        for number in range(7):
            try:
                week.append(rules.parse_hours(cleaned.get(f"day_{number}") or ""))
            except ValueError:
                self.add_error(f"day_{number}", _("Write hours like 09:00-12:30, 14:00-18:00; nothing when closed."))
        return cleaned | {"week": tuple(week)}


def show_refusal(form: forms.Form, refused: Refused, fields: dict[str, str] | None = None) -> None:
    """Put a refusal's errors beside their fields. `fields`: the form's name of an error's field, where it differs."""
    for error in refused.errors or [{"field": "", "message": refused.message}]:
        name = str(error["field"]).rpartition(".")[2]
        name = (fields or {}).get(name, name)
        form.add_error(name if name in form.fields else None, str(error["message"]))
