"""A condition in plain French or English, for screens: what a person would say, not what a program reads."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Final

from filon.core.conditions.fields import Field, Registry, Scope
from filon.core.conditions.tree import ANY_KIND, And, Compare, Count, Empty, Node, Not, Now, OneOf, Or, Value
from filon.core.conditions.words import Words

_TEXTS: Final = {
    "=": Words("is", "est"),
    "!=": Words("is not", "n'est pas"),
    "contains": Words("contains", "contient"),
    "starts_with": Words("starts with", "commence par"),
    "ends_with": Words("ends with", "finit par"),
}
_NUMBERS: Final = {
    "=": Words("is", "vaut"),
    "!=": Words("is not", "ne vaut pas"),
    "<": Words("is less than", "est inférieur à"),
    "<=": Words("is at most", "est au plus"),
    ">": Words("is more than", "est supérieur à"),
    ">=": Words("is at least", "est au moins"),
}
_MOMENTS: Final = {
    "=": Words("is", "est"),
    "!=": Words("is not", "n'est pas"),
    "<": Words("is earlier than", "est plus tôt que"),
    "<=": Words("is at the latest", "est au plus tard"),
    ">": Words("is later than", "est plus tard que"),
    ">=": Words("is at the earliest", "est au plus tôt"),
}
_TIMES: Final = {
    "=": Words("exactly {number} ×", "exactement {number} ×"),
    "!=": Words("any number but {number} ×", "un autre nombre que {number} ×"),
    "<": Words("fewer than {number} ×", "moins de {number} ×"),
    "<=": Words("at most {number} ×", "au plus {number} ×"),
    ">": Words("more than {number} ×", "plus de {number} ×"),
    ">=": Words("at least {number} ×", "au moins {number} ×"),
}
_UNITS: Final = {
    "minutes": (Words("minute", "minute"), Words("minutes", "minutes")),
    "hours": (Words("hour", "heure"), Words("hours", "heures")),
    "days": (Words("day", "jour"), Words("days", "jours")),
    "weeks": (Words("week", "semaine"), Words("weeks", "semaines")),
    "months": (Words("month", "mois"), Words("months", "mois")),
}
_MONTHS: Final = Words(
    "January February March April May June July August September October November December",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
)
_QUOTES: Final = Words("“{text}”", "« {text} »")
_AND: Final = Words(" and ", " et ")
_OR: Final = Words(" or ", " ou ")
_NOT: Final = Words("except when {item}", "sauf si {item}")
_ONE_OF: Final = Words("is one of", "est parmi")
_EMPTY: Final = Words("is empty", "n'est pas renseigné")
_FILLED: Final = Words("is filled in", "est renseigné")
_YES: Final = Words("yes", "oui")
_NO: Final = Words("no", "non")
_IS_SO: Final = Words("{field}: {answer}", "{field} : {answer}")
_ANY_ACT: Final = Words("any act", "toute activité")
_WHERE: Final = Words(" (where {where})", " (où {where})")
_SINCE: Final = Words(" in the last {duration}", " depuis {duration}")
_NOW: Final = Words("now", "maintenant")
_AGO: Final = Words("{duration} ago", "il y a {duration}")
_AHEAD: Final = Words("in {duration}", "dans {duration}")


_SEARCHES: Final = frozenset({"contains", "starts_with", "ends_with"})


def _search(node: Node) -> tuple[str, str] | None:
    """(field, operator) of a search for a text, which neighbours may share; None for anything else."""
    if isinstance(node, Compare) and node.operator in _SEARCHES and isinstance(node.value, str):
        return node.field, node.operator
    return None


def describe(node: Node, language: str, registry: Registry) -> str:
    """The condition as a phrase in a language (`fr…`, else English); dates and times in the registry's zone."""
    return _Teller(language, registry).phrase(node, registry.lead)


def describe_act(where: Node, language: str, registry: Registry) -> str:
    """A condition on an act, as it stands after `where`, as a phrase."""
    return _Teller(language, registry).phrase(where, registry.act)


class _Teller:
    """Says conditions in one language."""

    def __init__(self, language: str, registry: Registry) -> None:
        self._language = language
        self._registry = registry

    def _say(self, wording: Words, **details: object) -> str:
        return wording.filled(**details).in_language(self._language)

    def phrase(self, node: Node, scope: Scope) -> str:
        """A condition on the names of one scope."""
        if isinstance(node, And):
            return self._say(_AND).join(self._inside(item, scope) for item in node.items)
        if isinstance(node, Or):
            return self._say(_OR).join(self._alternatives(node, scope))
        if isinstance(node, Not) and not isinstance(node.item, Empty):
            return self._say(_NOT, item=self._inside(node.item, scope))
        if isinstance(node, Count):
            return self._count(node)
        leaf = node.item if isinstance(node, Not) else node
        assert isinstance(leaf, Compare | OneOf | Empty)  # noqa: S101 — all others are said above
        field = scope.get(leaf.field)
        label = self._say(field.label_words())
        if isinstance(leaf, Empty):
            return f"{label} {self._say(_FILLED if isinstance(node, Not) else _EMPTY)}"
        if isinstance(leaf, OneOf):
            values = ", ".join(self._value(value, field) for value in leaf.values)
            return f"{label} {self._say(_ONE_OF)} {values}"
        return self._compare(leaf, field, label)

    def _alternatives(self, node: Or, scope: Scope) -> list[str]:
        """Its items as phrases; neighbours that search one field for several texts are said as one."""
        phrases: list[str] = []
        for search, items in groupby(node.items, key=_search):
            group = list(items)
            first = self._inside(group[0], scope)
            if search is None or len(group) == 1:
                phrases += [first, *(self._inside(item, scope) for item in group[1:])]
                continue
            texts = [self._say(_QUOTES, text=item.value) for item in group if isinstance(item, Compare)]
            start = first.removesuffix(texts[0])
            phrases.append(f"{start}{', '.join(texts[:-1])}{self._say(_OR)}{texts[-1]}")
        return phrases

    def _inside(self, item: Node, scope: Scope) -> str:
        if isinstance(item, Or) and len(phrases := self._alternatives(item, scope)) == 1:
            return phrases[0]
        text = self.phrase(item, scope)
        return f"({text})" if isinstance(item, And | Or) else text

    def _compare(self, node: Compare, field: Field, label: str) -> str:
        if isinstance(node.value, bool):
            return self._say(_IS_SO, field=label, answer=_YES if node.value else _NO)
        is_number = isinstance(node.value, Decimal)
        table = _NUMBERS if is_number else _MOMENTS if field.kind == "datetime" else _TEXTS
        return f"{label} {self._say(table[node.operator])} {self._value(node.value, field)}"

    def _value(self, value: Value, field: Field) -> str:
        if isinstance(value, str):
            is_choice = field.kind == "choice" and value in field.choices
            return self._say(field.choice_words(value)) if is_choice else self._say(_QUOTES, text=value)
        if isinstance(value, Now):
            return self._moving(value)
        if isinstance(value, date):
            return self._date(value)
        return self._number(value)

    def _number(self, value: Decimal | int) -> str:
        text = format(value, "f")
        return text.replace(".", ",") if self._language.lower().startswith("fr") else text

    def _date(self, value: date) -> str:
        if isinstance(value, datetime):
            local = value.astimezone(self._registry.zone) if value.tzinfo is not None else value
            clock = f"{local:%H:%M:%S}".removesuffix(":00")
            return self._say(Words("{day} at {clock}", "{day} à {clock}"), day=self._day(local), clock=clock)
        return self._day(value)

    def _day(self, value: date) -> str:
        month = self._say(_MONTHS).split()[value.month - 1]
        first = "1er" if value.day == 1 else str(value.day)
        return self._say(Words(f"{value.day} {month} {value.year}", f"le {first} {month} {value.year}"))

    def _moving(self, value: Now) -> str:
        if value.amount == 0:
            return self._say(_NOW)
        return self._say(_AGO if value.amount < 0 else _AHEAD, duration=self._duration(abs(value.amount), value.unit))

    def _duration(self, amount: int, unit: str) -> str:
        return f"{amount} {self._say(_UNITS[unit][amount > 1])}"

    def _count(self, node: Count) -> str:
        label = _ANY_ACT if node.kind == ANY_KIND else self._registry.kinds.get(node.kind, Words(node.kind, node.kind))
        phrase = f"{self._say(_TIMES[node.operator], number=node.number)} {self._say(_QUOTES, text=self._say(label))}"
        if node.where is not None:
            phrase += self._say(_WHERE, where=self.phrase(node.where, self._registry.act))
        if node.window is not None:
            phrase += self._say(_SINCE, duration=self._duration(node.window.amount, node.window.unit))
        return phrase
