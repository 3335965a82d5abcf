"""The job that hands letters over: each is claimed, offered, settled, one at a time."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from filon.core.jobs import JobContext
from filon.core.models import Letter
from filon.core.post import letters
from filon.core.post.letters import WAITS_S, Sender
from filon.kit.relay import Outgoing, Relay, Said, Verdict, mailbox, open_relay

_POLICY: Final = SMTP.clone(max_line_length=78)
_PART: Final = 50
State = Letter.State


def send(job: JobContext) -> None:
    """Hand over every letter that is due. What a run that died was handing over is called uncertain, and stays so."""
    run = f"{job.claim.id}:{job.claim.lease}"
    lost = Letter.objects.filter(state=State.HANDING_OVER).exclude(run=run)
    lost.update(state=State.UNCERTAIN, settled_at=timezone.now())
    who = letters.sender()
    if who is None or not _due(timezone.now()).exists():
        return
    name = urlsplit(settings.FILON_BASE_URL).hostname or "localhost"
    relay = open_relay(settings.FILON_EMAIL_URL, settings.FILON_DATA_DIR / "mail", name=name)
    try:
        while due := list(_due(timezone.now())[:_PART]):
            for letter in due:
                if job.is_leaving or job.is_cancelled():
                    return
                _hand_over(letter, who, relay, run)
    finally:
        relay.close()


def _due(at: datetime):  # type: ignore[no-untyped-def]  # a query set
    return Letter.objects.filter(state=State.WAITING, due_at__lte=at).order_by("due_at", "id")


def _hand_over(letter: Letter, who: Sender, relay: Relay, run: str) -> None:
    at = timezone.now()
    if letter.until is not None and at > letter.until:
        _settle(letter, State.FAILED, "too late", at)
        return
    try:
        outgoing = Outgoing(who.email, letter.to_email, compose(letter, who, at=at))
    except ValueError as error:  # an address that no header can hold
        _settle(letter, State.FAILED, type(error).__name__, at)
        return
    claimed = Letter.objects.filter(pk=letter.pk, state=State.WAITING).update(
        state=State.HANDING_OVER, run=run, attempts=letter.attempts + 1
    )
    if claimed:
        letter.attempts += 1
        _told(letter, relay.hand_over(outgoing), run)


def _told(letter: Letter, said: Said, run: str) -> None:
    at = timezone.now()
    words = f"{said.code} {said.text}".strip()[:300]
    mine = Letter.objects.filter(pk=letter.pk, state=State.HANDING_OVER, run=run)
    match said.verdict:
        case Verdict.ACCEPTED:
            mine.update(state=State.SENT, said=words, settled_at=at, text="", calendar="")
        case Verdict.UNCERTAIN:
            mine.update(state=State.UNCERTAIN, said=words, settled_at=at)
        case Verdict.REFUSED:
            mine.update(state=State.FAILED, said=words, settled_at=at)
        case Verdict.DEFERRED if letter.attempts <= len(WAITS_S):
            later = at + timedelta(seconds=WAITS_S[letter.attempts - 1])
            mine.update(state=State.WAITING, said=words, due_at=later)
        case _:
            mine.update(state=State.FAILED, said=words, settled_at=at)


def _settle(letter: Letter, state: str, said: str, at: datetime) -> None:
    Letter.objects.filter(pk=letter.pk, state=State.WAITING).update(state=state, said=said, settled_at=at)


def compose(letter: Letter, who: Sender, *, at: datetime) -> bytes:
    """The letter as it goes out, lines ending in CRLF. Raises ValueError for an address that no header can hold.

    A calendar is an alternative of the text (RFC 6047), so that mail programs offer to keep the date.
    """
    message = EmailMessage(policy=_POLICY)
    message["From"] = mailbox(who.name, who.email)
    message["To"] = mailbox(letter.to_name, letter.to_email)
    if reply_to := letter.reply_to or who.reply_to:
        message["Reply-To"] = mailbox("", reply_to)
    message["Subject"] = letter.subject
    message["Date"] = at
    message["Message-ID"] = letter.message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text, charset="utf-8", cte="quoted-printable")
    if letter.calendar:
        message.add_alternative(letter.calendar, subtype="calendar", charset="utf-8", cte="base64")
        part = list(message.iter_parts())[-1]
        part.set_param("method", letter.method)
    return message.as_bytes()
