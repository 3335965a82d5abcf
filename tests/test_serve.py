"""The product as processes: it starts on nothing, lets the first person in, stops in order, and survives kills."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from filon.core import presence
from tests.frame.servers import ServerTree, free_port


def until(is_so: Callable[[], Any], seconds: float = 30.0) -> Any:
    """Wait for something to become true; what it was."""
    end = time.monotonic() + seconds
    while not (found := is_so()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
    return found


def is_running(pid: int) -> bool:
    """Whether a process lives; one that nobody has buried yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def worker_pids(tree: ServerTree, settings: Any) -> list[int]:
    settings.FILON_DATA_DIR = tree.data_dir
    return [facts["pid"] for facts in presence.alive("workers").values()]


def test_the_tree_starts_works_and_stops_in_order(live_server_tree: ServerTree, settings: Any) -> None:
    tree = live_server_tree
    with urllib.request.urlopen(f"{tree.url}/healthz") as answer:
        assert answer.read() == b"ok\n"
    until(lambda: worker_pids(tree, settings))
    doctor = tree.run("doctor")
    assert doctor["ok"], doctor
    assert tree.stop() == 0
    assert worker_pids(tree, settings) == []


def test_a_killed_worker_is_started_again_and_a_killed_web_takes_its_worker_along(
    live_server_tree: ServerTree, settings: Any
) -> None:
    tree = live_server_tree
    [first] = until(lambda: worker_pids(tree, settings))
    os.kill(first, signal.SIGKILL)
    [second] = until(lambda: [pid for pid in worker_pids(tree, settings) if pid != first])
    assert tree.process is not None
    os.kill(tree.process.pid, signal.SIGKILL)
    tree.process.wait()
    until(lambda: worker_pids(tree, settings) == [])
    until(lambda: not is_running(second))


def test_a_second_server_on_the_same_place_is_told_where_the_first_is(
    live_server_tree: ServerTree, engine: str
) -> None:
    port = live_server_tree.port if engine == "postgresql" else free_port()
    second = subprocess.run(
        [sys.executable, "-m", "filon", "serve", "--port", str(port)],
        env=live_server_tree.environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode == 1
    assert str(live_server_tree.port) in second.stderr
    assert "Traceback" not in second.stderr


def test_a_wrong_setting_stops_the_start_in_one_sentence(tmp_path: Path) -> None:
    environ = os.environ | {"FILON_DATA_DIR": str(tmp_path), "FILON_TIME_ZONE": "Europe/Atlantis"}
    done = subprocess.run(
        [sys.executable, "-m", "filon", "serve"], env=environ, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert "FILON_TIME_ZONE" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.browser
def test_the_first_administrator_comes_in_by_the_printed_link(live_server_tree: ServerTree, browser_page: Any) -> None:
    link = re.search(r"http://\S+/start/\S+", live_server_tree.log)
    assert link, live_server_tree.log
    page = browser_page
    page.goto(link[0])
    page.get_by_label("Votre nom").fill("Ada Byron")
    page.get_by_label("E-mail").fill("ada@filon.test")
    page.get_by_label("Mot de passe").fill("correct cheval pile agrafe")
    page.get_by_role("button", name="Créer mon compte").click()
    page.wait_for_url("**/welcome")
    assert page.goto(link[0]).status == 404
    page.goto(f"{live_server_tree.url}/health")
    assert page.get_by_role("heading", name="Santé", level=1).is_visible()
    page.goto(f"{live_server_tree.url}/settings/users")
    assert page.get_by_role("link", name="Ada Byron").is_visible()
