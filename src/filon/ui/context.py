"""What every page knows: navigation, theme, version, and the words its scripts need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from django.http import HttpRequest
from django.utils.translation import gettext

from filon.ui.formats import SPACE
from filon.ui.navigation import ShownEntry, ShownSection, shown

THEMES: Final = ("light", "dark")


@dataclass(frozen=True, slots=True)
class Banner:
    """A word that stands on every page, and where to do something about it (no `url`: nothing to do)."""

    text: str
    url: str
    label: str


_banner: Callable[[HttpRequest], Banner | None] = lambda _request: None  # noqa: E731 — nobody has one yet


def connect(banner: Callable[[HttpRequest], Banner | None]) -> None:
    """Set who knows whether pages carry a banner; called once at start, asked on every page."""
    global _banner  # noqa: PLW0603 — wired once
    _banner = banner


class Ui:
    """Computed only when the template asks, so an HTMX part pays nothing for it."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def navigation(self) -> list[ShownSection]:
        """The sections this reader sees."""
        return shown(self._request)

    @cached_property
    def phone_entries(self) -> list[ShownEntry]:
        """The four pages in the bar at the bottom of a phone."""
        return [entry for section in self.navigation for entry in section.entries if entry.on_phone][:4]

    @cached_property
    def theme(self) -> str:
        """`light`, `dark`, or empty to follow the system."""
        chosen = self._request.COOKIES.get("theme", "")
        return chosen if chosen in THEMES else ""

    @cached_property
    def banner(self) -> Banner | None:
        """What every page must say; None mostly."""
        return _banner(self._request)

    @property
    def version(self) -> str:
        """The product's version."""
        return _version()

    @property
    def texts(self) -> dict[str, str]:
        """Words for frontend/src/texts.js."""
        return {
            "offline": gettext("The server cannot be reached. Nothing was saved; try again in a moment."),
            "broken": gettext("Something went wrong on our side. Nothing was saved."),
            "refused": gettext("This is not possible."),
            "now": gettext("just now"),
            "minutes_ago": (gettext("%(n)s min ago") % {"n": "{n}"}).replace(" ", SPACE),
            "hours_ago": (gettext("%(n)s h ago") % {"n": "{n}"}).replace(" ", SPACE),
        }


def ui(request: HttpRequest) -> dict[str, Ui]:
    """Context processor: `ui` in every template."""
    return {"ui": Ui(request)}


@cache
def _version() -> str:
    try:
        return version("filon")
    except PackageNotFoundError:
        return ""
