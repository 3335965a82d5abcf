"""From what a program says in JSON to an entry of the line: shapes, normalisation, a clear word on what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from filon.core.line import Entry, Item
from filon.kit import identifiers
from filon.kit.errors import Kind, Refused
from filon.kit.identifiers import ValueProblem
from filon.kit.shapes import Moment
from filon.leads import consents, rules

Text = Annotated[str, StringConstraints(max_length=500)]
LongText = Annotated[str, StringConstraints(max_length=20_000)]


def _to_the_cent(value: Decimal) -> Decimal:
    """As the column holds it: a value with more places would differ from what was kept, and count as changed."""
    return value.quantize(_CENT)


_CENT: Final = Decimal("0.01")
Money = Annotated[Decimal, Field(ge=0, le=10**15, allow_inf_nan=False), AfterValidator(_to_the_cent)]


class _In(BaseModel):  # not ninja's Schema, which wraps what was sent before our validator sees it
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class CompanyIn(_In):
    """The organisation: found by SIREN, domain, or name and country."""

    name: Text | None = Field(None, examples=["Sogetrel"])
    domain: Text | None = Field(None, examples=["sogetrel.fr"])
    siren: Text | None = Field(None, examples=["732 829 320"])
    sector: Text | None = Field(None, examples=["Télécoms"])
    employees: Annotated[int, Field(ge=0, le=100_000_000)] | None = Field(None, examples=[420])
    revenue: Money | None = Field(None, examples=["12500000.00"])
    country: Text | None = Field(None, examples=["FR"])
    city: Text | None = None
    issues: LongText | None = Field(None, description="Stakes (enjeux), as text.")


class ConsentIn(_In):
    """What the person allows (true) or refuses (false). Of two sayings by programs the stricter one stands."""

    email: bool | None = Field(None, description="To be written to.")
    tracking: bool | None = Field(None, description="That opens, clicks and visits are tied to them.")


class LeadIn(_In):
    """One submission: who, what they said, where they came from. At least one of `email`, `phone`, `external_id`."""

    email: Text | None = Field(None, examples=["claire.morel@sogetrel.fr"])
    phone: Text | None = Field(None, examples=["06 12 34 56 78"])
    external_id: Text | None = Field(None, description="Its id in the system it comes from.")
    system: Annotated[str, StringConstraints(max_length=40)] = Field("default", description="The name of that system.")
    first_name: Text | None = Field(None, examples=["Claire"])
    last_name: Text | None = Field(None, examples=["Morel"])
    full_name: Text | None = None
    job_title: Text | None = Field(None, examples=["Directrice des opérations"])
    linkedin_url: Text | None = None
    country: Text | None = Field(None, examples=["France"])
    city: Text | None = None
    language: Annotated[str, StringConstraints(max_length=20)] | None = None
    company: CompanyIn | None = None
    captured_at: Moment | None = Field(None, description="When they came, if not now. RFC 3339.")
    channel: Text | None = Field(None, examples=["paid_search"])
    source: Text | None = Field(None, examples=["Google"])
    medium: Text | None = None
    campaign: Annotated[str, StringConstraints(max_length=200)] | None = None
    landing_page: Annotated[str, StringConstraints(max_length=2000)] | None = None
    stage: Text | None = None
    outcome: Annotated[str, StringConstraints(pattern="^(won|lost|open)$")] | None = None
    outcome_at: Moment | None = None
    reason: Text | None = None
    owner: Annotated[str, StringConstraints(max_length=150)] | None = Field(None, description="Name or e-mail.")
    lead_class: Text | None = Field(None, alias="class")
    motion: Text | None = None
    message: LongText | None = None
    consent: ConsentIn | None = Field(None, examples=[{"email": True}])
    attributes: dict[Annotated[str, StringConstraints(min_length=1, max_length=120)], Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _undot(cls, data: Any) -> Any:
        """`"company.name": …` means the same as `"company": {"name": …}`, as in imports."""
        if not isinstance(data, dict) or not any(isinstance(key, str) and "." in key for key in data):
            return data
        plain: dict[str, Any] = {}
        nested: dict[str, dict[str, Any]] = {}
        for key, value in data.items():
            head, dot, tail = key.partition(".")
            if dot and head in {"company", "attributes", "consent"}:
                nested.setdefault(head, {})[tail] = value
            else:
                plain[key] = value
        for head, values in nested.items():
            given = plain.get(head)
            plain[head] = {**given, **values} if isinstance(given, dict) else values
        return plain


class EventIn(_In):
    """One act of a person: known by `email`, `phone` or `external_id`."""

    kind: Annotated[str, StringConstraints(min_length=1, max_length=80)] = Field(examples=["page_viewed"])
    email: Text | None = Field(None, examples=["claire.morel@sogetrel.fr"])
    phone: Text | None = None
    external_id: Text | None = None
    system: Annotated[str, StringConstraints(max_length=40)] = "default"
    at: Moment | None = Field(None, description="When it happened, if not now. RFC 3339.")
    channel: Text | None = None
    source: Text | None = None
    campaign: Annotated[str, StringConstraints(max_length=200)] | None = None
    path: Annotated[str, StringConstraints(max_length=2000)] | None = Field(None, examples=["/tarifs"])
    value: Annotated[float, Field(ge=-1e12, le=1e12)] | None = None
    text: LongText | None = None
    is_machine: bool = False


class EventsIn(_In):
    """Up to 1,000 acts."""

    events: Annotated[list[EventIn], Field(min_length=1, max_length=1000)]


def lead_entry(said: LeadIn, *, at: datetime, door: str = "api") -> Entry:
    """The entry of a submission received at `at`. Raises Refused naming the fields that are wrong."""
    values: dict[str, Any] = {}
    attributes = {name: _text(value) for name, value in said.attributes.items() if value not in (None, "")}
    problems: list[dict[str, object]] = []
    for field, value in said:
        if value in (None, "") or field in {"attributes", "company", "consent", "system", "lead_class"}:
            continue
        values[field] = value
    if said.lead_class:
        values["class"] = said.lead_class
    if said.company is not None:
        for field, value in said.company:
            if value not in (None, ""):
                values[f"company.{field}"] = value
    if said.consent is not None:
        values |= {consents.field_of(purpose): allowed for purpose, allowed in said.consent if allowed is not None}
    _normalise(values, attributes, problems)
    _check_choices(values, problems)
    _refuse(problems)
    return Entry(kind="lead", door=door, at=at, values=values, attributes=attributes, is_live=True, system=said.system)


def event_entry(said: EventIn, *, at: datetime, door: str = "api") -> Entry:
    """The entry of an act received at `at`. Raises Refused naming the fields that are wrong."""
    values: dict[str, Any] = {
        field: value for field, value in said if value not in (None, "", False) and field != "system"
    }
    if external_id := values.pop("external_id", None):
        values["lead.external_id"] = external_id
    problems: list[dict[str, object]] = []
    _normalise(values, {}, problems)
    _refuse(problems)
    return Entry(kind="event", door=door, at=at, values=values, is_live=True, system=said.system)


_NORMALISERS: Final[dict[str, Callable[[str], Any]]] = {
    "email": identifiers.normalise_email,
    "linkedin_url": identifiers.normalise_profile_url,
    "country": identifiers.normalise_country,
    "company.country": identifiers.normalise_country,
    "company.domain": identifiers.normalise_domain,
    "company.siren": identifiers.normalise_siren,
}


def _normalise(values: dict[str, Any], attributes: dict[str, str], problems: list[dict[str, object]]) -> None:
    for field, normalise in _NORMALISERS.items():
        if field in values:
            try:
                values[field] = normalise(values[field])
            except ValueProblem as problem:
                problems.append({"field": field, "message": str(problem), "code": problem.code})
    if "phone" in values:
        written = values.pop("phone")
        phone = identifiers.normalise_phone(written, _dialling_country(values))
        if phone is not None:
            values["phone"] = phone
        else:  # kept as it was written: a wrong number is no reason to lose a lead
            attributes["phone"] = written


def _dialling_country(values: dict[str, Any]) -> str:
    country = values.get("country", "FR")
    return country if len(country) == 2 else "FR"


def _check_choices(values: dict[str, Any], problems: list[dict[str, object]]) -> None:
    for field, choices in (("class", rules.CLASSES), ("motion", rules.MOTIONS)):
        if field in values and values[field] not in choices:
            problems.append({"field": field, "message": f"must be one of {', '.join(choices)}", "code": "choice"})


def _refuse(problems: list[dict[str, object]]) -> None:
    if problems:
        message = "; ".join(f"{problem['field']}: {problem['message']}" for problem in problems)
        raise Refused(message, Kind.INVALID, problems, "invalid")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def lead_answer(items: Sequence[Item]) -> Any:
    """The body that answers one submission."""
    return items[0].answer


def events_answer(items: Sequence[Item]) -> Any:
    """The body that answers a bunch of acts: how many were taken, and why others were not."""
    rejected = [
        {"index": index, "code": item.refusal.code, "message": item.refusal.message}
        for index, item in enumerate(items)
        if item.refusal is not None
    ]
    return {"accepted": len(items) - len(rejected), "rejected": rejected}
