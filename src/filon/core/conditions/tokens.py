"""The words of the language: text → tokens with their positions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from filon.core.conditions.errors import ConditionError, wording
from filon.core.conditions.words import Words

MAX_LENGTH: Final = 10_000
"""Longest condition, in characters."""

_WORD: Final = r"""[^\s"'()<>=!,\\“”„«»]"""
_TOKEN: Final = re.compile(
    rf"""
      (?P<space>\s+)
    | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<mark>[(),])
    | (?P<operator>!=|<=|>=|=|<|>)
    | (?P<now>now\s*[+-]\s*(?=[0-9]))
    | (?P<moment>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}
        (?:[T\ ][0-9]{{2}}:[0-9]{{2}}(?::[0-9]{{2}}(?:\.[0-9]{{1,6}})?)?(?:Z|[+-][0-9]{{2}}:[0-9]{{2}})?)?)(?!{_WORD})
    | (?P<number>-?[0-9]+(?:\.[0-9]+)?)(?!{_WORD})
    | (?P<word>{_WORD}+)
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_FORBIDDEN: Final = re.compile("[\0\ud800-\udfff]")  # neither driver can send them to a database
_PLAIN: Final = re.compile(r"[^\W\d][\w-]*\Z")
_SLIPS: Final = (("==", "double_equals"), ("<>", "unequal"))
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t"}
RESERVED: Final = frozenset({"and", "or", "not", "in", "is", "where"})
"""Words that are never a value unless quoted."""
_QUOTED_ANYWAY: Final = RESERVED | {"empty", "now", "count", "any", "true", "false", "contains"}


@dataclass(frozen=True, slots=True)
class Token:
    """One word. `kind` is string, mark, operator, now, moment, number, word or end; `text` is as it was written."""

    kind: str
    text: str
    position: int

    @property
    def end(self) -> int:
        """Where the next character stands."""
        return self.position + len(self.text)

    @property
    def keyword(self) -> str:
        """The word in lower case, or the mark or operator; empty for a literal, which is never a keyword."""
        return self.text.lower() if self.kind in {"word", "mark", "operator"} else ""

    @property
    def found(self) -> Words:
        """How an error names it."""
        if self.kind == "end":
            return wording("end")
        shown = self.text if len(self.text) <= 40 else f"{self.text[:39]}…"
        return Words(shown, shown) if self.kind == "string" else Words(f"“{shown}”", f"« {shown} »")

    def error(self, code: str, **details: object) -> ConditionError:
        """A mistake at this token; `{found}` is the token."""
        return ConditionError(wording(code, found=self.found, **details), self.position, max(1, len(self.text)))


def tokenize(text: str) -> list[Token]:
    """The tokens of a condition, an `end` token last. Raises ConditionError."""
    if len(text) > MAX_LENGTH:
        raise ConditionError(wording("too_long", limit=MAX_LENGTH), MAX_LENGTH, len(text) - MAX_LENGTH)
    forbidden = _FORBIDDEN.search(text)
    if forbidden:
        raise ConditionError(wording("forbidden"), forbidden.start(), 1)
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _unreadable(text, position)
        if match.lastgroup == "operator":
            _refuse_slips(text, position)
        if match.lastgroup != "space":
            tokens.append(Token(str(match.lastgroup), match.group(), position))
        position = match.end()
    tokens.append(Token("end", "", len(text)))
    return tokens


def _refuse_slips(text: str, position: int) -> None:
    for slip, code in _SLIPS:
        if text.startswith(slip, position):
            raise ConditionError(wording(code), position, len(slip))


def _unreadable(text: str, position: int) -> ConditionError:
    character = text[position]
    if character in "\"'":
        return ConditionError(wording("unclosed_text"), position, len(text) - position)
    code = "curly" if character in "“”„«»" else "character"
    return ConditionError(wording(code, found=f"“{character}”"), position, 1)


def unquoted(token_text: str) -> str:
    """The text that a string token stands for."""
    return re.sub(
        r"\\(.)", lambda match: _ESCAPES.get(match.group(1), match.group(1)), token_text[1:-1], flags=re.DOTALL
    )


def quoted(text: str) -> str:
    """A text as a string token."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    for letter, character in _ESCAPES.items():
        escaped = escaped.replace(character, f"\\{letter}")
    return f'"{escaped}"'


def is_plain(text: str) -> bool:
    """Whether a text is one plain word: a letter, then letters, digits, _ and -."""
    return _PLAIN.match(text) is not None


def written(text: str) -> str:
    """A text as people would write it: bare when it is one plain word, else quoted."""
    return text if is_plain(text) and text.lower() not in _QUOTED_ANYWAY else quoted(text)
