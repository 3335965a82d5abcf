"""What holds of the figures whatever was told, on worlds made by chance."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from filon.leads import rules as journey
from filon.leads.events import CallLogged, Replied
from filon.measure.lake import files, refresh
from tests.frame.effort import examples

from .conftest import NOW, World, moment

pytestmark = pytest.mark.django_db
START = moment("2025-12-01")
STAGES = ("captured", "qualifying", "nurturing", "mql", "sql", "opportunity", "customer")

passages = st.lists(st.tuples(st.sampled_from(journey.ALL_STAGES[1:]), st.integers(0, 60 * 24)), max_size=5)
lead = st.fixed_dictionaries(
    {
        "hours": st.integers(0, 60 * 24),
        "passages": passages,
        "source": st.sampled_from(["Google", "google", "Salon", ""]),
        "channel": st.sampled_from(["web", "email", "event"]),
        "lead_class": st.sampled_from(["", "buyer", "student"]),
        "acts": st.lists(st.tuples(st.sampled_from([CallLogged, Replied]), st.integers(-48, 60 * 24)), max_size=3),
    }
)

worlds = st.lists(lead, max_size=12)


@pytest.fixture
def fresh(world: World, tmp_path_factory: Any, settings: Any):
    """A world of its own for each example: the rows of the one before are gone."""
    from django.db import transaction

    def make(told: list[dict[str, Any]], ask: Any) -> None:
        settings.FILON_DATA_DIR = tmp_path_factory.mktemp("lake")
        point = transaction.savepoint()
        try:
            for one in told:
                _tell(world, one)
            ask(world)
        finally:
            transaction.savepoint_rollback(point)

    return make


def _tell(world: World, one: dict[str, Any]) -> None:
    captured = START + timedelta(hours=one["hours"])
    stages = [
        (stage, captured + timedelta(hours=hours)) for stage, hours in sorted(one["passages"], key=lambda p: p[1])
    ]
    lead = world.lead(
        captured, *stages, source=one["source"], channel=one["channel"], lead_class=one["lead_class"], learnt=NOW
    )
    for kind, hours in one["acts"]:
        world.act(lead, kind, captured + timedelta(hours=hours))


some = examples(20, suppress_health_check=[HealthCheck.function_scoped_fixture])


@some
@given(worlds)
def test_the_funnel_never_grows_and_shares_add_up(fresh, told):
    def ask(world: World) -> None:
        whole = world.row("funnel")
        counts = [whole[stage] for stage in STAGES]
        assert counts == sorted(counts, reverse=True)
        assert whole["captured"] <= whole["raw"] == len(told)
        for by in (("source",), ("channel", "month")):
            rows = world.rows("funnel", *by)
            for stage in STAGES:
                assert sum(row[stage] for row in rows) == whole[stage]
        if whole["captured"]:
            shares = [row["captured"] / whole["captured"] for row in world.rows("funnel", "source")]
            assert sum(shares) == pytest.approx(1)

    fresh(told, ask)


@some
@given(worlds)
def test_flows_over_all_months_are_those_of_everything(fresh, told):
    def ask(world: World) -> None:
        whole = world.row("funnel", basis="period")
        months = world.rows("funnel", "month", basis="period")
        for stage in STAGES:
            assert sum(row[stage] for row in months) == whole[stage] == world.row("funnel")[stage]

    fresh(told, ask)


@some
@given(worlds)
def test_each_time_due_ends_in_one_way_and_medians_lie_below_p90(fresh, told):
    def ask(world: World) -> None:
        row = world.row("speed")
        assert row["due"] == row["responded"] + row["exited"] + row["waiting"] + row["out_of_order"]
        for curve in ("response", "conversation"):
            median, p90 = row[f"{curve}_median_hours"], row[f"{curve}_p90_hours"]
            assert median is None or median >= 0
            assert p90 is None or median <= p90

    fresh(told, ask)


@some
@given(worlds, worlds)
def test_a_lake_that_followed_answers_as_one_made_anew(fresh, before, after):
    def ask(world: World) -> None:
        world.ask("funnel")
        for one in after:
            _tell(world, one)
        followed = [world.rows(name, "source") for name in ("funnel", "speed", "cost")] + [world.rows("durations")]
        refresh.rebuild(files.here(), NOW, everything=True)
        anew = [world.rows(name, "source") for name in ("funnel", "speed", "cost")] + [world.rows("durations")]
        assert followed == anew

    fresh(before, ask)
