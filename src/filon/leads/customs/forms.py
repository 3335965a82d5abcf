"""The forms of custom fields. They check shapes; commands judge."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from filon.leads.customs.commands import Draft
from filon.leads.models import CustomField

OF: Final = (("lead", _("Leads")), ("company", _("Companies")))
KINDS: Final = (
    ("text", pgettext_lazy("kind of a field", "Text")),
    ("number", pgettext_lazy("kind of a field", "Number")),
    ("date", pgettext_lazy("kind of a field", "Date")),
    ("yes_no", pgettext_lazy("kind of a field", "Yes or no")),
    ("choice", pgettext_lazy("kind of a field", "Choice")),
)


class _Common(forms.Form):
    choices = forms.CharField(
        label=_("Choices, one a line"),
        required=False,
        max_length=12_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Only of a choice."),
    )
    hint = forms.CharField(label=_("Hint"), required=False, max_length=300)


class NewForm(_Common):
    """A new field."""

    name = forms.CharField(label=_("Name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    of = forms.ChoiceField(label=_("A field of"), choices=OF)
    kind = forms.ChoiceField(label=_("What it holds"), choices=KINDS)
    field_order = ("name", "of", "kind", "choices", "hint")

    def draft(self) -> Draft:
        """What `make` takes."""
        said = self.cleaned_data
        choices = said["choices"].splitlines()
        return Draft(of=said["of"], name=said["name"], kind=said["kind"], choices=choices, hint=said["hint"])


class ChangeForm(_Common):
    """What can be changed of a field."""

    is_retired = forms.BooleanField(label=_("Retired: offered nowhere any more, its values stay"), required=False)

    def __init__(self, field: CustomField, data: Any = None) -> None:
        initial = {"choices": "\n".join(field.choices), "hint": field.hint, "is_retired": field.is_retired}
        super().__init__(data, initial=initial)
        if field.kind != "choice":
            del self.fields["choices"]
