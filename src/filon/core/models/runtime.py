"""What workers and doors keep between requests: who works, which ticks were done, how often something was tried."""

from __future__ import annotations

from django.db import models


class Worker(models.Model):
    """A worker process as the health page sees it; gone when it stopped in order."""

    name = models.CharField(max_length=80, primary_key=True)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class ClockTick(models.Model):
    """The last tick of a clock that was turned into a job, so that no tick is done twice."""

    name = models.CharField(max_length=80, primary_key=True)
    tick = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.name} at {self.tick}"


class Allowance(models.Model):
    """How often something limited was tried in its current window. `key` is a hash: no address is kept."""

    key = models.CharField(max_length=64, primary_key=True)
    used = models.PositiveIntegerField()
    resets_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.used} until {self.resets_at:%H:%M:%S}"
