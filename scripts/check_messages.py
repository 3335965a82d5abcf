"""Part of `make check`: every text of every slice has its French, and nothing else stands in the catalogues.

A slice is a folder of src/filon with an apps.py; its texts lie in its `locale/fr/LC_MESSAGES/django.po`. What folders
without one say (kit, cli) and modules beside them (flow.py) belongs to `config`, whose catalogue Django loads too.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Final, NamedTuple

from babel.messages.extract import extract
from compile_messages import SOURCE, Message, read_po
from django.conf import settings
from django.utils.translation.template import templatize

HOME_OF_THE_REST: Final = "config"
_KEYWORDS: Final = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
_LEFT_OUT: Final = {"tests", "migrations"}
_TEMPLATES: Final = {".html", ".txt", ".mjml"}
_PLACEHOLDER: Final = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")
_TOO_FAMILIAR: Final = re.compile(r"(?<![\w’'-])(?:tu|ton|ta|tes|toi)(?![\w’'])|-toi\b|(?<![\w-])t[’']", re.IGNORECASE)

Key = tuple[str | None, str]


class Use(NamedTuple):
    """A text as the code asks for it."""

    plural: str | None
    place: str


def main(source: Path = SOURCE) -> int:
    """Print every finding; 1 when there is one."""
    findings = [*_findings(source)]
    for finding in findings:
        sys.stderr.write(f"{finding}\n")
    return 1 if findings else 0


def _findings(source: Path) -> Iterator[str]:
    uses = texts_in_use(source)
    french: dict[str, list[Message]] = {}
    slices = {*uses, *(po.parents[3].name for po in source.glob("*/locale/fr/LC_MESSAGES/django.po"))}
    for slice_name in sorted(slices):
        po = source / slice_name / "locale" / "fr" / "LC_MESSAGES" / "django.po"
        french[slice_name] = [message for message in read_po(po) if message.id] if po.exists() else []
        yield from check_slice(slice_name, uses.get(slice_name, {}), french[slice_name])
    yield from check_agreement(french)


def texts_in_use(source: Path) -> dict[str, dict[Key, Use]]:
    """Every text that code and templates ask to translate, by the slice whose catalogue owes it."""
    found: dict[str, dict[Key, Use]] = defaultdict(dict)
    for file in sorted(source.rglob("*")):
        relative = file.relative_to(source)
        if not file.is_file() or _LEFT_OUT.intersection(relative.parts):
            continue
        first = relative.parts[0]
        owner = first if (source / first / "apps.py").exists() else HOME_OF_THE_REST
        for line, message, context in _extract(file):
            one, plural = message if isinstance(message, tuple) else (message, None)
            found[owner].setdefault((context, one), Use(plural, f"{relative}:{line}"))
    return found


def check_slice(name: str, uses: dict[Key, Use], french: list[Message]) -> Iterator[str]:
    """What is missing, too much or wrong in one slice's catalogue."""
    known = {message.key: message for message in french}
    for key, use in uses.items():
        message = known.get(key)
        if message is None:
            yield f"{name}: no French for {_shown(key)} ({use.place})"
        elif not message.is_translated:
            yield f"{name}: empty or fuzzy French for {_shown(key)} ({use.place})"
        elif message.plural != use.plural:
            yield f"{name}: the plural of {_shown(key)} is {use.plural!r} in the code ({use.place})"
    for message in french:
        if message.key not in uses:
            yield f"{name}: nothing uses {_shown(message.key)} any more (django.po:{message.line})"
        yield from _check_text(name, message)


def check_agreement(french: dict[str, list[Message]]) -> Iterator[str]:
    """Django merges all catalogues, so one text cannot have two translations; a context tells two meanings apart."""
    first: dict[Key, tuple[str, dict[int, str]]] = {}
    for name, messages in french.items():
        for message in messages:
            slice_name, texts = first.setdefault(message.key, (name, message.texts))
            if texts != message.texts:
                yield f"{name}: {_shown(message.key)} is “{message.texts[0]}” here and “{texts[0]}” in {slice_name}"


def _check_text(name: str, message: Message) -> Iterator[str]:
    allowed = set(_PLACEHOLDER.findall(message.id)) | set(_PLACEHOLDER.findall(message.plural or ""))
    for text in message.texts.values():
        used = set(_PLACEHOLDER.findall(text))
        missing = allowed - used if message.plural is None and text else set()
        for placeholder in sorted((used - allowed) | missing):
            yield f"{name}: {placeholder} differs in the French of {_shown(message.key)} (django.po:{message.line})"
        if familiar := _TOO_FAMILIAR.search(text):
            yield f"{name}: “{familiar[0]}” says tu in “{text}” (django.po:{message.line})"


def _extract(file: Path) -> Iterator[tuple[int, str | tuple[str, str], str | None]]:
    if file.suffix == ".py":
        code = file.read_bytes()
    elif file.suffix in _TEMPLATES and "templates" in file.parts:
        lines = templatize(file.read_text("utf-8"), origin=str(file)).splitlines()
        code = "\n".join(line.strip() for line in lines).encode()  # its indentation is HTML's, not Python's
    else:
        return
    for line, message, _comments, context in extract("python", BytesIO(code), _KEYWORDS, options={"encoding": "utf-8"}):
        yield line, message, context


def _shown(key: Key) -> str:
    context, text = key
    return f"{text!r} ({context})" if context else repr(text)


if __name__ == "__main__":
    settings.configure(USE_I18N=True)
    sys.exit(main())
