"""The versions of the scoring: one in force, older ones for past dates, at most one draft."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from filon.scoring import rules


class RuleSet(models.Model):
    """One version of the scoring. Once published it never changes: past scores are explained from it.

    In force at a moment is the latest published until then; before the first, the first. `digest` is the hash of what
    it says. `edition` counts the saves of a draft, so that nobody overwrites a colleague's unseen.
    """

    class State(models.TextChoices):
        """Whether the version is in the making or has been in force."""

        DRAFT = "draft"
        PUBLISHED = "published"

    state = models.CharField(max_length=9, choices=State.choices, default=State.DRAFT)
    number = models.PositiveIntegerField(_("version"), null=True, unique=True)
    half_life_days = models.PositiveSmallIntegerField(_("half-life in days"))
    thresholds: Any = models.JSONField()
    rules: Any = models.JSONField()
    digest = models.CharField(max_length=32)
    note = models.CharField(_("note"), max_length=500, default="", blank=True)
    restores = models.PositiveIntegerField(null=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    edition = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["state"], condition=Q(state="draft"), name="scoring_one_draft"),
            models.CheckConstraint(
                condition=Q(state="draft", number__isnull=True, published_at__isnull=True)
                | Q(state="published", number__isnull=False, published_at__isnull=False),
                name="scoring_published_has_number_and_date",
            ),
            models.CheckConstraint(condition=Q(half_life_days__gte=1), name="scoring_half_life_positive"),
        ]

    def __str__(self) -> str:
        return f"scoring {self.number}" if self.number else "scoring draft"

    @property
    def content(self) -> rules.Rules:
        """What the version says."""
        return rules.from_json(self.half_life_days, self.thresholds, self.rules)
