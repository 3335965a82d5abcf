"""`filon serve`, `filon worker`, `filon migrate`: the product as processes."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any

import click

from filon.cli.frame import bare_command, say

_RESTART_WAITS_S = (0.5, 1, 2, 5, 10)
_WORKER_LEAVES_S = 35


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65_535))
@click.option("--processes", default=1, show_default=True, type=click.IntRange(1), help="Web processes (PostgreSQL).")
@click.option("--no-worker", is_flag=True, help="The web alone; run `filon worker` beside it.")
@bare_command
def serve(host: str, port: int, processes: int, no_worker: bool) -> None:
    """Run Filon: bring an embedded database up to date, serve the web, run the worker."""
    from filon.core import presence, schema
    from filon.kit.errors import Refused

    if schema.is_embedded():
        if processes > 1:
            raise Refused("Several web processes need PostgreSQL: set FILON_DATABASE_URL, or leave --processes out.")
        for other in presence.alive("servers").values():
            raise Refused(f"Filon runs on this data folder already: {other['url']} (process {other['pid']}).")
    schema.prepare()
    url = _own_url(host, port)
    with _listening(host, port) as listener, presence.Presence("servers", _name(), url=url, worker=not no_worker):
        _greet(url)
        worker = _WorkerChild() if not no_worker else None
        try:
            _serve(listener, processes, worker)
        finally:
            if worker is not None:
                worker.stop()


@click.command()
@click.option("--parent-pipe", type=int, hidden=True, help="Stop when this file descriptor is closed.")
@bare_command
def worker(parent_pipe: int | None) -> None:
    """Run reactions, scheduled work and long jobs. Any number of workers on PostgreSQL."""
    from filon.core import schema
    from filon.core.worker import Worker

    schema.require_current()
    here = Worker()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: here.stop())
    if parent_pipe is not None:
        threading.Thread(target=_stop_with_parent, args=(parent_pipe, here.stop), daemon=True).start()
    say(f"worker {here.name}")
    here.run()
    sys.stdout.flush()
    os._exit(0)  # a job that outlived its grace has been given back: do not wait for its thread


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; exit 1 when something is missing.")
@bare_command
def migrate(check: bool) -> dict[str, Any]:
    """Bring the database's tables up to this version."""
    from filon.core import schema

    if check:
        missing = schema.missing()
        schema.refuse_newer()
        if missing:
            raise click.ClickException(f"{len(missing)} migrations are missing. Run: filon migrate")
        say("The database is up to date.")
        return {"applied": [], "missing": []}
    applied = schema.bring_up_to_date()
    say(f"{len(applied)} migrations applied." if applied else "The database is up to date.")
    return {"applied": applied, "missing": []}


# The web -------------------------------------------------------------------------------------------------------------


def _serve(listener: socket.socket, processes: int, worker: _WorkerChild | None) -> None:
    """Answer requests until asked to stop; the worker is asked at the same moment."""
    import uvicorn
    from uvicorn.supervisors import Multiprocess

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            if worker is not None:
                worker.ask_to_stop()
            super().handle_exit(sig, frame)

    config = uvicorn.Config(
        "filon.config.asgi:application",
        workers=processes,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=20,
        backlog=2048,
    )
    signal.signal(signal.SIGTERM, lambda *_: None)  # uvicorn sets its own, and raises it again when it has stopped
    with contextlib.suppress(KeyboardInterrupt):
        if processes > 1:
            Multiprocess(config, sockets=[listener]).run()
        else:
            Server(config).run(sockets=[listener])


@contextlib.contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """The socket, taken before anything else is started, so that a taken port is said in words."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise click.ClickException(
                f"Cannot listen on {host}:{port} ({error.strerror}). Choose another port with --port."
            ) from error
        listener.listen(2048)  # who calls while we start waits instead of being refused
        listener.set_inheritable(True)
        yield listener


def _own_url(host: str, port: int) -> str:
    """The address people use: the configured one, or where we listen when nothing was configured."""
    from django.conf import settings

    if os.environ.get("FILON_BASE_URL") or settings.FILON_BASE_URL != "http://127.0.0.1:8000":
        return str(settings.FILON_BASE_URL)
    shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 — compared, not bound
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"


def _greet(url: str) -> None:
    """Say where it is, and how to get in when nobody can yet."""
    from django.utils import timezone
    from django.utils.translation import gettext as _

    from filon.core import accounts

    say(f"Filon: {url}")
    if accounts.nobody_can_sign_in():
        token = accounts.make_start_link(at=timezone.now())
        say(_("Create the administrator with this link; it works once:") + f"\n{url}/start/{token}")
    sys.stdout.flush()


def _name() -> str:
    return f"{socket.gethostname()[:40]}-{os.getpid()}"


# The worker as a child -----------------------------------------------------------------------------------------------


class _WorkerChild:
    """The worker as a process of its own: started again when it dies, gone when we are, even by `kill -9`."""

    def __init__(self) -> None:
        self._is_stopping = False
        self._read, self._write = os.pipe()  # only we hold the writing end: when we die, the child reads its end
        self._child = self._start()
        self._watcher = threading.Thread(target=self._watch, name="worker-watch", daemon=True)
        self._watcher.start()

    def ask_to_stop(self) -> None:
        """Let it finish what it does; safe in a signal handler."""
        self._is_stopping = True
        with contextlib.suppress(ProcessLookupError):
            self._child.terminate()

    def stop(self) -> None:
        """Wait until it is gone; its unfinished jobs are free again."""
        self.ask_to_stop()
        try:
            self._child.wait(_WORKER_LEAVES_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        os.close(self._write)
        os.close(self._read)

    def _start(self) -> subprocess.Popen[bytes]:
        command_line = [sys.executable, "-m", "filon", "worker", "--parent-pipe", str(self._read)]
        return subprocess.Popen(command_line, pass_fds=[self._read], stdout=subprocess.DEVNULL)  # noqa: S603 — our own

    def _watch(self) -> None:
        deaths = 0
        while not self._is_stopping:
            started = time.monotonic()
            self._child.wait()
            if self._is_stopping:
                return
            deaths = 0 if time.monotonic() - started > 60 else deaths + 1
            time.sleep(_RESTART_WAITS_S[min(deaths, len(_RESTART_WAITS_S) - 1)])
            if not self._is_stopping:
                say("The worker died and is started again.")
                self._child = self._start()


def _stop_with_parent(descriptor: int, stop: Any) -> None:
    """Wait until the parent's end of the pipe is closed."""
    while os.read(descriptor, 1):
        pass
    stop()
