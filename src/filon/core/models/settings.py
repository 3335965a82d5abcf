"""Tunables of the workspace, and the hash-chained audit log."""

from __future__ import annotations

from typing import Any

from django.db import models


class Tunable(models.Model):
    """A value the workspace may change on a screen; its default is where the tunable is declared."""

    name = models.CharField(max_length=80, primary_key=True)
    value: Any = models.JSONField()
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class AuditEntry(models.Model):
    """A sign-in, export, reading of personal data or change of a setting; each entry's hash covers the one before."""

    at = models.DateTimeField()
    kind = models.CharField(max_length=40)
    actor_kind = models.CharField(max_length=6)
    actor_id = models.BigIntegerField(null=True)
    what: Any = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.kind} at {self.at:%Y-%m-%d %H:%M}"
