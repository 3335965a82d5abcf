"""Templates, sequences and their steps, who walks through them, and every message that was ever to be sent."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from filon.kit import sql

STEP_TASKS = ("call", "call_back", "follow_up", "todo")
"""What a step can plan: a meeting takes two."""

STEP_KINDS = ("email", "wait", "branch", "task")
"""What a step of a sequence does."""

SIDES = ("", "yes", "no")
"""Where a step stands: in the sequence itself, or on a side of the branch above it."""

CLICKS = ("consented", "everybody", "nobody")
"""Whose clicks are noted: of those who agreed to it, of all who did not refuse, of nobody."""


class Sender(models.Model):
    """In whose name the workspace writes. One row; without it nothing is sent.

    opens: whether mails to those who agreed to it hold an image that tells of their opening.
    """

    from_name = models.CharField(max_length=120)
    from_email = models.CharField(max_length=320)
    reply_to = models.CharField(max_length=320, default="", blank=True)
    company = models.CharField(max_length=200)
    postal_address = models.CharField(max_length=500)
    privacy_url = models.CharField(max_length=500, default="", blank=True)
    clicks = models.CharField(max_length=9, default="consented")
    opens = models.BooleanField(default=False)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="nurture_sender_is_one"),
            models.CheckConstraint(condition=sql.one_of("clicks", CLICKS), name="nurture_sender_clicks"),
        ]

    def __str__(self) -> str:
        return f"{self.from_name} <{self.from_email}>"


class MailboxState(models.Model):
    """How far the mailbox of answers was read. One row.

    mark: which mailbox, as a hash. kept: how many mails told something. validity, last_uid: as IMAP numbers mails
    (RFC 3501).
    """

    mark = models.CharField(max_length=64)
    validity = models.BigIntegerField(default=0)
    last_uid = models.BigIntegerField(default=0)
    kept = models.PositiveIntegerField(default=0)
    checked_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, default="", blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="nurture_mailbox_is_one")]

    def __str__(self) -> str:
        return f"read up to {self.last_uid}"


class Template(models.Model):
    """A message to be: subject and body as written (MJML, or plain paragraphs), and the page its body was made into."""

    name = models.CharField(max_length=120)
    name_folded = models.CharField(max_length=120, unique=True)
    language = models.CharField(max_length=5, default="fr")
    subject = models.CharField(max_length=300)
    body = models.TextField()
    html = models.TextField()
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Sequence(models.Model):
    """Steps that leads walk through. condition: who enters by themselves, in the condition language; empty for nobody.

    A lead walks through a sequence once in its life.
    """

    class State(models.TextChoices):
        """Whether it runs."""

        DRAFT = "draft"
        RUNNING = "running"
        PAUSED = "paused"

    name = models.CharField(max_length=120)
    name_folded = models.CharField(max_length=120, unique=True)
    condition = models.TextField(default="", blank=True)
    state = models.CharField(max_length=7, choices=State.choices, default=State.DRAFT)
    in_working_hours = models.BooleanField(default=True)
    stops_at_mql = models.BooleanField(default=True)
    version = models.PositiveIntegerField(default=1)
    started_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=sql.one_of("state", ("draft", "running", "paused")), name="nurture_sequence_state"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Step(models.Model):
    """One step. Those of a side stand under their branch; a step taken out keeps its row: messages were sent for it.

    minutes: how long a wait lasts. condition: of a branch. task, text: of a task.
    """

    sequence = models.ForeignKey(Sequence, models.CASCADE, related_name="steps")
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="+")
    side = models.CharField(max_length=3, default="", blank=True)
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=6)
    template = models.ForeignKey(Template, models.PROTECT, null=True, blank=True, related_name="+")
    minutes = models.PositiveIntegerField(default=0)
    condition = models.TextField(default="", blank=True)
    task = models.CharField(max_length=9, default="", blank=True)
    text = models.CharField(max_length=500, default="", blank=True)
    is_removed = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=sql.one_of("kind", STEP_KINDS), name="nurture_step_kind"),
            models.CheckConstraint(condition=sql.one_of("task", ("", *STEP_TASKS)), name="nurture_step_task"),
            models.CheckConstraint(
                condition=Q(parent__isnull=True, side="") | Q(parent__isnull=False, side__in=SIDES[1:]),
                name="nurture_step_side_of_branch",
            ),
            models.CheckConstraint(
                condition=~Q(kind="email") | Q(template__isnull=False), name="nurture_step_template"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.position}"


class Enrollment(models.Model):
    """One lead's way through a sequence. step: where it stands; due_at: when that step is to be done, None while its
    message is on its way."""

    class State(models.TextChoices):
        """How far it is."""

        ACTIVE = "active"
        DONE = "done"
        STOPPED = "stopped"

    sequence = models.ForeignKey(Sequence, models.CASCADE, related_name="enrollments", db_index=False)
    lead = models.ForeignKey("leads.Lead", models.CASCADE, related_name="+", db_index=False)
    person = models.ForeignKey("leads.Person", models.CASCADE, related_name="+")
    step = models.ForeignKey(Step, models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=7, choices=State.choices, default=State.ACTIVE)
    reason = models.CharField(max_length=20, default="", blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    entered_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["lead", "sequence"], name="nurture_enrollment_once"),
            models.CheckConstraint(
                condition=Q(state="active", ended_at=None)
                | Q(state="done", ended_at__isnull=False)
                | (Q(state="stopped", ended_at__isnull=False) & ~Q(reason="")),
                name="nurture_enrollment_state_is_true",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="nurture_enrollment_due", condition=Q(state="active")),
            models.Index(fields=["sequence", "state", "step"], name="nurture_enrollment_of_sequence"),
        ]

    def __str__(self) -> str:
        return f"lead {self.lead_id} in {self.sequence_id}: {self.state}"


class Delivery(models.Model):
    """One message to one person for one step: at most once, for ever. Whom it went to stays for that reason.

    It is `handing_over` from before the relay may have it until we know what the relay said. When nobody can know any
    more, it is `uncertain`, and only a person may send it again. (job_id, job_lease) is the run that hands it over.
    """

    class State(models.TextChoices):
        """What became of it."""

        QUEUED = "queued"
        HANDING_OVER = "handing_over"
        SENT = "sent"
        UNCERTAIN = "uncertain"
        REFUSED = "refused"
        HELD = "held"

    step = models.ForeignKey(Step, models.PROTECT, related_name="+", db_index=False)
    template = models.ForeignKey(Template, models.PROTECT, related_name="+", db_index=False)
    enrollment = models.ForeignKey(Enrollment, models.PROTECT, related_name="deliveries")
    lead = models.ForeignKey("leads.Lead", models.PROTECT, related_name="+")
    person = models.ForeignKey("leads.Person", models.PROTECT, related_name="+", db_index=False)
    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    message_id = models.CharField(max_length=255, unique=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    queued_at = models.DateTimeField()
    handed_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    clicked_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=20, default="", blank=True)
    answer = models.CharField(max_length=300, default="", blank=True)
    job_id = models.BigIntegerField(null=True)
    job_lease = models.IntegerField(null=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["person", "step"], name="nurture_delivery_once"),
            models.CheckConstraint(
                condition=sql.one_of("state", ("queued", "handing_over", "sent", "uncertain", "refused", "held")),
                name="nurture_delivery_state",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="nurture_delivery_queued", condition=Q(state="queued")),
            models.Index(fields=["id"], name="nurture_delivery_handing", condition=Q(state="handing_over")),
            models.Index(fields=["state", "-id"], name="nurture_delivery_by_state"),
            models.Index(fields=["step", "state"], name="nurture_delivery_of_step"),
        ]

    def __str__(self) -> str:
        return f"delivery {self.pk}: {self.state}"


class Link(models.Model):
    """Where a link of our messages leads. Only stored destinations are followed: no address travels in a link."""

    url = models.CharField(max_length=2000)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.url
