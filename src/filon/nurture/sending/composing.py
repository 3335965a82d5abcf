"""A rendered message as the bytes that go out: headers, a text part and a page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final

from filon.kit.relay import mailbox
from filon.nurture.writing.rendering import Rendered

_POLICY: Final = SMTP.clone(max_line_length=78)


@dataclass(frozen=True, slots=True, kw_only=True)
class Headers:
    """What the headers say. feedback_id: what a provider's complaint reports group by. leave_url: one click leaves."""

    from_name: str
    from_email: str
    reply_to: str
    to_name: str
    to_email: str
    message_id: str
    at: datetime
    leave_url: str
    feedback_id: str


def compose(rendered: Rendered, headers: Headers) -> bytes:
    """The message, lines ending in CRLF. Raises ValueError for an address no header can hold.

    One click leaves (RFC 8058); answering programs are asked to stay silent (RFC 3834).
    """
    message = EmailMessage(policy=_POLICY)
    message["From"] = mailbox(headers.from_name, headers.from_email)
    message["To"] = mailbox(headers.to_name, headers.to_email)
    if headers.reply_to:
        message["Reply-To"] = mailbox("", headers.reply_to)
    message["Subject"] = rendered.subject
    message["Date"] = headers.at
    message["Message-ID"] = headers.message_id
    message["List-Unsubscribe"] = f"<{headers.leave_url}>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["Auto-Submitted"] = "auto-generated"
    message["Feedback-ID"] = headers.feedback_id
    message.set_content(rendered.text, charset="utf-8", cte="quoted-printable")
    message.add_alternative(rendered.html, subtype="html", charset="utf-8", cte="quoted-printable")
    return message.as_bytes()
