"""What is measured. Each scenario takes a fresh place and gives one or more figures."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any, Final
from urllib.parse import urlencode

from filon.bench import load, made
from filon.bench.load import Measured
from filon.bench.place import Place


@dataclass(frozen=True)
class Size:
    """How much is made: leads of a base, and acts."""

    leads: int
    events: int


Figure = dict[str, Any]


def _figure(name: str, n: int, seconds: float, **more: Any) -> Figure:
    rate = round(n / seconds, 1) if seconds else None
    blank = {"p50_ms": None, "p99_ms": None, "peak_mb": None}
    return {"name": name, "n": n, "seconds": round(seconds, 2), "per_second": rate, **blank, **more}


def _of(name: str, measured: Measured, **more: Any) -> Figure:
    p95 = measured.quantile(0.95)
    latency = {"p50_ms": measured.quantile(0.5), "p95_ms": p95, "p99_ms": measured.quantile(0.99)}
    statuses = {str(status): count for status, count in sorted(measured.statuses.items())}
    return _figure(name, len(measured.latencies), measured.seconds, **latency, statuses=statuses, **more)


def import_leads(place: Place, size: Size) -> Iterator[Figure]:
    """A file of made leads into a base that knows a third of them, live: the whole line."""
    known = size.leads // 3
    base = made.write(place.folder / "known.csv", known)
    place.run("import", str(base), "--as", "leads", "--mode", "history", "--system", "made")
    # The same people come again with another job title, so that they are updates and not repetitions.
    file = made.write(place.folder / "leads.csv", size.leads, revision=1)
    done = place.run("import", str(file), "--as", "leads", "--mode", "live", "--system", "made")
    counts = {name: done[name] for name in ("created", "updated", "unchanged", "rejected")}
    yield _figure("import", done["rows"], done["seconds"], peak_mb=done["peak_mb"], **counts)


def import_while_serving(place: Place, size: Size) -> Iterator[Figure]:
    """The same while people read pages and programs post leads: how long those wait."""
    count = min(size.leads, 60_000)
    file = made.write(place.folder / "leads.csv", count)
    key = place.api_key()
    with place.serving():
        result: dict[str, Any] = {}
        work = threading.Thread(
            target=lambda: result.update(place.run("import", str(file), "--as", "leads", "--mode", "live"))
        )
        work.start()
        time.sleep(2)
        measured = load.open_loop(place.port, _lead_posts(key, "serving"), per_second=20, total=400)
        is_over = not work.is_alive()
        work.join()
    yield _of("others_during_import", measured, import_ended_before=is_over)
    yield _figure("import_while_serving", result["rows"], result["seconds"], peak_mb=result["peak_mb"])


def api_leads(place: Place, size: Size) -> Iterator[Figure]:
    """POST /leads by 32 clients that wait, then at 200 a second open loop with the worker busy."""
    del size
    key = place.api_key()
    with place.serving():
        load.closed_loop(place.port, _lead_posts(key, "warm"), clients=8, total=400)
        yield _of("api_leads_32_clients", load.closed_loop(place.port, _lead_posts(key, "a"), clients=32, total=12_000))
        measured = load.open_loop(place.port, _lead_posts(key, "b"), per_second=200, total=4_000)
        yield _of("api_leads_200_per_second", measured)


def api_events(place: Place, size: Size) -> Iterator[Figure]:
    """POST /events, ten acts a call, by 16 clients."""
    del size
    key, each = place.api_key(), 10
    with place.serving():
        load.closed_loop(place.port, _lead_posts(key, "warm"), clients=8, total=400)
        calls = load.closed_loop(place.port, _event_posts(key, each), clients=16, total=2_000)
    figure = _of("api_events", calls)
    yield {**figure, "n": figure["n"] * each, "per_second": round(figure["per_second"] * each, 1)}


def _lead_posts(key: str, series: str) -> load.Request:
    def request(number: int) -> bytes:
        body = {
            "email": f"{series}{number}@entreprise{number % 5000}.fr",
            "first_name": "Camille",
            "last_name": f"Martin{number}",
            "job_title": "Directrice des opérations",
            "company": {"name": f"Entreprise {number % 5000}", "employees": 250},
            "source": "Google",
            "phone": f"06{number % 100_000_000:08d}",
        }
        return load.post("/api/v1/leads", key, json.dumps(body).encode())

    return request


def _event_posts(key: str, each: int) -> load.Request:
    def request(number: int) -> bytes:
        events = [
            {
                "kind": "page_viewed",
                "email": f"warm{(number * each + one) % 400}@entreprise{(number * each + one) % 400}.fr",
                "path": "/tarifs",
            }
            for one in range(each)
        ]
        return load.post("/api/v1/events", key, json.dumps({"events": events}).encode())

    return request


PAGES: Final = {
    "list": "/leads",
    "list_by_stage": "/leads?stage=qualifying",
    "list_filtered": "/leads?" + urlencode({"filter": "channel = organic_search and company.employees >= 50"}),
    "board": "/leads/board",
    "lead": "/leads/{lead}",
    "search": "/search?q={word}",
    "companies": "/companies",
    "funnel": "/insight",
}


def pages(place: Place, size: Size) -> Iterator[Figure]:
    """The pages people live in, over a full base, one reader at a time: what the server takes."""
    file = made.write(place.folder / "leads.csv", size.leads)
    place.run("import", str(file), "--as", "leads", "--mode", "live", "--system", "made")
    acts = made.write_acts(place.folder / "acts.csv", size.events, leads=size.leads)
    place.run("import", str(acts), "--as", "events", "--mode", "history", "--system", "made")
    _add_reader(place)
    with place.serving():
        _settle(place)
        reader = _Reader(place)
        _await_figures(reader)
        pick = random.Random(7)  # noqa: S311 — made data
        for name, path in PAGES.items():
            latencies, status = [], 0
            for turn in range(40):
                address = path.format(lead=pick.randint(1, size.leads), word=f"p{pick.randint(0, size.leads - 1)}")
                seconds, status = reader.get(address)
                if turn >= 3:
                    latencies.append(seconds)
            measured = Measured(latencies, {status: len(latencies)}, sum(latencies))
            yield _of(f"page_{name}", measured)


def worklist(place: Place, size: Size) -> Iterator[Figure]:
    """One SDR's worklist where every lead of the base is theirs: the page, and from a call to the next lead."""
    _add_reader(place)
    file = made.write(place.folder / "leads.csv", size.leads)
    owned = ("--set", f"owner={_READER}", "--set", "stage=qualifying")
    place.run("import", str(file), "--as", "leads", "--mode", "live", "--system", "made", *owned)
    with place.serving():
        _settle(place)
        reader = _Reader(place)
        pages_s, acts_s = [], []
        for turn in range(60):
            seconds, _status = reader.get("/qualify")
            found = _CALL.search(reader.text)
            if found is None:
                raise RuntimeError("the worklist shows no lead to call")
            call = {"outcome": "no_answer", "seen": found[2], "tab": "now", "next": found[3]}
            begin = time.perf_counter()
            reader.post(f"/qualify/{found[1]}/call", call)
            acted = time.perf_counter() - begin
            if turn >= 3:
                pages_s.append(seconds)
                acts_s.append(acted)
    yield _of("page_worklist", Measured(pages_s, {200: len(pages_s)}, sum(pages_s)))
    yield _of("call_to_next_lead", Measured(acts_s, {200: len(acts_s)}, sum(acts_s)))


_CALL: Final = re.compile(
    r'action="/qualify/(\d+)/call".*?name="seen" value="([^"]*)".*?name="next" value="([^"]*)"', re.DOTALL
)


def forms(place: Place, size: Size) -> Iterator[Figure]:
    """What visitors wait for when they send a hosted form, the worker busy with what they sent; one at a time."""
    del size
    _add_reader(place)
    latencies: list[float] = []
    with place.serving():
        reader = _Reader(place)
        for number in range(_FORMS):
            said = {"title": f"Bench {number}", "slug": f"bench-{number}", "notice": "Bench", "language": "fr"}
            asked = {f"{name}-{what}": "on" for name in ("email", "last_name") for what in ("is_asked", "is_required")}
            status = reader.post("/capture/forms/new", {**said, **asked, "channel": "web", "is_open": "on"})
            if status != 200:
                raise RuntimeError("the form could not be made")
            for turn in range(_OF_A_FORM):
                reader.get(f"/f/bench-{number}")
                found = _TOKEN.search(reader.text)
                if found is None:
                    raise RuntimeError("the form shows no token")
                guest = {"email": f"g{number}-{turn}@entreprise{turn}.fr", "last_name": f"Nom{turn}", "token": found[1]}
                begin = time.perf_counter()
                if reader.post(f"/f/bench-{number}", guest) != 202:
                    raise RuntimeError("the form was not taken")
                latencies.append(time.perf_counter() - begin)
    yield _of("form_sent", Measured(latencies, {202: len(latencies)}, sum(latencies)))


_FORMS: Final = 15
_OF_A_FORM: Final = 20  # as many as one address may send in ten minutes
_TOKEN: Final = re.compile(r'name="token" value="([^"]+)"')


def _settle(place: Place) -> None:
    """Wait until the jobs that the imports left (search index, measure tables) are done."""
    deadline = time.monotonic() + 900
    while time.monotonic() < deadline:
        connection = HTTPConnection("127.0.0.1", place.port, timeout=30)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        waiting = [line for line in text.splitlines() if line.startswith("filon_jobs{")]
        busy = sum(float(line.rpartition(" ")[2]) for line in waiting if "waiting" in line or "running" in line)
        if busy <= 3:  # the clocks themselves are jobs
            return
        time.sleep(2)


def _await_figures(reader: _Reader) -> None:
    """Wait until the measure tables of a large base are made: before, pages of figures say so and nothing else."""
    deadline = time.monotonic() + 900
    while time.monotonic() < deadline and reader.get(PAGES["funnel"])[1] == 503:
        time.sleep(2)  # less than the server keeps an idle connection


_READER: Final = "bench@example.org"
_PASSWORD: Final = "a long password of the bench"  # noqa: S105 — of a throw-away place


def _add_reader(place: Place) -> None:
    """A colleague who may do everything, for `_Reader`."""
    command = [sys.executable, "-m", "filon", "user", "create", _READER, "--role", "admin", "--password-stdin"]
    subprocess.run(command, input=_PASSWORD.encode(), env=place.environ, check=True, capture_output=True)


class _Reader:
    """A signed-in person with one kept connection. text: of the last page."""

    def __init__(self, place: Place) -> None:
        self._connection = HTTPConnection("127.0.0.1", place.port, timeout=60)
        self._cookies: dict[str, str] = {}
        self._location = self.text = ""
        self.get("/sign-in")
        self.post("/sign-in", {"email": _READER, "password": _PASSWORD})

    def get(self, path: str) -> tuple[float, int]:
        """(seconds, status) of a page; its text is in `text`."""
        start = time.perf_counter()
        status = self._ask("GET", path)
        return time.perf_counter() - start, status

    def post(self, path: str, form: dict[str, str]) -> int:
        """Send a form, and follow where it leads; the status there."""
        typed = {"Content-Type": "application/x-www-form-urlencoded"}
        status = self._ask("POST", path, urlencode({**form, "csrfmiddlewaretoken": self._cookies["csrftoken"]}), typed)
        return self._ask("GET", self._location) if status == 302 else status

    def _ask(self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None) -> int:
        cookie = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        self._connection.request(method, path, body, {**(headers or {}), "Cookie": cookie})
        answer = self._connection.getresponse()
        self.text = answer.read().decode(errors="replace")
        self._location = answer.getheader("Location") or ""
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self._cookies[key] = rest.partition(";")[0]
        return answer.status


SCENARIOS: Final[dict[str, Callable[[Place, Size], Iterator[Figure]]]] = {
    "import": import_leads,
    "import_while_serving": import_while_serving,
    "api_leads": api_leads,
    "api_events": api_events,
    "pages": pages,
    "worklist": worklist,
    "forms": forms,
}
