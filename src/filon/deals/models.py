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

CATEGORY_LABELS = {
    "engaged": pgettext_lazy("forecast", "Committed"),
    "probable": pgettext_lazy("forecast", "Probable"),
    "possible": pgettext_lazy("forecast", "Possible"),
    "left_out": pgettext_lazy("forecast", "Left out"),
}
"""What a seller says of a deal for the forecast; `rules.category_of` says it for who says nothing."""

ROLE_LABELS = {
    "decision_maker": pgettext_lazy("role in a deal", "Decision-maker"),
    "influencer": pgettext_lazy("role in a deal", "Influencer"),
    "user": pgettext_lazy("role in a deal", "User"),
    "buyer": pgettext_lazy("role in a deal", "Buyer"),
    "sponsor": pgettext_lazy("role in a deal", "Sponsor"),
}
"""What a person is in a deal."""


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
    `next_step` is what will be done next, on the day `next_on`. `category` is what its seller says of it for the
    forecast, empty when its probability says it; `proof` what shows that it was won. Times are aware UTC; `amount`
    excludes tax.
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
    next_step = models.CharField(max_length=200, default="", blank=True)
    next_on = models.DateField(null=True, blank=True)
    category = models.CharField(max_length=8, default="", blank=True)
    proof = models.CharField(max_length=500, default="", blank=True)
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
            models.CheckConstraint(
                condition=Q(category__in=("", "engaged", "probable", "possible", "left_out")),
                name="deals_opportunity_category_known",
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


class DealPerson(models.Model):
    """A person who has a say in a deal, and which one."""

    opportunity = models.ForeignKey(Opportunity, models.CASCADE, related_name="people")
    person = models.ForeignKey("leads.Person", models.CASCADE, related_name="+")
    role = models.CharField(max_length=16)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["opportunity", "person"], name="deals_dealperson_once"),
            models.CheckConstraint(condition=Q(role__in=tuple(ROLE_LABELS)), name="deals_dealperson_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.person} · {self.role}"


class Decision(models.Model):
    """What someone decided on a deal in the clean-up of the pipeline. `order` holds those taken together.

    `before` is what the decision changed, as it was, at the deal's version `seen`; `version` is the one afterwards:
    while it stands, the decision can be taken back. `amount` is the deal's then, in the workspace's currency; None
    without. `move_id` names the fact of the lead's move to nurturing.
    """

    class Kind(models.TextChoices):
        """What can be decided."""

        NEW_DATE = "new_date"
        NEXT_STEP = "next_step"
        LOST = "lost"
        NURTURE = "nurture"

    order = models.CharField(max_length=36, db_index=True)
    opportunity = models.ForeignKey(Opportunity, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=9, choices=Kind.choices)
    before: Any = models.JSONField(default=dict)
    seen = models.PositiveIntegerField()
    version = models.PositiveIntegerField()
    amount = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    move_id = models.BigIntegerField(null=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(db_index=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["order", "opportunity"], name="deals_decision_once"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.opportunity_id}"


class Target(models.Model):
    """How much a seller, or the whole workspace for none, shall win in a month (its first day), without tax."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    month = models.DateField()
    amount = models.DecimalField(max_digits=18, decimal_places=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "month"], name="deals_target_of_seller_once"),
            models.UniqueConstraint(fields=["month"], condition=Q(owner=None), name="deals_target_of_all_once"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="deals_target_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.owner or 'all'} {self.month:%Y-%m}"


class Snapshot(models.Model):
    """What was foreseen on a day for a month, for all deals together, in the workspace's currency. Kept once a week."""

    month = models.DateField()
    on = models.DateField(db_index=True)
    won = models.DecimalField(max_digits=18, decimal_places=2)
    landing = models.DecimalField(max_digits=18, decimal_places=2)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["month", "on"], name="deals_snapshot_once")]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} as of {self.on}"
