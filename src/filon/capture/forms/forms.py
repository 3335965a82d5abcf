"""The form of a form: its words, and a row a question. They check shapes; commands judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from filon.capture.costs.forms import channel_choices
from filon.capture.forms import asking, words
from filon.capture.forms.asking import Question
from filon.capture.forms.commands import Draft
from filon.capture.models import Form

_AREA: Final = {"rows": 3}
BLANK: Final = 2
"""Empty rows for further questions of one's own."""

USUAL: Final = ("first_name", "last_name", "email", "phone", "company.name", "message")
USUALLY_REQUIRED: Final = ("email", "last_name")
NOTICE: Final = _(
    "Your answers are collected by [your company] to answer your request, and kept for three years after your last "
    "message. You may see, correct or erase them, or object to their use: write to [address]."
)
CONSENT: Final = _("I agree to receive advice and news by e-mail. I can change my mind at any time.")
TRACKING: Final = _("I agree that my clicks in these e-mails are noted, so that I am sent what is useful to me.")


class FormDetails(forms.Form):
    """What a form tells and what its submissions count as."""

    title = forms.CharField(label=_("Title"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    slug = forms.CharField(
        label=_("Address"), required=False, max_length=60, help_text=_("After /f/. Made from the title when empty.")
    )
    introduction = forms.CharField(label=_("Introduction"), required=False, widget=forms.Textarea(attrs=_AREA))
    button = forms.CharField(label=_("Words on the button"), required=False, max_length=60)
    thanks = forms.CharField(label=_("Thanks"), required=False, widget=forms.Textarea(attrs=_AREA))
    notice = forms.CharField(
        label=_("Who collects these data, and why"),
        widget=forms.Textarea(attrs={"rows": 4}),
        initial=NOTICE,
        help_text=_("The law asks it of every form. Complete the brackets."),
    )
    privacy_url = forms.CharField(label=_("Privacy policy"), required=False, max_length=500)
    consent = forms.CharField(
        label=_("Consent to e-mails"),
        required=False,
        widget=forms.Textarea(attrs=_AREA),
        help_text=_("The words beside a box that nobody is obliged to tick. They are kept as proof. Empty: no box."),
    )
    tracking = forms.CharField(
        label=_("Consent to measuring"),
        required=False,
        widget=forms.Textarea(attrs=_AREA),
        help_text=_(
            "The words beside a second box: without this consent, clicks in our e-mails and visits are tied to nobody. "
            "Empty: no box."
        ),
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    wants = forms.ChoiceField(
        label=_("What its visitors want"),
        choices=[("", _("to be contacted")), ("content", _("a document, or news"))],
        required=False,
        help_text=_("Who wants to be contacted and fits is called within the promised time; the others are nurtured."),
    )
    channel = forms.ChoiceField(label=_("Channel"), initial="web")
    source = forms.CharField(
        label=_("Source"),
        required=False,
        max_length=200,
        help_text=_("For visitors whose address says none: UTM parameters come first."),
    )
    campaign = forms.ChoiceField(label=_("Campaign"), required=False)
    is_open = forms.BooleanField(label=_("Takes answers"), required=False, initial=True)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, campaigns: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["channel"].choices = channel_choices()  # type: ignore[attr-defined]
        named = [("", _("none in particular")), *((name, name) for _id, name in campaigns)]
        self.fields["campaign"].choices = named  # type: ignore[attr-defined]

    def draft(self, questions: Sequence[Question]) -> Draft:
        """What `save_form` takes."""
        said = {name: value for name, value in self.cleaned_data.items() if name != "version"}
        return Draft(questions=tuple(questions), **said)


class StandardRow(forms.Form):
    """Whether a standard field is asked, required, and in which words."""

    is_asked = forms.BooleanField(label=_("Asked"), required=False)
    is_required = forms.BooleanField(label=_("Required"), required=False)
    label = forms.CharField(label=_("Words of your own"), required=False, max_length=120)


class OwnRow(forms.Form):
    """A question of one's own; an empty label is no question."""

    label = forms.CharField(label=_("Question"), required=False, max_length=110)
    kind = forms.ChoiceField(label=_("Answered by"), choices=words.KINDS.items, required=False)
    choices = forms.CharField(label=_("Answers, one a line"), required=False, widget=forms.Textarea(attrs={"rows": 2}))
    is_required = forms.BooleanField(label=_("Required"), required=False)


class Questions:
    """The rows of a form's questions: as posted, as kept, or as usual for a new form."""

    def __init__(self, kept: Sequence[Question] | None, data: Mapping[str, Any] | None) -> None:
        known = {question.name: question for question in kept or _usual()}
        own = [question for question in known.values() if question.is_own]
        self.standard = [
            (name, words.FIELDS[name], StandardRow(data, prefix=name, initial=_standard(known.get(name))))
            for name in asking.STANDARD
        ]
        rows = min(asking.MOST_OWN, len(own) + BLANK)
        self.own = [
            OwnRow(data, prefix=f"own{place}", initial=_own(own[place]) if place < len(own) else {})
            for place in range(rows)
        ]

    def read(self) -> list[Question] | None:
        """The questions posted; None where a row cannot be."""
        rows = [row for _name, _label, row in self.standard] + list(self.own)
        valid = [row.is_valid() for row in rows]  # each, so that each shows its errors
        if not all(valid):
            return None
        found = [
            asking.standard(name, label=row.cleaned_data["label"], is_required=row.cleaned_data["is_required"])
            for name, _label, row in self.standard
            if row.cleaned_data["is_asked"]
        ]
        return found + [_question(row.cleaned_data) for row in self.own if row.cleaned_data["label"]]


def _usual() -> list[Question]:
    return [asking.standard(name, is_required=name in USUALLY_REQUIRED) for name in USUAL]


def _standard(question: Question | None) -> dict[str, Any]:
    if question is None:
        return {}
    return {"is_asked": True, "is_required": question.is_required, "label": question.label}


def _own(question: Question) -> dict[str, Any]:
    return {
        "label": question.label,
        "kind": question.kind,
        "choices": "\n".join(question.choices),
        "is_required": question.is_required,
    }


def _question(said: Mapping[str, Any]) -> Question:
    choices = [line.strip() for line in said["choices"].splitlines() if line.strip()]
    kept = choices if said["kind"] == "choice" else []
    return asking.own(said["label"], said["kind"] or "text", is_required=said["is_required"], choices=kept)


def initial_of(form: Form) -> dict[str, Any]:
    """What `FormDetails` shows of a form's row."""
    plain = ("title", "slug", "introduction", "button", "thanks", "notice", "privacy_url", "language", "channel")
    return {
        **{name: getattr(form, name) for name in (*plain, "source", "wants", "is_open", "version")},
        "consent": form.consent_text.text if form.consent_text else "",
        "tracking": form.tracking_text.text if form.tracking_text else "",
        "campaign": form.campaign.name if form.campaign else "",
    }
