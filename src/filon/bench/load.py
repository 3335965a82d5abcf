"""A load generator: HTTP/1.1 over kept connections, closed loop (clients that wait) or open loop (a fixed rate)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

Request = Callable[[int], bytes]
"""The whole request number n, head and body."""


@dataclass
class Measured:
    """What a load met. latencies in seconds, of answers of any status."""

    latencies: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    seconds: float = 0.0

    def quantile(self, share: float) -> float:
        """The latency in ms under which that share of answers came."""
        ordered = sorted(self.latencies)
        return round(ordered[min(int(share * len(ordered)), len(ordered) - 1)] * 1000, 2) if ordered else 0.0

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return round(len(self.latencies) / self.seconds, 1) if self.seconds else 0.0


def post(path: str, key: str, body: bytes) -> bytes:
    """A POST of JSON with a bearer key."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def get(path: str, headers: dict[str, str]) -> bytes:
    """A GET with these headers."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}\r\n".encode()


def closed_loop(port: int, request: Request, *, clients: int, total: int) -> Measured:
    """`clients` that each send the next request when the last is answered."""
    return asyncio.run(_closed(port, request, clients, total))


def open_loop(port: int, request: Request, *, per_second: float, total: int, clients: int = 64) -> Measured:
    """Requests at a fixed rate whatever the answers do; latency counts from when each was due."""
    return asyncio.run(_open(port, request, per_second, total, clients))


async def _closed(port: int, request: Request, clients: int, total: int) -> Measured:
    measured, numbers = Measured(), iter(range(total))

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in numbers:
            start = time.perf_counter()
            writer.write(request(number))
            status = await _answer(reader)
            measured.latencies.append(time.perf_counter() - start)
            measured.statuses[status] = measured.statuses.get(status, 0) + 1
        writer.close()

    start = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    measured.seconds = time.perf_counter() - start
    return measured


async def _open(port: int, request: Request, per_second: float, total: int, clients: int) -> Measured:
    measured = Measured()
    idle: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    for _ in range(clients):
        idle.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    start = time.perf_counter()

    async def send(number: int, due: float) -> None:
        reader, writer = await idle.get()
        writer.write(request(number))
        status = await _answer(reader)
        measured.latencies.append(time.perf_counter() - due)
        measured.statuses[status] = measured.statuses.get(status, 0) + 1
        idle.put_nowait((reader, writer))

    tasks = []
    for number in range(total):
        due = start + number / per_second
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(send(number, due)))
    await asyncio.gather(*tasks)
    measured.seconds = time.perf_counter() - start
    return measured


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    lower = head.lower()
    place = lower.find(b"content-length:")
    if place >= 0:
        await reader.readexactly(int(lower[place + 15 : lower.index(b"\r\n", place)]))
    elif b"transfer-encoding: chunked" in lower:
        while size := int((await reader.readline()).strip() or b"0", 16):
            await reader.readexactly(size + 2)
        await reader.readline()
    return status
