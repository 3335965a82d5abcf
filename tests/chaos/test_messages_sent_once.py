"""No message is sent twice, whatever dies: the worker at each point of handing over, and the relay at any moment."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.db import connection

from filon.nurture.models import Delivery, Enrollment
from filon.nurture.sending.handing import LANES
from tests.frame.relay import HostileRelay
from tests.frame.sending_worker import POINTS

FINAL_S = 120.0
"""How long after the last crash every message must have its end."""


@dataclass
class Sending:
    """A database with a sequence in it, a relay, and workers that come and go."""

    database_url: str
    folder: Path
    relay: HostileRelay
    kills: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None)

    def program(self, *arguments: str) -> subprocess.Popen[bytes]:
        """One of the programs of `tests.frame.sending_worker`."""
        root = Path(__file__).resolve().parents[2]
        own = {
            "FILON_DATA_DIR": str(self.folder),
            "FILON_DATABASE_URL": self.database_url,
            "FILON_EMAIL_URL": self.relay.url,
            "FILON_BASE_URL": "http://essai.fr",
            "PYTHONPATH": f"{root / 'src'}:{root}",
        }
        with (self.folder / "worker.log").open("ab") as log:
            command = [sys.executable, "-m", "tests.frame.sending_worker", *arguments]
            return subprocess.Popen(command, env=os.environ | own, cwd=root, stdout=log, stderr=log)

    def seed(self, people: int) -> None:
        """People in a sequence."""
        assert self.program("seed", str(people)).wait(300) == 0, self.log

    def work(self, *arguments: str) -> None:
        """A worker begins."""
        self.process = self.program("work", *arguments)

    def kill(self) -> None:
        """The worker dies."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(30)
        self.kills += 1

    def until_dead(self) -> None:
        """The worker dies by itself."""
        assert self.process is not None
        try:
            status = self.process.wait(FINAL_S)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it did not come to where it dies:\n{self.log}") from None
        assert status == -9, self.log
        self.kills += 1

    def until_final(self, people: int) -> float:
        """Every message has its end; how many seconds that took. Then the worker goes in order."""
        begin = time.monotonic()
        while time.monotonic() < begin + FINAL_S:
            open_states = Delivery.objects.filter(state__in=["queued", "handing_over"])
            if Delivery.objects.count() == people and not open_states.exists() and not _walking():
                break
            time.sleep(0.5)
        seconds = time.monotonic() - begin
        assert self.process is not None
        self.process.terminate()
        self.process.wait(60)
        return seconds

    @property
    def log(self) -> str:
        """What the workers said."""
        return (self.folder / "worker.log").read_text(errors="replace")[-4000:]


def _walking() -> bool:
    return Enrollment.objects.filter(state="active").exists()


@pytest.fixture
def sending(committed_db: str, tmp_path: Path) -> Iterator[Sending]:
    """Workers on a database of this test's own, with a relay that misbehaves one time in ten."""
    seed = int(os.environ.get("FILON_CHAOS_SEED") or random.SystemRandom().randrange(10**6))
    with HostileRelay(misbehaves=0.1, seed=seed) as relay:
        made = Sending(committed_db, tmp_path, relay)
        try:
            yield made
        finally:
            if made.process is not None and made.process.poll() is None:
                made.process.kill()
            connection.close()


def _torture(sending: Sending, people: int, kills: int) -> None:
    sending.seed(people)
    for number, point in enumerate(POINTS, start=1):
        sending.work(point, str(2 * number))
        sending.until_dead()
    pick = random.Random(sending.relay.seed)
    for _ in range(kills):
        sending.work()
        time.sleep(pick.uniform(1.5, 4))
        sending.kill()
    sending.work()
    seconds = sending.until_final(people)
    _check(sending, people, seconds)


def _check(sending: Sending, people: int, seconds: float) -> None:
    relay = sending.relay
    told = f"seed {relay.seed}, {sending.kills} kills, {seconds:.0f} s: {sending.log}"
    states = dict.fromkeys(("sent", "uncertain"), 0)
    ids: dict[str, str] = {}
    for message_id, state in Delivery.objects.values_list("message_id", "state"):
        ids[message_id] = state
        states[state] = states.get(state, 0) + 1
    assert len(ids) == people, told
    assert set(states) == {"sent", "uncertain"}, (states, told)
    assert max(relay.received.values()) == 1, told  # no Message-ID came twice
    assert max(relay.people.values()) == 1, told  # nor did anybody get the step twice
    not_there = [message for message, state in ids.items() if state == "sent" and message not in relay.received]
    assert not not_there, told  # nothing is called sent that the relay does not have
    unknown = relay.received.keys() - ids.keys()
    assert not unknown, told
    lost_answers = relay.received.keys() - relay.acknowledged
    assert states["uncertain"] <= sending.kills * LANES + len(lost_answers), (states, told)
    assert seconds < FINAL_S, told


def test_no_message_is_sent_twice_whatever_dies(sending: Sending) -> None:
    _torture(sending, people=60, kills=2)


@pytest.mark.long
def test_ten_thousand_messages_are_each_sent_once(sending: Sending) -> None:
    _torture(sending, people=10_000, kills=20)
