"""In whose name letters go: the same as messages of sequences."""

from __future__ import annotations

from django.conf import settings

from filon.core.post.letters import Sender
from filon.nurture import models


def sender() -> Sender | None:
    """The workspace's sender; None while nobody has said it, or where no mail leaves. One statement."""
    found = models.Sender.objects.first()
    if found is None or not settings.FILON_EMAIL_URL:
        return None
    return Sender(found.from_name, found.from_email, found.reply_to)
