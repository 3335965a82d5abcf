"""Making and changing forms."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from filon.capture.forms import asking
from filon.capture.forms.asking import Question
from filon.capture.forms.events import FormSaved
from filon.capture.models import Form
from filon.core import ledger
from filon.core.access import Actor
from filon.core.models import Fact
from filon.kit.errors import Kind, Refused, not_found
from filon.leads import consents, rules
from filon.leads.models import Campaign

_LONGEST: Final = {
    "title": 200,
    "introduction": 2000,
    "button": 60,
    "thanks": 2000,
    "notice": 4000,
    "privacy_url": 500,
    "consent": 1000,
    "tracking": 1000,
    "source": 200,
}


_TEXTS: Final = (
    "title",
    "introduction",
    "button",
    "thanks",
    "notice",
    "privacy_url",
    "language",
    "channel",
    "source",
    "wants",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a form shall be. slug: made from the title when empty. campaign: by name, empty for none."""

    title: str
    questions: Sequence[Question] = field(default_factory=tuple)
    slug: str = ""
    introduction: str = ""
    button: str = ""
    thanks: str = ""
    notice: str = ""
    privacy_url: str = ""
    consent: str = ""
    tracking: str = ""
    language: str = "fr"
    channel: str = "web"
    source: str = ""
    campaign: str = ""
    wants: str = ""
    is_open: bool = True


@transaction.atomic
def save_form(draft: Draft, *, form_id: int | None = None, seen: int | None = None, by: Actor, at: datetime) -> Form:
    """Make a form, or change one (seen: the version that was looked at). Needs `forms.change`. Emits FormSaved.

    Raises Refused: a value that cannot be, an address that is taken, or a form changed by somebody else meanwhile.
    """
    by.require("forms.change")
    _check(draft)
    form = _known(form_id, seen) if form_id is not None else Form(created_at=at)
    for name in _TEXTS:
        setattr(form, name, getattr(draft, name).strip())
    slug = _slug(draft)
    if form.slug and slug != form.slug and _was_answered(form.pk):
        raise _wrong("slug", _("This form was answered at its address, which may be printed or linked: keep it."))
    form.slug = slug
    form.is_open = draft.is_open
    form.questions = [question.as_json() for question in draft.questions]
    form.consent_text_id = consents.keep_text(draft.consent.strip(), at=at)
    form.tracking_text_id = consents.keep_text(draft.tracking.strip(), at=at)
    form.campaign_id = _campaign(draft.campaign)
    form.version += 1
    form.updated_at = at
    try:
        with transaction.atomic():
            form.save()
    except IntegrityError as error:
        raise _wrong("slug", _("Another form has this address."), Kind.CONFLICT) from error
    asked = [question.name for question in draft.questions]
    ledger.append([FormSaved(at=at, form_id=form.pk, fields=asked, is_open=form.is_open)], by=by, learnt_at=at)
    return form


def _known(form_id: int, seen: int | None) -> Form:
    form = Form.objects.select_for_update().filter(pk=form_id).first()
    if form is None:
        raise not_found(_("Form"))
    if seen is not None and seen != form.version:
        message = _("Somebody changed this form while you were at it. Reload the page to see what it is now.")
        raise Refused(message, Kind.STALE, code="stale")
    return form


def _was_answered(form_id: int) -> bool:
    return Fact.objects.filter(door="form", actor_kind="form", actor_id=form_id).exists()


def _check(draft: Draft) -> None:
    for name, longest in _LONGEST.items():
        if len(getattr(draft, name)) > longest:
            raise _wrong(name, _("At most %(longest)d characters.") % {"longest": longest})
    if not draft.title.strip():
        raise _wrong("title", _("Give the form a title: its visitors read it first."))
    if draft.wants not in asking.WANTS:
        raise _wrong("wants", _("Choose one of these."))
    if draft.channel not in rules.CHANNELS:
        raise _wrong("channel", _("There is no such channel."))
    if asking.reaches_nobody(draft.questions):
        raise _wrong("", _("Ask for the e-mail or the telephone, and require it: nobody could be called back."))
    if not draft.notice.strip():
        raise _wrong("notice", _("Say who collects these data and what for: the law asks it of every form."))
    if draft.privacy_url and not re.fullmatch(r"https?://\S+", draft.privacy_url):
        raise _wrong("privacy_url", _("An address begins with https://."))
    _check_own([question for question in draft.questions if question.is_own])


def _check_own(own: Sequence[Question]) -> None:
    if len(own) > asking.MOST_OWN:
        raise _wrong("", _("A form asks at most %(most)d questions of your own.") % {"most": asking.MOST_OWN})
    if len({question.name for question in own}) < len(own):
        raise _wrong("", _("Two questions have the same words."))
    for question in own:
        if question.kind == "choice" and len(question.choices) < 2:
            raise _wrong("", _("“%(label)s” needs at least two answers to choose from.") % {"label": question.label})


def _slug(draft: Draft) -> str:
    text = unicodedata.normalize("NFKD", draft.slug or draft.title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", text).strip("-")[:60].strip("-")
    if not slug:
        raise _wrong("slug", _("An address needs letters or digits."))
    return slug


def _campaign(name: str) -> int | None:
    if not name:
        return None
    campaign_id = Campaign.objects.filter(name=name).values_list("pk", flat=True).first()
    if campaign_id is None:
        raise _wrong("campaign", _("There is no such campaign."))
    return int(campaign_id)


def _wrong(name: str, message: str, kind: Kind = Kind.INVALID) -> Refused:
    return Refused(message, kind, [{"field": name, "message": message}] if name else [], "invalid")
