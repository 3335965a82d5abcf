"""The mailboxes app."""

from django.apps import AppConfig


class MailboxesConfig(AppConfig):
    """Tables of colleagues' mailboxes."""

    name = "filon.mailboxes"
    label = "mailboxes"
