"""Pages under ASGI: answered whole by a thread of the pool that keeps its connection, streamed part by part."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from filon.core.asgi import Pages
from filon.kit import sql

seen: list[tuple[int, int]] = []


@login_not_required
def query(request: HttpRequest) -> HttpResponse:
    sql.fetch("SELECT 1")
    seen.append((threading.get_ident(), id(connection.connection)))
    return HttpResponse("ok")


@login_not_required
@csrf_exempt
def echo(request: HttpRequest) -> HttpResponse:
    return HttpResponse(request.body, headers={"X-Length": str(len(request.body))})


@login_not_required
def stream(request: HttpRequest) -> StreamingHttpResponse:
    def parts() -> Iterator[str]:
        for number in range(3):
            [(value,)] = sql.fetch("SELECT %s", [str(number)])
            yield f"{value}\n"

    return StreamingHttpResponse(parts(), content_type="text/csv")


urlpatterns = [path("query", query), path("api/v1/echo", echo), path("stream", stream)]


@pytest.fixture
def pages(settings: Any, committed_db: str) -> Iterator[Pages]:
    settings.ROOT_URLCONF = __name__
    settings.ALLOWED_HOSTS = ["testserver"]
    made = Pages(threads=2)
    yield made
    made.close()


async def ask(pages: Pages, address: str, body: bytes = b"") -> tuple[int, dict[bytes, bytes], bytes]:
    scope = {
        "type": "http",
        "method": "POST" if body else "GET",
        "path": f"/{address}",
        "raw_path": f"/{address}".encode(),
        "query_string": b"",
        "headers": [(b"host", b"testserver"), (b"content-length", str(len(body)).encode())],
    }
    caller = ApplicationCommunicator(pages, scope)  # type: ignore[arg-type]
    half = len(body) // 2
    await caller.send_input({"type": "http.request", "body": body[:half], "more_body": True})
    await caller.send_input({"type": "http.request", "body": body[half:]})
    start = await caller.receive_output(10)
    content, more = b"", True
    while more:
        message = await caller.receive_output(10)
        content += message.get("body", b"")
        more = message.get("more_body", False)
    await caller.wait(10)
    return start["status"], dict(start["headers"]), content


def test_many_requests_share_few_threads_and_connections(pages: Pages) -> None:
    seen.clear()

    async def many() -> None:
        answers = await asyncio.gather(*(ask(pages, "query") for _ in range(40)))
        assert {status for status, _, _ in answers} == {200}

    asyncio.run(many())
    assert len(seen) == 40
    assert len({thread for thread, _ in seen}) <= 2
    assert len({made for _, made in seen}) <= 2


def test_a_body_in_pieces_arrives_whole(pages: Pages) -> None:
    status, headers, content = asyncio.run(ask(pages, "api/v1/echo", b"x" * 300_000))
    assert (status, headers[b"X-Length"], content) == (200, b"300000", b"x" * 300_000)


def test_a_long_answer_is_streamed_from_one_thread(pages: Pages) -> None:
    status, headers, content = asyncio.run(ask(pages, "stream"))
    assert (status, content) == (200, b"0\n1\n2\n")
    assert headers[b"Content-Type"] == b"text/csv"
