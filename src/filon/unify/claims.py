"""The claim step of an edit: what a colleague writes names the record from now on, unless it names another one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from filon.core.line import Batch, Item
from filon.kit import sql
from filon.kit.errors import Kind, Refused
from filon.kit.text import fold
from filon.leads.identity import person_keys
from filon.leads.models import Company, CompanyKey, Identifier
from filon.unify import rules

_FIELD_OF = {"email": "email", "profile": "linkedin_url", "domain": "company.domain", "siren": "company.siren"}


def claim_names(batch: Batch) -> None:
    """Let edited people and companies take the names they are given, and find the accounts people are said to join.

    A name that was theirs stays theirs. A phone or a name that is another's already is written and names nobody anew;
    any other is a refusal with that record's id. Six statements at the most.
    """
    _claim_identifiers(batch)
    _claim_company_keys(batch)
    _find_accounts(batch)


def _claim_identifiers(batch: Batch) -> None:
    claims = [
        (item, key, item.entry.values["id"])
        for item in batch.going()
        if item.entry.values["of"] == "person"
        for key in person_keys(item.entry.values["fields"], "", "edit")
    ]
    if not claims:
        return
    where, params = sql.any_of("i.value", sorted({key[2] for _, key, _ in claims}))
    found = sql.fetch(
        "SELECT i.kind, i.system, i.value, i.person_id, "
        "COALESCE(NULLIF(p.full_name, ''), NULLIF(p.email, ''), p.phone) "
        f"FROM leads_identifier i JOIN leads_person p ON p.id = i.person_id WHERE {where}",
        params,
    )
    known: dict[tuple[str, ...], tuple[int, str]] = {tuple(row[:3]): (row[3], row[4]) for row in found}
    for (kind, system, value), person_id in _settled(claims, known, "phone", "person_id"):
        batch.rows(Identifier).add(person_id=person_id, kind=kind, system=system, value=value)


def _claim_company_keys(batch: Batch) -> None:
    claims = [
        (item, key, item.entry.values["id"])
        for item in batch.going()
        if item.entry.values["of"] == "company" and item.company is not None
        for key in rules.company_keys(_names(item.entry.values["fields"], item.company))
    ]
    known = _companies(key for _, key, _ in claims)
    for (kind, value), company_id in _settled(claims, known, "name", "company_id"):
        batch.rows(CompanyKey).add(company_id=company_id, kind=kind, value=value)


def _settled(
    claims: Sequence[tuple[Item, tuple[str, ...], int]],
    known: Mapping[tuple[str, ...], tuple[int, str]],
    shared: str,
    other: str,
) -> list[tuple[tuple[str, ...], int]]:
    """The names to add, with whose they are, in one order so that two writers never deadlock.

    known: whose (id, what people call it) each name is already. Edits that claim another's are refused, unless the
    name is of the kind that may be `shared`; `other` is what the errors call that record's id.
    """
    taken = dict(known)
    for item, key, record_id in claims:
        owner_id, name = taken.setdefault(key, (record_id, ""))
        if owner_id != record_id and key[0] != shared:
            message = _("This already names %(name)s.") % {"name": name or f"#{owner_id}"}
            problem: dict[str, object] = {"field": _FIELD_OF[key[0]], "message": message, other: owner_id}
            item.outcome, item.refusal = "rejected", Refused(message, Kind.CONFLICT, [problem], "name_taken")
    added = {
        key: record_id
        for item, key, record_id in claims
        if item.refusal is None and key not in known and taken[key][0] == record_id
    }
    return sorted(added.items())


def _names(fields: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """What an edit says of the names of a company; its name and its country go together."""
    said = {field: fields[field] for field in ("company.domain", "company.siren") if fields.get(field)}
    if "company.name" in fields or "company.country" in fields:
        said["company.name"] = fields.get("company.name", row["name"])
        said["company.country"] = fields.get("company.country", row["country"])
    return said


def _find_accounts(batch: Batch) -> None:
    """Set `item.company` of the people who are said to belong to one: known by that name, or new."""
    wanted = [
        (item, item.entry.values["fields"]["company.name"])
        for item in batch.going()
        if item.entry.values["of"] == "person" and item.entry.values["fields"].get("company.name")
    ]
    if not wanted:
        return
    known = {key: found[0] for key, found in _companies(("name", f"{fold(name)[:500]}|") for _, name in wanted).items()}
    rows = batch.rows(Company)
    rows.load_ids(known.values())
    made: dict[tuple[str, str], dict[str, Any]] = {}
    for item, name in wanted:
        key = ("name", f"{fold(name)[:500]}|")
        item.company = rows.by_id[known[key]] if key in known else made.get(key)
        if item.company is None:
            made[key] = rows.add(
                name=name[:500], name_folded=fold(name)[:500], created_at=batch.at, updated_at=batch.at
            )
            item.company = made[key]
    rows.number()
    for key, company in sorted(made.items(), key=lambda pair: pair[0]):
        batch.rows(CompanyKey).add(company_id=company["id"], kind=key[0], value=key[1])


def _companies(keys: Iterable[tuple[str, str]]) -> dict[tuple[str, ...], tuple[int, str]]:
    """(id, name) of the companies these keys name. One statement."""
    wanted = set(keys)
    if not wanted:
        return {}
    where, params = sql.any_of("k.value", sorted({value for _, value in wanted}))
    found = sql.fetch(
        "SELECT k.kind, k.value, k.company_id, c.name FROM leads_companykey k "
        f"JOIN leads_company c ON c.id = k.company_id WHERE {where}",
        params,
    )
    return {(kind, value): (company_id, name) for kind, value, company_id, name in found if (kind, value) in wanted}
