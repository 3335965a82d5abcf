"""The big list of naughty strings through imports, the API and forms: kept as they are, shown as they are, harmless."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urljoin

import pytest

from filon.core.models import Team
from filon.leads.models import Lead
from tests.journeys.conftest import Place
from tests.journeys.looking import Visitor

pytestmark = [pytest.mark.database, pytest.mark.browser]

WITH_NUL = ("un\0deux", "\0\0début", "fin\0", "\\u0000\0")  # no file or field has any: only JSON can say it
SPACE = " \t\r\n\u00a0"


@pytest.fixture(scope="module")
def naughty(data_sets: Path) -> list[str]:
    """Each string once, as an import keeps it: without outer blanks; those without anything left aside."""
    found = json.loads((data_sets / "strings" / "blns.json").read_text("utf-8"))
    kept = {text.strip(SPACE) for text in found if "\x00" not in text}
    return sorted(text for text in kept if text and any(not unicodedata.category(one).startswith("C") for one in text))


@pytest.fixture(scope="module")
def leads(place: Place, naughty: list[str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """A lead for each string, which is its job title, its city and an attribute; by string."""
    path = tmp_path_factory.mktemp("naughty") / "naughty.jsonl"
    rows = [
        {"external_id": f"N-{n}", "full_name": f"Nom {n}", "job_title": text, "city": text, "Remarque": text}
        for n, text in enumerate(naughty)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    said = place.run("import", str(path), "--as", "leads", "--system", "naughty")
    assert (said["created"], said["rejected"]) == (len(naughty), 0)
    ids = dict(Lead.objects.values_list("person__full_name", "pk"))
    return {text: ids[f"Nom {n}"] for n, text in enumerate(naughty)}


def test_a_file_keeps_every_string_as_it_is(leads: dict[str, int]) -> None:
    kept = {lead.pk: lead for lead in Lead.objects.select_related("person")}
    changed = {
        text: (kept[pk].person.job_title, kept[pk].person.city, kept[pk].attributes.get("Remarque"))
        for text, pk in leads.items()
        if {kept[pk].person.job_title, kept[pk].person.city, kept[pk].attributes.get("Remarque")} != {text}
    }
    assert not changed, changed


def test_the_api_keeps_every_string_as_it_is(place: Place, naughty: list[str]) -> None:
    for n, text in enumerate([*naughty[::7], *WITH_NUL]):
        company = {"name": f"Compte {n}", "sector": text}
        body = {"external_id": f"A-{n}", "system": "naughty-api", "job_title": text, "attributes": {"Remarque": text}}
        status, answer = place.post_json("/api/v1/leads", {**body, "company": company})
        assert status == 201, (text, answer)
        lead = Lead.objects.select_related("person", "company").get(pk=answer["id"])
        kept = {lead.person.job_title, lead.attributes["Remarque"], lead.company.sector}
        assert kept == {text.replace("\0", "")}


def test_the_list_shows_every_string_as_text_and_runs_none(
    visitor: Callable[..., Visitor], leads: dict[str, int]
) -> None:
    reader = visitor("admin")
    page = reader.page
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    shown: set[str] = set()
    reader.go("/leads")
    while True:
        shown.update(page.locator("main table .leads-name .sub").all_text_contents())
        onward = page.locator("main a[rel=next]")
        if onward.count() == 0:
            break
        page.goto(urljoin(page.url, str(onward.first.get_attribute("href"))))
    assert not dialogs
    missing = sorted(set(leads) - shown)
    assert not missing, (len(missing), missing[:5])


def test_a_form_keeps_every_string_as_it_is_and_shows_it_again(
    visitor: Callable[..., Visitor], naughty: list[str]
) -> None:
    reader = visitor("admin")
    page = reader.page
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    short = [text for text in naughty if len(text) <= 100 and "\n" not in text and "\r" not in text][::9]
    for text in short:
        page.goto(f"{reader.url}/settings/teams")
        box = page.locator("main form input[name=name]").last
        box.fill(text)
        with page.expect_navigation():
            box.press("Enter")
    assert not dialogs
    kept = set(Team.objects.values_list("name", flat=True))
    assert not {text for text in short if text not in kept}
    page.goto(f"{reader.url}/settings/teams")
    said = page.locator("main").text_content()
    assert not {text for text in short if text not in said}
