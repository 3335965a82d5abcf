"""While a page is looked at, what several of its parts ask is asked once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

_Question = ParamSpec("_Question")
_Answer = TypeVar("_Answer")

_answers: ContextVar[dict[Hashable, Any] | None] = ContextVar("filon_answers", default=None)


@contextmanager
def looking() -> Iterator[None]:
    """Until the end, a function marked `asked_once` answers the same question as it did the first time.

    For requests that only look: whoever writes must see what they have written.
    """
    token = _answers.set({})
    try:
        yield
    finally:
        _answers.reset(token)


def asked_once(ask: Callable[_Question, _Answer]) -> Callable[_Question, _Answer]:
    """Mark a query whose answer the parts of a page share; beside `looking` it is asked every time.

    Its arguments are hashable, and nobody changes what it answers. A refusal is not kept.
    """

    @wraps(ask)
    def answer(*args: _Question.args, **named: _Question.kwargs) -> _Answer:
        answers = _answers.get()
        if answers is None:
            return ask(*args, **named)
        question = (ask, args, tuple(sorted(named.items())))
        if question not in answers:
            answers[question] = ask(*args, **named)
        found: _Answer = answers[question]
        return found

    return answer
