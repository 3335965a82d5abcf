"""The lake: measure tables as Parquet in the data folder, true for a known position of the ledger. A cache.

`manifest.json` names the files that make up each table; it is replaced whole, and files no longer named stay a while
for who still reads them. A table is parts (rows by id) and what changed since (`changed`: newer rows, and tombstones).
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import orjson
from django.conf import settings

from filon.measure import engine
from filon.measure.lake.changes import Position

_FORMAT: Final = 4  # of the manifest
LAYOUT: Final = f"{_FORMAT}-{engine.fingerprint('lead', 'opportunity')}"
"""What made the measure tables: a lake that another version made is made anew."""

_KEPT: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The files of a measure table, as paths within the lake. parts: by part number. attributes: their folded names.

    keys: the ids in `changed`, each with the position of the ledger it was read at.
    """

    parts: Mapping[int, str] = field(default_factory=dict)
    changed: str = ""
    keys: Mapping[int, int] = field(default_factory=dict)
    attributes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What the lake holds: true for the ledger at `position`, whose last fact was learnt at `as_of`.

    token: names this state of the lake, and no other ever. parts_as_of: what the parts alone are true for.
    """

    token: str
    position: Position
    as_of: datetime
    parts_as_of: datetime
    made_at: datetime
    shifts_until: datetime
    zone: str = ""
    leads: Table = field(default_factory=Table)
    opportunities: Table = field(default_factory=Table)
    costs: str = ""
    shifts: str = ""
    retired: Mapping[str, datetime] = field(default_factory=dict)

    def files(self) -> set[str]:
        """Every file it names."""
        tables = (self.leads, self.opportunities)
        named = {path for table in tables for path in (*table.parts.values(), table.changed)}
        return {path for path in (*named, self.costs, self.shifts) if path}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One state of the lake, to be read. `as_of`: the moment its answers are for."""

    root: Path
    manifest: Manifest
    as_of: datetime

    @property
    def key(self) -> tuple[str, str]:
        """Names this state: equal keys give equal answers."""
        return self.manifest.token, self.as_of.isoformat()

    def settled(self) -> Snapshot:
        """What is read for the whole workspace and costs time: of a large lake the parts only, which seldom change."""
        manifest = self.manifest
        if len(manifest.leads.parts) < 2 or not manifest.leads.changed:
            return self
        parts = replace(manifest.leads, changed="", keys={})
        token = "".join(sorted(parts.parts.values()))
        return Snapshot(self.root, replace(manifest, token=token, leads=parts), manifest.parts_as_of)

    def relation(self, name: str) -> str:
        """The rows of `lead`, `opportunity`, `cost` or `shift` as a FROM item."""
        if name in {"cost", "shift"}:
            path = self.manifest.costs if name == "cost" else self.manifest.shifts
            return f"read_parquet({engine.literal(str(self.root / path))})"
        table = self.manifest.leads if name == "lead" else self.manifest.opportunities
        parts = self._parquet(table.parts.values())
        if not table.changed:
            return f"(SELECT * EXCLUDE (is_gone) FROM {parts})"
        changed = self._parquet([table.changed])
        return (
            f"(SELECT * EXCLUDE (is_gone) FROM (SELECT * FROM {parts} ANTI JOIN (SELECT id FROM {changed}) AS newer "
            f"USING (id) UNION ALL BY NAME SELECT * FROM {changed} WHERE NOT is_gone))"
        )

    def _parquet(self, paths: Iterable[str]) -> str:
        files = [str(self.root / path) for path in paths]
        return f"read_parquet({engine.literal(files)}, union_by_name = true)"


# Keeping -------------------------------------------------------------------------------------------------------------


class Lake:
    """The lake in one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def manifest(self) -> Manifest | None:
        """What the lake holds; None when it holds nothing, or what another layout or time zone made."""
        try:
            values = orjson.loads((self.root / "manifest.json").read_bytes())
        except (FileNotFoundError, orjson.JSONDecodeError):
            return None
        if values.get("layout") != LAYOUT or values.get("zone") != settings.TIME_ZONE:
            return None
        return _manifest_of(values)

    def snapshot(self) -> Snapshot | None:
        """The lake as it is now."""
        manifest = self.manifest()
        return None if manifest is None else Snapshot(self.root, manifest, manifest.as_of)

    def publish(self, manifest: Manifest, before: Manifest | None, at: datetime) -> Manifest:
        """Make a manifest the present one; files it no longer names are deleted once nobody can be reading them."""
        retired = dict(before.retired) if before else {}
        named = manifest.files()
        retired |= dict.fromkeys((before.files() if before else set()) - named, at)
        dead = [path for path, since in retired.items() if at - since > _KEPT]
        manifest = replace(manifest, retired={path: retired[path] for path in retired if path not in dead})
        _write_whole(self.root / "manifest.json", orjson.dumps(_values_of(manifest)))
        for path in dead:
            (self.root / path).unlink(missing_ok=True)
        return manifest

    @contextmanager
    def lock(self, name: str, *, patience_s: float | None = None) -> Iterator[bool]:
        """Hold one of the lake's locks, between threads and processes alike; yields whether we got it in time."""
        self.root.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.root / f".{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            yield _flock(descriptor, patience_s)
        finally:
            os.close(descriptor)  # which frees the lock


def here() -> Lake:
    """The workspace's lake."""
    return Lake(Path(settings.FILON_DATA_DIR) / "lake")


def _flock(descriptor: int, patience_s: float | None) -> bool:
    if patience_s is None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return True
    until = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(0.01)
        else:
            return True


def _write_whole(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def _table_values(table: Table) -> dict[str, Any]:
    return {
        "parts": {str(number): path for number, path in table.parts.items()},
        "changed": table.changed,
        "keys": [[key, position] for key, position in table.keys.items()],
        "attributes": sorted(table.attributes),
    }


def _table_of(values: Mapping[str, Any]) -> Table:
    return Table(
        parts={int(number): path for number, path in values["parts"].items()},
        changed=values["changed"],
        keys=dict(values["keys"]),
        attributes=frozenset(values["attributes"]),
    )


def _values_of(manifest: Manifest) -> dict[str, Any]:
    return {
        "layout": LAYOUT,
        "token": manifest.token,
        "position": manifest.position.id,
        "mark": manifest.position.mark,
        "gaps": [list(gap) for gap in manifest.position.gaps],
        "undone": manifest.position.undone,
        "as_of": manifest.as_of,
        "parts_as_of": manifest.parts_as_of,
        "made_at": manifest.made_at,
        "shifts_until": manifest.shifts_until,
        "zone": manifest.zone,
        "leads": _table_values(manifest.leads),
        "opportunities": _table_values(manifest.opportunities),
        "costs": manifest.costs,
        "shifts": manifest.shifts,
        "retired": manifest.retired,
    }


def _manifest_of(values: Mapping[str, Any]) -> Manifest:
    moment = datetime.fromisoformat
    return Manifest(
        token=values["token"],
        position=Position(
            values["position"],
            values["mark"],
            moment(values["as_of"]),
            [(first, last) for first, last in values["gaps"]],
            values["undone"],
        ),
        as_of=moment(values["as_of"]),
        parts_as_of=moment(values["parts_as_of"]),
        made_at=moment(values["made_at"]),
        shifts_until=moment(values["shifts_until"]),
        zone=values["zone"],
        leads=_table_of(values["leads"]),
        opportunities=_table_of(values["opportunities"]),
        costs=values["costs"],
        shifts=values["shifts"],
        retired={path: moment(at) for path, at in values["retired"].items()},
    )
