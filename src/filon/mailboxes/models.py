"""Colleagues' mailboxes, what they write from a lead, and which mails belong to which lead."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from filon.kit import sql

IMAP_WAYS = ("imaps", "imap+starttls", "imap")
SMTP_WAYS = ("smtps", "smtp+starttls", "smtp")
"""How a server is spoken to; without encryption only on this machine."""


class Account(models.Model):
    """A colleague's mailbox. password: sealed (`kit/sealing.py`), for this row's `seal_context` only.

    sent_folder: where their mail program keeps what they sent; empty where the server has none. inbox_uid, sent_uid:
    how far each folder was read, numbered by its validity (RFC 3501). kept: how many mails told something.
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    email = models.EmailField(max_length=320)
    from_name = models.CharField(max_length=120)
    login = models.CharField(max_length=320)
    password = models.CharField(max_length=800)
    imap_way = models.CharField(max_length=14)
    imap_host = models.CharField(max_length=253)
    imap_port = models.PositiveIntegerField()
    smtp_way = models.CharField(max_length=14)
    smtp_host = models.CharField(max_length=253)
    smtp_port = models.PositiveIntegerField()
    signature = models.TextField(default="", blank=True)
    sent_folder = models.CharField(max_length=300, default="", blank=True)
    is_paused = models.BooleanField(default=False)
    inbox_validity = models.BigIntegerField(default=0)
    inbox_uid = models.BigIntegerField(default=0)
    sent_validity = models.BigIntegerField(default=0)
    sent_uid = models.BigIntegerField(default=0)
    kept = models.PositiveIntegerField(default=0)
    checked_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, default="", blank=True)
    connected_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=sql.one_of("imap_way", IMAP_WAYS), name="mailboxes_account_imap_way"),
            models.CheckConstraint(condition=sql.one_of("smtp_way", SMTP_WAYS), name="mailboxes_account_smtp_way"),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def seal_context(self) -> str:
        """Whose secret it is: sealed for one colleague, it opens for nobody else."""
        return f"mailboxes.account:{self.user_id}"


class Thread(models.Model):
    """A mail that stands on a lead's timeline, so that whoever answers it, from wherever, is known.

    is_from_them: who wrote it. subject: goes once the conversation is old.
    """

    message_id = models.CharField(max_length=320)
    lead = models.ForeignKey("leads.Lead", models.CASCADE, related_name="+", db_index=False)
    subject = models.CharField(max_length=300, default="", blank=True)
    is_from_them = models.BooleanField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message_id", "lead"], name="mailboxes_thread_once")]
        indexes = [models.Index(fields=["lead", "-at"], name="mailboxes_thread_of_lead")]

    def __str__(self) -> str:
        return self.message_id


class WrittenMail(models.Model):
    """A mail that a colleague wrote from a lead, handed over at most once.

    `handing_over` is committed before the server asks for the content, so that a crash in between leaves it
    `uncertain`. The text goes once it is sent: the timeline has it. run: who hands it over.
    """

    class State(models.TextChoices):
        """How far it came."""

        WAITING = "waiting"
        HANDING_OVER = "handing_over"
        SENT = "sent"
        UNCERTAIN = "uncertain"
        FAILED = "failed"

    account = models.ForeignKey(Account, models.SET_NULL, null=True, related_name="+")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    lead = models.ForeignKey("leads.Lead", models.CASCADE, related_name="+", db_index=False)
    to_name = models.CharField(max_length=300, default="", blank=True)
    to_email = models.CharField(max_length=320)
    subject = models.CharField(max_length=300)
    text = models.TextField()
    answers = models.CharField(max_length=320, default="", blank=True)
    message_id = models.CharField(max_length=320, unique=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    run = models.CharField(max_length=60, default="", blank=True)
    said = models.CharField(max_length=300, default="", blank=True)
    written_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=sql.one_of("state", ("waiting", "handing_over", "sent", "uncertain", "failed")),
                name="mailboxes_written_state",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="mailboxes_written_due", condition=Q(state="waiting")),
            models.Index(fields=["id"], name="mailboxes_written_going", condition=Q(state="handing_over")),
            models.Index(fields=["lead", "-id"], name="mailboxes_written_of_lead"),
        ]

    def __str__(self) -> str:
        return f"mail {self.pk}: {self.state}"
