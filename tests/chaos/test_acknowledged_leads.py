"""An acknowledged lead survives `kill -9` of everything, and a retried unknown happens exactly once."""

from __future__ import annotations

import contextlib
import json
import os
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any

import pytest

from tests.frame.servers import ServerTree

CLIENTS = 8


@dataclass
class History:
    """What each client was told. `sent` counts attempts, so that retried unknowns are known."""

    acknowledged: set[str] = field(default_factory=set)
    attempts: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[int, bytes]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def _client(number: int, tree: ServerTree, key: str, history: History, over: threading.Event) -> None:
    """Post one unique lead after the other; what is not answered is sent again under its key until it is."""
    count = 0
    while not over.is_set():
        count += 1
        name = f"c{number}-{count}"
        body = json.dumps({"email": f"{name}@chaos{number}.example", "last_name": name, "source": "chaos"}).encode()
        while True:
            with history.lock:
                history.attempts[name] += 1
            status, answer = _post(tree.port, key, name, body)
            if status == 201:
                with history.lock:
                    history.acknowledged.add(name)
                break
            if status not in {0, 503, 409}:
                with history.lock:
                    history.refused.append((status, answer))
                break
            time.sleep(0.05)


def _post(port: int, key: str, idempotency_key: str, body: bytes) -> tuple[int, bytes]:
    """(status, body); status 0 when nobody knows what became of it."""
    headers = {
        "Authorization": f"Bearer {key}",
        "Content-Type": "application/json",
        "Idempotency-Key": idempotency_key,
    }
    http = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        http.request("POST", "/api/v1/leads", body, headers)
        answer = http.getresponse()
        return answer.status, answer.read()
    except (OSError, HTTPException):
        return 0, b""
    finally:
        http.close()


def _torture(tree: ServerTree, kills: int, seed: int) -> History:
    key = str(tree.run("key", "create", "chaos", "--scope", "leads:write")["key"])
    pick, history, over = random.Random(seed), History(), threading.Event()
    clients = [
        threading.Thread(target=_client, args=(number, tree, key, history, over), daemon=True)
        for number in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    for _ in range(kills):
        time.sleep(pick.uniform(0.2, 1.5))
        tree.kill()
        tree.start()
    time.sleep(1)
    over.set()
    for client in clients:
        client.join(60)
    return history


def _check(tree: ServerTree, history: History, seed: int) -> None:
    told = f"seed {seed}: {len(history.acknowledged)} acknowledged"
    assert not history.refused, (told, history.refused[:3])
    assert len(history.acknowledged) > CLIENTS, told
    assert any(count > 1 for count in history.attempts.values()), f"{told}: no kill hit a request"
    tree.stop()
    stored = _stored(tree)
    lost = history.acknowledged - stored.keys()
    doubled = {name: count for name, count in stored.items() if count != 1}
    assert not lost, (told, sorted(lost)[:5])
    assert not doubled, (told, sorted(doubled.items())[:5])
    doctor = tree.run("doctor")
    broken = [check for check in doctor["checks"] if "integrity" in check["name"] and not check["ok"]]
    assert not broken, (told, broken)


def _stored(tree: ServerTree) -> Counter[str]:
    """How many submissions the ledger has of each name. Read by another program than the one that was killed."""
    statement = (
        "SELECT p.last_name, count(*) FROM core_fact f JOIN leads_person p ON p.id = f.person_id "
        "WHERE f.kind = 'submitted' GROUP BY p.last_name"
    )
    rows: list[Any]
    if tree.database_url.startswith("sqlite"):
        import pysqlite3

        with contextlib.closing(pysqlite3.connect(tree.database_url.removeprefix("sqlite:///"))) as database:
            rows = database.execute(statement).fetchall()
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    else:
        import psycopg

        with psycopg.connect(tree.database_url) as server:
            rows = server.execute(statement).fetchall()
    return Counter(dict(rows))


def _run(tree: ServerTree, kills: int) -> None:
    seed = int(os.environ.get("FILON_CHAOS_SEED") or random.SystemRandom().randrange(10**6))
    _check(tree, _torture(tree, kills, seed), seed)


@pytest.mark.parametrize("kills", [3, pytest.param(60, marks=pytest.mark.long)])
def test_kills_lose_no_acknowledged_lead_and_double_none(live_server_tree: ServerTree, kills: int) -> None:
    _run(live_server_tree, kills)
