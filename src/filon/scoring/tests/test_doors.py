"""The API and the command line tell the same explanation as the pages."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client

from filon.core import accounts
from filon.core.access import SYSTEM
from filon.scoring import queries
from filon.scoring.tests.conftest import act_rule, fit_rule, rules_of, take_acts, take_leads, the_lead

DAY = timedelta(days=1)


@pytest.fixture
def program(db, admin, at):
    """A program that may read leads; `program("/scoring/rules")` is its GET."""
    secret = accounts.create_key("tests", ["leads:read"], by=admin, at=at)[1]

    def get(path, **more):
        return Client().get(f"/api/v1{path}", more, headers={"Authorization": f"Bearer {secret}"})

    return get


def test_the_api_gives_the_rules_in_force(program, in_force, at):
    in_force(rules_of(fit_rule("door = api", "4.5"), act_rule("page_viewed", 8, cap=(3, 7))), at)
    body = program("/scoring/rules").json()
    assert (body["version"], body["half_life_days"], body["thresholds"]["mql_fit"]) == (2, 30, 50)
    assert body["fit"] == [{"id": "door = api", "name": "door = api", "condition": "door = api", "points": 4.5}]
    assert body["engagement"][0]["cap"] == {"acts": 3, "days": 7}


def test_the_api_explains_a_score_now_and_then(program, in_force, at):
    in_force(rules_of(fit_rule("door = api", 60), act_rule("page_viewed", 8, cap=(1, 7))), at)
    take_leads({"email": "a@acme.fr"}, at=at)
    take_acts(*({"kind": "page_viewed", "email": "a@acme.fr"} for _ in range(2)), at=at + DAY)
    lead = the_lead("a@acme.fr")
    before = program(f"/leads/{lead.pk}/score", at=at.isoformat()).json()
    assert (before["fit"], before["engagement"], before["engagement_lines"]) == (60, 0, [])
    after = program(f"/leads/{lead.pk}/score", at=(at + DAY).isoformat()).json()
    assert [(line["kind"], line["points"], line["acts"]) for line in after["engagement_lines"]] == [
        ("rule", 16, 2),
        ("cap", -8, 1),
    ]
    assert (after["engagement"], after["grade"]) == (8, "B3")


def test_the_api_refuses_a_lead_that_is_not_there(program):
    response = program("/leads/999/score")
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")
    assert program(f"/leads/{2**70}/score").status_code == 422  # more than a database holds


def test_the_api_refuses_without_a_key(db):
    assert Client().get("/api/v1/scoring/rules").status_code == 401


def test_the_command_explains_and_recomputes(in_force, at, capsys):
    from click.testing import CliRunner

    from filon.cli.score import score

    in_force(rules_of(fit_rule("door = api", 60), act_rule("page_viewed", 8)), at)
    take_leads({"email": "a@acme.fr"}, at=at)
    lead = the_lead("a@acme.fr")
    runner = CliRunner()
    ran = runner.invoke(score, ["explain", str(lead.pk), "--at", "2026-03-02", "--json"])
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.stdout.splitlines()[-1])
    assert told["fit"] == float(queries.explain(lead.pk, at=at, by=SYSTEM).fit) == 60
    assert "+60.0  door = api" in ran.stderr
    ran = runner.invoke(score, ["explain", str(lead.pk), "--at", "2025-03-02"])
    assert ran.exit_code == 1
    assert runner.invoke(score, ["explain", str(lead.pk), "--at", "yesterday"]).exit_code == 2
    type(lead).objects.update(fit=None)
    ran = runner.invoke(score, ["recompute", "--json"])
    assert ran.exit_code == 0, ran.output
    assert json.loads(ran.stdout.splitlines()[-1])["leads"] == 1
    assert the_lead("a@acme.fr").fit == 60
