"""A form as its visitors fill it in, and what they sent as an arrival of the inbox."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django import forms
from django.core import signing
from django.utils.translation import gettext as _
from pydantic import ValidationError

from filon.capture import entries
from filon.capture.entries import LeadIn
from filon.capture.forms import asking, words
from filon.capture.forms.asking import Question
from filon.capture.models import Form
from filon.capture.tracking import commands as tracking
from filon.capture.tracking import keys
from filon.capture.tracking.queries import is_site
from filon.capture.tracking.visits import VISITOR
from filon.core import idempotency, waiting
from filon.core.access import SCOPES, Actor
from filon.core.inbox import Arrival
from filon.core.line import Entry
from filon.kit.errors import Kind, Refused
from filon.leads import consents

ROUTE: Final = "POST /f"
TRAP: Final = "website"
"""A field that people do not see: who fills it in is a machine."""
BOXES: Final = {"email": "consent", "tracking": "tracking"}
"""The boxes of a form by the purpose they are about."""
_SALT: Final = "filon.form"
_KEPT_OPEN: Final = timedelta(days=7)
_ORIGIN: Final = {"source": 200, "medium": 200, "campaign": 200, "page": 2000}
"""Where a visitor came from, as hidden fields, and their longest."""


class VisitorForm(forms.Form):
    """The questions of a form, and the consent it asks for."""

    def __init__(self, form: Form, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.questions = asking.questions_of(form.questions)
        for question in self.questions:
            self.fields[question.name] = _field(question)
        for name, text in ((BOXES["email"], form.consent_text), (BOXES["tracking"], form.tracking_text)):
            if text is not None:
                self.fields[name] = forms.BooleanField(label=text.text, required=False)

    def said(self) -> dict[str, Any]:
        """What a valid form says, by field of the contract."""
        return {
            question.name: value
            for question in self.questions
            if (value := self.cleaned_data[question.name]) not in (None, "")
        }


class _Count(forms.IntegerField):
    """A number as people type it, with spaces between thousands."""

    def to_python(self, value: Any) -> Any:
        """The number."""
        return super().to_python("".join(str(value).split()) if value else value)


def _field(question: Question) -> forms.Field:
    said: dict[str, Any] = {"label": question.label or words.FIELDS[question.name], "required": question.is_required}
    fill = {"autocomplete": asking.AUTOCOMPLETE.get(question.name, "off")}
    match question.kind:
        case "email":
            return forms.EmailField(max_length=320, widget=forms.EmailInput(attrs=fill), **said)
        case "number":
            return _Count(min_value=0, max_value=10**8, widget=forms.TextInput(attrs={"inputmode": "numeric"}), **said)
        case "long":
            return forms.CharField(max_length=5000, widget=forms.Textarea(attrs={"rows": 4}), **said)
        case "choice":
            choices = [("", _("Choose")), *((choice, choice) for choice in question.choices)]
            return forms.ChoiceField(choices=choices, **said)
        case "yes_no":
            return forms.ChoiceField(choices=[("", _("Choose")), ("true", _("Yes")), ("false", _("No"))], **said)
        case "phone":
            return forms.CharField(max_length=40, widget=forms.TextInput(attrs={"type": "tel", **fill}), **said)
        case _:
            return forms.CharField(max_length=400, widget=forms.TextInput(attrs=fill), **said)


@dataclass(frozen=True, slots=True)
class Kept:
    """What a browser takes home. visitor: a token, empty for none. origin: the site whose pages may keep it."""

    visitor: str = ""
    origin: str = ""


# The page's token ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Page:
    """What a page showed. texts: the words of its consents, by purpose. mark: sent twice under it is one submission."""

    texts: Mapping[str, int]
    mark: str


def token(form: Form) -> str:
    """What a page carries: see `Page`."""
    shown = {"email": form.consent_text_id, "tracking": form.tracking_text_id}
    texts = {purpose: text_id for purpose, text_id in shown.items() if text_id is not None}
    return signing.dumps([form.pk, texts, secrets.token_urlsafe(12)], salt=_SALT)


def read_token(form: Form, text: str) -> Page | None:
    """What a page of this form showed; None for one that is not ours or too old."""
    try:
        form_id, texts, mark = signing.loads(text, salt=_SALT, max_age=_KEPT_OPEN)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return Page(texts, mark) if form_id == form.pk and isinstance(texts, dict) else None


def untick(form: Form, answers: VisitorForm, page: Page | None) -> None:
    """Untick boxes whose words are not those that were ticked: nobody agrees to what they did not read."""
    now = {"email": form.consent_text_id, "tracking": form.tracking_text_id}
    others = {BOXES[purpose] for purpose in BOXES if page is None or page.texts.get(purpose) != now[purpose]}
    answers.data = {name: value for name, value in answers.data.items() if name not in others}


# Sending -------------------------------------------------------------------------------------------------------------


def origin_of(given: Mapping[str, Any]) -> dict[str, str]:
    """Where the visitor came from, as the page's hidden fields or its address say: UTM parameters and the page."""
    found = {name: str(given.get(name) or given.get(f"utm_{name}") or "") for name in _ORIGIN}
    clean = {name: text.replace("\0", "")[: _ORIGIN[name]] for name, text in found.items()}
    # an address of somebody in a UTM parameter would stay in the ledger for ever
    return {name: "" if name != "page" and "@" in text else text for name, text in clean.items()}


def submit(form: Form, answers: VisitorForm, sent: Mapping[str, Any], *, page: Page, at: datetime) -> Kept:
    """Keep what a visitor sent, durably: a worker takes it down the line. Sent twice, it counts once; sent again with
    other answers, those count too. Who agrees to be followed takes a token home, where the page is one of our sites.

    answers: valid. page: of `read_token`. Raises Refused naming the questions whose answers cannot be.
    """
    body = {
        "lead": answers.said() | _origin(form, origin_of(sent)),
        "path": f"/f/{form.slug}",
        "wants": form.wants,
        "consents": {
            purpose: page.texts[purpose]
            for purpose, name in BOXES.items()
            if purpose in page.texts and answers.cleaned_data.get(name)
        },
    }
    is_machine = bool(sent.get(TRAP))
    once = f"form:{form.pk}:{page.mark}:{idempotency.digest(body)}"
    arrival(body, _author(form.pk), at)  # what the line would refuse is told now, while the visitor can mend it
    kept = Kept() if is_machine or "tracking" not in body["consents"] else _token(sent, at)
    if kept.visitor:
        body["visitor"] = keys.digest_of(kept.visitor)
    waiting.store(
        door="form",
        kind="lead",
        route=ROUTE,
        body=body,
        by=_author(form.pk),
        at=at,
        once=once,
        is_held=is_machine,
    )
    return kept


def _token(sent: Mapping[str, Any], at: datetime) -> Kept:
    origin = keys.origin_of(origin_of(sent)["page"])
    return Kept(tracking.expect(at=at), origin) if is_site(origin) else Kept()


def _author(form_id: int) -> Actor:
    return Actor("form", form_id, permissions=SCOPES["leads:write"])


def _origin(form: Form, came: Mapping[str, str]) -> dict[str, str]:
    """Where the lead comes from: what the visitor's address says, else what the form stands for."""
    campaign = form.campaign.name if form.campaign else ""
    said = {
        "source": came["source"] or form.source,
        "medium": came["medium"],
        "campaign": came["campaign"] or campaign,
        "landing_page": came["page"],
        "channel": "" if came["source"] else form.channel,
    }
    return {name: value for name, value in said.items() if value}


def arrival(body: Any, by: Actor, at: datetime) -> Arrival:
    """What was kept of a submission, as an arrival of the line; also how it is replayed. Raises Refused."""
    entry = entries.lead_entry(_said(body["lead"]), at=at, door="form")
    _complete(entry, body)
    return Arrival(
        door="form",
        kind="lead",
        route=ROUTE,
        entries=[entry],
        payload=body,
        by=by,
        at=at,
        shape=entries.lead_answer,
    )


def _said(lead: Mapping[str, Any]) -> LeadIn:
    """What was answered, in the shape of the door. Raises Refused naming what cannot be."""
    try:
        return LeadIn.model_validate(lead)
    except ValidationError as error:
        names = {str(item["loc"][0]) for item in error.errors()}
        message = _("This answer cannot be: please check it.")
        errors: list[dict[str, object]] = [{"field": name, "message": message} for name in sorted(names)]
        raise Refused(message, Kind.INVALID, errors, "invalid") from error


def _complete(entry: Entry, body: Mapping[str, Any]) -> None:
    entry.values |= {"path": body["path"], "wants": body["wants"]}
    if visitor := body.get(VISITOR):
        entry.values[VISITOR] = visitor
    for purpose, text_id in body["consents"].items():
        entry.values |= {consents.field_of(purpose): True, consents.text_of(purpose): text_id}
