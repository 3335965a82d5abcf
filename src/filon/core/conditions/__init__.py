"""The one condition language: segments, scoring, routing, branches, entry criteria and list filters all speak it."""

from filon.core.conditions.closure import Subject, compile_closure
from filon.core.conditions.describe import describe, describe_act
from filon.core.conditions.dialects import Vendor
from filon.core.conditions.errors import ConditionError, explain_error
from filon.core.conditions.fields import Attributes, Field, Registry
from filon.core.conditions.rows import CountRow, Group, Row, from_rows, to_rows
from filon.core.conditions.sql import LIVE_FACT_SQL, Sql, compile_sql
from filon.core.conditions.syntax import parse
from filon.core.conditions.text import unparse
from filon.core.conditions.tree import Node, fields_of, kinds_of
from filon.core.conditions.words import Words

__all__ = [
    "LIVE_FACT_SQL",
    "Attributes",
    "ConditionError",
    "CountRow",
    "Field",
    "Group",
    "Node",
    "Registry",
    "Row",
    "Sql",
    "Subject",
    "Vendor",
    "Words",
    "compile_closure",
    "compile_sql",
    "describe",
    "describe_act",
    "explain_error",
    "fields_of",
    "from_rows",
    "kinds_of",
    "parse",
    "to_rows",
    "unparse",
]
