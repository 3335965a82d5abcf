"""The home of each role: what matters to it, nothing it may not see, and one thing to do in an empty workspace."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from filon import flow
from filon.core import access, line
from filon.core.access import SYSTEM
from filon.core.line import Batch, Entry
from filon.core.models import Team
from filon.core.models.users import Role
from filon.home import panels
from filon.kit.errors import Kind, Refused
from filon.leads.listing import home as leads_home
from filon.leads.models import Lead


def come_in(email: str, at: datetime, **values: object) -> Lead:
    said = {"email": email, "source": "Google", "job_title": "Directeur", **values}
    entries = [Entry(kind="lead", door="form", at=at, values=said)]
    line.run_with_retries(lambda: Batch(entries, by=SYSTEM, at=at))
    return Lead.objects.get(person__email=email)


def test_every_role_has_a_home():
    assert set(flow.HOMES) == set(Role.values)


@pytest.mark.parametrize("role", Role.values)
def test_each_home_shows_with_a_lead_in_the_workspace(db, role, signed_in_client):
    come_in("ana@b.example", timezone.now() - timedelta(hours=1))
    page = signed_in_client(role).get(reverse("home"))
    assert page.status_code == 200
    assert page.content.decode().count('class="home-') >= 2 or role == "read_only"


def test_an_empty_workspace_offers_the_one_thing_to_do(db, signed_in_client):
    page = signed_in_client("admin").get(reverse("home")).content.decode()
    assert reverse("welcome") in page
    assert 'class="home"' not in page


def test_an_sdr_sees_own_first_contacts_the_late_ones_first(db, make_user, at):
    lea, hugo = make_user("sdr", name="Léa"), make_user("sdr", name="Hugo")
    mine = [
        come_in(f"a{n}@b.example", at - timedelta(days=n), owner="Léa") for n in (0, 3, 4)
    ]  # Monday, Friday, Thursday
    come_in("c@d.example", at, owner="Hugo")
    found = leads_home.due_panel(by=access.of_user(lea), at=at)
    assert [row.id for row in found["rows"]] == [lead.pk for lead in reversed(mine)]
    assert found["count"] == 3
    assert found["late"] == 2
    assert leads_home.due_panel(by=access.of_user(hugo), at=at)["count"] == 1


def test_a_manager_sees_the_team_and_what_nobody_has(db, make_user, at):
    team = Team.objects.create(name="Nord", name_folded="nord", created_at=at)
    make_user("sdr", name="Léa", team=team)
    make_user("sdr", name="Hugo")
    claire = make_user("manager", name="Claire", team=team)
    come_in("a@b.example", at, owner="Léa")
    come_in("c@d.example", at, owner="Hugo")
    rows = leads_home.due_panel(by=access.of_user(claire), at=at)["rows"]
    assert [row.owner for row in rows] == ["Léa"]


def test_channels_count_seven_days_against_the_seven_before(db, at):
    for days in (0, 6, 7, 13, 14):
        come_in(f"p{days}@b.example", at - timedelta(days=days), channel="webinar")
    come_in("q@b.example", at, channel="event")
    found = leads_home.channels_panel(by=SYSTEM, at=at)
    counted = {row["label"]: (row["this"], row["last"]) for row in found["rows"]}
    assert sorted(counted.values()) == [(1, 0), (2, 2)]
    assert (found["this"], found["last"]) == (3, 2)


def test_the_number_of_a_channel_opens_its_leads(db, signed_in_client):
    come_in("ana@b.example", timezone.now(), channel="webinar")
    come_in("old@b.example", timezone.now() - timedelta(days=9), channel="webinar")
    row = leads_home.channels_panel(by=SYSTEM, at=timezone.now())["rows"][0]
    page = signed_in_client("marketing").get(row["url"]).content.decode()
    assert "ana@b.example" in page
    assert "old@b.example" not in page


def test_a_panel_that_cannot_be_shown_leaves_the_others(monkeypatch, at):
    def busy(**_given):
        raise Refused("Come back later.", Kind.BUSY)

    def forbidden(**_given):
        raise Refused("No.", Kind.FORBIDDEN)

    homes = {"read_only": [panels.Panel("a.html", query) for query in (busy, forbidden, lambda **_given: {"n": 1})]}
    monkeypatch.setattr(panels, "_homes", homes)
    found = panels.shown(by=SYSTEM, at=at)
    assert [(each.template, each.problem) for each in found] == [("", "Come back later."), ("a.html", "")]
