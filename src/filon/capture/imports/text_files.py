"""Text out of bytes: which encoding a file has, and its lines with what does not decode marked, not lost."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from filon.capture.imports.layout import UnreadableFile

# An undecodable byte becomes a lone surrogate U+DC00 + byte, which no text has, so the row that holds it can be told.
_MARK_ERRORS = "filon-mark-undecodable"
BROKEN = re.compile("[\ud800-\udfff]")
_CHUNK_BYTES = 2**20
_CHUNKS_TO_JUDGE = 16  # with letters beyond ASCII; chunks of pure ASCII say nothing and cost nothing
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def _mark_undecodable(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error(_MARK_ERRORS, _mark_undecodable)


def open_text(path: Path, encoding: str) -> TextIO:
    """The file as text, its line ends untouched. Raises UnreadableFile for an unknown encoding."""
    try:
        return path.open(encoding=encoding, errors=_MARK_ERRORS, newline="")
    except LookupError:
        raise UnreadableFile("encoding", encoding=encoding) from None


def detect_encoding(path: Path) -> str:
    """By its byte order mark, else by where the zeros are, else UTF-8 unless more of it is wrong than right.

    The whole file is looked through until enough letters beyond ASCII were seen: an export in Windows-1252 may have
    its first accent far down.
    """
    with path.open("rb") as stream:
        chunk = stream.read(_CHUNK_BYTES)
        for mark, encoding in _BYTE_ORDER_MARKS:
            if chunk.startswith(mark):
                return encoding
        if wide := _utf16_by_zeros(chunk):
            return wide
        right = wrong = judged = 0
        decoder = codecs.getincrementaldecoder("utf-8")(_MARK_ERRORS)
        while chunk and judged < _CHUNKS_TO_JUDGE:
            if chunk.isascii():
                decoder.reset()
            else:
                text = decoder.decode(chunk)
                broken = len(BROKEN.findall(text))
                right += len(text) - len(text.encode("ascii", "ignore")) - broken
                wrong += broken
                judged += 1
            chunk = stream.read(_CHUNK_BYTES)
    return "utf-8" if right >= wrong else "cp1252"


def _utf16_by_zeros(chunk: bytes) -> str:
    """UTF-16 without its mark: Latin text has a zero in every second byte."""
    sample = chunk[: 4096 - len(chunk[:4096]) % 2 or None]
    half = len(sample) // 2
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if half and odd >= half * 0.6 and even <= half * 0.1:
        return "utf-16-le"
    return "utf-16-be" if half and even >= half * 0.6 and odd <= half * 0.1 else ""


def read_lines(stream: TextIO, limit: int) -> Iterator[tuple[str, bool]]:
    """Physical lines with their ends, and whether a line was cut because it is longer than `limit` characters."""
    while line := stream.readline(limit):
        is_cut = len(line) == limit and line[-1] not in "\r\n"
        if is_cut:
            skip_line(stream)
        yield line, is_cut


def skip_line(stream: TextIO) -> None:
    """Read to the end of the line in pieces, so that a line of any length takes no memory."""
    while (piece := stream.readline(_CHUNK_BYTES)) and piece[-1] not in "\r\n":
        pass
