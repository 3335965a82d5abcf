"""Pages of bulk acts: the question writes nothing, the answer acts once, orders are their author's to see."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from filon.core.models import User
from filon.leads.listing.tests.conftest import submit
from filon.leads.models import BulkOrder, Lead

__all__ = ["submit"]
Submit = Callable[..., Lead]
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/leads"}


def answers(html: str, **more: Any) -> dict[str, Any]:
    """What the form of a question sends, with what somebody chose."""
    hidden: dict[str, Any] = {}
    for tag in re.findall(r"<input type=\"hidden\"[^>]*>", html):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and value and name[1] != "csrfmiddlewaretoken":
            hidden.setdefault(name[1], []).append(value[1])
    return {**hidden, **more}


@pytest.fixture
def client(db: None, signed_in_client: Callable[..., Any]) -> Any:
    return signed_in_client("ops", language="en")


def test_the_question_says_how_many_and_writes_nothing(client: Any, submit: Submit, make_user: Any) -> None:
    lea = make_user("sdr", name="Léa")
    ids = [submit().pk, submit().pk]
    asked = client.post("/leads/bulk/ask", {"act": "assign", "ids": ids}, headers=HTMX).content.decode()
    assert "2 leads are chosen." in asked
    again = client.post("/leads/bulk/ask", answers(asked, owner=lea.pk), headers=HTMX).content.decode()
    assert "2 leads will be given to Léa." in again
    assert not BulkOrder.objects.exists()
    assert not Lead.objects.exclude(owner=None).exists()
    assert client.get("/leads/bulk/ask").status_code == 405


def test_the_answer_acts_and_offers_the_way_back(client: Any, submit: Submit, make_user: Any) -> None:
    lea = make_user("sdr", name="Léa")
    asked = client.post("/leads/bulk/ask", {"act": "assign", "ids": [submit().pk]}, headers=HTMX).content.decode()
    done = client.post("/leads/bulk/new", answers(asked, owner=lea.pk), headers=HTMX)
    made = BulkOrder.objects.get()
    assert f"/leads/bulk/{made.pk}/undo" in done["HX-Trigger"]
    assert Lead.objects.get().owner_id == lea.pk
    assert client.post(f"/leads/bulk/{made.pk}/undo", headers=HTMX).status_code == 200
    assert Lead.objects.get().owner_id is None


def test_without_a_script_the_question_and_the_result_are_pages(client: Any, submit: Submit) -> None:
    lead = submit(source="Salon")
    asked = client.post("/leads/bulk/ask", {"act": "edit", "whole": "1", "filter": "source = salon"})
    page = client.post("/leads/bulk/ask", answers(asked.content.decode(), field="source")).content.decode()
    assert 'name="value"' in page
    done = client.post("/leads/bulk/new", answers(page, field="source", value="Foire"), follow=True)
    assert "Set “Source” to “Foire”" in done.content.decode()
    lead.refresh_from_db()
    assert lead.source == "Foire"


def test_a_question_left_open_is_asked_again_with_its_error(client: Any, submit: Submit) -> None:
    asked = client.post("/leads/bulk/ask", {"act": "move", "ids": [submit().pk]}, headers=HTMX).content.decode()
    chosen = client.post("/leads/bulk/ask", answers(asked, stage="lost"), headers=HTMX).content.decode()
    assert 'name="reason"' in chosen
    assert 'class="error"' not in chosen, "what has not been answered yet is not missing"
    answer = client.post("/leads/bulk/new", answers(asked, stage="lost"), headers=HTMX)
    assert answer.status_code == 422
    assert 'name="reason"' in answer.content.decode()
    assert 'class="error"' in answer.content.decode()
    assert not BulkOrder.objects.exists()


def test_a_new_custom_field_is_named_and_filled(client: Any, submit: Submit) -> None:
    lead = submit()
    asked = client.post("/leads/bulk/ask", {"act": "edit", "ids": [lead.pk]}, headers=HTMX).content.decode()
    page = client.post("/leads/bulk/ask", answers(asked, field="attributes."), headers=HTMX).content.decode()
    client.post("/leads/bulk/new", answers(page, field="attributes.", new_field="Vague", value="2"), headers=HTMX)
    lead.refresh_from_db()
    assert lead.attributes == {"Vague": "2"}


def test_an_order_is_shown_to_its_author_and_to_who_may_assign(
    client: Any, submit: Submit, signed_in_client: Callable[..., Any], at: datetime
) -> None:
    marketing = signed_in_client("marketing", language="en")
    asked = marketing.post("/leads/bulk/ask", {"act": "move", "ids": [submit().pk]}, headers=HTMX).content.decode()
    marketing.post("/leads/bulk/new", answers(asked, stage="qualifying"), headers=HTMX)
    made = BulkOrder.objects.get()
    assert marketing.get(f"/leads/bulk/{made.pk}").status_code == 200
    assert client.get(f"/leads/bulk/{made.pk}").status_code == 200
    sdr = signed_in_client("sdr", language="en")
    assert sdr.get(f"/leads/bulk/{made.pk}").status_code == 403
    assert "Nothing was done in bulk yet" in sdr.get("/leads/bulk").content.decode()
    assert "Move to" in client.get("/leads/bulk").content.decode()


@pytest.mark.parametrize(
    ("role", "acts"), [("read_only", []), ("head", ["assign"]), ("sdr", ["assign", "move", "edit"])]
)
def test_the_bar_offers_what_a_role_may_do(
    db: None, submit: Submit, signed_in_client: Callable[..., Any], role: str, acts: list[str]
) -> None:
    submit()
    html = signed_in_client(role).get("/leads").content.decode()
    assert re.findall(r'name="act" value="(\w+)"', html) == acts
    assert ("select-all" in html) == bool(acts)


def test_who_may_not_act_cannot_ask(db: None, submit: Submit, signed_in_client: Callable[..., Any]) -> None:
    reader = signed_in_client("read_only")
    for act in ("assign", "move", "edit"):
        assert reader.post("/leads/bulk/ask", {"act": act, "ids": [submit().pk]}).status_code == 403
    assert reader.post("/leads/bulk/ask", {"act": "delete", "ids": ["1"]}, headers=HTMX).status_code == 422


def test_totals_stand_under_the_list_and_open_their_leads(client: Any, submit: Submit, make_user: User) -> None:
    late, owed, closed = submit(), submit(), submit(stage="lost")
    now = timezone.now()
    Lead.objects.filter(pk=late.pk).update(due_at=now - timezone.timedelta(hours=1))
    Lead.objects.filter(pk=owed.pk).update(due_at=now + timezone.timedelta(hours=1))
    html = client.get("/leads").content.decode()
    totals = html[html.index("leads-totals") :]
    assert re.findall(r"([\w ]+) <b>(\d+)</b>", totals[: totals.index("</p>")]) == [
        ("Leads", "3"),
        ("Open", "2"),
        ("Without owner", "2"),
        ("First contact owed", "2"),
        ("Overdue", "1"),
    ]
    for url in re.findall(r'href="(/leads\?[^"]+)"', totals[: totals.index("</p>")]):
        assert client.get(url.replace("&amp;", "&")).status_code == 200
    assert closed.is_open is False
