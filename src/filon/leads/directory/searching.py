"""Finding people and companies by a few words: the beginning of a name, an identifier, the words of their leads."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from filon.core.access import Actor
from filon.kit import sql
from filon.kit.identifiers import ValueProblem, normalise_domain, normalise_siren
from filon.kit.text import fold
from filon.leads.search import queries as search
from filon.leads.search import words as language

_HITS: Final = 500
"""How many leads of a search are looked at."""


def people(text: str, *, by: Actor, limit: int) -> list[int]:
    """People that words find, by name: whose name begins so, and whose leads are found by them. Four statements."""
    begun = _begin_with("leads_person", "full_name_folded", text, limit)
    of_leads = _of_leads("person_id", text, by)
    return _by_name("leads_person", "full_name_folded", [*begun, *of_leads])[:limit]


def companies(text: str, *, by: Actor, limit: int) -> list[int]:
    """Companies that words find, by name: whose name begins so or holds them, whose domain or SIREN it is."""
    surely = {*_begin_with("leads_company", "name_folded", text, limit), *_named(text)}
    perhaps = _of_leads("company_id", text, by)  # their leads' words may be those of a person
    asked = language.of_query(text)
    return _by_name("leads_company", "name_folded", [*surely, *perhaps], asked=asked, surely=surely)[:limit]


def _begin_with(table: str, column: str, text: str, limit: int) -> list[int]:
    """Rows whose folded name begins with the folded text, by an index on both databases."""
    key = fold(text)
    if not key:
        return []
    if sql.is_postgresql():
        escaped = key.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        where, params = f"{column} LIKE %s", [f"{escaped}%"]
    else:
        where, params = f"{column} >= %s AND {column} < %s", [key, f"{key}\U0010ffff"]
    rows = sql.fetch(f"SELECT id FROM {table} WHERE {where} ORDER BY {column}, id LIMIT %s", [*params, limit])
    return [row[0] for row in rows]


def _of_leads(column: str, text: str, by: Actor) -> list[int]:
    """The people or companies of the leads that the words find."""
    ids = search.matching(text, by=by, limit=_HITS)
    if not ids:
        return []
    where, params = sql.any_of("id", ids)
    rows = sql.fetch(f"SELECT DISTINCT {column} FROM leads_lead WHERE {where} AND {column} IS NOT NULL", params)
    return [row[0] for row in rows]


def _named(text: str) -> list[int]:
    """The company whose domain or SIREN the text is."""
    keys = []
    for kind, normalise in (("domain", normalise_domain), ("siren", normalise_siren)):
        try:
            keys.append((kind, normalise(text)))
        except ValueProblem:
            continue
    if not keys:
        return []
    where, params = sql.any_of("value", [value for _, value in keys])
    rows = sql.fetch(f"SELECT kind, value, company_id FROM leads_companykey WHERE {where}", params)
    return [company_id for kind, value, company_id in rows if (kind, value) in keys]


def _by_name(
    table: str, column: str, ids: Sequence[int], *, asked: Sequence[str] = (), surely: Collection[int] = ()
) -> list[int]:
    """These rows by name. asked: words that must each begin a word of the name, unless a row is `surely` one."""
    if not ids:
        return []
    where, params = sql.any_of("id", sorted(set(ids)))
    rows = sql.fetch(f"SELECT id, {column} FROM {table} WHERE {where} ORDER BY {column}, id", params)
    return [row_id for row_id, name in rows if row_id in surely or _answers(asked, name)]


def _answers(asked: Sequence[str], name: str) -> bool:
    known = language.split(name)
    return all(any(each.startswith(word) for each in known) for word in asked)
