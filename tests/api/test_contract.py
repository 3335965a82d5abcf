"""The API keeps its own OpenAPI: no 5xx, no answer its description does not know, whatever is sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from filon.config.api import api
from filon.core import keys
from filon.core.models import ApiKey

KEY = "filon_" + "s" * 43
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)


@pytest.fixture
def key(committed_db: str) -> Iterator[str]:
    """A key that may do everything, in a database that the test throws away."""
    keys._cache.clear()
    ApiKey.objects.create(
        name="contract", prefix=KEY[:10], key_hash=keys.hash_of(KEY), scopes=["admin"], created_at=timezone.now()
    )
    yield KEY
    keys._cache.clear()


def _application(environ: Any, start_response: Any) -> Any:
    from django.core.wsgi import get_wsgi_application

    return get_wsgi_application()(environ, start_response)


def test_the_description_is_openapi_3_1_and_readable() -> None:
    schema = api.get_openapi_schema()
    assert schema["openapi"].startswith("3.1")
    assert {"/api/v1/leads", "/api/v1/events"} <= set(schema["paths"])


def test_every_operation_says_what_may_go_wrong() -> None:
    for path, operations in api.get_openapi_schema()["paths"].items():
        for method, operation in operations.items():
            assert "401" in {str(code) for code in operation["responses"]}, f"{method.upper()} {path}"


@pytest.mark.parametrize("cases", [8, pytest.param(200, marks=pytest.mark.long)])
def test_nothing_sent_makes_it_fail_or_break_its_word(key: str, cases: int) -> None:
    schema = schemathesis.openapi.from_dict(dict(api.get_openapi_schema()))
    schema.app = _application
    failures: list[str] = []
    for result in schema.get_all_operations():
        _try(result.ok(), key, cases, failures)
    assert not failures, f"{len(failures)} failures\n" + "\n".join(failures[:5])


def _try(operation: Any, key: str, cases: int, failures: list[str]) -> None:
    """Send made requests to one operation and note how it failed."""

    @settings(
        max_examples=cases,
        deadline=None,
        database=None,
        derandomize=cases < 100,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def run(case: Any) -> None:
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {key}"}
        try:
            case.call_and_validate(checks=CHECKS)
        except BaseExceptionGroup as error:  # every operation is tried before the test fails
            failures.append(f"{operation.label}: {str(error)[:800]}")

    run()


def test_no_operation_answers_without_a_key(key: str) -> None:
    client = Client()
    for path, operations in api.get_openapi_schema()["paths"].items():
        for method in operations:
            address = path.replace("{", "").replace("}", "")
            answer = client.generic(method.upper(), _filled(address), b"{}", content_type="application/json")
            assert answer.status_code == 401, f"{method} {path} answered {answer.status_code}"
            assert answer["Content-Type"] == "application/problem+json"


def _filled(path: str) -> str:
    return "/".join("1" if part.endswith("_id") else part for part in path.split("/"))
