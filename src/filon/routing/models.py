"""The rules that route, who takes turns, when each team works, and the promises that run."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class RoutingRuleSet(models.Model):
    """One version of the rules, tried in their order; published ones never change. Version 0 is the draft.

    `rules`: objects as `decisions.Rule` reads them. The promises are open minutes until the first response.
    """

    version = models.PositiveIntegerField(unique=True)
    rules: Any = models.JSONField(default=list)
    minutes_asked = models.PositiveIntegerField(default=60)
    minutes_other = models.PositiveIntegerField(default=480)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    changed_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)
    revision = models.PositiveIntegerField(default=0)  # of the draft: who edits an older one is told

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(version=0, published_at=None) | Q(version__gt=0, published_at__isnull=False),
                name="routing_rules_draft_is_zero",
            ),
            models.CheckConstraint(
                condition=Q(minutes_asked__gt=0, minutes_other__gt=0), name="routing_rules_promise_some_time"
            ),
        ]

    def __str__(self) -> str:
        return f"routing rules {self.version or 'draft'}"


class Calendar(models.Model):
    """When a team works, in the workspace's time zone; the one without a team is for everybody else.

    `week`: seven lists, Monday first, of [from, to] in minutes since midnight. `region`: a key of `rules.HOLIDAYS`.
    """

    team = models.OneToOneField("core.Team", models.CASCADE, null=True, related_name="+")
    week: Any = models.JSONField(default=list)
    region = models.CharField(max_length=8, default="FR", blank=True)
    is_default = models.BooleanField(default=False)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="routing_calendar_one_default"
            ),
            models.CheckConstraint(
                condition=Q(is_default=True, team=None) | Q(is_default=False, team__isnull=False),
                name="routing_calendar_of_a_team_or_default",
            ),
        ]

    def __str__(self) -> str:
        return "default calendar" if self.is_default else f"calendar of team {self.team_id}"


class Absence(models.Model):
    """Days on which a colleague gets no new leads, both ends included, as the workspace's calendar counts them."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    starts_on = models.DateField()
    ends_on = models.DateField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="routing_absence_ends_after_start")
        ]
        indexes = [models.Index(fields=["ends_on"], name="routing_absence_by_end")]

    def __str__(self) -> str:
        return f"{self.starts_on} – {self.ends_on}"


class Capacity(models.Model):
    """How many leads in work a colleague may hold before the turn passes them; no row, no limit."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    leads_at_most = models.PositiveIntegerField()

    class Meta:
        verbose_name_plural = "capacities"

    def __str__(self) -> str:
        return str(self.leads_at_most)


class RoundRobin(models.Model):
    """The persistent counter of one pool of colleagues. Whoever draws holds its row locked until the leads are written.

    `pool`: role, and the team's id when it is one team's (`sdr`, `sales:3`). `turns`: how many were given.
    """

    pool = models.CharField(max_length=40, unique=True)
    turns = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.pool}: {self.turns}"


class Turn(models.Model):
    """When a colleague was last served in a pool (`last_turn`), and how many leads they got there."""

    round_robin = models.ForeignKey(RoundRobin, models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    last_turn = models.BigIntegerField(default=0)
    leads = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["round_robin", "user"], name="routing_turn_once")]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.leads}"


class Promise(models.Model):
    """One clock: what we owe a lead by `due_at`. It is open until it stops; one that stops late is breached.

    `owner` is who must keep it now. A breach stays one: a response after it stops the clock and changes nothing.
    """

    class State(models.TextChoices):
        """What became of it."""

        RUNNING = "running"
        MET = "met"
        BREACHED = "breached"
        CANCELLED = "cancelled"

    FIRST_RESPONSE = "first_response"

    lead = models.ForeignKey("leads.Lead", models.CASCADE, related_name="+")
    kind = models.CharField(max_length=16, default=FIRST_RESPONSE)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False)
    started_at = models.DateTimeField()
    due_at = models.DateTimeField()
    minutes = models.PositiveIntegerField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.RUNNING)
    stopped_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=200, default="", blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lead", "kind"], condition=Q(stopped_at=None), name="routing_promise_one_open_a_lead"
            ),
            models.CheckConstraint(condition=Q(due_at__gt=F("started_at")), name="routing_promise_due_after_start"),
            models.CheckConstraint(
                condition=Q(stopped_at=None, state__in=["running", "breached"])
                | Q(
                    stopped_at__isnull=False,  # asked first: a comparison with nothing would pass
                    state="met",
                    stopped_at__gte=F("started_at"),
                    stopped_at__lte=F("due_at"),
                )
                | Q(stopped_at__isnull=False, state="breached", stopped_at__gt=F("due_at"))
                | (Q(stopped_at__isnull=False, state="cancelled", stopped_at__lte=F("due_at")) & ~Q(reason="")),
                name="routing_promise_state_is_true",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], name="routing_promise_open", condition=Q(stopped_at=None)),
            models.Index(fields=["state", "due_at", "id"], name="routing_promise_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of lead {self.lead_id}: {self.state}"
