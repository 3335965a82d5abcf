"""What can be asked of companies: pages of them, those a few words find, one of them with everyone known there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from django.db.models import F
from django.utils.translation import gettext as _

from filon.core import access
from filon.core.access import Actor
from filon.kit import sql
from filon.kit.errors import not_found
from filon.leads import rules
from filon.leads.card.queries import check_id
from filon.leads.directory import paging, searching
from filon.leads.directory.paging import Directory, Walk
from filon.leads.models import Company

COMPANIES: Final = Directory("leads_company", "name_folded")
MOST: Final = 200


@dataclass(frozen=True, slots=True)
class CompanyRow:
    """A company as lists show it. people: how many are known there; open_leads: those this actor may see."""

    id: int
    name: str
    domain: str
    sector: str
    city: str
    country: str
    employees: int | None
    is_customer: bool
    owner: str
    people: int
    open_leads: int


_FIELDS: Final = tuple(field.name for field in fields(CompanyRow))


@dataclass(frozen=True, slots=True)
class CompanyPage:
    """Companies in order, and the cursors of the pages around. is_cut: a search found more than it shows."""

    rows: Sequence[CompanyRow]
    previous: str = ""
    next: str = ""
    is_cut: bool = False


def companies(asked: Walk, *, by: Actor, words: str = "") -> CompanyPage:
    """A page of companies, or those that words find (by name, then at the most one page). Four statements at the most.

    Needs `people.see`.
    """
    by.require("people.see")
    if words.strip():
        ids = searching.companies(words, by=by, limit=asked.limit + 1)
        return CompanyPage(_rows(ids[: asked.limit], by), is_cut=len(ids) > asked.limit)
    found = paging.page(COMPANIES, asked)
    return CompanyPage(_rows(found.ids, by), found.previous, found.next)


def _rows(ids: Sequence[int], by: Actor) -> list[CompanyRow]:
    """These companies in this order. One statement."""
    if not ids:
        return []
    where, params = sql.any_of("company.id", ids)
    scope, scope_params = access.lead_scope(by)
    scoped = f" AND {scope}" if scope else ""
    rows = sql.fetch(
        "SELECT company.id, company.name, company.domain, company.sector, company.city, company.country, "
        "company.employees, company.is_customer, COALESCE(owner.name, ''), "
        "(SELECT COUNT(*) FROM leads_person person WHERE person.company_id = company.id), "
        f"(SELECT COUNT(*) FROM leads_lead lead WHERE lead.company_id = company.id AND lead.is_open{scoped}) "
        f"FROM leads_company AS company LEFT JOIN core_user AS owner ON owner.id = company.owner_id WHERE {where}",
        [*scope_params, *params],
    )
    found: dict[int, CompanyRow] = {}
    for cells in rows:
        values: dict[str, Any] = dict(zip(_FIELDS, cells, strict=True))
        values["is_customer"] = bool(values["is_customer"])
        found[cells[0]] = CompanyRow(**values)
    return [found[one] for one in ids if one in found]


# One ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CompanyCard:
    """A company with its owner's name in its row, and how many leads of it stand at each stage (those seen)."""

    company: Mapping[str, Any]
    leads: Sequence[tuple[str, int]]

    @property
    def title(self) -> str:
        """Its name."""
        return str(self.company["name"])


def company(company_id: int, *, by: Actor) -> CompanyCard:
    """One company. Two statements. Raises Refused (not found)."""
    by.require("people.see")
    check_id(company_id, _("Company"))
    row = Company.objects.filter(pk=company_id).values().annotate(owner_name=F("owner__name")).first()
    if row is None:
        raise not_found(_("Company"))
    return CompanyCard({**row, "owner_name": row["owner_name"] or ""}, _stages(company_id, by))


def _stages(company_id: int, by: Actor) -> list[tuple[str, int]]:
    scope, params = access.lead_scope(by)
    scoped = f" AND {scope}" if scope else ""
    rows = sql.fetch(
        f"SELECT lead.stage, COUNT(*) FROM leads_lead lead WHERE lead.company_id = %s{scoped} GROUP BY lead.stage",
        [company_id, *params],
    )
    return sorted(((stage, int(count)) for stage, count in rows), key=lambda one: rules.ALL_STAGES.index(one[0]))
