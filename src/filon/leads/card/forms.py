"""The forms of the lead's page. They check shapes; commands judge."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from filon.core.models import User
from filon.kit.errors import Refused
from filon.leads import fields
from filon.leads.card.commands import BY_HAND


class ActForm(forms.Form):
    """An act that a colleague logs. An empty `at` is now."""

    kind = forms.ChoiceField(choices=[(kind, kind) for kind in BY_HAND])
    text = forms.CharField(required=False, strip=True)
    outcome = forms.ChoiceField(required=False, choices=[("", ""), *((code, code) for code in fields.OUTCOMES)])
    at = forms.DateTimeField(required=False, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])


def _channels() -> list[tuple[str, str]]:
    language = get_language() or "fr"
    named = [(code, label.in_language(language)) for code, label in fields.CHANNELS.items() if code != "unknown"]
    return [("", _("not known")), *named]


class NewLeadForm(forms.Form):
    """A lead that somebody types in."""

    first_name = forms.CharField(label=gettext_lazy("First name"), required=False, max_length=500)
    last_name = forms.CharField(label=gettext_lazy("Last name"), required=False, max_length=500)
    email = forms.CharField(
        label=gettext_lazy("E-mail"),
        required=False,
        max_length=500,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    phone = forms.CharField(
        label=gettext_lazy("Phone"),
        required=False,
        max_length=64,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )
    company = forms.CharField(label=gettext_lazy("Company"), required=False, max_length=500)
    job_title = forms.CharField(label=gettext_lazy("Job title"), required=False, max_length=500)
    channel = forms.ChoiceField(label=gettext_lazy("Channel"), required=False)
    source = forms.CharField(label=gettext_lazy("Source"), required=False, max_length=500)
    owner_id = forms.TypedChoiceField(label=gettext_lazy("Owner"), required=False, coerce=int, empty_value=None)
    message = forms.CharField(
        label=gettext_lazy("What they asked for"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        people = User.objects.filter(is_active=True).order_by("name_folded").values_list("pk", "name")[:500]
        self.fields["owner_id"].choices = [("", _("by the routing rules")), *people]  # type: ignore[attr-defined]
        self.fields["channel"].choices = _channels()  # type: ignore[attr-defined]

    def values(self) -> dict[str, Any]:
        """What `create_lead` takes."""
        values = dict(self.cleaned_data)
        values["company.name"] = values.pop("company")
        return {name: value for name, value in values.items() if value not in (None, "")}


def show_refusal(form: forms.Form, refused: Refused) -> None:
    """Put a command's refusal where the person can mend it: at its field, else above the form."""
    told = False
    for error in refused.errors:
        name = "company" if error.get("field") == "company.name" else str(error.get("field", ""))
        if name in form.fields:
            form.add_error(name, str(error["message"]))
            told = True
    if not told:
        form.add_error(None, refused.message)
