"""Finding by words: every word of the query begins a word of what is found. The newest are taken, then ranked."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Final, NamedTuple

from filon.core import access
from filon.core.access import Actor
from filon.kit import sql
from filon.kit.identifiers import ValueProblem, normalise_email, normalise_phone
from filon.kit.text import fold
from filon.leads import fields
from filon.leads.search import words as language

HITS: Final = 200
"""How many leads are taken before they are ranked."""

_LOOKED_UP: Final = 8  # letters of the longest beginning in SQLite's index; a longer word may have to be put together
_DIALLED_FROM: Final = "FR"


def lead_ids(text: str, *, by: Actor, limit: int = HITS) -> list[int]:
    """Leads that a query finds, best first: those of an identifier, then by name, company, the rest; newest first.

    Needs `leads.see`; a manager finds the leads of their team. At most three statements.
    """
    by.require("leads.see")
    exact = _identified(text, by)
    asked = language.of_query(text)
    hits = _hits(asked, by=by, limit=HITS) if asked else []
    known = set(exact)
    ranked = _ranked(asked, [lead_id for lead_id in hits if lead_id not in known])
    return [*exact, *ranked][:limit]


def matching(text: str, *, by: Actor, limit: int) -> list[int]:
    """The newest leads that a query finds, in no order: for lists, which have their own. At most two statements."""
    asked = language.of_query(text)
    found = _hits(asked, by=by, limit=limit) if asked else []
    return list({*found, *_identified(text, by)})


# By words -------------------------------------------------------------------------------------------------------------


def _hits(asked: Sequence[str], *, by: Actor, limit: int) -> list[int]:
    """The newest leads with words that begin so, as far as the actor may see them."""
    scope, params = access.lead_scope(by)
    visible = f" AND {scope}" if scope else ""  # the join also leaves out leads that are gone since they were indexed
    if sql.is_postgresql():
        return _postgresql_hits(asked, visible, params, limit)
    if any(len(word) > _LOOKED_UP for word in asked):
        whole = " ".join(f'"{word}"{"*" if len(word) <= _LOOKED_UP else ""}' for word in asked)
        hits = _sqlite_hits(whole, visible, params, limit)
        if len(hits) == limit:
            return hits
    return _sqlite_hits(" ".join(f'"{word}"*' for word in asked), visible, params, limit)


def _sqlite_hits(match: str, visible: str, params: Sequence[object], limit: int) -> list[int]:
    rows = sql.fetch(
        'SELECT found.rowid FROM leads_search AS found CROSS JOIN "leads_lead" AS lead '
        f"WHERE found.leads_search MATCH %s AND lead.id = found.rowid{visible} ORDER BY found.rowid DESC LIMIT %s",
        [match, *params, limit],
    )  # CROSS: SQLite takes the tables in this order
    return [row[0] for row in rows]


def _postgresql_hits(asked: Sequence[str], visible: str, params: Sequence[object], limit: int) -> list[int]:
    match = " & ".join("'{}':*".format(word.replace("\\", "\\\\").replace("'", "''")) for word in asked)
    rows = sql.fetch(
        'SELECT found.lead_id FROM leads_search AS found JOIN "leads_lead" AS lead ON lead.id = found.lead_id '
        f"WHERE found.vector @@ %s::tsquery{visible} ORDER BY found.lead_id DESC LIMIT %s",
        [match, *params, limit],
    )  # common words: the newest rows are walked; rare ones: the index of words is asked. The planner knows which
    return [row[0] for row in rows]


# By identifier --------------------------------------------------------------------------------------------------------


def _identified(text: str, by: Actor) -> list[int]:
    """The leads of the person whom the whole query names: at once, before any index knows them."""
    values = _identifiers(text)
    if not values:
        return []
    where, params = sql.any_of("identifier.value", values)
    scope, more = access.lead_scope(by)
    rows = sql.fetch(
        'SELECT lead.id FROM leads_identifier AS identifier JOIN "leads_lead" AS lead '
        f"ON lead.person_id = identifier.person_id WHERE {where}{f' AND {scope}' if scope else ''} "
        f"ORDER BY lead.is_open DESC, lead.id DESC LIMIT {HITS}",
        [*params, *more],
    )
    return list(dict.fromkeys(row[0] for row in rows))


def _identifiers(text: str) -> list[str]:
    """What the query could be as an identifier: as it stands, as an e-mail, as a phone number."""
    whole = text.replace("\0", " ").strip()
    if not whole:
        return []
    values = {whole, whole.lower()}
    if "@" in whole:
        with contextlib.suppress(ValueProblem):
            values.add(normalise_email(whole))
    elif (number := normalise_phone(whole, _DIALLED_FROM)) is not None:
        values.add(number)
    return sorted(values)


# Ranking --------------------------------------------------------------------------------------------------------------


class _Candidate(NamedTuple):
    """What a lead is ranked by; the texts are folded."""

    id: int
    is_open: bool
    name: str
    company: str


def _ranked(asked: Sequence[str], ids: Sequence[int]) -> list[int]:
    """These leads, best first; those that are gone are left out. One statement."""
    if not ids:
        return []
    where, params = sql.any_of("lead.id", ids)
    rows = sql.fetch(
        "SELECT lead.id, lead.is_open, person.full_name_folded, COALESCE(company.name_folded, '') "
        f"FROM {fields.source(('person', 'company'))} WHERE {where}",
        params,
    )
    candidates = [_Candidate(*row) for row in rows]
    candidates.sort(key=lambda each: (-points(asked, each.name, each.company), -each.is_open, -each.id))
    return [candidate.id for candidate in candidates]


def points(asked: Sequence[str], name: str, company: str) -> float:
    """How well a name and a company answer: whole words before beginnings, the name before the company."""
    names, companies = language.split(name), language.split(company)
    total = sum(max(_fit(word, names) * 3, _fit(word, companies) * 2, 1) for word in asked)
    if names[: len(asked)] == list(asked) or companies[: len(asked)] == list(asked):
        total += len(asked)  # typed as it is written
    return total


def _fit(word: str, others: Sequence[str]) -> float:
    if word in others:
        return 1.5
    return 1.0 if any(other.startswith(word) for other in others) else 0.0


# Companies and people -------------------------------------------------------------------------------------------------


class Found(NamedTuple):
    """A person or company as results show it."""

    id: int
    name: str
    about: str


class _Names(NamedTuple):
    """Where the names of a kind of record stand; `about` is what tells two of one name apart."""

    table: str
    column: str
    about: str


_COMPANIES: Final = _Names(
    "leads_company",
    "name",
    "CASE WHEN city <> '' AND sector <> '' THEN sector || ' · ' || city ELSE sector || city END",
)
_PEOPLE: Final = _Names("leads_person", "full_name", "COALESCE(NULLIF(job_title, ''), email)")


def companies(text: str, lead_ids: Sequence[int], *, by: Actor, limit: int = 5) -> list[Found]:
    """Companies whose name begins with the query, then those of the leads found that answer it. Two statements."""
    by.require("people.see")
    found = _begin_with(_COMPANIES, text, limit)
    asked = language.of_query(text)
    if len(found) < limit and lead_ids and asked:
        where, params = sql.any_of("id", lead_ids)
        found += [
            each
            for each in _read(_COMPANIES, f"id IN (SELECT company_id FROM leads_lead WHERE {where})", params, HITS)
            if _answers(asked, each.name)
        ]
    return list(dict.fromkeys(found))[:limit]


def people(text: str, lead_ids: Sequence[int], *, by: Actor, limit: int = 5) -> list[Found]:
    """People whose name begins with the query and who are no lead of those found. Two statements.

    A manager finds them all: people belong to everybody, leads to a team.
    """
    by.require("people.see")
    found = _begin_with(_PEOPLE, text, limit * 4)
    if not found:
        return []
    where, params = sql.any_of("id", lead_ids)
    leads = {row[0] for row in sql.fetch(f"SELECT person_id FROM leads_lead WHERE {where}", params)}
    return [each for each in found if each.id not in leads][:limit]


def _begin_with(names: _Names, text: str, limit: int) -> list[Found]:
    """Rows whose folded name begins with the folded query, by an index on both databases."""
    key = fold(text)
    if len(key) < 2:
        return []
    column = f"{names.column}_folded"
    if sql.is_postgresql():
        escaped = key.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return _read(names, f"{column} LIKE %s", [f"{escaped}%"], limit)
    return _read(names, f"{column} >= %s AND {column} < %s", [key, f"{key}\U0010ffff"], limit)


def _read(names: _Names, test: str, params: Sequence[object], limit: int) -> list[Found]:
    by_characters = " USING ~<~" if sql.is_postgresql() else ""  # the order of the index that knows beginnings
    rows = sql.fetch(
        f"SELECT id, {names.column}, {names.about} FROM {names.table} WHERE {test} "
        f"ORDER BY {names.column}_folded{by_characters}, id LIMIT %s",
        [*params, limit],
    )
    return [Found(*row) for row in rows]


def _answers(asked: Sequence[str], name: str) -> bool:
    known = language.split(name)
    return all(any(each.startswith(word) for each in known) for word in asked)
