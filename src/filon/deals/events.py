"""The facts told of opportunities. `value` is the amount, in the currency of the payload."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from filon.core.ledger import Event


@dataclass(frozen=True, kw_only=True)
class OpportunityFact(Event):
    """What every fact of an opportunity says: which one, of whom, and for how much."""

    opportunity_id: int
    company_id: int | None = None
    lead_id: int | None = None
    person_id: int | None = None
    value: Decimal | None = None
    currency: str = ""


@dataclass(frozen=True, kw_only=True)
class OpportunityCreated(OpportunityFact):
    """A possible sale came to be; `at` may be long ago (history)."""

    stage_id: int
    stage: str
    owner_id: int | None = None
    product_id: int | None = None
    is_history: bool = False


@dataclass(frozen=True, kw_only=True)
class OpportunityStageChanged(OpportunityFact):
    """It passed from one stage to another; stages by id and code. `from_since`: when it had come to the first."""

    from_since: datetime
    from_stage_id: int
    from_stage: str
    to_stage_id: int
    to_stage: str


@dataclass(frozen=True, kw_only=True)
class OpportunityWon(OpportunityFact):
    """It was won at `at`. `revokes_id`: the closing that this one corrects (another date, amount or seller)."""

    owner_id: int | None = None
    product_id: int | None = None
    revokes_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class OpportunityLost(OpportunityFact):
    """It was lost at `at`; `reason` is a code of the loss reasons, `reason_text` another system's words (personal)."""

    PERSONAL: ClassVar[frozenset[str]] = frozenset({"reason_text"})

    owner_id: int | None = None
    product_id: int | None = None
    reason: str = ""
    reason_text: str = ""
    revokes_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class OpportunityReopened(OpportunityFact):
    """It is not closed after all: `revokes_id` names the fact of its winning or loss."""

    revokes_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class OpportunityChanged(OpportunityFact):
    """Its fields took other values; `fields` names them, the values are in the erasable detail."""

    PERSONAL: ClassVar[frozenset[str]] = frozenset({"old", "new"})

    fields: list[str]
    old: dict[str, Any]
    new: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class OpportunityPersonSet(OpportunityFact):
    """A person (`member_id`) has a role in it, or none any more (empty); `was`: the one before."""

    member_id: int
    role: str
    was: str = ""


@dataclass(frozen=True, kw_only=True)
class TargetSet(Event):
    """What a colleague (None: all together) shall win in a month (ISO first day); `value` None: no target any more."""

    owner_id: int | None
    month: str
    value: Decimal | None
    was: str


@dataclass(frozen=True, kw_only=True)
class ProductRecorded(Event):
    """A product was declared, or what we say of it changed; `fields` names what."""

    product_id: int
    fields: list[str]


@dataclass(frozen=True, kw_only=True)
class StageNameMapped(Event):
    """Someone said which of our stages another system's name means; None: none of them any more."""

    stage_name_id: int
    to_stage_id: int | None
