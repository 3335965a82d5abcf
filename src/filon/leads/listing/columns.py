"""The columns a list of leads can show, and what an export writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from filon.leads.listing.rows import LeadRow

ATTRIBUTES: Final = "attributes."
"""Before the name of a custom field in a column's key."""
MOST: Final = 16


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its key, heading, the order it sorts by if any, and its alignment (`num` or nothing)."""

    key: str
    label: str | Promise
    sort: str = ""
    css: str = ""

    @property
    def attribute(self) -> str:
        """The custom field it shows; empty for a field of ours."""
        return self.key.removeprefix(ATTRIBUTES) if self.key.startswith(ATTRIBUTES) else ""


NAME: Final = Column("name", _("Name"), "name")
COLUMNS: Final[Mapping[str, Column]] = {
    column.key: column
    for column in (
        Column("company", _("Company"), "company"),
        Column("stage", _("Stage")),
        Column("grade", _("Grade"), "grade"),
        Column("source", _("Source")),
        Column("owner", _("Owner")),
        Column("captured_at", _("Captured"), "captured_at", "num"),
        Column("last_act_at", _("Last act"), "last_act_at", "num"),
        Column("due_at", _("Next step"), "due_at", "num"),
        Column("fit", _("Fit score"), css="num"),
        Column("probability", _("Probability"), css="num"),
        Column("route", _("Route")),
        Column("channel", _("Channel")),
        Column("campaign", _("Campaign")),
        Column("stage_since", _("In this stage since"), css="num"),
        Column("reason", _("Reason")),
        Column("email", _("E-mail")),
        Column("phone", _("Phone")),
        Column("city", _("City")),
        Column("country", _("Country")),
        Column("sector", _("Sector")),
        Column("employees", _("Employees"), css="num"),
    )
}
"""Every column beside the name, which is always there."""

DEFAULT: Final = ("company", "stage", "grade", "source", "owner", "captured_at", "last_act_at", "due_at")


def chosen(keys: Iterable[str]) -> list[Column]:
    """The columns of these keys in their order; unknown ones are left out, and none means the default ones."""
    found = {key: column for key in keys if (column := named(key)) is not None}
    return list(found.values())[:MOST] or [COLUMNS[key] for key in DEFAULT]


def named(key: str) -> Column | None:
    """One column; None when there is none of this key."""
    if key.startswith(ATTRIBUTES) and len(key) > len(ATTRIBUTES):
        return Column(key, key.removeprefix(ATTRIBUTES))
    return COLUMNS.get(key)


def written(columns: Sequence[Column]) -> str:
    """The columns as they stand in an address; empty for the default ones. Names of custom fields may hold commas."""
    keys = [column.key for column in columns]
    return "" if tuple(keys) == DEFAULT else ",".join(key.replace("%", "%25").replace(",", "%2C") for key in keys)


def read(text: str) -> list[str]:
    """The keys of columns in an address."""
    return [key.replace("%2C", ",").replace("%25", "%") for key in text.split(",") if key]


# Export ---------------------------------------------------------------------------------------------------------------

Cell = Callable[[LeadRow], Any]
EXPORTED: Final[Mapping[str, Cell]] = {
    "id": lambda row: row.id,
    "external_id": lambda row: row.external_id,
    "first_name": lambda row: row.first_name,
    "last_name": lambda row: row.last_name,
    "full_name": lambda row: row.name,
    "email": lambda row: row.email,
    "phone": lambda row: row.phone,
    "job_title": lambda row: row.job_title,
    "country": lambda row: row.country,
    "city": lambda row: row.city,
    "company.name": lambda row: row.company,
    "company.domain": lambda row: row.domain,
    "company.sector": lambda row: row.sector,
    "company.employees": lambda row: row.employees,
    "captured_at": lambda row: row.captured_at,
    "channel": lambda row: row.channel,
    "source": lambda row: row.source,
    "medium": lambda row: row.medium,
    "campaign": lambda row: row.campaign,
    "stage": lambda row: row.stage,
    "reason": lambda row: row.reason,
    "owner": lambda row: row.owner,
    "class": lambda row: row.lead_class,
    "grade": lambda row: row.grade,
    "fit": lambda row: row.fit,
    "route": lambda row: row.route,
    "last_act_at": lambda row: row.last_act_at,
    "due_at": lambda row: row.promised_by,
}
"""What an export writes of a lead, under the names that imports map by themselves."""


def export_header(attributes: Sequence[str]) -> list[str]:
    """The first line of an export, custom fields last."""
    return [*EXPORTED, *(f"{ATTRIBUTES}{name}" for name in attributes)]


def export_row(row: LeadRow, attributes: Sequence[str]) -> list[Any]:
    """A lead's line in an export."""
    own = row.attributes if attributes else {}
    return [*(cell(row) for cell in EXPORTED.values()), *(own.get(name) for name in attributes)]
