"""Who works on which lead of the worklist at this moment."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Hold(models.Model):
    """A colleague has a lead before them, since `since`; their page says so again and again, last at `seen_at`."""

    lead = models.OneToOneField("leads.Lead", models.CASCADE, primary_key=True, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    since = models.DateTimeField()
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"lead #{self.lead_id} by user #{self.user_id}"
