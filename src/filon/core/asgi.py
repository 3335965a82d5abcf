"""Django's pages under ASGI, in a fixed pool of threads that keep their database connections.

Django's own handler gives every request a new thread, so each would open a database connection of its own, and hops
between loop and thread for every middleware. Here a request is read and sent by the loop and answered whole by one
thread of the pool.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any, Final

from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers import base
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.db import connections
from django.http.response import HttpResponseBase, StreamingHttpResponse
from django.urls import set_script_prefix

THREADS: Final = 8

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[Any], Awaitable[None]]


class Pages(ASGIHandler):
    """The ASGI application of everything that Django answers."""

    def __init__(self, threads: int = THREADS) -> None:
        base.BaseHandler.__init__(self)
        self.load_middleware(is_async=False)
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="page")

    def close(self) -> None:
        """Let the pool's threads end; they close their connections."""
        for _ in range(self._threads):
            self._pool.submit(connections.close_all)
        self._pool.shutdown()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # type: ignore[override]
        """Answer one HTTP request."""
        if scope["type"] != "http":
            raise ValueError(f"Filon speaks HTTP, not {scope['type']}")
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        loop = asyncio.get_running_loop()
        try:
            response = await loop.run_in_executor(self._pool, self._answer, scope, body, send, loop)
        finally:
            body.close()
        if response is not None:
            await self.send_response(response, send)

    def _answer(
        self, scope: Scope, body: IO[bytes], send: Send, loop: asyncio.AbstractEventLoop
    ) -> HttpResponseBase | None:
        """In a thread of the pool: the whole answer, or None when it was streamed from here already."""
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=self.__class__, scope=scope)
        request, response = self.create_request(scope, body)
        if request is not None:
            response = self.get_response(request)
        assert response is not None  # noqa: S101 — create_request gives the one or the other
        try:
            if isinstance(response, StreamingHttpResponse):
                self._stream(response, send, loop)
                return None
        finally:
            response.close()  # ends the request here, in the thread that holds its connection
        return response

    def _stream(self, response: StreamingHttpResponse, send: Send, loop: asyncio.AbstractEventLoop) -> None:
        """Send a long answer part by part, no faster than the reader takes it; its cursor never leaves this thread."""

        def tell(message: dict[str, Any]) -> None:
            asyncio.run_coroutine_threadsafe(_send(send, message), loop).result()

        headers = [(name.encode("ascii"), value.encode("latin1")) for name, value in response.items()]
        headers += [(b"Set-Cookie", morsel.output(header="").strip().encode()) for morsel in response.cookies.values()]
        tell({"type": "http.response.start", "status": response.status_code, "headers": headers})
        for part in response:
            tell({"type": "http.response.body", "body": part, "more_body": True})
        tell({"type": "http.response.body"})


async def _send(send: Send, message: dict[str, Any]) -> None:
    await send(message)
