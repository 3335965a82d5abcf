"""How the API documents a no: the shape of `kit.web.problem_body`."""

from __future__ import annotations

from typing import Any, Final

from ninja import Schema


class Problem(Schema):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[dict[str, Any]]


PROBLEMS: Final = dict.fromkeys((400, 401, 403, 409, 413, 422, 503), Problem)
"""The answers of an endpoint that writes."""

READ_PROBLEMS: Final = dict.fromkeys((401, 403, 404, 422), Problem)
"""The answers of an endpoint that reads one record."""
