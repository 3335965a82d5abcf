"""The REST API of campaigns and costs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status
from pydantic import ConfigDict, StringConstraints, model_validator

from filon.capture.costs import campaigns, commands, queries
from filon.capture.costs.queries import CampaignRow, CostRow
from filon.core import idempotency
from filon.core.access import Actor
from filon.core.idempotency import Key
from filon.kit.problems import Problem
from filon.kit.shapes import Day, Id
from filon.leads import rules

router = Router(tags=["campaigns and costs"])

Cursor = Annotated[str, StringConstraints(max_length=2000)]
PROBLEMS: Final = dict.fromkeys((400, 401, 403, 404, 409, 422, 503), Problem)


class In(Schema):
    """What a program sends: a field that nobody knows is refused."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class ListQuery(Schema):
    """How a list is asked for."""

    limit: Annotated[int, Field(ge=1, le=queries.MOST)] = 50
    after: Cursor = Field("", description="`next` of the page before.")


# Campaigns ------------------------------------------------------------------------------------------------------------


class CampaignOut(Schema):
    """A campaign. Money is a decimal string in the workspace's currency."""

    id: int
    name: str = Field(examples=["Salon Préventica 2026"])
    channel: str = Field(examples=["event"])
    starts_on: date | None
    ends_on: date | None
    spent: str = Field(examples=["12400.00"], description="What it cost so far, without tax.")


class CampaignPage(Schema):
    """A page of campaigns, the newest first."""

    items: list[CampaignOut]
    next: str | None = Field(description="Give it as `after` for the next page; null at the end.")


class CampaignIn(In):
    """A campaign to declare."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(examples=["Salon Préventica 2026"])
    channel: Annotated[str, StringConstraints(max_length=16)] = Field(
        "unknown", examples=["event"], description=f"One of {', '.join(rules.CHANNELS)}."
    )
    starts_on: Day | None = None
    ends_on: Day | None = None


@router.get("/campaigns", response={200: CampaignPage, **PROBLEMS}, summary="List campaigns")
def list_campaigns(request: HttpRequest, ask: Query[ListQuery]) -> Any:
    """Campaigns with what they cost. Needs the scope `kpi:read` or `costs:write`."""
    page = queries.campaigns(by=_actor(request), after=ask.after, limit=ask.limit)
    return {"items": [_campaign_out(row) for row in page.rows], "next": page.after or None}


@router.post("/campaigns", response={201: CampaignOut, **PROBLEMS}, summary="Declare a campaign")
def create_campaign(request: HttpRequest, body: CampaignIn, idempotency_key: Key = "") -> Any:
    """Declare a campaign. Needs the scope `costs:write`. A name that is taken is refused (409, with the id it has)."""
    actor, at = _actor(request), timezone.now()

    def act() -> Any:
        made = campaigns.add_campaign(**body.model_dump(), by=actor, at=at)
        return _campaign_out(
            CampaignRow(made.pk, made.name, made.channel, made.starts_on, made.ends_on, Decimal("0.00"))
        )

    return Status(201, idempotency.answer_request(request, idempotency_key, act, by=actor, at=at))


def _campaign_out(row: CampaignRow) -> dict[str, Any]:
    names = ("id", "name", "channel", "starts_on", "ends_on")
    return {name: getattr(row, name) for name in names} | {"spent": str(row.spent)}


# Costs ----------------------------------------------------------------------------------------------------------------


class CostOut(Schema):
    """A cost, on a day or evenly over days, both ends included."""

    id: int
    date_from: date
    date_to: date
    channel: str = Field(examples=["paid_search"])
    campaign_id: int | None
    campaign: str | None
    kind: str = Field(examples=["media"])
    amount: str = Field(examples=["1250.00"], description="Without tax.")
    currency: str = Field(examples=["EUR"])


class CostPage(Schema):
    """A page of costs, the latest first."""

    items: list[CostOut]
    next: str | None = Field(description="Give it as `after` for the next page; null at the end.")


class CostQuery(ListQuery):
    """Which costs."""

    channel: Annotated[str, StringConstraints(max_length=16)] = ""
    campaign_id: Id | None = None


class CostIn(In):
    """A cost to record: on `date`, or evenly from `from` to `to`, both included."""

    day: Day | None = Field(None, alias="date", examples=["2026-11-02"])
    date_from: Day | None = Field(None, alias="from")
    date_to: Day | None = Field(None, alias="to")
    channel: Annotated[str, StringConstraints(max_length=16)] = Field(
        "unknown", examples=["paid_search"], description=f"One of {', '.join(rules.CHANNELS)}."
    )
    campaign: Annotated[str, StringConstraints(max_length=200)] | None = Field(
        None, description="By its name; one that nobody knows is made."
    )
    kind: Annotated[str, StringConstraints(pattern="^(media|event|agency|tool|salary)$")] = "media"
    amount: Annotated[Decimal, Field(ge=0, lt=Decimal(10) ** 15, allow_inf_nan=False)] = Field(examples=["1250.00"])
    currency: Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")] | None = Field(None, examples=["EUR"])

    @model_validator(mode="after")
    def _has_days(self) -> CostIn:
        if self.day is None and self.date_from is None:
            raise ValueError("give `date`, or `from` and `to`")
        if self.day is not None and (self.date_from is not None or self.date_to is not None):
            raise ValueError("give `date`, or `from` and `to`, not both")
        return self


@router.get("/costs", response={200: CostPage, **PROBLEMS}, summary="List costs")
def list_costs(request: HttpRequest, ask: Query[CostQuery]) -> Any:
    """Costs, the latest first. Needs the scope `kpi:read` or `costs:write`."""
    page = queries.costs(
        by=_actor(request), channel=ask.channel, campaign_id=ask.campaign_id, after=ask.after, limit=ask.limit
    )
    return {"items": [_cost_out(row) for row in page.rows], "next": page.after or None}


@router.post("/costs", response={201: CostOut, **PROBLEMS}, summary="Record a cost")
def create_cost(request: HttpRequest, body: CostIn, idempotency_key: Key = "") -> Any:
    """Record what was spent. Needs the scope `costs:write`."""
    actor, at = _actor(request), timezone.now()
    values = {name: value for name, value in body.model_dump(by_alias=True).items() if value is not None}
    values["campaign"] = (body.campaign or "").replace("\0", "").strip()

    def act() -> Any:
        row = commands.add_cost(values, by=actor, at=at)
        return _cost_out(CostRow(**{name: row[name] for name in _COLUMNS}, campaign=values["campaign"]))

    return Status(201, idempotency.answer_request(request, idempotency_key, act, by=actor, at=at))


_COLUMNS: Final = ("id", "date_from", "date_to", "channel", "campaign_id", "kind", "amount", "currency")


def _cost_out(row: CostRow) -> dict[str, Any]:
    found = {name: getattr(row, name) for name in _COLUMNS}
    return found | {"campaign": row.campaign or None, "amount": str(row.amount.quantize(Decimal("0.01")))}


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor
