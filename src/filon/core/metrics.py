"""Counters of this process, cheap enough for every request; `core.health` adds what the database knows."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Final

_lock: Final = threading.Lock()
_requests: Final[Counter[tuple[str, str]]] = Counter()
_seconds: Final[dict[str, float]] = {}


def count_request(method: str, status: int, seconds: float) -> None:
    """Count one answered request."""
    key = (method if method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} else "OTHER", f"{status // 100}xx")
    with _lock:
        _requests[key] += 1
        _seconds[key[0]] = _seconds.get(key[0], 0.0) + seconds


def request_lines() -> list[str]:
    """The counters in Prometheus' text form."""
    with _lock:
        requests, seconds = dict(_requests), dict(_seconds)
    lines = ["# HELP filon_requests_total Requests answered by this process.", "# TYPE filon_requests_total counter"]
    for (method, status), count in sorted(requests.items()):
        lines.append(f'filon_requests_total{{method="{method}",status="{status}"}} {count}')
    lines += ["# HELP filon_request_seconds_total Time spent answering.", "# TYPE filon_request_seconds_total counter"]
    lines += [
        f'filon_request_seconds_total{{method="{method}"}} {value:.6f}' for method, value in sorted(seconds.items())
    ]
    return lines
