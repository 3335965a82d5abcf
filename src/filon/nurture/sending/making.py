"""A message that waits made into what goes out: its words, its links, its headers."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse

from filon.kit import sql
from filon.kit.relay import Outgoing
from filon.nurture.answers import tokens
from filon.nurture.models import Link, Sender, Template
from filon.nurture.sending.claiming import Waiting
from filon.nurture.sending.composing import Headers, compose
from filon.nurture.writing.about import About, about
from filon.nurture.writing.rendering import Footing, render


class Maker:
    """Makes the messages of one run; remembers templates and links. Safe for several threads."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._templates: dict[tuple[int, int], Template] = {}
        self._links: dict[str, int] = {}
        self._about: dict[int, About] = {}
        self._lock = threading.Lock()

    def know(self, messages: Iterable[Waiting]) -> None:
        """Read what is said of the leads of these messages, all at once; what was known before is forgotten."""
        self._about = about([message.lead_id for message in messages], self._sender)

    def make(self, message: Waiting, *, at: datetime) -> Outgoing:
        """What goes out. Raises WrongTemplate, or ValueError for an address no header can hold."""
        template, sender = self._template(message), self._sender
        whom = self._about.get(message.lead_id) or about([message.lead_id], sender)[message.lead_id]
        leave_url = f"{settings.FILON_BASE_URL}{reverse('answers:leave', args=[tokens.of_delivery(message.id)])}"
        rendered = render(
            subject=template.subject,
            html=template.html,
            language=template.language,
            words=whom.words,
            footing=Footing(
                company=sender.company,
                postal_address=sender.postal_address,
                privacy_url=sender.privacy_url,
                origin=whom.origin,
                leave_url=leave_url,
            ),
            link=self._link_of(message, at) if self._notes_clicks(message) else None,
            pixel_url=self._pixel_of(message) if sender.opens and message.tracking == "given" else "",
        )
        headers = Headers(
            from_name=sender.from_name,
            from_email=sender.from_email,
            reply_to=sender.reply_to,
            to_name=str(whom.words["person"]["full_name"]),
            to_email=message.standing.email,
            message_id=message.message_id,
            at=at,
            leave_url=leave_url,
            feedback_id=f"{message.step_id}:{message.sequence_id}:sequence:filon",
        )
        return Outgoing(sender.from_email, message.standing.email, compose(rendered, headers))

    def _notes_clicks(self, message: Waiting) -> bool:
        """Whether the links of this message may tell of its person (their refusal always counts)."""
        if self._sender.clicks == "everybody":
            return message.tracking != "refused"
        return self._sender.clicks == "consented" and message.tracking == "given"

    def _template(self, message: Waiting) -> Template:
        key = (message.template_id, message.template_version)
        with self._lock:
            if key not in self._templates:
                self._templates[key] = Template.objects.get(pk=message.template_id)
            return self._templates[key]

    def _link_of(self, message: Waiting, at: datetime) -> Callable[[str], str]:
        def replaced(url: str) -> str:
            token = tokens.of_link(message.id, self._link_id(url, at))
            return f"{settings.FILON_BASE_URL}{reverse('answers:click', args=[token])}"

        return replaced

    def _link_id(self, url: str, at: datetime) -> int:
        with self._lock:
            if url not in self._links:
                self._links[url] = kept_link(url, at=at)
            return self._links[url]

    def _pixel_of(self, message: Waiting) -> str:
        return f"{settings.FILON_BASE_URL}{reverse('answers:open', args=[tokens.of_delivery(message.id)])}"


def kept_link(url: str, *, at: datetime) -> int:
    """The id of a stored destination, kept once however many messages lead there. One or two statements."""
    digest = hashlib.sha256(url.encode()).hexdigest()
    Link.objects.bulk_create([Link(url=url, digest=digest, created_at=at)], ignore_conflicts=True)
    return int(sql.fetch("SELECT id FROM nurture_link WHERE digest = %s", [digest])[0][0])


def new_message_id(mark: str) -> str:
    """A Message-ID under the address of this workspace."""
    return f"<{mark}@{urlsplit(settings.FILON_BASE_URL).hostname or 'localhost'}>"
