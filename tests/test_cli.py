"""The command line: what it promises to scripts, and a backup that restores."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from filon.cli import COMMANDS
from tests.frame.databases import empty_database

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def filon(database_url: str, tmp_path: Path) -> Run:
    """`filon("doctor", "--json")`: run a command on an own database; `url` and `data_dir` choose another place."""

    def run(
        *arguments: str, url: str = database_url, data_dir: Path = tmp_path / "data", input_text: str = "", **more: str
    ) -> subprocess.CompletedProcess[str]:
        environ = os.environ | {"FILON_DATA_DIR": str(data_dir), "FILON_DATABASE_URL": url} | more
        environ["PYTHONPATH"] = str(Path(__file__).parent.parent / "src")
        return subprocess.run(
            [sys.executable, "-m", "filon", *arguments],
            env=environ,
            input=input_text,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def nowhere(django_db_setup: None, django_db_blocker: Any) -> Iterator[str]:
    """The URL of an empty database."""
    with django_db_blocker.unblock(), empty_database() as url:
        yield url


def last_line(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def test_help_lists_every_command_quickly_and_without_settings() -> None:
    environ = os.environ | {"FILON_LANGUAGE": "no such language", "PYTHONPATH": "src"}
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "filon", "--help"],
        env=environ,
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert all(name in done.stdout for name in COMMANDS)
    assert "django" not in done.stderr


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_exists_and_explains_itself(name: str) -> None:
    from click.testing import CliRunner

    from filon.cli import main

    told = CliRunner().invoke(main, [name, "--help"])
    assert told.exit_code == 0, told.output
    assert "Usage:" in told.output


def test_accounts_are_made_and_answer_in_json(filon: Run) -> None:
    made = filon(
        "user",
        "create",
        "ada@filon.test",
        "--role",
        "admin",
        "--password-stdin",
        "--json",
        input_text="correct cheval pile agrafe\n",
    )
    assert made.returncode == 0, made.stderr
    assert last_line(made)["email"] == "ada@filon.test"
    key = filon("key", "create", "Site", "--scope", "leads:write", "--scope", "events:write", "--json")
    assert set(last_line(key)) >= {"id", "key"}
    doctor = last_line(filon("doctor", "--json"))
    assert doctor["ok"], doctor


def test_a_refusal_is_one_sentence_and_status_1(filon: Run) -> None:
    weak = filon(
        "user", "create", "ada@filon.test", "--role", "admin", "--password-stdin", "--json", input_text="motdepasse\n"
    )
    assert weak.returncode == 1
    assert "Traceback" not in weak.stderr
    assert last_line(weak)["error"] == weak.stderr.strip()


def test_wrong_usage_is_status_2(filon: Run) -> None:
    for arguments in (["user", "create", "ada@filon.test", "--role", "emperor"], ["nonsense"], ["backup"]):
        assert filon(*arguments).returncode == 2


def test_a_database_that_is_away_is_said_in_one_sentence_without_the_password(filon: Run) -> None:
    done = filon("purge", url="postgresql://filon:sesame@127.0.0.1:1/filon")
    assert done.returncode == 1
    assert "FILON_DATABASE_URL" in done.stderr
    assert "sesame" not in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_an_older_database_is_refused_or_brought_up_to_date(filon: Run, nowhere: str, engine: str) -> None:
    assert filon("migrate", "--check", url=nowhere).returncode == 1
    worker = filon("worker", url=nowhere)
    assert worker.returncode == 1
    assert "filon migrate" in worker.stderr
    if engine == "postgresql":
        assert "filon migrate" in filon("purge", url=nowhere).stderr
    assert last_line(filon("migrate", "--json", url=nowhere))["applied"]
    assert filon("migrate", "--check", url=nowhere).returncode == 0


def test_a_backup_restores_whole_into_an_empty_place_only(filon: Run, nowhere: str, tmp_path: Path) -> None:
    first, second, archive = tmp_path / "data", tmp_path / "elsewhere", tmp_path / "filon.tar.gz"
    filon("key", "create", "Site", "--scope", "leads:write")
    (first / "files").mkdir()
    (first / "files" / "proof.txt").write_text("gardé")
    (first / "run").mkdir(exist_ok=True)
    (first / "run" / "x.alive").write_text("{}")
    made = filon("backup", "-o", str(archive), "--json")
    assert made.returncode == 0, made.stderr
    assert archive.stat().st_mode & 0o077 == 0
    assert filon("backup", "-o", str(archive)).returncode == 1
    assert filon("restore", str(archive)).returncode == 1
    restored = filon("restore", str(archive), url=nowhere, data_dir=second)
    assert restored.returncode == 0, restored.stderr
    assert (second / "files" / "proof.txt").read_text() == "gardé"
    assert not (second / "run" / "x.alive").exists()
    checks = {
        check["name"]: check for check in last_line(filon("doctor", "--json", url=nowhere, data_dir=second))["checks"]
    }
    assert all(check["ok"] for check in checks.values()), checks
    assert checks["audit_log"]["advice"].startswith("1 ")


def test_a_damaged_backup_is_refused_and_changes_nothing(filon: Run, nowhere: str, tmp_path: Path) -> None:
    archive = tmp_path / "filon.tar.gz"
    filon("backup", "-o", str(archive))
    archive.write_bytes(archive.read_bytes()[:-2000])
    done = filon("restore", str(archive), url=nowhere, data_dir=tmp_path / "elsewhere")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert filon("migrate", "--check", url=nowhere).returncode == 1
