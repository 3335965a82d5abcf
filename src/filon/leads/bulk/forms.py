"""The questions that bulk acts ask. They check shapes; commands judge."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Protocol

from django import forms
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy, pgettext
from django.utils.translation import gettext as _

from filon.core.access import Actor
from filon.leads.bulk import words
from filon.leads.bulk.words import Names
from filon.leads.listing import suggestions
from filon.leads.models import Campaign
from filon.leads.moving import MOVES_TO
from filon.leads.reasons import OF_EXIT
from filon.ui import stages

NOBODY: Final = "nobody"
_CUSTOM: Final = "attributes."
_LONGEST: Final = 500
_MOST: Final = 500

Choices = list[tuple[str, str]]


class Question(Protocol):
    """What all of these forms have beside what a form has."""

    def what(self) -> dict[str, Any]:
        """What the act takes, of a form that is valid."""

    def said(self) -> dict[str, Any] | None:
        """What the act would take, as far as it has been chosen; None when nothing can be announced yet."""

    def names(self) -> Names:
        """What is called how among the choices."""


class AssignForm(forms.Form):
    """Who shall own the leads."""

    def __init__(self, data: Any, *, by: Actor, **more: Any) -> None:
        super().__init__(data, **more)
        people = [(str(one.id), one.name) for one in suggestions.colleagues(by=by)]
        if by.may("leads.assign"):
            people.append((NOBODY, pgettext("owner", "nobody")))
        else:
            people = [pair for pair in people if pair[0] == str(by.id)]
        self.people = people
        self.fields["owner"] = forms.ChoiceField(
            label=_("Owner"),
            choices=[("", _("Choose a colleague")), *people],
            widget=_select(is_first=not self.is_bound),
        )

    def what(self) -> dict[str, Any]:
        """The owner's id; None for nobody."""
        owner = self.cleaned_data["owner"]
        return {"owner_id": None if owner == NOBODY else int(owner)}

    def said(self) -> dict[str, Any] | None:
        """As `what`."""
        owner = _chosen(self, "owner", self.people)
        return None if not owner else {"owner_id": None if owner == NOBODY else int(owner)}

    def names(self) -> Names:
        """Colleagues."""
        return Names(users={int(key): name for key, name in self.people if key != NOBODY})


class MoveForm(forms.Form):
    """Where the leads shall go, and why when that is an exit."""

    def __init__(self, data: Any, *, by: Actor, **more: Any) -> None:
        super().__init__(data, **more)
        self.stages = [(stage, stages.label(stage)) for stage in MOVES_TO]
        self.fields["stage"] = forms.ChoiceField(
            label=_("Stage"),
            choices=[("", _("Choose a stage")), *self.stages],
            widget=_select(is_first=not self.is_bound),
        )
        known = OF_EXIT.get(_chosen(self, "stage", self.stages))
        if known:
            language = get_language() or "fr"
            self.reasons = [(code, label.in_language(language)) for code, label in known.items()]
            self.fields["reason"] = forms.ChoiceField(
                label=_("Reason"), choices=[("", _("Choose a reason")), *self.reasons]
            )

    def what(self) -> dict[str, Any]:
        """The stage, and the reason of an exit."""
        return {"stage": self.cleaned_data["stage"], "reason": self.cleaned_data.get("reason", "")}

    def said(self) -> dict[str, Any] | None:
        """The stage."""
        stage = _chosen(self, "stage", self.stages)
        return {"stage": stage, "reason": ""} if stage else None

    def names(self) -> Names:
        """Nothing that has an id."""
        return Names()


class EditForm(forms.Form):
    """Which field, and what it shall say."""

    new_field = forms.CharField(
        label=gettext_lazy("Name of the new field"), max_length=80, strip=True, widget=forms.TextInput()
    )

    def __init__(self, data: Any, *, by: Actor, **more: Any) -> None:
        super().__init__(data, **more)
        own = [(f"{_CUSTOM}{name}", name) for name in suggestions.attribute_names()]
        ours = [(name, words.field_label(name)) for name in words.FIELDS]
        self.known: Choices = [*ours, *own, (_CUSTOM, _("A new field…"))]
        choices: list[Any] = [("", _("Choose a field")), *ours, (_("Custom fields"), [*own, self.known[-1]])]
        self.fields["field"] = forms.ChoiceField(
            label=_("Field"), choices=choices, widget=_select(is_first=not self.is_bound)
        )
        self.field_name = _chosen(self, "field", self.known)
        if self.field_name != _CUSTOM:
            del self.fields["new_field"]
        self.campaigns: Choices = []
        if self.field_name:
            self.fields["value"] = self._value()
        self.order_fields(["field", "new_field", "value"])

    def _value(self) -> forms.Field:
        if self.field_name == "campaign":
            found = Campaign.objects.order_by("name_folded").values_list("pk", "name")[:_MOST]
            self.campaigns = [(str(pk), name) for pk, name in found]
            return _choice(self.campaigns, is_required=False)
        known = words.choices(self.field_name)
        if known:
            return _choice(known.items(), is_required=self.field_name == "channel")
        return forms.CharField(
            label=_("Value"),
            max_length=_LONGEST,
            required=False,
            strip=True,
            help_text=_("Leave it empty to empty the field."),
            widget=forms.TextInput(attrs={"autocomplete": "off", **_asks_again()}),
        )

    def _field(self) -> str:
        if self.field_name != _CUSTOM:
            return self.field_name
        name = str(self.data.get("new_field", "")).replace("\0", "").strip()
        return f"{_CUSTOM}{name}" if name else ""

    def what(self) -> dict[str, Any]:
        """The field and its value; a campaign by its id."""
        value = self.cleaned_data["value"]
        if self.field_name == "campaign":
            value = int(value) if value else None
        return {"field": self._field(), "value": value}

    def said(self) -> dict[str, Any] | None:
        """As `what`, of what was typed so far."""
        field, value = self._field(), str(self.data.get("value", "")).strip()
        if not field or (self.field_name == "campaign" and value and not value.isdecimal()):
            return None
        return {"field": field, "value": value}

    def names(self) -> Names:
        """Campaigns."""
        return Names(campaigns={int(key): name for key, name in self.campaigns})


FORMS: Final[dict[str, type[AssignForm | MoveForm | EditForm]]] = {
    "assign": AssignForm,
    "move": MoveForm,
    "edit": EditForm,
}


def _select(*, is_first: bool = False) -> forms.Select:
    """A choice after which the question is asked again: it says what follows, and may ask for more.

    is_first: the keyboard begins here.
    """
    return forms.Select(attrs={**_asks_again(), **({"autofocus": True} if is_first else {})})


def _asks_again() -> dict[str, str]:
    return {
        "hx-post": reverse("leads:bulk_ask"),
        "hx-trigger": "change",
        "hx-target": "#bulk-question",
        "hx-select": "#bulk-question",
        "hx-swap": "outerHTML",
    }


def _choice(choices: Iterable[tuple[str, str]], *, is_required: bool) -> forms.ChoiceField:
    empty = ("", _("Choose a value") if is_required else _("nothing: empty the field"))
    return forms.ChoiceField(label=_("Value"), choices=[empty, *choices], required=is_required, widget=_select())


def _chosen(form: forms.Form, name: str, known: Choices) -> str:
    """What was chosen in a field, as long as it is one of the choices."""
    value = str(form.data.get(name, ""))
    return value if any(value == key for key, _label in known) else ""
