"""Making and changing templates, and the sender in whose name they go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from filon.core import ledger
from filon.core.access import Actor
from filon.kit import identifiers
from filon.kit.errors import Kind, Refused, not_found
from filon.kit.identifiers import ValueProblem
from filon.kit.text import fold
from filon.nurture.events import SenderSaved, TemplateSaved
from filon.nurture.models import CLICKS, Sender, Template
from filon.nurture.writing import liquid, markup
from filon.nurture.writing.liquid import WrongTemplate

_LONGEST_BODY: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a template shall be. body: MJML, or paragraphs."""

    name: str
    subject: str
    body: str
    language: str = "fr"


@transaction.atomic
def save_template(
    draft: Draft, *, template_id: int | None = None, seen: int | None = None, by: Actor, at: datetime
) -> Template:
    """Make a template, or change one (seen: the version that was looked at). Needs `nurture.change`.

    Messages that wait are made with the new text. Emits TemplateSaved. Raises Refused naming what cannot be.
    """
    by.require("nurture.change")
    name, subject = draft.name.strip(), " ".join(draft.subject.split())
    if not name:
        raise _wrong("name", _("Give the template a name: sequences call it by that."))
    if not subject:
        raise _wrong("subject", _("A message needs a subject."))
    html = checked(subject, draft.body)
    template = _known(template_id, seen) if template_id is not None else Template(created_at=at, version=0)
    template.name, template.name_folded = name[:120], fold(name)[:120]
    template.subject, template.body, template.html, template.language = subject, draft.body, html, draft.language
    template.version += 1
    template.updated_at = at
    try:
        with transaction.atomic():
            template.save()
    except IntegrityError as error:
        raise _wrong("name", _("Another template has this name."), Kind.CONFLICT) from error
    ledger.append([TemplateSaved(at=at, template_id=template.pk, version=template.version)], by=by, learnt_at=at)
    return template


def checked(subject: str, body: str) -> str:
    """The page that a body makes. Raises Refused naming `subject` or `body`."""
    if not body.strip():
        raise _wrong("body", _("Write the message."))
    if len(body) > _LONGEST_BODY:
        raise _wrong("body", _("At most %(count)s characters.") % {"count": _LONGEST_BODY})
    _try("subject", subject, escapes=False)
    _try("body", body, escapes=True)  # as written, so that a mistake is named by its line
    try:
        html = markup.to_html(body)
    except WrongTemplate as wrong:
        raise _wrong("body", _said(wrong)) from wrong
    _try("body", html, escapes=True)
    return html


def _try(field: str, text: str, *, escapes: bool) -> None:
    try:
        liquid.parsed(text, escapes=escapes)
    except WrongTemplate as wrong:
        raise _wrong(field, _said(wrong)) from wrong


def _said(wrong: WrongTemplate) -> str:
    return _("Line %(line)d: %(why)s") % {"line": wrong.line, "why": wrong.message} if wrong.line else wrong.message


def _known(template_id: int, seen: int | None) -> Template:
    template = Template.objects.select_for_update().filter(pk=template_id).first()
    if template is None:
        raise not_found(_("Template"))
    if seen is not None and seen != template.version:
        message = _("Somebody changed this template while you were at it. Reload the page to see what it is now.")
        raise Refused(message, Kind.STALE, code="stale")
    return template


# The sender -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderDraft:
    """In whose name the workspace shall write. clicks: whose clicks are noted, see `models.CLICKS`."""

    from_name: str
    from_email: str
    reply_to: str = ""
    company: str
    postal_address: str
    privacy_url: str = ""
    clicks: str = "consented"
    opens: bool = False


@transaction.atomic
def save_sender(draft: SenderDraft, *, by: Actor, at: datetime) -> Sender:
    """Set in whose name the workspace writes. Needs `nurture.change`. Emits SenderSaved. Raises Refused."""
    by.require("nurture.change")
    from_email = _address("from_email", draft.from_email)
    reply_to = _address("reply_to", draft.reply_to) if draft.reply_to.strip() else ""
    for field in ("from_name", "company", "postal_address"):
        if not getattr(draft, field).strip():
            raise _wrong(field, _("The law asks that whoever is written to knows by whom."))
    if draft.privacy_url and not draft.privacy_url.startswith(("https://", "http://")):
        raise _wrong("privacy_url", _("An address begins with https://."))
    if draft.clicks not in CLICKS:
        raise _wrong("clicks", _("Choose one of these."))
    sender, _is_new = Sender.objects.update_or_create(
        pk=1,
        defaults={
            "from_name": _one_line(draft.from_name),
            "from_email": from_email,
            "reply_to": reply_to,
            "company": _one_line(draft.company),
            "postal_address": _one_line(draft.postal_address),
            "privacy_url": draft.privacy_url.strip(),
            "clicks": draft.clicks,
            "opens": draft.opens,
            "updated_at": at,
        },
    )
    ledger.append([SenderSaved(at=at)], by=by, learnt_at=at)
    return sender


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _address(field: str, text: str) -> str:
    if parseaddr(text)[0]:
        raise _wrong(field, _("Give the address alone, without a name."))
    try:
        return identifiers.normalise_email(text)
    except ValueProblem as problem:
        raise _wrong(field, _(problem.message) % problem.params) from problem


def _wrong(field: str, message: str, kind: Kind = Kind.INVALID) -> Refused:
    return Refused(message, kind, [{"field": field, "message": message}], "invalid")
