"""Person, company, lead and what joins them: the present. The past is in the ledger."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from filon.kit import sql
from filon.leads import rules

WORKED = ("captured", "qualifying", "mql")
"""Stages of leads that an SDR works on."""

TASK_KINDS = ("call", "call_back", "follow_up", "meeting", "todo")
"""What can be planned with a lead."""

BULK_ACTS = ("assign", "move", "edit")
"""What can be done with many leads at once."""

CONSENT_PURPOSES = ("email", "tracking")
"""What consents are asked for: our messages; tying opens, clicks and visits to the person."""

SUPPRESSION_REASONS = ("objection", "complaint", "invalid")
"""Why an address must not be written to."""


class Campaign(models.Model):
    """A marketing effort with dates, a channel and costs."""

    name = models.CharField(max_length=200)
    name_folded = models.CharField(max_length=200, unique=True)
    channel = models.CharField(max_length=16, default="unknown")
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Company(models.Model):
    """An organisation. Known by its `CompanyKey`s: domain, SIREN, or name and country."""

    name = models.CharField(max_length=500)
    name_folded = models.CharField(max_length=500)
    domain = models.CharField(max_length=255, default="", blank=True)
    siren = models.CharField(max_length=9, default="", blank=True)
    sector = models.CharField(max_length=500, default="", blank=True)
    sector_folded = models.CharField(max_length=500, default="", blank=True)
    employees = models.IntegerField(null=True, blank=True)
    revenue = models.DecimalField(max_digits=20, decimal_places=2, null=True, blank=True)
    country = models.CharField(max_length=500, default="", blank=True)
    country_folded = models.CharField(max_length=500, default="", blank=True)
    city = models.CharField(max_length=500, default="", blank=True)
    city_folded = models.CharField(max_length=500, default="", blank=True)
    issues = models.TextField(default="", blank=True)
    issues_folded = models.TextField(default="", blank=True)
    is_customer = models.BooleanField(default=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    attributes: Any = models.JSONField(default=dict, blank=True)
    attributes_folded: Any = models.JSONField(default=dict, blank=True)
    edited: Any = models.JSONField(default=list, blank=True)
    import_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "companies"
        indexes = [
            models.Index(fields=["name_folded", "id"], name="leads_company_by_name"),
            models.Index(fields=["import_id"], name="leads_company_import", condition=Q(import_id__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name


class CompanyKey(models.Model):
    """(kind, value) names one company: the database, not luck, keeps two writers from making two."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="keys")
    kind = models.CharField(max_length=8)
    value = models.CharField(max_length=600)
    import_id = models.BigIntegerField(null=True)  # the one that gave it, to be taken back with it

    class Meta:
        constraints = [models.UniqueConstraint(fields=["value", "kind"], name="leads_company_key_names_one")]
        indexes = [
            models.Index(fields=["import_id"], name="leads_company_key_import", condition=Q(import_id__isnull=False))
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.value}"


class Person(models.Model):
    """A human being we may talk to. Known by `Identifier`s, never by a row number alone."""

    first_name = models.CharField(max_length=500, default="", blank=True)
    last_name = models.CharField(max_length=500, default="", blank=True)
    full_name = models.CharField(max_length=1001, default="", blank=True)
    full_name_folded = models.CharField(max_length=1001, default="", blank=True)
    email = models.CharField(max_length=320, default="", blank=True)
    phone = models.CharField(max_length=40, default="", blank=True)
    job_title = models.CharField(max_length=500, default="", blank=True)
    job_title_folded = models.CharField(max_length=500, default="", blank=True)
    linkedin_url = models.CharField(max_length=500, default="", blank=True)
    country = models.CharField(max_length=500, default="", blank=True)
    country_folded = models.CharField(max_length=500, default="", blank=True)
    city = models.CharField(max_length=500, default="", blank=True)
    city_folded = models.CharField(max_length=500, default="", blank=True)
    language = models.CharField(max_length=20, default="", blank=True)
    company = models.ForeignKey(Company, models.SET_NULL, null=True, blank=True, related_name="people")
    edited: Any = models.JSONField(default=list, blank=True)
    import_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "people"
        indexes = [
            models.Index(fields=["full_name_folded", "id"], name="leads_person_by_name"),
            models.Index(fields=["import_id"], name="leads_person_import", condition=Q(import_id__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.full_name or self.email or self.phone or f"#{self.pk}"


class Identifier(models.Model):
    """(kind, system, value) names one person; unique in the database, so concurrency cannot make a duplicate."""

    class Kind(models.TextChoices):
        """What sort of name it is, strongest first."""

        EXTERNAL_ID = "external"
        EMAIL = "email"
        PROFILE = "profile"
        PHONE = "phone"

    person = models.ForeignKey(Person, models.CASCADE, related_name="identifiers")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    system = models.CharField(max_length=40, default="", blank=True)
    value = models.CharField(max_length=500)
    import_id = models.BigIntegerField(null=True)  # the one that gave it, to be taken back with it

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["value", "kind", "system"], name="leads_identifier_names_one"),
            models.CheckConstraint(
                condition=Q(kind="external") | Q(system=""), name="leads_identifier_system_of_external_only"
            ),
        ]
        indexes = [
            models.Index(fields=["import_id"], name="leads_identifier_import", condition=Q(import_id__isnull=False))
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.value}"


class Lead(models.Model):
    """One buying journey of one person: the present, for lists, rules and figures. Each column has one writing slice.

    `fit` is 0–100. `engagement_log` is ln Σ weight · 2^(t / half-life) with t in days since the epoch of scoring: it
    decays by itself and sorts by index (a cache of the ledger). `capped_acts` is what adding one more act to it needs
    to know of those before: the version that judged them, and by rule with a cap the counted ones that the window of a
    later one can hold; NULL when there are none, or nobody knows. Times are aware UTC.
    """

    person = models.ForeignKey(Person, models.PROTECT, related_name="leads")
    company = models.ForeignKey(
        Company, models.SET_NULL, null=True, blank=True, related_name="leads", db_index=False
    )  # see Meta: partial
    # leads
    stage = models.CharField(max_length=12, default="captured")
    stage_since = models.DateTimeField()
    is_open = models.BooleanField(default=True)
    lead_class = models.CharField(max_length=10, default="", blank=True)
    motion = models.CharField(max_length=9, default="", blank=True)
    product_line = models.CharField(max_length=120, default="", blank=True)
    reason = models.CharField(max_length=500, default="", blank=True)
    reached = models.PositiveSmallIntegerField(default=0)  # the highest rank ever held
    is_history = models.BooleanField(default=False)
    attributes: Any = models.JSONField(default=dict, blank=True)
    attributes_folded: Any = models.JSONField(default=dict, blank=True)
    edited: Any = models.JSONField(default=list, blank=True)
    version = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    # capture
    door = models.CharField(max_length=8, default="manual")
    channel = models.CharField(max_length=16, default="unknown")
    source = models.CharField(max_length=500, default="", blank=True)
    source_folded = models.CharField(max_length=500, default="", blank=True)
    medium = models.CharField(max_length=500, default="", blank=True)
    campaign = models.ForeignKey(
        Campaign, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )  # asked for by figures only, which read the lake
    landing_page = models.CharField(max_length=2000, default="", blank=True)
    captured_at = models.DateTimeField()
    is_captured_at_known = models.BooleanField(default=True)
    import_id = models.BigIntegerField(null=True)
    last_act_at = models.DateTimeField(null=True, blank=True)
    last_act = models.CharField(max_length=40, default="", blank=True)
    asked_at = models.DateTimeField(null=True, blank=True)  # an answer of ours is owed since then
    asked = models.CharField(max_length=40, default="", blank=True)  # for this act
    next_at = models.DateTimeField(null=True, blank=True)  # when what is planned with it is due (see Task)
    # scoring
    fit = models.DecimalField(max_digits=4, decimal_places=1, null=True, blank=True)
    engagement_log = models.FloatField(null=True, blank=True)
    capped_acts = models.JSONField(null=True, blank=True)
    grade = models.CharField(max_length=2, default="", blank=True)
    probability = models.FloatField(null=True, blank=True)
    # routing
    route = models.CharField(max_length=12, default="", blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )  # see Meta: partial
    routed_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    responded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=sql.one_of("stage", rules.ALL_STAGES), name="leads_lead_stage_known"),
            models.CheckConstraint(condition=sql.one_of("channel", rules.CHANNELS), name="leads_lead_channel_known"),
            models.CheckConstraint(condition=sql.one_of("route", ("", *rules.ROUTES)), name="leads_lead_route_known"),
            models.UniqueConstraint(
                fields=["person", "product_line"], condition=Q(is_open=True), name="leads_lead_one_open_a_person"
            ),
        ]
        indexes = [
            models.Index(fields=["-captured_at", "-id"], name="leads_lead_newest"),
            models.Index(fields=["stage", "-captured_at", "-id"], name="leads_lead_by_stage"),
            models.Index(
                fields=["owner", "-captured_at"], name="leads_lead_by_owner", condition=Q(owner__isnull=False)
            ),
            models.Index(
                fields=["owner", "-captured_at"],
                name="leads_lead_worked",
                condition=Q(owner__isnull=False, is_open=True, next_at__isnull=True, stage__in=WORKED),
            ),
            models.Index(
                fields=["due_at"],
                name="leads_lead_due",
                condition=Q(due_at__isnull=False, responded_at__isnull=True, is_open=True),
            ),
            models.Index(
                fields=["owner", "due_at"],
                name="leads_lead_owed",
                condition=Q(due_at__isnull=False, responded_at__isnull=True, is_open=True),
            ),
            models.Index(
                fields=["owner", "asked_at"],
                name="leads_lead_asked",
                condition=Q(asked_at__isnull=False, is_open=True),
            ),
            models.Index(
                fields=["-last_act_at", "-id"], name="leads_lead_last_act", condition=Q(last_act_at__isnull=False)
            ),
            models.Index(fields=["grade", "id"], name="leads_lead_by_grade", condition=~Q(grade="")),
            models.Index(fields=["company"], name="leads_lead_of_company", condition=Q(company__isnull=False)),
            models.Index(fields=["import_id"], name="leads_lead_import", condition=Q(import_id__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"lead #{self.pk}"


class Task(models.Model):
    """What will happen next with a lead, when and by whom; closed ones are its past.

    A lead has one open next action (call, call_back, follow_up or meeting), and any number of open to-dos beside it.
    """

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="tasks", db_index=False)  # see Meta
    kind = models.CharField(max_length=9)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    due_at = models.DateTimeField()
    text = models.CharField(max_length=500, default="", blank=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    result = models.CharField(max_length=7, default="", blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=sql.one_of("kind", TASK_KINDS), name="leads_task_kind_known"),
            models.CheckConstraint(condition=sql.one_of("result", ("", "done", "dropped")), name="leads_task_result"),
            models.UniqueConstraint(
                fields=["lead"], condition=Q(closed_at__isnull=True) & ~Q(kind="todo"), name="leads_task_one_next"
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "due_at"], name="leads_task_due", condition=Q(closed_at__isnull=True)),
            models.Index(fields=["lead", "-id"], name="leads_task_of_lead"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} due {self.due_at}"


class SourceRecord(models.Model):
    """What an outside system last gave for one of its records, so that giving it again changes nothing.

    (kind, system, key) is unique. `digest` is the hash of the mapped row; `given` its values. A value is written only
    when it differs from what the same system last gave for that field: a re-import never reverts a person's edit.
    """

    kind = models.CharField(max_length=12)
    system = models.CharField(max_length=40)
    key = models.CharField(max_length=500)
    record_id = models.BigIntegerField()
    digest = models.CharField(max_length=32)
    given: Any = models.JSONField(default=dict)
    import_id = models.BigIntegerField(null=True)  # the one that made it
    last_import_id = models.BigIntegerField(null=True)  # the one that last changed it

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "kind", "system"], name="leads_source_record_names_one")]
        indexes = [
            models.Index(fields=["kind", "record_id"], name="leads_source_record_of"),
            models.Index(fields=["import_id"], name="leads_source_record_import", condition=Q(import_id__isnull=False)),
            models.Index(
                fields=["last_import_id"], name="leads_source_record_last", condition=Q(last_import_id__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.key} of {self.system}"


class Finding(models.Model):
    """Something the data show that a person should know: an unknown product, a lead without source, two identities.

    One row a (kind, code, subject), counted; nothing is dropped because of it.
    """

    kind = models.CharField(max_length=12)
    code = models.CharField(max_length=40)
    subject = models.CharField(max_length=500)
    count = models.PositiveIntegerField(default=1)
    import_id = models.BigIntegerField(null=True)
    record_id = models.BigIntegerField(null=True)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "code", "subject"], name="leads_finding_once")]

    def __str__(self) -> str:
        return f"{self.code}: {self.subject}"


class ConsentText(models.Model):
    """The words under which people consent, kept for ever: what somebody agreed to is proved by them. Never changed."""

    text = models.TextField()
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.text[:60]


class Consent(models.Model):
    """What a person allows or refuses now, for one purpose. Its history is in the ledger."""

    class State(models.TextChoices):
        """What they said last."""

        GIVEN = "given"
        REFUSED = "refused"

    person = models.ForeignKey(Person, models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=16)
    state = models.CharField(max_length=7, choices=State.choices)
    text = models.ForeignKey(ConsentText, models.PROTECT, null=True, blank=True, related_name="+")
    door = models.CharField(max_length=8)
    at = models.DateTimeField()
    import_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "purpose"], name="leads_consent_once"),
            models.CheckConstraint(condition=sql.one_of("purpose", CONSENT_PURPOSES), name="leads_consent_purpose"),
            models.CheckConstraint(condition=sql.one_of("state", ("given", "refused")), name="leads_consent_state"),
        ]
        indexes = [
            models.Index(fields=["import_id"], name="leads_consent_import", condition=Q(import_id__isnull=False))
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.state}"


class Suppression(models.Model):
    """An address that must not be written to, and why. It is kept for ever, as a keyed hash and nothing else.

    It outlives the person, so that whoever comes in again under the address is left in peace.
    """

    digest = models.CharField(max_length=64, unique=True)
    reason = models.CharField(max_length=9)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=sql.one_of("reason", SUPPRESSION_REASONS), name="leads_suppression_reason")
        ]

    def __str__(self) -> str:
        return f"{self.reason} since {self.at:%Y-%m-%d}"


class Segment(models.Model):
    """A condition over leads that somebody saved under a name: always current. Seen by its owner, or by all.

    `sort` and `columns` are how its list is shown; empty: as every list.
    """

    name = models.CharField(max_length=80)
    name_folded = models.CharField(max_length=80)
    condition = models.TextField()
    sort = models.CharField(max_length=20, default="", blank=True)
    columns: Any = models.JSONField(default=list, blank=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["name_folded"], condition=Q(is_shared=True), name="leads_segment_shared_names_one"
            ),
            models.UniqueConstraint(
                fields=["owner", "name_folded"], condition=Q(is_shared=False), name="leads_segment_own_names_one"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class BulkOrder(models.Model):
    """One act on many leads at once, ordered by somebody who was told how many: what, on which, how far, and back.

    `lead_ids` names the leads; None: those that `condition` holds of at `created_at`, up to the lead `last_id`. They
    are gone through in the order of their ids; `cursor` is the last one seen to.
    """

    class State(models.TextChoices):
        """Where the order is on its way."""

        RUNNING = "running"
        DONE = "done"
        CANCELLED = "cancelled"
        UNDOING = "undoing"
        UNDONE = "undone"

    token = models.CharField(max_length=36, unique=True)  # of the question that was answered: one answer, one order
    act = models.CharField(max_length=6)
    what: Any = models.JSONField(default=dict)
    condition = models.TextField(default="", blank=True)
    lead_ids: Any = models.JSONField(null=True, default=None)
    last_id = models.BigIntegerField(default=0)
    cursor = models.BigIntegerField(default=0)
    expected = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=9, choices=State.choices, default=State.RUNNING)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    undone = models.PositiveIntegerField(default=0)
    kept = models.PositiveIntegerField(default=0)
    error = models.CharField(max_length=500, default="", blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    undone_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    undo_asked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=sql.one_of("act", BULK_ACTS), name="leads_bulk_act_known"),
        ]
        indexes = [models.Index(fields=["-created_at"], name="leads_bulk_newest")]

    def __str__(self) -> str:
        return f"{self.act} of {self.expected} leads"


class BulkItem(models.Model):
    """What a bulk order did to one lead, or why it left it alone; leads that were so already have no item.

    was, became: the value before and after, as the act keeps it. fact_id: the fact that tells it; undo_fact_id: the one
    that tells that it was taken back.
    """

    class State(models.TextChoices):
        """What became of the lead."""

        CHANGED = "changed"
        REFUSED = "refused"
        UNDONE = "undone"
        KEPT = "kept"

    order = models.ForeignKey(BulkOrder, models.CASCADE, related_name="items", db_index=False)  # see Meta
    lead = models.ForeignKey(Lead, models.CASCADE, related_name="+")
    state = models.CharField(max_length=7, choices=State.choices)
    was: Any = models.JSONField(null=True)
    became: Any = models.JSONField(null=True)
    fact_id = models.BigIntegerField(null=True)
    undo_fact_id = models.BigIntegerField(null=True)
    why = models.CharField(max_length=300, default="", blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "lead"], name="leads_bulk_item_once")]
        indexes = [models.Index(fields=["order", "state", "lead"], name="leads_bulk_item_by_state")]

    def __str__(self) -> str:
        return f"lead #{self.lead_id}: {self.state}"


class CustomField(models.Model):
    """A field of the workspace's own, made on a screen. Its name is the key of its values in `attributes`.

    choices: of a `choice`, in order. A retired one is offered nowhere; its values stay.
    """

    of = models.CharField(max_length=7)
    name = models.CharField(max_length=120)
    name_folded = models.CharField(max_length=120)
    kind = models.CharField(max_length=6)
    choices: Any = models.JSONField(default=list, blank=True)
    hint = models.CharField(max_length=300, default="", blank=True)
    is_retired = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["of", "name_folded"], name="leads_customfield_once"),
            models.CheckConstraint(condition=sql.one_of("of", ("lead", "company")), name="leads_customfield_of"),
            models.CheckConstraint(
                condition=sql.one_of("kind", ("text", "number", "date", "yes_no", "choice")),
                name="leads_customfield_kind",
            ),
        ]

    def __str__(self) -> str:
        return self.name
