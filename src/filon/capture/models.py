"""Capture's tables: forms, imports and costs."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from filon.kit import sql
from filon.leads.rules import CHANNELS


class Cost(models.Model):
    """Money spent on a channel, and a campaign when known, on a day or evenly over days (both ends included)."""

    class Kind(models.TextChoices):
        """What the money went to."""

        MEDIA = "media"
        EVENT = "event"
        AGENCY = "agency"
        TOOL = "tool"
        SALARY = "salary"

    date_from = models.DateField()
    date_to = models.DateField()
    channel = models.CharField(max_length=16)
    campaign = models.ForeignKey("leads.Campaign", models.SET_NULL, null=True, blank=True, related_name="costs")
    kind = models.CharField(max_length=6, choices=Kind.choices, default=Kind.MEDIA)
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    currency = models.CharField(max_length=3)
    import_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(date_to__gte=F("date_from")), name="capture_cost_ends_after_start"),
            models.CheckConstraint(condition=Q(channel__in=CHANNELS), name="capture_cost_channel_known"),
        ]
        indexes = [models.Index(fields=["date_from", "id"], name="capture_cost_by_date")]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} on {self.channel}"


class TrackedSite(models.Model):
    """A site of the company whose visits are taken: scheme, host and port, as browsers name them."""

    origin = models.CharField(max_length=300, unique=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.origin


class Visitor(models.Model):
    """A browser of a person who agreed to be followed, by the hash of what it keeps.

    Without a person: it sent a form that is still on its way down the line.
    """

    digest = models.CharField(max_length=64, unique=True)
    person = models.ForeignKey("leads.Person", models.CASCADE, null=True, related_name="+")
    created_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"browser of person #{self.person_id}"


class Form(models.Model):
    """A hosted form: what it asks, what it tells its visitors, and where its submissions count.

    wants: `content` where visitors ask for a document or news, empty where they ask for us; see `Submitted`.
    questions: [{name, label, kind, is_required, choices}] in order; see `forms.asking`.
    """

    slug = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=200)
    introduction = models.TextField(default="", blank=True)
    questions: Any = models.JSONField(default=list)
    button = models.CharField(max_length=60, default="", blank=True)
    thanks = models.TextField(default="", blank=True)
    notice = models.TextField(default="", blank=True)
    privacy_url = models.CharField(max_length=500, default="", blank=True)
    consent_text = models.ForeignKey("leads.ConsentText", models.PROTECT, null=True, blank=True, related_name="+")
    tracking_text = models.ForeignKey("leads.ConsentText", models.PROTECT, null=True, blank=True, related_name="+")
    language = models.CharField(max_length=5, default="fr")
    channel = models.CharField(max_length=16, default="web")
    source = models.CharField(max_length=200, default="", blank=True)
    campaign = models.ForeignKey("leads.Campaign", models.SET_NULL, null=True, blank=True, related_name="+")
    wants = models.CharField(max_length=7, default="", blank=True)
    is_open = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=sql.one_of("channel", CHANNELS), name="capture_form_channel")]

    def __str__(self) -> str:
        return self.title


class Import(models.Model):
    """A file on its way in: kept whole under its hash, taken in chunk by chunk, resumable, undoable.

    `done_rows` is how far the committed chunks reach: a killed import goes on from there.
    """

    class State(models.TextChoices):
        """How far it is."""

        DRAFT = "draft"
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"
        UNDOING = "undoing"
        UNDONE = "undone"

    kind = models.CharField(max_length=14)
    file_name = models.CharField(max_length=255)
    file_hash = models.CharField(max_length=64)
    system = models.CharField(max_length=40, default="default")
    mode = models.CharField(max_length=7, default="history")
    plan: Any = models.JSONField(default=dict)
    state = models.CharField(max_length=9, choices=State.choices, default=State.DRAFT)
    rows = models.BigIntegerField(default=0)
    done_rows = models.BigIntegerField(default=0)
    expected_rows = models.BigIntegerField(null=True)  # about how many there are, told from the file's size
    rehearsal: Any = models.JSONField(null=True)  # what the last dry run counted
    created = models.BigIntegerField(default=0)
    updated = models.BigIntegerField(default=0)
    unchanged = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    seconds = models.FloatField(default=0)
    error = models.TextField(default="", blank=True)
    wants_cancel = models.BooleanField(default=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["-created_at"], name="capture_import_newest")]

    def __str__(self) -> str:
        return f"{self.file_name} as {self.kind}"


class RejectedRow(models.Model):
    """A row that was not taken: where it stands, why, and what it said, so that it can be mended and given again."""

    imported = models.ForeignKey(Import, models.CASCADE, related_name="rejects")
    number = models.BigIntegerField()
    line = models.BigIntegerField()
    column = models.CharField(max_length=300, default="")
    reason = models.CharField(max_length=500)
    raw: Any = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["imported", "number"], name="capture_one_reject_a_row")]

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"
