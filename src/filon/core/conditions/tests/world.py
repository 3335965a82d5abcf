"""A small world to judge conditions in: what can be said, trees that say it, leads, and both databases with them."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, cast
from zoneinfo import ZoneInfo

import psycopg
import pysqlite3.dbapi2 as sqlite
from hypothesis import strategies as st

from filon.core.conditions import Attributes, Field, Registry, Subject, Words, compile_sql
from filon.core.conditions.tree import And, Compare, Count, Duration, Empty, Node, Not, Now, OneOf, Or
from filon.kit.text import fold

AT = datetime(2026, 3, 31, 10, 30, 0, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")
STAGES = {"captured": Words("New", "Nouveau"), "mql": Words("MQL", "MQL"), "sql": Words("SQL", "SQL"), "lost": "Lost"}
KINDS = {
    "page_viewed": Words("page viewed", "page vue"),
    "form_submitted": Words("form submitted", "formulaire envoyé"),
    "email_clicked": Words("e-mail clicked", "clic dans un e-mail"),
}


def engagement_at(points: float, at: datetime) -> float:
    """The logarithm that stands for a number of points at a moment, with a half-life of 14 days."""
    days = (at - datetime(2026, 1, 1, tzinfo=UTC)) / timedelta(days=1)
    return (math.log(points) if points > 0 else -math.inf) + days / 14 * math.log(2)


REGISTRY = Registry(
    [
        Field("stage", "choice", "lead", "stage", choices=STAGES, label=Words("stage", "étape"), required=True),
        Field("channel", "choice", "lead", "channel", choices=("web", "email", "event")),
        Field("source", "text", "lead", "source", folded_column="source_folded"),
        Field("medium", "code", "lead", "medium"),
        Field("fit", "number", "lead", "fit", label=Words("fit score", "score de profil")),
        Field("engagement", "number", "lead", "engagement_log", threshold=engagement_at),
        Field("probability", "number", "lead", "probability"),
        Field("is_open", "boolean", "lead", "is_open", label=Words("open", "ouvert")),
        Field("captured_at", "datetime", "lead", "captured_at", label=Words("captured", "arrivée")),
        Field("stakes", "text", "company", "stakes", folded_column="stakes_folded", many=True),
        Field("tags", "code", "lead", "tags", many=True),
        Field(
            "owner",
            "reference",
            "lead",
            "owner_id",
            by_name=Field("owner.name", "text", "owner", "name", folded_column="name_folded"),
        ),
        Field("import", "reference", "lead", "import_id"),
        Field(
            "person.job_title",
            "text",
            "person",
            "job_title",
            folded_column="job_title_folded",
            label=Words("job title", "fonction"),
        ),
        Field("person.email", "code", "person", "email"),
        Field("company.employees", "number", "company", "employees", label=Words("employees", "effectif")),
        Field("company.revenue", "number", "company", "revenue"),
        Field("company.is_customer", "boolean", "company", "is_customer"),
    ],
    kinds=KINDS,
    act_fields=[
        Field("at", "datetime", "fact", "at"),
        Field("channel", "choice", "fact", "channel", choices=("web", "email", "event")),
        Field("path", "code", "fact", "path", label=Words("path", "chemin")),
        Field("value", "number", "fact", "value"),
        Field(
            "campaign",
            "reference",
            "fact",
            "campaign_id",
            by_name=Field("campaign.name", "text", "campaign", "name", folded_column="name_folded"),
        ),
        Field("form", "code", "fact", "payload", json_key='fo"rm'),
        Field("seconds", "number", "fact", "payload", json_key="seconds"),
        Field("is_repeat", "boolean", "fact", "payload", json_key="is_repeat"),
        Field("outcome", "choice", "fact", "payload", json_key="outcome", choices=("won", "lost")),
    ],
    attributes={"attributes": Attributes("lead"), "company.attributes": Attributes("company")},
    act_joins={"campaign": "LEFT JOIN leads_campaign campaign ON campaign.id = fact.campaign_id"},
    zone=PARIS,
)

# What is said and stored: the same pool for both, so that they meet -------------------------------------------------

_TEXTS = [
    "directeur",
    "Directeur Général",
    "directeur-general",
    "straße",
    "STRASSE",
    "İstanbul",
    "istanbul",
    "ﬁnance",
    "finance",
    "œuvre",
    "OEUVRE d’art",
    "100%",
    "a%b",
    "a_b",
    "axb",
    "back\\slash",
    "\\",
    "%",
    "_",
    "[a-c]*?",
    "{text}",
    "it's",
    'say "hi"',
    "  spaced \n out ",
    "привет",
    "日本",
    "が",
    "か",
    "é",
    "É",
    "e",
    "e\u0301",
    "x\U0010ffff",
    "\U0010ffff",
    "\ud7ff",
    "true",
    "null",
    "now",
    "/tarifs",
    "/Tarifs/pro?x=1",
    "Claire Morel",
    "5",
    "05",
    "5.0",
    "-5",
    "--5",
    "5-",
    "5.",
    ".5",
    "1.2.3",
    "1e5",
    "٣",
    "0.1",
    "123456789012345",
    "1234567890123456",
    "12345678.9012345",
    "-0",
]
_NAMES = ["Lead Origin", "x", "Prénom", 'quo"te', "back\\slash", "a.b", "$.x", "0", "empty", "{brace}"]
_CLEAN = st.characters(blacklist_characters="\0", blacklist_categories=("Cs",))
_DECIMALS = [Decimal(text) for text in ("0", "0.1", "0.3", "-0.1", "5", "50", "-5", "99999999999.99", "-12345.67")]
_FLOATS = [0.1, 0.3, 0.1 + 0.2, 0.5, 1.0, 0.0]
_MOMENTS = [
    AT + timedelta(microseconds=offset) + timedelta(days=days)
    for days in (0, -1, -7, -30, 1, 7)
    for offset in (-1, 0, 1)
] + [
    datetime(2026, 3, 29, tzinfo=PARIS).astimezone(UTC) + timedelta(hours=hours, microseconds=offset)
    for hours in (0, 1, 23, 24)
    for offset in (-1, 0)
]

texts = st.sampled_from(_TEXTS) | st.text(_CLEAN, max_size=4)
decimals = st.sampled_from(_DECIMALS) | st.decimals(-(10**9), 10**9, places=2)
moments = st.sampled_from(_MOMENTS)


def _maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.none(), values, values, values)


# Trees ---------------------------------------------------------------------------------------------------------------

_said = texts.filter(lambda text: fold(text) != "")
_units = st.sampled_from(["minutes", "hours", "days", "weeks", "months"])
_nows = st.builds(Now, st.sampled_from([-30, -7, -1, 1, 7]), _units) | st.just(Now())
_dates = st.dates(date(2026, 3, 27), date(2026, 4, 2))
_naive = st.sampled_from(_MOMENTS).map(lambda moment: moment.replace(tzinfo=None))
_numbers = decimals | st.integers(-100, 100).map(Decimal)
_SEARCHES = ["contains", "starts_with", "ends_with"]
_ORDER = ["=", "!=", "<", "<=", ">", ">="]


def _values(field: Field, operator: str) -> st.SearchStrategy[Any]:
    if field.kind == "reference":
        ids = st.integers(-3, 12)
        return _said if operator in _SEARCHES else ids if field.by_name is None else ids | _said
    if field.kind == "attribute":
        return _numbers if operator[0] in "<>" else _said if operator in _SEARCHES else _numbers | _said
    return {
        "text": _said,
        "code": texts.filter(bool),
        "number": _numbers,
        "boolean": st.booleans(),
        "datetime": _dates | moments | _naive | _nows,
        "choice": st.sampled_from(list(field.choices) or [""]),
    }[field.kind]


def _comparisons(field: Field) -> st.SearchStrategy[Node]:
    operators = ["="] if field.kind == "boolean" else [one for one in field.operators if one != "in"]
    parts: list[st.SearchStrategy[Node]] = [
        st.builds(Compare, st.just(field.name), st.just(one), _values(field, one)) for one in operators
    ]
    if "in" in field.operators:
        listed = st.lists(_values(field, "in"), min_size=1, max_size=4).map(tuple)
        parts.append(st.builds(OneOf, st.just(field.name), listed))
    parts.append(st.builds(Empty, st.just(field.name)))
    return st.one_of(parts)


def _joins(items: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(items, min_size=2, max_size=3).map(tuple)
    return st.builds(And, several) | st.builds(Or, several) | st.builds(Not, items)


def every_comparison() -> Iterator[Node]:
    """Each field of the lead and of an act, with each operator it takes and each literal of the pools."""
    attributes = [REGISTRY.lead.get(f"attributes.{name}") for name in ("Lead Origin", 'quo"te')]
    for field in [*REGISTRY.lead.fields.values(), *attributes]:
        yield from _each_literal(field)
    for field in REGISTRY.act.fields.values():
        for leaf in _each_literal(field):
            yield Count("any", ">=", 1, leaf)


def _each_literal(field: Field) -> Iterator[Node]:
    yield Empty(field.name)
    texts = [text for text in _TEXTS if fold(text)]
    moments = [*_MOMENTS, *(moment.replace(tzinfo=None) for moment in _MOMENTS), date(2026, 3, 29), date(2026, 3, 31)]
    literals: dict[str, list[Any]] = {
        "number": _DECIMALS,
        "boolean": [True, False],
        "datetime": [*moments, Now(), Now(-7, "days"), Now(1, "months")],
        "choice": list(field.choices),
        "reference": [*range(-3, 12), *(texts if field.by_name else ())],
        "attribute": [*_DECIMALS, *texts],
    }
    for operator in field.operators:
        for value in literals.get(field.kind, texts):
            is_text = isinstance(value, str)
            is_refused = (operator[0] in "<>" and is_text) or (operator in _SEARCHES and not is_text)
            if operator == "in":
                yield OneOf(field.name, (value, literals.get(field.kind, texts)[0]))
            elif not is_refused and not (field.kind == "boolean" and operator == "!="):
                yield Compare(field.name, cast(Any, operator), value)


_attributes = st.sampled_from(
    [f"{prefix}.{name}" for prefix in ("attributes", "company.attributes") for name in _NAMES]
)
_act_leaves = st.sampled_from(list(REGISTRY.act.fields.values())).flatmap(_comparisons)
lead_leaves = st.sampled_from(list(REGISTRY.lead.fields.values())).flatmap(_comparisons) | _attributes.map(
    REGISTRY.lead.get
).flatmap(_comparisons)
counts = st.builds(
    Count,
    st.sampled_from([*KINDS, "any"]),
    st.sampled_from(_ORDER),
    st.integers(0, 4),
    st.none() | st.recursive(_act_leaves, _joins, max_leaves=3),
    st.none() | st.builds(Duration, st.sampled_from([1, 7, 30]), _units),
)
trees = st.recursive(st.one_of(lead_leaves, lead_leaves, counts), _joins, max_leaves=6)

# Leads ---------------------------------------------------------------------------------------------------------------

_payloads = st.fixed_dictionaries(
    {},
    optional={
        'fo"rm': _maybe(texts) | st.integers(0, 9),
        "seconds": _maybe(st.integers(-9, 90) | st.sampled_from(_FLOATS)) | st.sampled_from(["5", True]),
        "is_repeat": _maybe(st.booleans()) | st.sampled_from([1, "true"]),
        "outcome": st.sampled_from(["won", "lost", None, 3]),
    },
)
_objects = st.dictionaries(st.sampled_from(_NAMES).map(fold), texts.map(fold), max_size=4)
_channels = st.sampled_from(["web", "email", "event"])
_acts = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(list(KINDS)),
        "at": moments,
        "channel": st.just("") | _channels,
        "path": texts,
        "value": _maybe(decimals),
        "campaign": _maybe(texts.map(fold)),
        "is_machine": st.sampled_from([False, False, False, True]),
        "revoked": st.sampled_from([False, False, False, True]),
        "payload": _payloads,
    }
)
_lists = _maybe(st.lists(texts, max_size=3))
leads = st.fixed_dictionaries(
    {
        "stage": st.sampled_from(list(STAGES)),
        "channel": st.just("") | _channels,
        "source": _maybe(texts),
        "medium": _maybe(texts),
        "fit": _maybe(decimals),
        "engagement_log": _maybe(st.sampled_from([engagement_at(points, AT) for points in (0.5, 5.0, 50.0)])),
        "probability": _maybe(st.sampled_from(_FLOATS)),
        "is_open": _maybe(st.booleans()),
        "captured_at": _maybe(moments),
        "tags": _lists,
        "import_id": _maybe(st.integers(-3, 12)),
        "attributes_folded": _maybe(_objects),
        "owner": _maybe(_maybe(texts)),
        "person": _maybe(st.fixed_dictionaries({"job_title": _maybe(texts), "email": _maybe(texts)})),
        "company": _maybe(
            st.fixed_dictionaries(
                {
                    "employees": _maybe(st.integers(-5, 100)),
                    "revenue": _maybe(decimals),
                    "is_customer": st.booleans(),
                    "stakes": _lists,
                    "attributes_folded": _maybe(_objects),
                }
            )
        ),
        "acts": st.lists(_acts, max_size=6),
    }
)


def dense_leads(count: int, seed: int) -> list[dict[str, Any]]:
    """Leads full of the pools' values, so that most literals meet equal, smaller and larger ones."""
    dice = random.Random(seed)

    def maybe(value: Any) -> Any:
        return None if dice.random() < 0.1 else value

    def text() -> Any:
        return maybe(dice.choice([*_TEXTS, ""]))

    def several() -> Any:
        return maybe([dice.choice([*_TEXTS, ""]) for _ in range(dice.randrange(4))])

    def named() -> Any:
        return maybe({fold(name): fold(dice.choice(_TEXTS)) for name in _NAMES if dice.random() < 0.8})

    def act() -> dict[str, Any]:
        seconds = dice.choice([None, 5, 50, 0.1, 0.3, "5", True, -5])
        payload = {
            'fo"rm': dice.choice([None, 3, *_TEXTS]),
            "seconds": seconds,
            "is_repeat": dice.choice([None, True, False, 1, "true"]),
            "outcome": dice.choice(["won", "lost", None, 3]),
        }
        return {
            "kind": dice.choice(list(KINDS)),
            "at": dice.choice(_MOMENTS),
            "channel": dice.choice(["", "web", "email", "event"]),
            "path": dice.choice(_TEXTS),
            "value": maybe(dice.choice(_DECIMALS)),
            "campaign": maybe(fold(dice.choice(_TEXTS))),
            "is_machine": dice.random() < 0.2,
            "revoked": dice.random() < 0.2,
            "payload": {key: value for key, value in payload.items() if dice.random() < 0.8},
        }

    def lead() -> dict[str, Any]:
        company = {
            "employees": maybe(dice.choice([0, 5, 50, -5])),
            "revenue": maybe(dice.choice(_DECIMALS)),
            "is_customer": dice.random() < 0.5,
            "stakes": several(),
            "attributes_folded": named(),
        }
        return {
            "stage": dice.choice(list(STAGES)),
            "channel": dice.choice(["", "web", "email", "event"]),
            "source": text(),
            "medium": text(),
            "fit": maybe(dice.choice(_DECIMALS)),
            "engagement_log": maybe(engagement_at(dice.choice([0.1, 0.3, 5.0, 50.0]), AT)),
            "probability": maybe(dice.choice(_FLOATS)),
            "is_open": maybe(dice.random() < 0.5),
            "captured_at": maybe(dice.choice(_MOMENTS)),
            "tags": several(),
            "import_id": maybe(dice.randrange(-3, 12)),
            "attributes_folded": named(),
            "owner": maybe(text()),
            "person": maybe({"job_title": text(), "email": text()}),
            "company": maybe(company),
            "acts": [act() for _ in range(dice.choice([0, 1, 2, 4, 12]))],
        }

    return [lead() for _ in range(count)]


_LEAD_COLUMNS = """stage channel source medium fit engagement_log probability is_open captured_at tags import_id
attributes_folded"""


def subject_of(lead: dict[str, Any], number: int) -> Subject:
    """A drawn lead as the line holds it; `number` gives its ids."""
    own = {column: lead[column] for column in _LEAD_COLUMNS.split()}
    own |= {"id": number, "source_folded": _folded(lead["source"])}
    own |= {"owner_id": None if lead["owner"] is None else number % 13}
    rows: dict[str, Any] = {"lead": own, "person": lead["person"], "company": lead["company"], "owner": None}
    if lead["owner"] is not None:
        rows["owner"] = {"name_folded": _folded(lead["owner"])}
    if lead["person"] is not None:
        rows["person"] = lead["person"] | {"job_title_folded": _folded(lead["person"]["job_title"])}
    if lead["company"] is not None:
        stakes = lead["company"]["stakes"]
        folded = None if stakes is None else [fold(stake) for stake in stakes]
        rows["company"] = lead["company"] | {"stakes_folded": folded}
    return Subject(rows, [_act(act) for act in lead["acts"]])


def _act(act: dict[str, Any]) -> dict[str, Any]:
    name = act["campaign"]
    row = None if name is None else {"name_folded": name}
    return act | {"campaign_id": None if name is None else _campaign_id(name), "campaign": row}


def _campaign_id(name: str) -> int:
    return len(name) * 7 % 11


def _folded(text: str | None) -> str | None:
    return None if text is None else fold(text)


# Databases -----------------------------------------------------------------------------------------------------------

_TABLES = """
CREATE TABLE leads_lead (id bigint PRIMARY KEY, person_id bigint, company_id bigint, owner_id bigint, owner_row bigint,
  stage varchar(12) NOT NULL, channel varchar(16), source varchar(120), source_folded varchar(120), medium varchar(120),
  fit {decimal}, engagement_log {float}, probability {float}, is_open {bool}, captured_at {datetime}, tags {json},
  import_id bigint, attributes_folded {json});
CREATE TABLE leads_person (id bigint PRIMARY KEY, job_title text, job_title_folded text, email text);
CREATE TABLE leads_company (id bigint PRIMARY KEY, employees integer, revenue {decimal}, is_customer {bool},
  stakes {json}, stakes_folded {json}, attributes_folded {json});
CREATE TABLE core_user (id bigint PRIMARY KEY, name_folded text);
CREATE TABLE leads_campaign (id bigint, fact bigint PRIMARY KEY, name_folded text);
CREATE TABLE core_fact (id bigint PRIMARY KEY, kind varchar(40), at {datetime}, lead_id bigint, channel varchar(16),
  path text, value {decimal}, campaign_id bigint, is_machine {bool}, revokes_id bigint, import_id bigint,
  payload {json});
CREATE INDEX core_fact_lead ON core_fact (lead_id, at);
CREATE INDEX lead_stage ON leads_lead (stage);
CREATE INDEX lead_source ON leads_lead (source_folded);
CREATE INDEX lead_captured ON leads_lead (captured_at);
"""
_FROM = """FROM leads_lead lead LEFT JOIN leads_person person ON person.id = lead.person_id
LEFT JOIN leads_company company ON company.id = lead.company_id
LEFT JOIN core_user owner ON owner.id = lead.owner_row"""
# A fact's campaign is drawn with the fact, so it is joined by the fact and not by the shared id.
JOINED = Registry(
    REGISTRY.lead.fields.values(),
    kinds=KINDS,
    act_fields=[field for field in REGISTRY.act.fields.values() if field.name != "kind"],
    attributes=REGISTRY.lead.attributes,
    act_joins={"campaign": "LEFT JOIN leads_campaign campaign ON campaign.fact = fact.id"},
    zone=PARIS,
)


class World:
    """A database with leads in it, asked whether a condition holds for each."""

    vendor: Any
    types: dict[str, str]

    def _run(self, statement: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        raise NotImplementedError

    def _cell(self, value: Any) -> Any:
        raise NotImplementedError

    def _make(self) -> None:
        for statement in _TABLES.format_map(self.types).split(";"):
            if statement.strip():
                self._run(statement)

    def put(self, subjects: Iterable[Subject]) -> None:
        """Replace all leads by these."""
        for table in ("leads_lead", "leads_person", "leads_company", "core_user", "leads_campaign", "core_fact"):
            self._run(f"DELETE FROM {table}")
        fact_id = 1
        for subject in subjects:
            number = subject.rows["lead"]["id"]
            present = {table: number if subject.rows[table] else None for table in ("person", "company", "owner")}
            keys = {"person_id": present["person"], "company_id": present["company"], "owner_row": present["owner"]}
            self._insert("leads_lead", subject.rows["lead"] | keys)
            for alias, table in (("person", "leads_person"), ("company", "leads_company"), ("owner", "core_user")):
                if subject.rows[alias] is not None:
                    self._insert(table, subject.rows[alias] | {"id": number})
            for act in subject.acts:
                fact_id = self._put_act(act, number, fact_id)

    def _put_act(self, act: dict[str, Any], lead_id: int, fact_id: int) -> int:
        columns = ("kind", "at", "channel", "path", "value", "campaign_id", "is_machine", "payload")
        cells = {column: act[column] for column in columns}
        self._insert("core_fact", cells | {"id": fact_id, "lead_id": lead_id})
        if act["campaign"] is not None:
            campaign = {"id": act["campaign_id"], "fact": fact_id, "name_folded": act["campaign"]["name_folded"]}
            self._insert("leads_campaign", campaign)
        if act["revoked"]:
            revoking = {"id": fact_id + 1, "kind": "revoked", "at": AT, "is_machine": True, "revokes_id": fact_id}
            self._insert("core_fact", revoking)
        return fact_id + 2

    def _insert(self, table: str, row: dict[str, Any]) -> None:
        marks = ", ".join(["%s"] * len(row))
        cells = [self._cell(value) for value in row.values()]
        self._run(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", cells)

    def answers(self, node: Node) -> list[Any]:
        """What the SQL of a condition says of each lead, in the order of their ids; never NULL in a right SQL."""
        sql = compile_sql(node, JOINED, at=AT, vendor=self.vendor)
        rows = self._run(f"SELECT lead.id, {sql.text} {_FROM} ORDER BY lead.id", sql.params)
        found = {row[0] for row in self._run(f"SELECT lead.id {_FROM} WHERE {sql.text}", sql.params)}
        assert found == {number for number, value in rows if value}
        return [value for _, value in rows]

    def plan(self, node: Node) -> str:
        """How the database would look for a condition over leads alone."""
        sql = compile_sql(node, JOINED, at=AT, vendor=self.vendor)
        statement = f"EXPLAIN QUERY PLAN SELECT lead.id FROM leads_lead lead WHERE {sql.text}"
        return "\n".join(str(row) for row in self._run(statement, sql.params))


class SQLiteWorld(World):
    """In memory, with values stored as Django stores them."""

    vendor = "sqlite"
    types = {"decimal": "decimal", "float": "real", "bool": "bool", "datetime": "datetime", "json": "text"}

    def __init__(self) -> None:
        self._connection = sqlite.connect(":memory:", isolation_level=None)
        self._make()

    def _run(self, statement: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        text = statement.replace("%s", "?").replace("%%", "%") if params else statement
        return self._connection.execute(text, params).fetchall()

    def _cell(self, value: Any) -> Any:
        if isinstance(value, datetime):
            return str(value.astimezone(UTC).replace(tzinfo=None))
        if isinstance(value, Decimal):
            return str(value)
        return json.dumps(value) if isinstance(value, dict | list) else value


class PostgresWorld(World):
    """Temporary tables of one connection; `cursor` binds parameters in the client as Django does, or in the server."""

    vendor = "postgresql"
    types = {
        "decimal": "numeric(20, 4)",
        "float": "double precision",
        "bool": "boolean",
        "datetime": "timestamptz",
        "json": "jsonb",
    }

    def __init__(self, dsn: str, cursor: type[psycopg.Cursor[Any]]) -> None:
        self._connection = psycopg.connect(dsn, cursor_factory=cursor)
        self._make()

    def _make(self) -> None:
        for statement in _TABLES.format_map(self.types).replace("CREATE TABLE", "CREATE TEMP TABLE").split(";"):
            if statement.strip():
                self._run(statement)

    def _run(self, statement: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        cursor = self._connection.execute(statement, params or None)
        return cursor.fetchall() if cursor.description else []

    def _cell(self, value: Any) -> Any:
        return json.dumps(value) if isinstance(value, dict | list) else value

    def close(self) -> None:
        self._connection.close()
