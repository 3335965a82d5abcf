"""The funnel counts what the ledger tells, as kpi.md says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from filon.kit.errors import Refused
from filon.measure import rules

from .conftest import NOW, Corrected, SqlAccepted, SqlRefused, World, moment

pytestmark = pytest.mark.django_db
STAGES = ["captured", "qualifying", "nurturing", "mql", "sql", "opportunity", "customer"]


def counts(row: dict) -> list[int]:
    return [row[stage] for stage in STAGES]


def test_a_lead_that_jumped_to_sql_has_reached_all_before_it(world: World):
    world.lead("2026-01-05", ("sql", "2026-01-08"))
    row = world.row("funnel")
    assert counts(row) == [1, 1, 1, 1, 1, 0, 0]
    assert [row[f"{stage}_skipped"] for stage in STAGES[1:-1]] == [1, 1, 1, 0, 0]
    assert row["nurturing_visited"] == 0


def test_what_was_reached_stays_reached_after_an_exit_and_after_going_back(world: World):
    world.lead("2026-01-05", ("mql", "2026-01-06"), ("nurturing", "2026-01-07"))
    world.lead("2026-01-05", ("opportunity", "2026-01-06"), ("lost", "2026-01-09"))
    row = world.row("funnel")
    assert counts(row) == [2, 2, 2, 2, 1, 1, 0]
    assert (row["nurturing_visited"], row["nurturing_now"], row["lost"]) == (1, 1, 1)


def test_the_rate_is_customers_among_captured_with_its_wilson_interval(world: World):
    for number in range(10):
        world.lead("2026-01-05", *([("customer", "2026-01-20")] if number < 3 else []))
    row = world.row("funnel")
    assert row["rate"] == 0.3
    assert (row["rate_low"], row["rate_high"]) == rules.wilson(3, 10)


def test_nothing_captured_is_a_row_of_zeros_with_an_unknown_rate(world: World):
    row = world.row("funnel")
    assert counts(row) == [0] * 7
    assert row["rate"] is None
    assert row["rate_low"] is None


def test_students_and_renewals_are_left_out_and_the_raw_number_stands_beside(world: World):
    world.lead()
    world.lead(lead_class="buyer", motion="new")
    world.lead(lead_class="student")
    world.lead(motion="renewal")
    row = world.row("funnel")
    assert (row["captured"], row["raw"]) == (2, 4)


def test_a_filter_that_speaks_of_the_class_decides_the_population_itself(world: World):
    world.lead(lead_class="student")
    world.lead()
    assert world.row("funnel", condition="class = student")["captured"] == 1


def test_an_sql_that_sales_refused_is_not_reached_until_they_accept_it(world: World):
    refused, accepted, further, undecided = (world.lead("2026-01-05", ("sql", "2026-01-08")) for _ in range(4))
    world.tell(SqlRefused(at=moment("2026-01-09"), lead_id=refused.pk))
    world.tell(SqlRefused(at=moment("2026-01-09"), lead_id=accepted.pk))
    world.tell(SqlAccepted(at=moment("2026-01-12"), lead_id=accepted.pk))
    world.tell(SqlRefused(at=moment("2026-01-09"), lead_id=further.pk))
    world.move(further, "opportunity", "2026-01-15")
    row = world.row("funnel")
    assert row["sql"] == 3
    assert row["mql"] == 4
    assert (row["sql_accepted"], row["sql_refused"], row["acceptance_rate"]) == (1, 2, 1 / 3)
    assert undecided.pk in world.behind("funnel", "sql")
    assert refused.pk not in world.behind("funnel", "sql")


def test_sources_are_one_whatever_their_case_and_shown_as_most_often_written(world: World):
    for source in ("Google", "google", "Google", "GOOGLE", ""):
        world.lead(source=source)
    rows = world.rows("funnel", "source")
    assert [(row["source"], row["captured"]) for row in rows] == [("Google", 4), (None, 1)]


def test_an_attribute_is_found_by_any_writing_and_named_as_it_was_asked_for(world: World):
    world.lead(attributes={"Lead Origin": "API"})
    world.lead(attributes={"Lead Origin": "Import"})
    world.lead()
    for asked in ("Lead Origin", "lead_origin", "attributes.Lead Origin", "LEAD  origin"):
        rows = world.rows("funnel", asked)
        assert [(row[asked], row["captured"]) for row in rows] == [("API", 1), ("Import", 1), (None, 1)]


def test_an_unknown_dimension_is_refused_with_the_nearest_name(world: World):
    world.lead()
    with pytest.raises(Refused, match="source"):
        world.ask("funnel", "sorce")


def test_a_segment_is_refused_with_what_to_do_instead(world: World):
    with pytest.raises(Refused) as refused:
        world.ask("funnel", "segment")
    assert refused.value.message


def test_a_period_is_days_of_the_workspace_and_its_end_is_not_in_it(world: World):
    world.lead("2025-12-31 22:59")  # 23:59 in Paris
    inside = world.lead("2025-12-31 23:00")  # midnight in Paris
    world.lead("2026-01-31 23:00")
    assert world.behind("funnel", "captured", first="2026-01-01", last="2026-02-01") == [inside.pk]


def test_months_are_those_of_the_workspace_in_their_order(world: World):
    for captured in ("2025-12-31 23:30", "2026-02-10", "2026-02-11"):
        world.lead(captured)
    rows = world.rows("funnel", "month")
    assert [(row["month"], row["captured"]) for row in rows] == [("2026-01", 1), ("2026-02", 2)]


def test_several_dimensions_split_together_and_shares_of_a_partition_add_up(world: World):
    for number in range(12):
        world.lead(source=f"s{number % 3}", channel=("web", "email")[number % 2])
    rows = world.rows("funnel", "source", "channel")
    assert sum(row["captured"] for row in rows) == world.row("funnel")["captured"] == 12
    assert sum(row["captured"] / 12 for row in rows) == pytest.approx(1)
    assert {(row["source"], row["channel"]) for row in rows} == {
        (f"s{n}", channel) for n in range(3) for channel in ("web", "email")
    }


def test_owner_team_manager_and_office_are_those_of_the_owner(world: World, make_user):
    from filon.core.models import Team

    team = Team.objects.create(name="Nord", name_folded="nord", created_at=NOW)
    boss = make_user("manager", name="Ana")
    seller = make_user("sales", name="Ben", team=team, manager=boss, office="Lille")
    world.lead(owner=seller)
    world.lead()
    for dimension, name in (("owner", "Ben"), ("manager", "Ana"), ("team", "Nord"), ("office", "Lille")):
        rows = world.rows("funnel", dimension)
        assert [(row[dimension], row["captured"]) for row in rows] == [(name, 1), (None, 1)]


# Period basis --------------------------------------------------------------------------------------------------------


def test_on_the_period_basis_entries_count_when_they_happen_and_the_rate_is_one_of_flows(world: World):
    world.lead("2025-11-05", ("mql", "2026-01-10"), ("customer", "2026-01-20"))
    world.lead("2025-11-06", ("customer", "2026-01-21"))
    world.lead("2026-01-07")
    row = world.row("funnel", basis="period", first="2026-01-01", last="2026-02-01")
    assert (row["captured"], row["mql"], row["customer"]) == (1, 2, 2)
    assert row["rate"] == 2.0
    assert (row["rate_low"], row["rate_high"], row["immature"]) == (None, None, None)


def test_a_stage_entered_twice_is_entered_once(world: World):
    world.lead("2026-01-01", ("mql", "2026-01-10"), ("nurturing", "2026-01-12"), ("mql", "2026-02-10"))
    rows = world.rows("funnel", "month", basis="period")
    assert [(row["month"], row["captured"], row["mql"]) for row in rows] == [("2026-01", 1, 1)]


# Maturity and durations ----------------------------------------------------------------------------------------------


def forty_customers(world: World, days: int) -> None:
    for number in range(40):
        captured = moment("2025-09-01") + timedelta(hours=number)
        world.lead(captured, ("customer", captured + timedelta(days=days)))


def test_a_cohort_younger_than_the_usual_delay_is_immature(world: World):
    forty_customers(world, days=20)
    world.lead("2026-02-25", source="young")
    world.lead("2026-02-01", source="old")
    immature = {row["source"]: row["immature"] for row in world.rows("funnel", "source")}
    assert immature == {None: False, "young": True, "old": False}


def test_with_few_passages_the_delay_is_unknown(world: World):
    for _ in range(29):
        world.lead("2025-09-01", ("customer", "2025-09-05"))
    assert world.row("funnel")["immature"] is None


def test_a_step_takes_its_kaplan_meier_median_of_days(world: World):
    for days in (1, 2, 3, 4):
        captured = moment("2026-01-01")
        world.lead(captured, ("qualifying", captured + timedelta(days=days)))
    steps = {(row["from"], row["to"]): row for row in world.rows("durations")}
    first = steps["captured", "qualifying"]
    assert (first["passages"], first["median_days"], first["p90_days"]) == (4, 2.0, 4.0)
    assert steps["qualifying", "mql"]["waiting"] == 4


def test_who_left_by_an_exit_is_waited_for_until_then_only(world: World):
    for days in (2, 4):
        world.lead("2026-01-01", ("qualifying", moment("2026-01-01") + timedelta(days=days)))
    for _ in range(4):
        world.lead("2026-01-01", ("disqualified", "2026-01-02"))
    first = world.rows("durations")[0]
    assert (first["passages"], first["exits"], first["median_days"]) == (2, 4, 2.0)


def test_a_stage_that_was_skipped_or_imported_without_a_date_is_left_out_and_counted(world: World):
    world.lead("2026-01-01", ("mql", "2026-01-05"), ("sql", "2026-01-08"))  # never qualifying
    world.lead("2026-01-01", ("qualifying", "2026-01-02"), ("mql", "2026-01-05"))
    world.lead("2026-01-01", ("mql", "2026-01-01"), import_id=7, told_by_import=True)
    steps = {row["from"]: row for row in world.rows("durations")}
    assert (steps["qualifying"]["passages"], steps["qualifying"]["left_out"]) == (1, 2)
    assert (steps["captured"]["passages"], steps["captured"]["left_out"]) == (2, 1)


# What does not count any more ----------------------------------------------------------------------------------------


def test_a_revoked_passage_does_not_count(world: World):
    lead = world.lead()
    fact = world.move(lead, "mql", "2026-01-08")
    assert world.row("funnel")["mql"] == 1
    world.tell(Corrected(at=NOW, revokes_id=fact))
    assert world.row("funnel")["mql"] == 0


def test_every_count_opens_as_many_rows(world: World):
    world.lead("2026-01-05", ("mql", "2026-01-06"), ("customer", "2026-01-07"), source="A")
    world.lead("2026-01-05", ("nurturing", "2026-01-06"), source="a")
    world.lead("2026-01-05", ("disqualified", "2026-01-06"))
    for basis in ("cohort", "period"):
        for line in world.ask("funnel", "source", "month", basis=basis).lines:
            for column, value in line.values.items():
                if type(value) is int:
                    behind = world.behind("funnel", column, *line.keys, by=("source", "month"), basis=basis)
                    assert len(behind) == value, (column, line.keys)


def test_sql_counts_as_accepted_where_nobody_ever_recorded_it(world: World):
    world.lead("2026-01-05", ("sql", "2026-01-08"))
    refused = world.lead("2026-01-05", ("sql", "2026-01-08"))
    world.tell(SqlRefused(at=moment("2026-01-09"), lead_id=refused.pk))
    row = world.row("funnel")
    assert (row["sql"], row["sql_accepted"], row["sql_refused"]) == (1, 1, 1)
    assert row["acceptance_rate"] == 0  # of what sales said


def test_an_imported_sql_stays_accepted_once_sales_record_what_they_accept(world: World):
    world.lead("2025-06-05", ("sql", "2025-06-08"), told_by_import=True, import_id=7)
    accepted, _undecided = (world.lead("2026-01-05", ("sql", "2026-01-08")) for _ in range(2))
    world.tell(SqlAccepted(at=moment("2026-01-12"), lead_id=accepted.pk))
    row = world.row("funnel")
    assert (row["sql"], row["sql_accepted"], row["acceptance_rate"]) == (3, 2, 1)
    assert world.row("headline")["sql_accepted"] == 2
