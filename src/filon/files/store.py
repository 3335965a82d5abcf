"""Contents of files, by their hash: written whole or not at all, once however often they come."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from filon.kit.errors import Kind, Refused

_MODE: Final = 0o700


def folder() -> Path:
    """Where contents lie."""
    path = Path(settings.FILON_DATA_DIR) / "attachments"
    path.mkdir(mode=_MODE, parents=True, exist_ok=True)
    return path


def path_of(digest: str) -> Path:
    """Where one lies."""
    return folder() / digest[:2] / digest


def keep(chunks: Iterable[bytes], *, most: int) -> tuple[str, int]:
    """Keep a content durably; (its hash, its size). Raises Refused when it is longer than `most` bytes."""
    sha, size = hashlib.sha256(), 0
    handle, name = tempfile.mkstemp(prefix="coming-", dir=folder())
    try:
        with os.fdopen(handle, "wb") as file:
            for chunk in chunks:
                size += len(chunk)
                if size > most:
                    raise Refused(too_large(most), Kind.TOO_LARGE, code="too_large")
                sha.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        place = path_of(sha.hexdigest())
        place.parent.mkdir(mode=_MODE, exist_ok=True)
        Path(name).replace(place)
        _sync(place.parent)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return sha.hexdigest(), size


def too_large(most: int) -> str:
    """Why a file is not taken."""
    return _("This file is too large: at most %(size)s MB.") % {"size": most // 1_000_000}


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def contents() -> Iterator[tuple[Path, str]]:
    """Every content that lies there, with its hash; and what never came to its end, with an empty one."""
    for path in folder().rglob("*"):
        if path.is_file():
            yield path, "" if path.name.startswith("coming-") else path.name
