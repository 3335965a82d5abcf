"""What `frontend/build.mjs` made: addresses of built files and the shapes of icons."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Final

from django.conf import settings
from django.templatetags.static import static

BUILT: Final = Path(__file__).parent / "static" / "built"
_SYMBOL: Final = re.compile(r'<symbol id="([a-z0-9-]+)"[^>]*>(.*?)</symbol>', re.DOTALL)


class UnknownIcon(LookupError):
    """The icon is not in frontend/icons.json."""


def url(name: str) -> str:
    """The address of a built file, with a mark of its content so that a new version is fetched at once."""
    return f"{static(f'built/{name}')}?v={_mark(name, settings.DEBUG)}"


def icon(name: str) -> str:
    """The shapes inside an icon's `<svg>`; empty while nothing is built. Raises UnknownIcon."""
    shapes = _icons()
    if shapes and name not in shapes:
        raise UnknownIcon(f"no icon {name!r}: add its lucide name to frontend/icons.json and run make setup")
    return shapes.get(name, "")


def _mark(name: str, fresh: bool) -> str:
    return _digest(name) if fresh else _digest_once(name)


def _digest(name: str) -> str:
    file = Path(f"{BUILT}/{name}")  # a template's SafeString cannot be joined to a path
    return hashlib.sha256(file.read_bytes()).hexdigest()[:10] if file.exists() else "none"


_digest_once = cache(_digest)


@cache
def _icons() -> dict[str, str]:
    sprite = BUILT / "icons.svg"
    return dict(_SYMBOL.findall(sprite.read_text("utf-8"))) if sprite.exists() else {}
