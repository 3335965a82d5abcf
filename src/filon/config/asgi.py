"""The ASGI application: the doors that carry load take the lean way, everything else is Django's."""

import os
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "filon.config.settings")
django.setup(set_prefix=False)

from filon.capture import fast  # noqa: E402 — after Django is set up
from filon.core.asgi import Pages  # noqa: E402

pages = Pages()


async def application(scope: dict[str, Any], receive: fast.Receive, send: fast.Send) -> None:
    """Send a request on its way. Lifespan messages are not Django's."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    door = fast.door_of(scope)
    if door is not None:
        await fast.serve(door, scope, receive, send)
    else:
        await pages(scope, receive, send)


async def _lifespan(receive: fast.Receive, send: fast.Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
