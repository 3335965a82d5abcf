"""Products, pipelines and opportunities: the present. What happened to them is in the ledger."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import pgettext_lazy

STAGE_LABELS = {
    "prospecting": pgettext_lazy("deal", "Prospecting"),
    "engaged": pgettext_lazy("deal", "Engaged"),
    "proposal": pgettext_lazy("deal", "Proposal"),
    "negotiation": pgettext_lazy("deal", "Negotiation"),
    "won": pgettext_lazy("deal", "Won"),
    "lost": pgettext_lazy("deal", "Lost"),
}
"""What the stages of a new pipeline are called until someone renames them."""

STATE_LABELS = {
    "open": pgettext_lazy("deal states", "Open"),
    "won": pgettext_lazy("deal states", "Won"),
    "lost": pgettext_lazy("deal states", "Lost"),
}

REASON_LABELS = {
    "price": pgettext_lazy("deal", "Price"),
    "competitor": pgettext_lazy("deal", "Competitor"),
    "no_budget": pgettext_lazy("deal", "No budget"),
    "postponed": pgettext_lazy("deal", "Project postponed"),
    "no_answer": pgettext_lazy("deal", "No answer"),
    "missing_feature": pgettext_lazy("deal", "Missing feature"),
    "status_quo": pgettext_lazy("deal", "Stayed with the existing solution"),
}


class Product(models.Model):
    """Something we sell. One that only a row named, and nobody declared, is not `is_known`: a question for a person."""

    name = models.CharField(max_length=200)
    name_folded = models.CharField(max_length=200, unique=True)
    series = models.CharField(max_length=120, default="", blank=True)
    price = models.DecimalField(max_digits=18, decimal_places=2, null=True, blank=True)
    is_known = models.BooleanField(default=True)
    import_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(price__gte=0), name="deals_product_price_not_negative")]

    def __str__(self) -> str:
        return self.name


class Pipeline(models.Model):
    """A way of selling, with its own stages. One is the default."""

    name = models.CharField(max_length=120)
    name_folded = models.CharField(max_length=120, unique=True)
    is_default = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="deals_pipeline_one_default"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Stage(models.Model):
    """A step of a pipeline. `name` is empty while it keeps the label of its `code`; `probability` is in [0, 1]."""

    pipeline = models.ForeignKey(Pipeline, models.CASCADE, related_name="stages")
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=120, default="", blank=True)
    position = models.PositiveSmallIntegerField()
    probability = models.DecimalField(max_digits=5, decimal_places=4)
    state = models.CharField(max_length=4)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pipeline", "code"], name="deals_stage_code_once"),
            models.CheckConstraint(condition=Q(state__in=("open", "won", "lost")), name="deals_stage_state_known"),
            models.CheckConstraint(
                condition=Q(probability__gte=0) & Q(probability__lte=1), name="deals_stage_probability_share"
            ),
        ]

    def __str__(self) -> str:
        return self.name or str(STAGE_LABELS.get(self.code, self.code))


class StageName(models.Model):
    """What another system calls a stage, and which of ours it means; no stage yet means that someone must say."""

    name = models.CharField(max_length=120)
    name_folded = models.CharField(max_length=120, unique=True)
    stage = models.ForeignKey(Stage, models.SET_NULL, null=True, blank=True, related_name="+")

    def __str__(self) -> str:
        return f"{self.name} → {self.stage}"


class Opportunity(models.Model):
    """A possible sale. `state` follows its stage; a closed one has its date, an open one has none.

    `probability` is the deal's own, when someone gave one; else its stage's counts. `close_date` is a calendar day of
    the workspace: expected while open. `stage_name` is the other system's word while nobody has said what it means.
    Times are aware UTC; `amount` excludes tax.
    """

    name = models.CharField(max_length=500)
    name_folded = models.CharField(max_length=500)
    company = models.ForeignKey("leads.Company", models.SET_NULL, null=True, blank=True, related_name="opportunities")
    lead = models.ForeignKey("leads.Lead", models.SET_NULL, null=True, blank=True, related_name="opportunities")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    product = models.ForeignKey(Product, models.PROTECT, null=True, blank=True, related_name="+")
    pipeline = models.ForeignKey(Pipeline, models.PROTECT, related_name="+", db_index=False)
    stage = models.ForeignKey(Stage, models.PROTECT, related_name="+", db_index=False)
    stage_since = models.DateTimeField()
    stage_name = models.CharField(max_length=120, default="", blank=True)
    state = models.CharField(max_length=4, default="open")
    amount = models.DecimalField(max_digits=18, decimal_places=2, null=True, blank=True)
    currency = models.CharField(max_length=3)
    probability = models.DecimalField(max_digits=5, decimal_places=4, null=True, blank=True)
    created_at = models.DateTimeField()
    is_created_at_known = models.BooleanField(default=True)
    close_date = models.DateField(null=True, blank=True)
    won_at = models.DateTimeField(null=True, blank=True)
    lost_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=500, default="", blank=True)
    postponed_to = models.DateField(null=True, blank=True)
    is_history = models.BooleanField(default=False)
    attributes: Any = models.JSONField(default=dict, blank=True)
    attributes_folded: Any = models.JSONField(default=dict, blank=True)
    import_id = models.BigIntegerField(null=True)
    version = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "opportunities"
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open", won_at=None, lost_at=None)
                | Q(state="won", won_at__isnull=False, lost_at=None)
                | Q(state="lost", won_at=None, lost_at__isnull=False),
                name="deals_opportunity_closed_has_its_date",
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="deals_opportunity_amount_not_negative"),
            models.CheckConstraint(
                condition=Q(probability__gte=0) & Q(probability__lte=1), name="deals_opportunity_probability_share"
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="deals_opportunity_newest"),
            models.Index(fields=["-amount", "-id"], name="deals_opportunity_largest"),
            models.Index(fields=["state", "close_date", "id"], name="deals_opportunity_closing"),
            models.Index(
                fields=["stage", "currency", "probability", "amount"],
                name="deals_opportunity_board",
                condition=Q(state="open"),
            ),
            models.Index(
                fields=["stage", "close_date", "id"], name="deals_opportunity_cards", condition=Q(state="open")
            ),
            models.Index(fields=["name_folded", "id"], name="deals_opportunity_by_name"),
            models.Index(fields=["close_date", "id"], name="deals_opportunity_by_close"),
            models.Index(fields=["owner", "-created_at"], name="deals_opportunity_by_owner"),
            models.Index(fields=["won_at"], name="deals_opportunity_won", condition=Q(won_at__isnull=False)),
            models.Index(fields=["lost_at"], name="deals_opportunity_lost", condition=Q(lost_at__isnull=False)),
            models.Index(fields=["stage_name"], name="deals_opportunity_unmapped", condition=~Q(stage_name="")),
            models.Index(fields=["import_id"], name="deals_opportunity_import", condition=Q(import_id__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name
