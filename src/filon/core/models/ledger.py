"""The ledger: what happened, append-only in the database itself (a trigger refuses update and delete)."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q


class Fact(models.Model):
    """One thing that happened. Ids, codes, numbers and times only; personal values sit in its `FactDetail`.

    Ids point at rows that may be gone: the ledger outlives what it tells of, so these are no foreign keys.
    """

    kind = models.CharField(max_length=40)
    at = models.DateTimeField()
    learnt_at = models.DateTimeField()
    actor_kind = models.CharField(max_length=6)
    actor_id = models.BigIntegerField(null=True)
    person_id = models.BigIntegerField(null=True)
    company_id = models.BigIntegerField(null=True)
    lead_id = models.BigIntegerField(null=True)
    opportunity_id = models.BigIntegerField(null=True)
    door = models.CharField(max_length=8, default="")
    channel = models.CharField(max_length=16, default="")
    source = models.CharField(max_length=500, default="")
    campaign_id = models.BigIntegerField(null=True)
    import_id = models.BigIntegerField(null=True)
    path = models.CharField(max_length=2000, default="")
    value = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    is_machine = models.BooleanField(default=False)
    revokes_id = models.BigIntegerField(null=True)
    payload: Any = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["lead_id", "at"], name="core_fact_lead", condition=Q(lead_id__isnull=False)),
            models.Index(
                fields=["person_id", "at"],
                name="core_fact_person_only",
                condition=Q(lead_id__isnull=True, person_id__isnull=False),
            ),
            models.Index(
                fields=["company_id", "at"],
                name="core_fact_company_only",
                condition=Q(lead_id__isnull=True, person_id__isnull=True, company_id__isnull=False),
            ),
            models.Index(
                fields=["opportunity_id", "at"], name="core_fact_opportunity", condition=Q(opportunity_id__isnull=False)
            ),
            models.Index(fields=["at"], name="core_fact_of_forms", condition=Q(door="form")),
            models.Index(
                fields=["actor_id", "at"],
                name="core_fact_of_colleagues",
                condition=Q(actor_kind="user", kind__in=["call_logged", "meeting_held", "message_sent"]),
            ),
            models.Index(fields=["import_id"], name="core_fact_import", condition=Q(import_id__isnull=False)),
            models.Index(fields=["kind", "import_id"], name="core_fact_undone", condition=Q(kind="import_undone")),
            models.Index(fields=["revokes_id"], name="core_fact_revokes", condition=Q(revokes_id__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} at {self.at:%Y-%m-%d %H:%M}"


class FactDetail(models.Model):
    """The personal values of a fact: texts, addresses, old and new field values. Erasure and retention delete it."""

    fact = models.OneToOneField(Fact, models.DO_NOTHING, primary_key=True, db_constraint=False, related_name="detail")
    values: Any = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"detail of fact {self.pk}"
