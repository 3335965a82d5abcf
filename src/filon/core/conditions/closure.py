"""Tree → a Python closure over one lead, everything resolved beforehand: an import calls it millions of times.

Its answers are those of `sql.py` over the same rows; a property test holds the two equal.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any, Final, TypeAlias, TypeVar

from filon.core.conditions import meaning
from filon.core.conditions.fields import Field, Registry, Scope
from filon.core.conditions.tree import ANY_KIND, And, Compare, Count, Empty, Node, Not, OneOf, Or, Value

_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_SEARCHES: Final = frozenset({"contains", "starts_with", "ends_with"})
_JSON_TYPES: Final[Mapping[str, frozenset[type]]] = {
    "number": frozenset({int, float, Decimal}),
    "boolean": frozenset({bool}),
}
_JSON_TEXT: Final[frozenset[type]] = frozenset({str})


@dataclass(frozen=True, slots=True)
class Subject:
    """One lead with what belongs to it, as its rows stand in the database.

    rows: table alias (`lead`, `person`, `company`, `owner`, `campaign`) → column → value; None, or no entry, when
    there is no such row. acts: the lead's facts in any order, each column → value as in the ledger (`kind`, `at`,
    `channel`, `path`, `value`, `is_machine`, `payload` as a mapping…), `revoked`, and for each alias in the registry's
    `act_joins` the joined row as a mapping. Date-times are aware UTC; numbers int, float or Decimal.
    """

    rows: Mapping[str, Mapping[str, Any] | None]
    acts: Sequence[Mapping[str, Any]] = ()


_T = TypeVar("_T")
_Test: TypeAlias = Callable[[Any, datetime], bool]  # (subject, or an act inside `where`; at) → does it hold
_Read: TypeAlias = Callable[[Any], Any]
_Judge: TypeAlias = Callable[[Any], bool]


def compile_closure(node: Node, registry: Registry) -> Callable[[Subject, datetime], bool]:
    """The condition as a function of one subject and the moment it is asked at (aware).

    Raises LookupError when the tree names a field that `registry` no longer offers.
    """
    return _test(node, registry.lead, registry)


def _test(node: Node, scope: Scope, registry: Registry) -> _Test:
    if isinstance(node, And):
        return _all([_test(item, scope, registry) for item in node.items])
    if isinstance(node, Or):
        tests = _alternatives(node, scope, registry)
        return tests[0] if len(tests) == 1 else _any(tests)
    if isinstance(node, Not):
        complement = _test(node.item, scope, registry)
        return lambda subject, at: not complement(subject, at)
    if isinstance(node, Count):
        return _count(node, registry)
    return _leaf(node, scope.get(node.field), scope, registry)


def _all(tests: Sequence[_Test]) -> _Test:
    if len(tests) == 2:
        first, second = tests
        return lambda subject, at: first(subject, at) and second(subject, at)

    def test(subject: Any, at: datetime) -> bool:
        for one in tests:  # noqa: SIM110 — a generator costs more than the tests
            if not one(subject, at):
                return False
        return True

    return test


def _any(tests: Sequence[_Test]) -> _Test:
    if len(tests) == 2:
        first, second = tests
        return lambda subject, at: first(subject, at) or second(subject, at)

    def test(subject: Any, at: datetime) -> bool:
        for one in tests:  # noqa: SIM110 — a generator costs more than the tests
            if one(subject, at):
                return True
        return False

    return test


def _alternatives(node: Or, scope: Scope, registry: Registry) -> list[_Test]:
    """A test of each item; words searched in one field one after the other share a single reading of it.

    Rules list words by the dozen (job titles, mail domains), and reading the field costs more than searching it.
    """
    tests: list[_Test] = []
    for (field_name, sign), items in groupby(node.items, key=_search):
        group = list(items)
        if field_name and len(group) > 1:
            field = scope.get(field_name)
            values = [item.value for item in group if isinstance(item, Compare)]
            met = meaning.compared_field(field, values[0])
            keys = tuple(meaning.key_of(str(value), met) for value in values)
            tests.append(_judged(met, _cased(_words_judge(sign, keys), met), is_act=scope is registry.act))
        else:
            tests += [_test(item, scope, registry) for item in group]
    return tests


def _search(node: Node) -> tuple[str, str]:
    """(field, operator) of a search for a text, which neighbours may share; two empty texts for anything else."""
    if isinstance(node, Compare) and node.operator in _SEARCHES and isinstance(node.value, str):
        return node.field, node.operator
    return "", ""


def _count(node: Count, registry: Registry) -> _Test:
    kind = None if node.kind == ANY_KIND else node.kind
    where = None if node.where is None else _test(node.where, registry.act, registry)
    window = None if node.window is None else node.window.delta
    compare, number = _COMPARE[node.operator], node.number
    enough = meaning.enough_acts(number)

    def test(subject: Subject, at: datetime) -> bool:
        counted = 0
        for act in subject.acts:
            if kind is not None and act["kind"] != kind:
                continue
            if _is_counted(act, at, window) and (where is None or where(act, at)):
                counted += 1
                if counted == enough:
                    break
        return compare(counted, number)

    return test


def _is_counted(act: Mapping[str, Any], at: datetime, window: timedelta | None) -> bool:
    if act.get("is_machine") or act.get("revoked"):
        return False
    when: datetime = act["at"]
    return when <= at and (window is None or when > at - window)


# One comparison ------------------------------------------------------------------------------------------------------


def _leaf(node: Compare | OneOf | Empty, field: Field, scope: Scope, registry: Registry) -> _Test:
    is_act = scope is registry.act
    if isinstance(node, Empty):
        return _empty(field, is_act=is_act)
    if isinstance(node, OneOf):
        tests = [_one_of(part, field, is_act=is_act) for part in meaning.by_type(node)]
        return tests[0] if len(tests) == 1 else _any(tests)
    if field.kind == "datetime":
        return _moment(node, field, registry, is_act=is_act)
    if field.threshold is not None:
        return _threshold(node.operator, (node.value,), field, is_act=is_act)
    met = meaning.compared_field(field, node.value)
    return _judged(met, _judge(node.operator, node.value, met), is_act=is_act)


def _one_of(node: OneOf, field: Field, *, is_act: bool) -> _Test:
    if field.threshold is not None:
        return _threshold("=", node.values, field, is_act=is_act)
    met = meaning.compared_field(field, node.values[0])
    return _judged(met, _is_one_of(node.values, met), is_act=is_act)


def _empty(field: Field, *, is_act: bool) -> _Test:
    if field.kind not in meaning.TEXTUAL:
        return _judged(field, lambda given: given is None, is_act=is_act)
    if not field.many:
        return _judged(field, operator.not_, is_act=is_act)
    is_filled = _judged(field, bool, is_act=is_act)
    return lambda subject, at: not is_filled(subject, at)


def _judged(field: Field, judge: _Judge, *, is_act: bool) -> _Test:
    read = _reader(field, is_act=is_act)
    if field.many:
        return lambda subject, _at: any(judge(item) for item in read(subject) or () if type(item) is str)
    return lambda subject, _at: judge(read(subject))


def _reader(field: Field, *, is_act: bool) -> _Read:
    read = _row_reader(field.table, field.compared_column, is_act=is_act)
    if field.json_key is None:
        return read
    key = field.json_key
    types = _JSON_TYPES.get(field.kind, _JSON_TEXT)

    def read_json(subject: Any) -> Any:
        values = read(subject)
        value = values.get(key) if values else None
        return value if type(value) in types else None

    return read_json


def _row_reader(table: str, column: str, *, is_act: bool) -> _Read:
    if is_act and table == "fact":
        return lambda act: act.get(column)
    if is_act:
        return lambda act: None if (row := act.get(table)) is None else row.get(column)
    return lambda subject: None if (row := subject.rows.get(table)) is None else row.get(column)


def _judge(operator_: str, value: Value, field: Field) -> _Judge:
    if isinstance(value, str):
        return _cased(_text_judge(operator_, meaning.key_of(value, field)), field)
    if isinstance(value, bool):
        return lambda given: given is not None and bool(given) is value
    assert isinstance(value, Decimal | int)  # noqa: S101 — moments are judged with `at`
    if field.kind == "attribute":
        return _attribute_judge(operator_, float(value))
    return _number_judge(operator_, value)


def _text_judge(operator_: str, key: str) -> _Judge:
    if operator_ == "=":
        return lambda given: bool(given == key)
    if operator_ == "!=":
        return lambda given: bool(given) and given != key
    if operator_ == "contains":
        return lambda given: given is not None and key in given
    if operator_ == "starts_with":
        return lambda given: given is not None and given.startswith(key)
    return lambda given: given is not None and given.endswith(key)


def _words_judge(operator_: str, keys: tuple[str, ...]) -> _Judge:
    """Whether any of several texts is found."""
    if operator_ == "starts_with":
        return lambda given: given is not None and given.startswith(keys)
    if operator_ == "ends_with":
        return lambda given: given is not None and given.endswith(keys)

    def contains(given: Any) -> bool:
        if given is not None:
            for key in keys:
                if key in given:
                    return True
        return False

    return contains


def _cased(judge: _Judge, field: Field) -> _Judge:
    if field.kind != "code":
        return judge
    lower = meaning.lower_ascii
    return lambda given: given is not None and judge(lower(given))


def _number_judge(operator_: str, value: Decimal | int) -> _Judge:
    compare = _COMPARE[operator_]
    exact, rough = meaning.exact(value), float(value)  # 0.1 as a float is not Decimal("0.1"), but is meant by it
    return lambda given: given is not None and compare(given, rough if type(given) is float else exact)


def _attribute_judge(operator_: str, value: float) -> _Judge:
    """Within 15 digits floats are ordered as their decimals are. A text that is no number differs from every number."""
    compare, is_number, differs = _COMPARE[operator_], meaning.is_number, operator_ == "!="
    return lambda given: bool(given) and (compare(float(given), value) if is_number(given) else differs)


def _is_one_of(values: Sequence[Any], field: Field) -> _Judge:
    if isinstance(values[0], str):
        keys = frozenset(meaning.key_of(value, field) for value in values)
        return _cased(lambda given: given in keys, field)
    rough = frozenset(float(value) for value in values)
    if field.kind == "attribute":
        is_number = meaning.is_number
        return lambda given: bool(given) and is_number(given) and float(given) in rough
    exact = frozenset(meaning.exact(value) for value in values)
    return lambda given: given in (rough if type(given) is float else exact)


def _threshold(operator_: str, values: Sequence[Any], field: Field, *, is_act: bool) -> _Test:
    read, compare, threshold = _reader(field, is_act=is_act), _COMPARE[operator_], field.threshold
    assert threshold is not None  # noqa: S101 — asked by the callers
    numbers = [float(value) for value in values]
    bounds_at = _kept(lambda at: [threshold(number, at) for number in numbers])

    def test(subject: Any, at: datetime) -> bool:
        given = read(subject)
        if given is None:
            return False
        for bound in bounds_at(at):  # noqa: SIM110 — a generator costs more than the tests
            if compare(given, bound):
                return True
        return False

    return test


def _moment(node: Compare, field: Field, registry: Registry, *, is_act: bool) -> _Test:
    read, value, zone, judge = _reader(field, is_act=is_act), node.value, registry.zone, _MOMENT[node.operator]
    interval_at = _kept(lambda at: meaning.interval_of(value, at, zone))

    def test(subject: Any, at: datetime) -> bool:
        given = read(subject)
        return given is not None and judge(given, *interval_at(at))

    return test


def _kept(compute: Callable[[datetime], _T]) -> Callable[[datetime], _T]:
    """`compute` for the last `at` asked, kept: a batch asks with one `at`. Safe between threads: one tuple is put."""
    kept: tuple[datetime, _T] | None = None

    def get(at: datetime) -> _T:
        nonlocal kept
        known = kept
        if known is None or known[0] is not at:
            known = kept = (at, compute(at))
        return known[1]

    return get


_MOMENT: Final[Mapping[str, Callable[[datetime, datetime, datetime], bool]]] = {
    "=": lambda given, start, end: start <= given < end,
    "!=": lambda given, start, end: given < start or given >= end,
    "<": lambda given, start, _end: given < start,
    "<=": lambda given, _start, end: given < end,
    ">": lambda given, _start, end: given >= end,
    ">=": lambda given, start, _end: given >= start,
}
