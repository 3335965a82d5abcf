"""Tree → one boolean SQL expression over all leads. Values travel as parameters, names come from the registry.

Its answers are those of `closure.py` over the same rows; a property test holds the two equal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from filon.core.conditions import meaning
from filon.core.conditions.dialects import DIALECTS, Dialect, Part, Vendor
from filon.core.conditions.fields import Field, Registry, Scope
from filon.core.conditions.tree import ANY_KIND, And, Compare, Count, Empty, Node, Not, OneOf, Or, Value

LIVE_FACT_SQL: Final = (
    "NOT EXISTS (SELECT 1 FROM core_fact r WHERE r.revokes_id = fact.id) AND NOT EXISTS "
    "(SELECT 1 FROM core_fact u WHERE u.import_id = fact.import_id AND u.kind = 'import_undone')"
)
"""What makes the fact of the alias `fact` count: no other one revokes it, nor the whole import it came with.

No value stands in it, and % is doubled.
"""

_FACTS: Final = "FROM core_fact fact{joins} WHERE fact.lead_id = lead.id AND {conditions}"


@dataclass(frozen=True, slots=True)
class Sql:
    """A boolean expression, TRUE or FALSE for every row and never NULL.

    text: with `%s` for each of `params`, in order. tables: the aliases it uses (`lead`, `person`, `company`, `owner`,
    `campaign`), which the caller brings in: `FROM leads_lead lead LEFT JOIN leads_person person ON …`.
    """

    text: str
    params: tuple[object, ...]
    tables: frozenset[str]


def compile_sql(node: Node, registry: Registry, *, at: datetime, vendor: Vendor, live_fact: str = LIVE_FACT_SQL) -> Sql:
    """The condition as it is true at `at` (aware), in one database's words.

    Raises LookupError when the tree names a field that `registry` no longer offers.
    """
    writer = _Writer(registry.lead, registry, at=at, dialect=DIALECTS[vendor], live_fact=live_fact)
    text, params = writer.test(node)
    return Sql(text, params, frozenset(writer.tables))


class _Writer:
    """Writes conditions in one scope; `tables` gathers the aliases they use."""

    def __init__(self, scope: Scope, registry: Registry, *, at: datetime, dialect: Dialect, live_fact: str) -> None:
        self.tables: set[str] = set()
        self._scope = scope
        self._registry = registry
        self._at = at
        self._dialect = dialect
        self._live_fact = live_fact

    def test(self, node: Node) -> Part:
        """A condition as an expression that binds no looser than AND: a join may take it as it is."""
        if isinstance(node, And | Or):
            return _joined([self.test(item) for item in node.items], " AND " if isinstance(node, And) else " OR ")
        if isinstance(node, Not):
            text, params = self.test(node.item)
            return f"NOT ({text})", params
        if isinstance(node, Count):
            return self._count(node)
        field = self._scope.get(node.field)
        if isinstance(node, Empty):
            return self._empty(field)
        if isinstance(node, OneOf):
            return _joined([self._one_of(part, field) for part in meaning.by_type(node)], " OR ")
        return self._compare(node, field)

    # Comparisons ---------------------------------------------------------------------------------------------------

    def _empty(self, field: Field) -> Part:
        if field.many:
            text, params = self._over(field, lambda value: (f"{value} <> ''", ()))
            return f"NOT {text}", params
        if field.kind not in meaning.TEXTUAL:
            return self._over(field, lambda value: (f"{value} IS NULL", ()))
        if field.required:
            return self._over(field, lambda value: (f"{value} = ''", ()))
        return self._over(field, lambda value: (f"({value} IS NULL OR {value} = '')", ()))

    def _one_of(self, node: OneOf, field: Field) -> Part:
        met = meaning.compared_field(field, node.values[0])
        params = tuple(self._param(value, met) for value in node.values)
        marks = ", ".join(["%s"] * len(params))
        if met.kind == "attribute" and not isinstance(node.values[0], str):
            return self._over(met, lambda value: self._as_number(value, f"IN ({marks})", params))
        return self._over(
            met, lambda value: self._guarded(f"{self._cased(value, met)} IN ({marks})", params, value, met)
        )

    def _compare(self, node: Compare, field: Field) -> Part:
        met = meaning.compared_field(field, node.value)
        if isinstance(node.value, str):
            key = meaning.key_of(node.value, met)
            return self._over(met, lambda value: self._text(node.operator, key, value, met))
        if isinstance(node.value, bool):
            word = "TRUE" if node.value else "FALSE"
            return self._over(met, lambda value: (f"{value} IS {word}", ()))
        if met.kind == "datetime":
            return self._over(met, lambda value: self._moment(node, value, met))
        sign = _SIGNS[node.operator]
        params = (self._param(node.value, met),)
        if met.kind == "attribute":
            is_unequal = node.operator == "!="
            return self._over(met, lambda value: self._as_number(value, f"{sign} %s", params, is_unequal=is_unequal))
        return self._over(met, lambda value: self._guarded(f"{value} {sign} %s", params, value, met))

    def _text(self, operator: str, key: str, value: str, field: Field) -> Part:
        cased = self._cased(value, field)
        if operator == "=":
            return self._guarded(f"{cased} = %s", (key,), value, field)
        if operator == "!=":
            return self._guarded(f"{cased} <> %s AND {value} <> ''", (key,), value, field)
        search = {
            "contains": self._dialect.contains,
            "starts_with": self._dialect.starts_with,
            "ends_with": self._dialect.ends_with,
        }[operator]
        text, params = search(cased, key)
        return self._guarded(text, params, value, field)

    def _moment(self, node: Compare, value: str, field: Field) -> Part:
        bounds = meaning.interval_of(node.value, self._at, self._registry.zone)
        start, end = (self._dialect.instant(bound) for bound in bounds)
        text, params = {
            "=": (f"{value} >= %s AND {value} < %s", (start, end)),
            "!=": (f"({value} < %s OR {value} >= %s)", (start, end)),
            "<": (f"{value} < %s", (start,)),
            "<=": (f"{value} < %s", (end,)),
            ">": (f"{value} >= %s", (end,)),
            ">=": (f"{value} >= %s", (start,)),
        }[node.operator]
        return self._guarded(text, params, value, field)

    def _as_number(self, value: str, comparison: str, params: tuple[object, ...], *, is_unequal: bool = False) -> Part:
        """CASE, so that only what is a number is ever cast. Another text differs from every number (`is_unequal`)."""
        cast = f"CAST({value} AS {self._dialect.numeric_cast}) {comparison}"
        otherwise = f" WHEN {value} <> '' THEN TRUE" if is_unequal else ""
        return f"CASE WHEN {self._dialect.is_number(value)} THEN {cast}{otherwise} ELSE FALSE END", params

    def _cased(self, value: str, field: Field) -> str:
        return self._dialect.lowered(value) if field.kind == "code" else value

    def _guarded(self, text: str, params: tuple[object, ...], value: str, field: Field) -> Part:
        """FALSE instead of NULL, in a form that still lets an index serve the comparison."""
        return (text if field.required else f"({text} AND {value} IS NOT NULL)"), params

    def _param(self, value: Value, field: Field) -> object:
        if isinstance(value, str):
            return meaning.key_of(value, field)
        assert isinstance(value, Decimal | int)  # noqa: S101 — booleans and moments are written elsewhere
        if field.threshold is not None:
            return field.threshold(float(value), self._at)
        return self._dialect.number(value)

    # Where a value stands ------------------------------------------------------------------------------------------

    def _over(self, field: Field, write: Callable[[str], Part]) -> Part:
        """A test of the field's value: `write` gets the expression that stands for it, and may use it twice."""
        self.tables.add(field.table)
        column = f"{field.table}.{field.compared_column}"
        if field.many:
            source, value, is_text = self._dialect.items(column)
            text, params = write(value)
            return f"EXISTS (SELECT 1 FROM {source} WHERE {is_text} AND {text})", params
        if field.json_key is None:
            return write(column)
        text, params = write("known.value")
        member, keys = self._dialect.member(column, field.json_key, field.kind)
        return f"(SELECT {text} FROM (SELECT {member} AS value) AS known)", (*params, *keys)

    # Behaviour -----------------------------------------------------------------------------------------------------

    def _count(self, node: Count) -> Part:
        self.tables.add("lead")
        source, params = self._acts(node)
        exists = meaning.exists_when(node.operator, node.number)
        if exists is not None:
            return f"{'' if exists else 'NOT '}EXISTS (SELECT 1 {source})", params
        counted = f"(SELECT COUNT(*) FROM (SELECT 1 {source} LIMIT %s) AS counted)"
        limit = meaning.enough_acts(node.number)
        return f"({counted} {_SIGNS[node.operator]} %s)", (*params, limit, node.number)

    def _acts(self, node: Count) -> Part:
        conditions: list[Part] = []
        if node.kind != ANY_KIND:
            conditions.append(("fact.kind = %s", (node.kind,)))
        if node.window is not None:
            conditions.append(("fact.at > %s", (self._dialect.instant(self._at - node.window.delta),)))
        conditions.append(("fact.at <= %s", (self._dialect.instant(self._at),)))
        conditions += [("NOT fact.is_machine", ()), (self._live_fact, ())]
        joins = ""
        if node.where is not None:
            inner = _Writer(
                self._registry.act,
                self._registry,
                at=self._at,
                dialect=self._dialect,
                live_fact=self._live_fact,
            )
            conditions.append(inner.test(node.where))
            used = inner.tables - {"fact"}
            joins = "".join(f" {join}" for alias, join in self._registry.act_joins.items() if alias in used)
        text = _FACTS.format(joins=joins, conditions=" AND ".join(text for text, _ in conditions))
        return text, tuple(param for _, params in conditions for param in params)


_SIGNS: Final = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def _joined(parts: Sequence[Part], word: str) -> Part:
    """Parts joined as a balanced tree: SQLite reads `a OR b OR c` as a chain and refuses one a thousand deep."""
    if len(parts) == 1:
        return parts[0]
    if len(parts) > 8:
        middle = len(parts) // 2
        parts = [_joined(parts[:middle], word), _joined(parts[middle:], word)]
    return f"({word.join(text for text, _ in parts)})", tuple(param for _, params in parts for param in params)
