"""How a journey looks at a page: as a user, and with axe."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.frame.skips import missing

AXE = Path(__file__).resolve().parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]
SERIOUS = {"serious", "critical"}


@dataclass
class Visitor:
    """A person at a browser."""

    page: Any
    url: str

    def go(self, path: str, *, status: int = 200) -> Visitor:
        """Open a page of ours; it must answer so and hold nothing that shuts people out."""
        self.page.emulate_media(reduced_motion="reduce")  # axe would judge colours that are still on their way
        answer = self.page.goto(self.url + path)
        assert answer is not None, path
        assert answer.status == status, (path, answer.status)
        return self.look()

    def look(self) -> Visitor:
        """Check the page as it stands with axe: no serious finding."""
        if not AXE.exists():
            missing("axe-core", "make setup")
        self.page.wait_for_load_state()
        session = self.page.context.new_cdp_session(self.page)
        session.send("Runtime.evaluate", {"expression": AXE.read_text("utf-8")})  # past the policy, as a tool would
        found = self.page.evaluate("rules => axe.run({runOnly: rules})", RULES)
        faults = [
            (fault["id"], [(node["target"], node["failureSummary"]) for node in fault["nodes"]][:5])
            for fault in found["violations"]
            if fault["impact"] in SERIOUS
        ]
        assert not faults, f"{self.page.url}: {json.dumps(faults, indent=1, ensure_ascii=False)}"
        return self

    def press(self, name: str, *, within: str = "body", to: str = "") -> Visitor:
        """Press the button of that name; with `to`, wait until the address holds it."""
        self.page.locator(within).get_by_role("button", name=name, exact=True).first.click()
        if to:
            self.page.wait_for_url(f"**{to}")
        return self

    def follow(self, name: str, *, to: str = "", within: str = "body") -> Visitor:
        """Follow the link of that name."""
        self.page.locator(within).get_by_role("link", name=name, exact=True).first.click()
        if to:
            self.page.wait_for_url(f"**{to}")
        return self

    def sees(self, *texts: str, within: str = "main") -> Visitor:
        """Each of these texts is on the page, or comes."""
        for text in texts:
            self.page.locator(within).get_by_text(text).first.wait_for()
        return self

    def sees_not(self, *texts: str, within: str = "main") -> Visitor:
        """None of these texts is on the page, or all go."""
        for text in texts:
            self.page.wait_for_function(
                "([where, text]) => !document.querySelector(where).innerText.includes(text)", arg=[within, text]
            )
        return self

    def fill(self, **fields: str) -> Visitor:
        """Type into the fields of these names."""
        for name, value in fields.items():
            self.page.locator(f"[name={name}]:visible").first.fill(value)
        return self

    def wait(self, is_so: Callable[[], bool]) -> Visitor:
        """Wait until something is so in the database (a worker is at it); the browser lives on meanwhile."""
        for _ in range(600):
            if is_so():
                return self
            self.page.wait_for_timeout(50)
        raise AssertionError("it did not come to that within 30 s")
