"""The product as a real process tree, and a real browser to look at it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from tests.frame.skips import missing

READY_S = 60.0
_REFUSALS = ("Content Security Policy", "inline style", "inline script", "inline event handler")  # as browsers word it
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class ServerTree:
    """`filon serve` with its worker: an own data folder, database and port. Kill it as you like and start it again."""

    data_dir: Path
    database_url: str
    port: int
    options: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """What it has said so far."""
        return (self.data_dir / "serve.log").read_text(errors="replace")

    @property
    def environ(self) -> dict[str, str]:
        """The environment its commands run in."""
        own = {
            "FILON_DATA_DIR": str(self.data_dir),
            "FILON_DATABASE_URL": self.database_url,
            "FILON_BASE_URL": self.url,
            "PYTHONPATH": str(Path(__file__).resolve().parents[2] / "src"),
        }
        return os.environ | own | self.environment

    def start(self) -> ServerTree:
        """Start it and wait until it is ready."""
        command = [sys.executable, "-m", "filon", "serve", "--port", str(self.port), *self.options]
        with (self.data_dir / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(command, env=self.environ, stdout=log, stderr=log, start_new_session=True)
        self.wait_until_ready()
        return self

    def wait_until_ready(self) -> None:
        """Wait for `/readyz`; fails with the log when it does not come."""
        end = time.monotonic() + READY_S
        while time.monotonic() < end:
            assert self.process is not None
            if self.process.poll() is not None:
                raise AssertionError(f"serve ended with {self.process.returncode}:\n{self.log}")
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=2):
                    return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        raise AssertionError(f"not ready after {READY_S} s:\n{self.log}")

    def kill(self) -> None:
        """`kill -9` the whole tree."""
        self._signal(signal.SIGKILL)

    def stop(self) -> int:
        """Ask it to stop in order, as an init system does; its exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(45)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"serve did not stop:\n{self.log}") from None

    def run(self, *arguments: str, input_text: str = "") -> dict[str, Any]:
        """Run another `filon` command beside it; the JSON of its last line."""
        done = subprocess.run(
            [sys.executable, "-m", "filon", *arguments, "--json"],
            env=self.environ,
            input=input_text,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, f"{arguments} ended with {done.returncode}: {done.stdout}{done.stderr}"
        return dict(json.loads(done.stdout.strip().splitlines()[-1]))

    def _signal(self, number: int) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            self.process.wait(30)


@pytest.fixture
def live_server_tree(database_url: str, tmp_path: Path) -> Iterator[ServerTree]:
    """`filon serve` running with its worker on an own database."""
    tree = ServerTree(tmp_path, database_url, free_port())
    try:
        yield tree.start()
    finally:
        tree.kill()


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, once a file of tests: its event loop must not live on beside other tests."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        missing("Chromium", "apt-get install chromium")
    from playwright.sync_api import sync_playwright

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # playwright leaves its event loop in our thread
    connections.close_all()  # Django keeps other connections beside an event loop: none may outlive its database
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=CHROMIUM_ARGS)
        yield browser
        browser.close()
        connections.close_all()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def browser_page(browser: Any) -> Iterator[Any]:
    """A fresh page; a script error or a refused resource (CSP) fails the test."""
    context = browser.new_context(locale="fr-FR", viewport={"width": 1280, "height": 800})
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(f"script error: {error}"))
    page.on("console", lambda message: _note_refusal(message, problems))
    yield page
    context.close()
    assert not problems, problems


def _note_refusal(message: Any, problems: list[str]) -> None:
    if any(word in message.text for word in _REFUSALS):
        problems.append(message.text)
