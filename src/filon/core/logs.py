"""Logs without personal data: one line an event, with the request's id, and errors by type and place only.

The message of an error often quotes a value (an address in a unique key), so it is shown with FILON_DEBUG=1 only.
"""

from __future__ import annotations

import logging
import time
import traceback
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Final

request_id: Final[ContextVar[str]] = ContextVar("request_id", default="-")
"""The id of the request being answered in this thread."""


class Line(logging.Formatter):
    """`time level logger [request] text`, in UTC, control characters escaped."""

    converter = staticmethod(time.gmtime)

    def __init__(self, *, shows_values: bool = False) -> None:
        super().__init__("{asctime}Z {levelname} {name} [{request_id}] {message}", "%Y-%m-%dT%H:%M:%S", style="{")
        self._shows_values = shows_values

    def format(self, record: logging.LogRecord) -> str:
        """The record as text, one line and what an error adds."""
        record.request_id = request_id.get()
        text = super().format(record)
        head, *rest = text.split("\n")
        return "\n".join([_escaped(head), *(_escaped(line) for line in rest)])

    def formatException(self, ei: Any) -> str:  # noqa: N802 — the name logging calls
        """An error by type and place."""
        return super().formatException(ei) if self._shows_values else place(ei[1])


def place(error: BaseException | None) -> str:
    """An error's type and where it was raised, innermost last, without any value."""
    parts: list[str] = []
    while error is not None and len(parts) < 4:
        parts.append(f"{type(error).__module__}.{type(error).__qualname__} {_frames(error.__traceback__)}")
        error = error.__cause__ or error.__context__
    return " < ".join(parts)


def _frames(trace: TracebackType | None, most: int = 8) -> str:
    frames = traceback.extract_tb(trace)[-most:]
    return " > ".join(f"{'/'.join(frame.filename.split('/')[-2:])}:{frame.lineno} {frame.name}" for frame in frames)


def _escaped(text: str) -> str:
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in text)
