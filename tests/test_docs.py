"""What the documentation shows is true: its conditions can be read, its commands exist, its links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from filon.cli import COMMANDS
from filon.config import environment
from filon.core.conditions import parse
from filon.leads.fields import REGISTRY

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def _conditions() -> list[str]:
    text = (ROOT / "docs/how-to/conditions.md").read_text()
    return [line for block in re.findall(r"```\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]


@pytest.mark.parametrize("condition", _conditions())
def test_a_condition_shown_can_be_read(condition: str) -> None:
    assert parse(condition, REGISTRY)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_links_shown_exist(page: Path) -> None:
    text = page.read_text()
    named = set(re.findall(r"(?:^|[`/\s])filon ([a-z]+)\b", text)) & set(re.findall(r"filon ([a-z]+)", text))
    assert {name for name in named if name.islower()} <= set(COMMANDS) | {"is", "said"}, named - set(COMMANDS)
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_setting_is_documented() -> None:
    source = Path(environment.__file__).read_text()
    shown = (ROOT / "docs/reference/settings.md").read_text()
    for name in set(re.findall(r"FILON_[A-Z_]+", source)):
        assert name in shown, name
