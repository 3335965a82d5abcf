"""Compile every slice's `locale/*/LC_MESSAGES/django.po` to `.mo`, with the standard library alone.

`make run` needs the texts but neither gettext's programs nor Babel, so the two small formats are read and written here.
"""

from __future__ import annotations

import os
import re
import struct
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).resolve().parent.parent / "src" / "filon"
_MAGIC: Final = 0x950412DE
_HEADER_BYTES: Final = 28
_LINE: Final = re.compile(r'(?:(msgctxt|msgid_plural|msgid|msgstr)(?:\[(\d+)\])?\s*)?"(.*)"')
_ESCAPE: Final = re.compile(r"\\(.)")
_ESCAPED: Final = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}


class WrongCatalogue(ValueError):
    """A .po file that cannot be read; the message names the file and the line."""


@dataclass
class Message:
    """One entry of a catalogue. texts: the translation, one for each plural form."""

    id: str = ""
    plural: str | None = None
    context: str | None = None
    texts: dict[int, str] = field(default_factory=dict)
    is_fuzzy: bool = False
    line: int = 0

    @property
    def key(self) -> tuple[str | None, str]:
        """What names the message: its context and its id."""
        return self.context, self.id

    @property
    def is_translated(self) -> bool:
        """Whether every form it has is filled, for good."""
        return bool(self.texts) and all(self.texts.values()) and not self.is_fuzzy


def main() -> int:
    """Compile all catalogues; those that are current already are left untouched."""
    for po in sorted(SOURCE.glob("*/locale/*/LC_MESSAGES/*.po")):
        _write(po.with_suffix(".mo"), to_mo(read_po(po)))
    return 0


def read_po(path: Path) -> list[Message]:
    """The messages of a .po file, the header (empty id) among them. Raises WrongCatalogue."""
    messages: list[Message] = []
    for block in _blocks(path.read_text("utf-8").splitlines()):
        message = _message(path, block)
        if message is not None:
            messages.append(message)
    seen: set[tuple[str | None, str]] = set()
    for message in messages:
        if message.key in seen:
            raise WrongCatalogue(f"{path}:{message.line}: {message.id!r} stands there twice")
        seen.add(message.key)
    return messages


def to_mo(messages: Iterable[Message]) -> bytes:
    """The binary catalogue of all translated messages, sorted by id as readers expect."""
    pairs = sorted((_mo_id(message), _mo_text(message)) for message in messages if message.is_translated)
    ids = b"".join(key + b"\0" for key, _ in pairs)
    texts = b"".join(text + b"\0" for _, text in pairs)
    id_table = _HEADER_BYTES
    text_table = id_table + 8 * len(pairs)
    start = text_table + 8 * len(pairs)
    header = struct.pack("<7I", _MAGIC, 0, len(pairs), id_table, text_table, 0, start)
    places = _places([key for key, _ in pairs], start) + _places([text for _, text in pairs], start + len(ids))
    return header + places + ids + texts


def _blocks(lines: list[str]) -> Iterator[list[tuple[int, str]]]:
    """Entries are separated by blank lines; each comes with its line numbers."""
    block: list[tuple[int, str]] = []
    for number, line in enumerate([*lines, ""], start=1):
        if line.strip():
            block.append((number, line.strip()))
        elif block:
            yield block
            block = []


def _message(path: Path, block: list[tuple[int, str]]) -> Message | None:
    """The message of one block; None when it holds only comments."""
    message = Message(line=block[0][0])
    parts: dict[tuple[str, int], str] = {}
    current: tuple[str, int] | None = None
    for number, line in block:
        if line.startswith("#"):
            message.is_fuzzy |= line.startswith("#,") and "fuzzy" in line
            continue
        found = _LINE.fullmatch(line)
        if found is None or (found[1] is None and current is None):
            raise WrongCatalogue(f"{path}:{number}: cannot be read: {line}")
        if found[1] is not None:
            current = (found[1], int(found[2] or 0))
            if current in parts:
                raise WrongCatalogue(f"{path}:{number}: a blank line is missing before this entry")
            parts[current] = ""
        assert current is not None  # noqa: S101 — the check above says so
        parts[current] += _ESCAPE.sub(lambda escape: _ESCAPED.get(escape[1], escape[1]), found[3])
    if ("msgid", 0) not in parts:
        return None
    message.id = parts[("msgid", 0)]
    message.plural = parts.get(("msgid_plural", 0))
    message.context = parts.get(("msgctxt", 0))
    message.texts = {form: text for (part, form), text in parts.items() if part == "msgstr"}
    return message


def _mo_id(message: Message) -> bytes:
    context = f"{message.context}\x04" if message.context is not None else ""
    plural = f"\0{message.plural}" if message.plural is not None else ""
    return f"{context}{message.id}{plural}".encode()


def _mo_text(message: Message) -> bytes:
    return "\0".join(message.texts[form] for form in sorted(message.texts)).encode()


def _places(items: list[bytes], start: int) -> bytes:
    table = bytearray()
    for item in items:
        table += struct.pack("<2I", len(item), start)
        start += len(item) + 1
    return bytes(table)


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all: a server that starts meanwhile never reads half a catalogue."""
    if path.exists() and path.read_bytes() == content:
        return
    part = path.with_suffix(".mo.part")
    part.write_bytes(content)
    os.replace(part, path)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except WrongCatalogue as wrong:
        sys.exit(str(wrong))
