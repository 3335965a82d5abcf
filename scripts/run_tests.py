"""`make test`: everything on SQLite, then what touches a database again on PostgreSQL; what was left out, and why.

    python scripts/run_tests.py [--long] [pytest's own arguments…]

A PostgreSQL server is started for the run when the machine has its programs, or FILON_DATABASE_URL names one. With CI
set, a missing engine is a failure; without, the summary says how to get it.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

from scratch_postgresql import NoPostgreSQL, server

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "var" / "test-results"
_NEEDED = re.compile("postgres|chromium|browser", re.IGNORECASE)
NO_TESTS = 5  # pytest's exit status when nothing was selected


@dataclass
class Part:
    """One run of pytest and how it went."""

    name: str
    ok: bool
    seconds: float = 0.0
    words: str = ""
    skipped: Counter[str] = field(default_factory=Counter)


def main(arguments: list[str]) -> int:
    """Run both parts, print the summary; 0 when all that ran passed and nothing needed is missing."""
    is_long = "--long" in arguments
    rest = [argument for argument in arguments if argument != "--long"]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the server is stopped
    RESULTS.mkdir(parents=True, exist_ok=True)
    which = "(long or property)" if is_long else "not long"
    if is_long:
        os.environ["FILON_TESTS_THOROUGH"] = "1"
    given = os.environ.pop("FILON_DATABASE_URL", "")
    if given.startswith("postgres"):
        parts = _run_both(given.rpartition("/")[0], which, rest)
    else:
        parts = _run_beside_a_server(which, rest)
    _sum_up(parts)
    return 0 if all(part.ok for part in parts) else 1


def _run_beside_a_server(which: str, rest: list[str]) -> list[Part]:
    try:
        with server() as url:
            return _run_both(url, which, rest)
    except NoPostgreSQL as missing:
        alone = _run("SQLite", which, rest)
        return [alone, Part("PostgreSQL", ok=not os.environ.get("CI"), words=f"not run. {missing}")]


def _run_both(url: str, which: str, rest: list[str]) -> list[Part]:
    os.environ["FILON_TEST_POSTGRES"] = f"{url}/postgres"  # for tests that compare the two themselves
    return [_run("SQLite", which, rest), _run("PostgreSQL", f"database and ({which})", rest, f"{url}/filon")]


def _run(name: str, which: str, rest: list[str], url: str = "") -> Part:
    print(f"\n== {name} ==", flush=True)
    report = RESULTS / f"{name.lower()}.xml"
    report.unlink(missing_ok=True)
    workers = min((os.cpu_count() or 1) + 1, 4)  # one more than cores: journeys wait for browsers and servers
    spread = ["-n", str(workers), "--dist", "loadfile"] if workers > 1 and not _is_small(rest) else []
    command = [sys.executable, "-m", "pytest", "-q", "-m", which, f"--junitxml={report}", *spread, *rest]
    start = time.monotonic()
    status = subprocess.run(
        command, cwd=ROOT, env=os.environ | ({"FILON_DATABASE_URL": url} if url else {}), check=False
    ).returncode
    part = Part(name, ok=status in {0, NO_TESTS}, seconds=time.monotonic() - start)
    part.words, part.skipped = _read(report)
    if os.environ.get("CI") and any(_NEEDED.search(reason) for reason in part.skipped):
        part.ok, part.words = False, f"{part.words} (in CI a missing engine or browser is a failure)"
    return part


def _is_small(rest: list[str]) -> bool:
    """Whether single files or tests were asked for: starting more processes would take longer than they save."""
    return any(argument.endswith(".py") or "::" in argument for argument in rest)


def _read(report: Path) -> tuple[str, Counter[str]]:
    """Counts in words, and why tests were skipped."""
    if not report.exists():
        return "no report: pytest did not get far", Counter()
    skipped: Counter[str] = Counter()
    total = bad = 0
    for case in ET.parse(report).iter("testcase"):
        total += 1
        bad += case.find("failure") is not None or case.find("error") is not None
        skip = case.find("skipped")
        if skip is not None:
            skipped[skip.get("message", "")] += 1
    left_out = skipped.total()
    return f"{total - bad - left_out} passed, {bad} failed, {left_out} skipped", skipped


def _sum_up(parts: list[Part]) -> None:
    print("\n== Summary ==")
    for part in parts:
        seconds = f" in {part.seconds:.0f} s" if part.seconds else ""
        print(f"{'ok    ' if part.ok else 'FAILED'} {part.name}: {part.words}{seconds}")
        for reason, count in part.skipped.most_common():
            print(f"         skipped {count} × {reason}")
    if not all(part.ok for part in parts):
        print("Something failed or is missing: see above.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
