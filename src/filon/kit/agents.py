"""Which callers are programs, by what they call themselves."""

from __future__ import annotations

from typing import Final

_PROGRAMS: Final = (
    "bot",
    "crawl",
    "spider",
    "scan",
    "preview",
    "curl",
    "wget",
    "python",
    "headlesschrome",
    "proxy",
    "barracuda",
    "mimecast",
    "proofpoint",
    "safelinks",
    "go-http-client",
    "java/",
)


def is_program(agent: str) -> bool:
    """Whether a `User-Agent` names a program that reads for somebody, or nothing at all.

    >>> is_program("Googlebot/2.1"), is_program("Mozilla/5.0 (X11; Linux x86_64) Firefox/146.0")
    (True, False)
    """
    return not agent or any(word in agent.lower() for word in _PROGRAMS)
