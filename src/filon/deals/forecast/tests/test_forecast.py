"""The forecast over real rows: each number is the sum of the deals it opens; targets and what was foreseen."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.utils import timezone

from filon.core import access, accounts
from filon.core.models import Fact
from filon.core.models.users import Team
from filon.deals.commands import change_opportunity, create_opportunity
from filon.deals.forecast import commands, queries, rules
from filon.deals.models import Snapshot, Stage, Target
from filon.deals.tests.doors import NOON
from filon.kit.errors import Refused
from filon.measure import periods
from filon.measure import queries as measure

TODAY = timezone.localdate(NOON)
MONTH = rules.period_of("", TODAY)
NUMBERS = ("won", "engaged", "probable", "possible", "left_out", "past")


@pytest.fixture
def team(db):
    return Team.objects.create(name="Ouest", name_folded="ouest", created_at=NOON)


@pytest.fixture
def seller(db, make_user, team):
    return access.of_user(make_user("sales", name="Nadia", team=team))


@pytest.fixture
def other(db, make_user):
    return access.of_user(make_user("sales", name="Omar"))


@pytest.fixture
def head(db, make_user):
    return access.of_user(make_user("head"))


@pytest.fixture
def stage(db):
    return {stage.code: stage.pk for stage in Stage.objects.all()}


@pytest.fixture
def deals(seller, other, stage):
    """Deals of two sellers in and around this month, one of each kind."""

    def make(by, name, amount, code, days, **more):
        values = {"name": name, "stage.id": stage[code], "close_date": TODAY + timedelta(days=days)}
        amounts = {} if amount is None else {"amount": Decimal(amount)}
        return create_opportunity({**values, **amounts, **more}, by=by, at=NOON - timedelta(days=20))

    made = {
        "probable": make(seller, "Postes", 1000, "proposal", 2),
        "possible": make(seller, "Serveurs", 500, "engaged", 0),
        "engaged": make(other, "Réseau", 800, "negotiation", 3),
        "late": make(seller, "Tardive", 300, "negotiation", -1),
        "next_month": make(seller, "Plus tard", 9000, "proposal", 20),
        "dollars": make(seller, "Dollars", 77, "proposal", 2, currency="USD"),
        "bare": make(seller, "Sans montant", None, "proposal", 2),
        "won": make(other, "Signée", 400, "proposal", 2),
        "won_before": make(other, "Ancienne", 50, "proposal", 2),
        "out": make(other, "Écartée", 60, "proposal", 2),
    }
    change_opportunity(made["won"], {"stage_id": stage["won"], "closed_on": TODAY}, by=other, at=NOON)
    long_ago = MONTH.start - timedelta(days=1)
    at = NOON - timedelta(days=19)
    change_opportunity(made["out"], {"category": "left_out"}, by=other, at=at)
    change_opportunity(made["won_before"], {"stage_id": stage["won"], "closed_on": long_ago}, by=other, at=NOON)
    return made


def test_each_number_is_what_it_says(head, deals, seller, other):
    whole = queries.forecast(MONTH, by=head, at=NOON).whole
    sums = {"won": whole.won, **whole.by_category, "past": whole.past}
    assert sums == {"won": 400, "engaged": 800, "probable": 1000, "possible": 500, "left_out": 60, "past": 300}
    assert whole.landing == Decimal(400) + Decimal("0.75") * 800 + Decimal("0.5") * 1000 + Decimal("0.25") * 500


def test_each_number_is_the_sum_of_the_deals_it_opens(head, deals, seller, other):
    found = queries.forecast(MONTH, by=head, at=NOON)
    for owner_id, line in [(None, found.whole), *found.by_owner.items()]:
        sums = {"won": line.won, **line.by_category, "past": line.past}
        for number in NUMBERS:
            rows, is_cut = queries.deals_behind(MONTH, number, owner_id=owner_id, by=head, at=NOON)
            assert not is_cut
            assert sum((row.amount for row in rows), Decimal(0)) == sums[number], (owner_id, number)


def test_a_manager_counts_the_team_only(make_user, deals, team, seller):
    manager = access.of_user(make_user("manager", team=team))
    found = queries.forecast(MONTH, by=manager, at=NOON)
    assert set(found.by_owner) == {seller.id}
    assert found.whole.won == 0


def test_targets_are_set_once_each_and_told(head, seller):
    wanted = {(seller.id, MONTH.start): Decimal(5000), (None, MONTH.start): None}
    assert commands.set_targets(wanted, by=head, at=NOON) == 1
    assert commands.set_targets(wanted, by=head, at=NOON) == 0
    assert queries.forecast(MONTH, by=head, at=NOON).whole.target == 5000
    commands.set_targets({(seller.id, MONTH.start): None}, by=head, at=NOON)
    assert not Target.objects.exists()
    assert Fact.objects.filter(kind="target_set").count() == 2


def test_a_manager_sets_the_targets_of_the_team_alone(make_user, team, seller, other):
    manager = access.of_user(make_user("manager", team=team))
    commands.set_targets({(seller.id, MONTH.start): Decimal(1)}, by=manager, at=NOON)
    for owner_id in (other.id, None):
        with pytest.raises(Refused):
            commands.set_targets({(owner_id, MONTH.start): Decimal(1)}, by=manager, at=NOON)
    with pytest.raises(Refused):
        commands.set_targets({(seller.id, MONTH.start): Decimal(2)}, by=seller, at=NOON)


def test_what_is_foreseen_is_kept_once_a_week_and_found_again(head, deals):
    at = NOON - timedelta(days=1)  # a Sunday
    commands.keep_snapshot(SimpleNamespace(at=at))
    commands.keep_snapshot(SimpleNamespace(at=at + timedelta(hours=3)))
    assert Snapshot.objects.count() == commands.AHEAD
    commands.keep_snapshot(SimpleNamespace(at=NOON))
    assert Snapshot.objects.count() == 2 * commands.AHEAD
    december = MONTH.moved(1)
    kept = Snapshot.objects.get(month=december.start, on=TODAY)
    assert kept.landing == queries.forecast(december, by=head, at=NOON).whole.landing
    Snapshot.objects.all().delete()
    Snapshot.objects.create(month=december.start, on=date(2026, 11, 30), won=0, landing=Decimal(4500))
    assert [(one.days_before, one.landing) for one in queries.foreseen(december, by=head)] == [(30, Decimal(4500))]


def test_pages_show_numbers_that_open_their_deals(signed_in_client, deals):
    client = signed_in_client("head")
    now = timezone.now()
    page = client.get("/pipeline/forecast", {"period": MONTH.name, "number": "won"})
    assert page.status_code == 200
    assert "Signée" in page.content.decode()
    assert client.get("/pipeline/forecast", {"period": "nonsense", "number": "nonsense"}).status_code == 200
    grid = client.get("/pipeline/targets", {"year": now.year})
    name = next(name for name in grid.context["form"].fields if name != "t0-1")
    answer = client.post(f"/pipeline/targets?year={now.year}", {name: "12 500,50"})
    assert answer.status_code == 302
    assert Target.objects.get().amount == Decimal("12500.50")
    wrong = client.post(f"/pipeline/targets?year={now.year}", {name: "beaucoup"})
    assert wrong.status_code == 422
    assert "beaucoup" in wrong.content.decode(), "what was typed stays"
    assert signed_in_client("sales").get("/pipeline/targets").status_code == 403


def ask(head, **asked):
    return measure.figure("forecast", periods.parse(**asked), by=head, at=NOON).rows()


def test_the_figure_says_what_the_page_says(head, deals):
    whole = queries.forecast(MONTH, by=head, at=NOON)
    (row,) = ask(head)
    assert (row["won"], row["probable"], row["past_due"]) == ("400.00", "1000.00", "300.00")
    assert row["forecast"] == str(whole.whole.landing.quantize(Decimal("0.01")))
    assert whole.spread is not None
    assert [row[name] for name in ("p10", "p50", "p90")] == [f"{value:.2f}" for value in whole.spread]
    assert row["target"] is None


def test_the_figure_by_owner_and_month_adds_up(head, deals):
    (whole,) = ask(head)
    by_owner = ask(head, by=["owner"])
    assert {row["owner"] for row in by_owner} == {"Nadia", "Omar"}
    for name in ("won", "engaged", "probable", "possible", "left_out", "weighted", "forecast", "past_due"):
        assert sum(Decimal(row[name]) for row in by_owner) == Decimal(whole[name]), name
    months = ask(head, by=["month"])
    assert len(months) == 6
    assert months[0] == {"month": MONTH.name, **whole}
    assert sum(Decimal(row["past_due"]) for row in months) == 300
    start = f"{MONTH.start:%Y-%m-%d}"
    (two,) = ask(head, first=start, last=f"{rules.months_on(MONTH.start, 2):%Y-%m-%d}")
    for name in ("won", "probable", "engaged"):
        assert Decimal(two[name]) == sum(Decimal(row[name]) for row in months[:2]), name


@pytest.mark.parametrize(
    "asked",
    [
        {"by": ["source"]},
        {"first": "2026-11-02"},
        {"as_of": "2026-11-01"},
        {"condition": "stage = mql"},
    ],
)
def test_what_the_figure_cannot_say_is_refused(head, db, asked):
    with pytest.raises(Refused) as refused:
        ask(head, **asked)
    assert refused.value.errors


def test_the_api_answers_it_to_a_key_for_figures(client, deals):
    _key, secret = accounts.create_key("k", ["kpi:read"], by=access.SYSTEM, at=NOON)
    answer = client.get("/api/v1/kpi/forecast?by=owner", headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 200, answer.content
    assert {"owner", "target", "won", "forecast", "coverage"} <= set(answer.json()["rows"][0])
