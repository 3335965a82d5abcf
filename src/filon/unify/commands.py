"""The unify step: each item of a batch gets its company and its person, known or new.

Identifiers are unique in the database: when another writer makes the same person at the same moment, one of the two
transactions fails on that index, is tried again, and then finds the person (`core.line.run_with_retries`).
Fuzzy matching has its place after `identify_people`, on the items that are still new.
"""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from django.utils.translation import gettext_noop

from filon.core.line import Batch, Item
from filon.kit import sql
from filon.kit.text import fold
from filon.leads.acts import needs_known_person
from filon.leads.identity import Key, person_keys
from filon.leads.models import Company, CompanyKey, Identifier, Person
from filon.unify import rules


def identify_companies(batch: Batch) -> None:
    """Set `item.company` by SIREN, domain, or name and country. Three statements at the most."""
    wanted = [(item, rules.company_keys(item.entry.values)) for item in batch.going()]
    told = _told_companies(batch)
    known = _known_companies(batch, {key for _, keys in wanted for key in rules.names_claimed(keys, is_new=True)})
    claims: list[tuple[tuple[str, str], dict[str, Any]]] = []
    for item, keys in wanted:
        company = (item.told_before("company") if item.entry.kind == "company" else None) or told.get(id(item))
        if not keys and company is None:
            continue
        company = company or next((known[key] for key in keys if key in known), None)
        is_new = company is None
        if company is None:
            company = _new_company(batch, item, keys)
        item.company = company
        for key in rules.names_claimed(keys, is_new=is_new):
            if key not in known:
                known[key] = company
                claims.append((key, company))
    batch.rows(Company).number()
    rows = batch.rows(CompanyKey)
    for key, company in sorted(claims, key=itemgetter(0)):  # in one order, so that two writers never deadlock
        rows.add(company_id=company["id"], kind=key[0], value=key[1], import_id=batch.import_id)


def _told_companies(batch: Batch) -> dict[int, dict[str, Any]]:
    """The companies that entries of kind company were before, by the ids of their items."""
    known = [
        (item, item.source_record["record_id"])
        for item in batch.going()
        if item.entry.kind == "company" and item.given_before is not None and item.source_record is not None
    ]
    rows = batch.rows(Company)
    rows.load_ids((company_id for _, company_id in known), lock=True)
    return {id(item): rows.by_id[company_id] for item, company_id in known if company_id in rows.by_id}


def _known_companies(batch: Batch, keys: set[tuple[str, str]]) -> dict[tuple[str, str], dict[str, Any]]:
    if not keys:
        return {}
    where, params = sql.any_of("value", sorted({value for _, value in keys}))
    found = [
        ((kind, value), company_id)
        for kind, value, company_id in sql.fetch(
            f"SELECT kind, value, company_id FROM leads_companykey WHERE {where}", params
        )
        if (kind, value) in keys
    ]
    rows = batch.rows(Company)
    rows.load_ids((company_id for _, company_id in found), lock=True)
    return {key: rows.by_id[company_id] for key, company_id in found}


def _new_company(batch: Batch, item: Item, keys: list[tuple[str, str]]) -> dict[str, Any]:
    name = item.entry.values.get("company.name") or keys[0][1]
    return batch.rows(Company).add(
        name=name[:500],
        name_folded=fold(name)[:500],
        created_at=batch.at,
        updated_at=batch.at,
        import_id=batch.import_id,
    )


def find_contacts(batch: Batch) -> None:
    """Set the people whom a file's acts are of, where those must be known already. Two statements.

    A file may name several ids (`101;102`): the first that is known is the person, the other known ones took part.
    Without one the e-mail names the person. A row that names nobody known is refused, and may come again.
    """
    wanted = [
        (item, _contact_keys(item)) for item in batch.going() if item.entry.door == "file" and needs_known_person(item)
    ]
    known = _known_people(batch, {key for _, keys in wanted for key in keys})
    for item, keys in wanted:
        found = [(key, person) for key in keys if (person := known.get(key)) is not None]
        if not found:
            item.refuse(
                gettext_noop("The contact is not known: import the contacts of this system first."),
                field_name="lead.external_id" if "lead.external_id" in item.entry.values else "email",
                code="unknown_contact",
            )
            continue
        by_id = [person for key, person in found if key[0] == "external"] or [found[0][1]]
        item.person, *others = {person["id"]: person for person in by_id}.values()
        item.others, item.is_matched = others, True


def _contact_keys(item: Item) -> list[Key]:
    """The identifiers of the people an act is of: each id that its file names, then the e-mail."""
    values = item.entry.values
    ids = [part.strip() for part in values.get("lead.external_id", "").split(";") if part.strip()]
    email = values.get("email")
    keys: list[Key] = [("external", item.entry.system, part) for part in ids]
    return [*keys, ("email", "", email)] if email else keys


def identify_people(batch: Batch) -> None:
    """Set `item.person`, found by its strongest identifier or new. Three statements at the most."""
    wanted = [
        (item, person_keys(item.entry.values, item.entry.system, item.entry.kind))
        for item in batch.going()
        if item.person is None  # a door that shows a person says who it is
    ]
    known = _known_people(batch, {key for _, keys in wanted for key in keys})
    claims: list[tuple[Key, dict[str, Any]]] = []
    said: dict[int, dict[str, str]] = {}  # what this batch itself has said of a person, by the row's identity
    for item, keys in wanted:
        if not keys:
            item.refuse("No identifier: give an external_id, an email or a phone.", code="no_identifier")
            continue
        person = _resolve(batch, item, keys, known, said)
        item.is_matched = person is not None
        if person is None:
            person = batch.rows(Person).add(created_at=batch.at, updated_at=batch.at, import_id=batch.import_id)
        item.person = person
        values = item.entry.values
        said[id(person)] = {name: values[name] for name in ("email", "last_name") if values.get(name)}
        for key in keys:
            if key not in known:
                known[key] = person
                claims.append((key, person))
    batch.rows(Person).number()
    rows = batch.rows(Identifier)
    for key, person in sorted(claims, key=itemgetter(0)):  # in one order, so that two writers never deadlock
        rows.add(person_id=person["id"], kind=key[0], system=key[1], value=key[2], import_id=batch.import_id)


def _known_people(batch: Batch, keys: set[Key]) -> dict[Key, dict[str, Any]]:
    if not keys:
        return {}
    where, params = sql.any_of("value", sorted({value for _, _, value in keys}))
    found = [
        ((kind, system, value), person_id)
        for kind, system, value, person_id in sql.fetch(
            f"SELECT kind, system, value, person_id FROM leads_identifier WHERE {where}", params
        )
        if (kind, system, value) in keys
    ]
    rows = batch.rows(Person)
    rows.load_ids((person_id for _, person_id in found), lock=True)
    return {key: rows.by_id[person_id] for key, person_id in found}


def _resolve(
    batch: Batch, item: Item, keys: list[Key], known: dict[Key, dict[str, Any]], said: dict[int, dict[str, str]]
) -> dict[str, Any] | None:
    """The person the strongest identifier names; weaker ones that name somebody else are a finding."""
    values = item.entry.values
    chosen: dict[str, Any] | None = None
    for key in keys:
        person = known.get(key)
        if person is None:
            continue
        if chosen is None and (
            key[0] != "phone" or rules.phone_may_join({**person, **said.get(id(person), {})}, values)
        ):
            chosen = person
        elif chosen is not None and person is not chosen and key[0] != "phone":
            batch.find("lead", "identifiers_disagree", key[2])
    return chosen
