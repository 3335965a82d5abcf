"""An engagement to which acts are added one batch after another is that of all of them judged at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from filon.scoring.judging.compiled import Compiled, compile_rules
from filon.scoring.rules import Cap, EngagementRule
from filon.scoring.tests.conftest import rules_of

pytestmark = pytest.mark.property

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def rule(name: str, kind: str, cap: Cap | None, where: str = "") -> EngagementRule:
    return EngagementRule(name, name, kind, where, Decimal(5), cap)


def compiled(caps: tuple[Cap | None, Cap | None]) -> Compiled:
    acts = (
        rule("all", "page_viewed", caps[0]),
        rule("prices", "page_viewed", caps[1], 'path starts_with "/tarifs"'),
        rule("clicks", "email_clicked", None),
    )
    return compile_rules(rules_of(*acts), 3)


def act(number: int, hours: int, kind: str, path: str) -> dict[str, Any]:
    at = NOON + timedelta(hours=hours)
    return {"id": number, "kind": kind, "at": at, "learnt_at": at, "path": path, "payload": {}, "door": "api"}


caps = st.none() | st.builds(Cap, acts=st.integers(1, 3), days=st.integers(1, 3))
moments = st.lists(
    st.tuples(
        st.integers(0, 200), st.sampled_from(["page_viewed", "email_clicked"]), st.sampled_from(["/", "/tarifs"])
    ),
    max_size=25,
)


@given(st.tuples(caps, caps), moments, st.integers(1, 4), st.booleans())
def test_added_in_any_order_and_batches(chosen: Any, told: Any, size: int, in_order: bool) -> None:
    version = compiled(chosen)
    if in_order:
        told = sorted(told)
    acts = [act(number, *said) for number, said in enumerate(told)]
    known: list[dict[str, Any]] = []
    log, capped = None, None
    replays = 0
    for start in range(0, len(acts), size):
        new = sorted(acts[start : start + size], key=lambda one: (one["at"], one["id"]))
        known = sorted([*known, *new], key=lambda one: (one["at"], one["id"]))
        found = version.engagement_with(log, capped, new)
        replays += found is None
        log, capped = found if found is not None else version.engagement_of(known)
        whole, recent = version.engagement_of(known)
        assert log == pytest.approx(whole, abs=1e-9)
        assert capped == recent
    assert not in_order or replays <= 1, "once it is known which acts are capped, those of before are not needed"
