"""The API's own page: every operation is there to read, for anybody, without a script of others."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client
from django.utils import timezone

from filon.config import api_page
from filon.config.api import api
from filon.core.models import User

pytestmark = pytest.mark.django_db


def _page(client: Client) -> str:
    answer = client.get("/api/v1/docs", headers={"host": "localhost:8123"})
    assert answer.status_code == 200
    return html.unescape(answer.content.decode())


def test_the_page_names_every_operation(client: Client) -> None:
    text = _page(client)
    for path, operations in api.get_openapi_schema()["paths"].items():
        for method, operation in operations.items():
            anchor = api_page.anchor(operation["summary"])
            assert f'id="{anchor}"' in text, anchor
            assert f'href="#{anchor}"' in text, anchor
            assert operation["summary"] in text
            assert f"-X {method.upper()} 'http://localhost:8123{path}" in text or (
                method == "get" and f"curl 'http://localhost:8123{path}" in text
            )


def test_anchors_are_each_their_own(client: Client) -> None:
    ids = re.findall(r' id="([^"]+)"', _page(client))
    assert len(ids) == len(set(ids))


def test_fields_and_examples_are_shown(client: Client) -> None:
    text = _page(client)
    assert "company.employees" in text  # a field within a field
    assert "rows[]" in text or "items[]" in text  # a field within a list
    assert '"email": "claire.morel@' in text  # the body of the ready line
    assert "Idempotency-Key" in text
    assert "application/problem+json" in text


def test_nothing_comes_from_elsewhere(client: Client) -> None:
    answer = client.get("/api/v1/docs")
    sources = re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="([^"]+)"', answer.content.decode())
    assert sources
    assert all(source.startswith("/") for source in sources)
    assert "default-src" in answer["Content-Security-Policy"]
    assert "unsafe-inline" not in answer["Content-Security-Policy"]


def test_a_shape_that_holds_itself_ends() -> None:
    node = {"type": "object", "properties": {"child": {"$ref": "#/components/schemas/Node"}}}
    rows = api_page.fields_of({"$ref": "#/components/schemas/Node"}, {"Node": node})
    assert [row.name for row in rows] == ["child"]


def test_who_is_signed_in_reads_it_within_the_product(client: Client, django_user_model: type[User]) -> None:
    client.force_login(
        django_user_model.objects.create(email="a@example.com", name="Ana", role="admin", created_at=timezone.now())
    )
    text = _page(client)
    assert 'class="app"' in text
    assert 'href="/insight' in text
