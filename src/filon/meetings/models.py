"""Booking pages, the meetings they bring, and what became of those."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import pgettext_lazy

from filon.kit import sql

KINDS = ("demo", "scoping", "discovery")
KIND_LABELS = {
    "demo": pgettext_lazy("kind of a meeting", "Demo"),
    "scoping": pgettext_lazy("kind of a meeting", "Scoping"),
    "discovery": pgettext_lazy("kind of a meeting", "Discovery"),
}
"""What a meeting is for."""

STATE_LABELS = {
    "booked": pgettext_lazy("state of a meeting", "Booked"),
    "held": pgettext_lazy("state of a meeting", "Held"),
    "missed": pgettext_lazy("state of a meeting", "Did not come"),
    "cancelled": pgettext_lazy("state of a meeting", "Cancelled"),
}
"""What became of a meeting."""


class BookingPage(models.Model):
    """The page on which people book a meeting with a colleague.

    minutes: duration by kind; a kind without one is not offered. days: weekdays, Monday 0. first, last: between which
    hours, of the workspace; within the open hours of the colleague's team. buffer: minutes kept free around a meeting;
    notice: hours; horizon: days. language: of the page and its letters. calendar_url: of their own calendar; busy: what
    it said when it was last read, as pairs of ISO moments; busy_problem: why it could not be read since.
    """

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="booking_page")
    slug = models.SlugField(max_length=60, unique=True)
    is_open = models.BooleanField(default=True)
    introduction = models.TextField(default="", blank=True)
    place = models.CharField(max_length=500, default="", blank=True)
    minutes: Any = models.JSONField(default=dict)
    days: Any = models.JSONField(default=list)
    first = models.TimeField()
    last = models.TimeField()
    buffer = models.PositiveSmallIntegerField(default=0)
    notice = models.PositiveSmallIntegerField(default=4)
    horizon = models.PositiveSmallIntegerField(default=30)
    language = models.CharField(max_length=2, default="fr")
    calendar_url = models.CharField(max_length=1000, default="", blank=True)
    busy: Any = models.JSONField(default=list, blank=True)
    busy_read_at = models.DateTimeField(null=True)
    busy_problem = models.CharField(max_length=100, default="", blank=True)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(first__lt=F("last")), name="meetings_page_hours_in_order")]

    def __str__(self) -> str:
        return self.slug


class Meeting(models.Model):
    """A meeting of a colleague with somebody, and what became of it. Times are aware UTC.

    mark: the page it was booked on; sent twice under one, it is one meeting. sequence: how often it was moved, as
    calendars count (RFC 5545). lead and person are known once the booking has gone down the line.
    """

    class State(models.TextChoices):
        """What became of it."""

        BOOKED = "booked"
        HELD = "held"
        MISSED = "missed"
        CANCELLED = "cancelled"

    host = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=9)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.BOOKED)
    token = models.CharField(max_length=40, unique=True)
    mark = models.CharField(max_length=40, unique=True)
    first_name = models.CharField(max_length=150)
    last_name = models.CharField(max_length=150)
    email = models.CharField(max_length=320)
    company = models.CharField(max_length=200, default="", blank=True)
    phone = models.CharField(max_length=40, default="", blank=True)
    about = models.TextField(default="", blank=True)
    place = models.CharField(max_length=500, default="", blank=True)
    language = models.CharField(max_length=2, default="fr")
    sequence = models.PositiveSmallIntegerField(default=0)
    lead = models.ForeignKey("leads.Lead", models.SET_NULL, null=True, blank=True, related_name="+")
    person = models.ForeignKey("leads.Person", models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField()
    ended_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=sql.one_of("kind", KINDS), name="meetings_meeting_kind_known"),
            models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="meetings_meeting_ends_after"),
            models.UniqueConstraint(
                fields=["host", "starts_at"], condition=Q(state="booked"), name="meetings_meeting_one_at_a_time"
            ),
        ]
        indexes = [models.Index(fields=["host", "starts_at"], name="meetings_meeting_of_host")]

    def __str__(self) -> str:
        return f"{self.kind} at {self.starts_at}"

    @property
    def name(self) -> str:
        """Who it is with."""
        return f"{self.first_name} {self.last_name}".strip() or self.email

    @property
    def kind_label(self) -> str:
        """What it is for, in words."""
        return str(KIND_LABELS[self.kind])

    @property
    def state_label(self) -> str:
        """What became of it, in words."""
        return str(STATE_LABELS[self.state])
