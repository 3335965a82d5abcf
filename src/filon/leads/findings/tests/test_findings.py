"""Findings in plain words, with their records, settled and coming back."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse
from django.utils import translation

from filon.core import line
from filon.core.access import ANONYMOUS, SYSTEM, Actor
from filon.core.line import Batch, Entry
from filon.core.models import Fact
from filon.kit.errors import Kind, Refused
from filon.leads.findings import commands, queries, words
from filon.leads.models import Finding, Lead


def come_in(at: datetime, *people: dict[str, str], findings: tuple[tuple[str, str], ...] = ()) -> None:
    entries = [Entry(kind="lead", door="api", at=at, values=dict(said), findings=findings) for said in people]
    line.run_with_retries(lambda: Batch(entries, by=SYSTEM, at=at))


def titles(found: queries.Found) -> list[str]:
    return [row.title for group in found.groups for row in group.rows]


def test_a_lead_without_source_is_said_in_words_and_leads_to_it(db, at, admin: Actor):
    come_in(at, {"email": "ana@b.example"}, {"email": "ben@b.example", "source": "Google"})
    with translation.override("fr"):
        row = queries.findings(by=admin).groups[0].rows[0]
    assert row.title == "Leads sans source"
    assert row.count == 1
    asked = parse_qs(urlsplit(row.url).query)["filter"][0]
    assert asked == "source is empty"


def test_the_records_of_a_misspelt_sector_are_those_that_spell_it_so(db, at, admin: Actor, signed_in_client):
    found = (("misspelt_sector", 'company.sector: Logi"stque → Logistique'),)
    come_in(
        at, {"email": "a@b.example", "source": "x", "company.name": "B", "company.sector": 'Logi"stque'}, findings=found
    )
    come_in(at, {"email": "c@d.example", "source": "x", "company.name": "D", "company.sector": "Logistique"})
    row = queries.findings(by=admin).groups[0].rows[0]
    assert "company.sector" not in row.title
    page = signed_in_client("admin").get(row.url).content.decode()
    assert "a@b.example" in page
    assert "c@d.example" not in page


@pytest.mark.parametrize(("kind", "code"), [*words.WORDINGS, *(("lead", code) for code in words._ANY), ("lead", "new")])
def test_every_code_has_words_in_both_languages_and_an_address_that_works(db, kind, code, signed_in_client, at):
    Finding.objects.create(kind=kind, code=code, subject="A “b” 100 %", first_at=at, last_at=at)
    client = signed_in_client("admin")
    for language in ("fr", "en"):
        client.cookies["filon_language"] = language
        assert client.get(reverse("findings")).status_code == 200
    url = words.wording(kind, code).url("A “b” 100 %")
    assert not url or client.get(url).status_code == 200


def test_a_settled_finding_leaves_and_comes_back_when_it_is_found_again(db, at, admin: Actor):
    come_in(at, {"email": "ana@b.example"})
    finding = Finding.objects.get()
    commands.settle_finding(finding.pk, by=admin, at=at + timedelta(hours=1))
    found = queries.findings(by=admin)
    assert (found.open, found.settled, titles(found)) == (0, 1, [])
    assert titles(queries.findings(by=admin, is_settled=True))
    come_in(at + timedelta(hours=2), {"email": "ben@b.example"})
    found = queries.findings(by=admin)
    assert (found.open, found.settled) == (1, 0)
    assert found.groups[0].rows[0].count == 2


def test_settling_and_opening_again_are_told(db, at, admin: Actor):
    come_in(at, {"email": "ana@b.example"})
    finding = Finding.objects.get()
    commands.settle_finding(finding.pk, by=admin, at=at)
    commands.reopen_finding(finding.pk, by=admin, at=at + timedelta(minutes=1))
    told = [fact.payload for fact in Fact.objects.filter(kind="finding_settled").order_by("id")]
    assert [each["is_reopened"] for each in told] == [False, True]
    finding.refresh_from_db()
    assert finding.settled_at is None


def test_settling_needs_the_right_to_change_leads(db, at):
    come_in(at, {"email": "ana@b.example"})
    with pytest.raises(Refused) as refused:
        commands.settle_findings([Finding.objects.get().pk], by=ANONYMOUS, at=at)
    assert refused.value.kind is Kind.FORBIDDEN
    assert Finding.objects.get().settled_at is None


def test_an_unknown_finding_cannot_be_settled(db, at, admin: Actor):
    with pytest.raises(Refused) as refused:
        commands.settle_finding(7, by=admin, at=at)
    assert refused.value.kind is Kind.NOT_FOUND


def test_the_button_changes_the_row(db, at, signed_in_client):
    come_in(at, {"email": "ana@b.example"})
    finding = Finding.objects.get()
    client = signed_in_client("ops")
    answer = client.post(reverse("finding_settle", args=[finding.pk]), headers={"hx-request": "true"})
    assert f"/findings/{finding.pk}/reopen" in answer.content.decode()
    assert client.post(reverse("finding_reopen", args=[finding.pk])).status_code == 302
    assert Finding.objects.get().settled_at is None
    reader = signed_in_client("read_only")
    assert "/settle" not in reader.get(reverse("findings")).content.decode()
    assert reader.post(reverse("finding_settle", args=[finding.pk])).status_code == 403


def test_the_page_costs_two_statements_beside_its_frame(db, at, admin: Actor, django_assert_num_queries):
    come_in(at, *({"email": f"p{number}@b.example"} for number in range(20)))
    assert Lead.objects.count() == 20
    with django_assert_num_queries(2):
        queries.findings(by=admin)
