"""The forms of templates and of the sender. They check shapes; commands judge."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from filon.nurture.models import Sender, Template
from filon.nurture.writing.commands import Draft, SenderDraft

_BODY: Final = {"rows": 18, "spellcheck": "true", "class": "template-body"}
USUAL_SUBJECT: Final = _("{{ person.first_name }}, a question about {{ company.name | default: 'your company' }}")
USUAL_BODY: Final = _(
    "Hello {{ person.first_name }},\n\nYou asked us about… Here is what companies like "
    "{{ company.name | default: 'yours' }} found most useful:\n\n[Read the guide](https://www.example.com/guide)\n\n"
    "Would a call of ten minutes help? Just answer this message.\n\n{{ sender.name }}"
)


class TemplateForm(forms.Form):
    """A message to be."""

    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("For colleagues; nobody else sees it."))
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    subject = forms.CharField(label=_("Subject"), max_length=300, initial=USUAL_SUBJECT)
    body = forms.CharField(label=_("Message"), widget=forms.Textarea(attrs=_BODY), initial=USUAL_BODY, strip=False)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def draft(self) -> Draft:
        """What `save_template` takes."""
        said = {name: value for name, value in self.cleaned_data.items() if name != "version"}
        return Draft(**said)


def initial_of(template: Template) -> dict[str, Any]:
    """What the form shows of a template."""
    return {name: getattr(template, name) for name in TemplateForm.base_fields}


class SenderForm(forms.Form):
    """In whose name the workspace writes."""

    from_name = forms.CharField(label=_("Name"), max_length=120, help_text=_("A person's name is read more often."))
    from_email = forms.CharField(label=_("Address"), max_length=320)
    reply_to = forms.CharField(
        label=_("Answers go to"), max_length=320, required=False, help_text=_("Empty: to the same address.")
    )
    company = forms.CharField(label=_("Your company"), max_length=200)
    postal_address = forms.CharField(label=_("Postal address"), max_length=500)
    privacy_url = forms.CharField(label=_("Privacy policy"), max_length=500, required=False)
    clicks = forms.ChoiceField(
        label=_("Note who follows a link"),
        choices=[
            ("consented", _("only those who agreed to it")),
            ("everybody", _("everybody who did not refuse")),
            ("nobody", _("nobody")),
        ],
        help_text=_("Links of other people lead straight to their page and tell nothing."),
    )
    opens = forms.BooleanField(
        label=_("Note openings of those who agreed to it"),
        required=False,
        help_text=_("Programs open messages as often as people do: openings count for no score."),
    )

    def draft(self) -> SenderDraft:
        """What `save_sender` takes."""
        return SenderDraft(**self.cleaned_data)


def initial_of_sender(sender: Sender) -> dict[str, Any]:
    """What the form shows of the sender."""
    return {name: getattr(sender, name) for name in SenderForm.base_fields}
