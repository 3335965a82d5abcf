"""The page that explains the API to people, worked out from its OpenAPI document: no script, nothing from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import slugify
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase

Schema = Mapping[str, Any]
_REF: Final = "#/components/schemas/"
_LIMITS: Final = {"maximum": "at most", "minimum": "at least", "maxLength": "longest", "maxItems": "most items"}


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a field of a body or an answer. name: dotted, with `[]` after what is a list."""

    name: str
    kind: str
    is_required: bool
    text: SafeString
    example: str


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that went well: its status, its fields, and one such answer as JSON."""

    status: int
    fields: list[Field]
    example: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One call."""

    anchor: str
    method: str
    path: str
    summary: str
    paragraphs: list[SafeString]
    parameters: list[Field]
    body: list[Field]
    answers: list[Answered]
    errors: list[str]
    curl: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """The operations of one tag."""

    title: str
    anchor: str
    operations: list[Operation]


class ApiPage(DocsBase):
    """What `/api/v1/docs` shows, to readers who are signed in and to those who are not."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        """Called by ninja."""
        schema, base = api.get_openapi_schema(), request.build_absolute_uri("/").rstrip("/")
        known = schema["components"]["schemas"]
        context = {
            "base_template": "base.html" if request.user.is_authenticated else "base_public.html",
            "description": prose(schema["info"]["description"]),
            "chapters": chapters(schema, base),
            "problem": fields_of({"$ref": f"{_REF}Problem"}, known),
            "base": base,
            "openapi_url": self.get_openapi_url(api, kwargs),
        }
        return render(request, "config/api.html", context)


def chapters(schema: Schema, base: str) -> list[Chapter]:
    """Every operation under its tag, in the order of the document. base: where the API is, for the ready lines."""
    known = schema["components"]["schemas"]
    found: dict[str, list[Operation]] = {}
    for path, operations in schema["paths"].items():
        for method, told in operations.items():
            tag = (told.get("tags") or ["other"])[0]
            found.setdefault(tag, []).append(_operation(method.upper(), path, told, known, base))
    return [Chapter(tag.capitalize(), f"tag-{slugify(tag)}", operations) for tag, operations in found.items()]


def anchor(summary: str) -> str:
    """Where an operation stands on the page."""
    return slugify(summary)


def _operation(method: str, path: str, told: Schema, known: Schema, base: str) -> Operation:
    sent = _content(told.get("requestBody", {}))
    answers, errors = [], []
    for code, answer in told["responses"].items():
        status = int(code)
        if status >= 400:
            errors.append(f"{status} {HTTPStatus(status).phrase}")
            continue
        shape = _content(answer)
        answers.append(Answered(status, fields_of(shape, known), _json(example_of(shape, known)) if shape else ""))
    return Operation(
        anchor=anchor(told["summary"]),
        method=method,
        path=path,
        summary=told["summary"],
        paragraphs=[prose(text) for text in told.get("description", "").split("\n\n") if text],
        parameters=[_parameter(one, known) for one in told.get("parameters", ())],
        body=fields_of(sent, known),
        answers=answers,
        errors=errors,
        curl=_curl(method, base + path, example_of(sent, known) if sent else None),
    )


def _content(told: Schema) -> Schema:
    """The shape of a body or an answer; empty where there is none."""
    return next((media.get("schema", {}) for media in told.get("content", {}).values()), {})


def _curl(method: str, url: str, body: Any) -> str:
    words = [f"curl{'' if method == 'GET' else f' -X {method}'} '{url}'", '-H "Authorization: Bearer $KEY"']
    if body is not None:
        words += ["-H 'Content-Type: application/json'", "-d '{}'".format(_json(body).replace("'", r"'\''"))]
    return " \\\n  ".join(words)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)


def prose(text: str) -> SafeString:
    """A text whose `words in backticks` are code."""
    parts = enumerate(text.split("`"))
    return format_html_join("", "{}", ((format_html("<code>{}</code>", part) if n % 2 else part,) for n, part in parts))


# Shapes ---------------------------------------------------------------------------------------------------------------


def fields_of(shape: Schema, known: Schema) -> list[Field]:
    """The fields of a shape, those within fields after them. A shape within itself is not opened again."""
    return list(_fields(shape, known, "", ()))


def _fields(shape: Schema, known: Schema, before: str, within: tuple[str, ...]) -> Iterator[Field]:
    shape, name = _resolved(shape, known)
    if name in within:
        return
    within = (*within, name) if name else within
    if "items" in shape:
        yield from _fields(shape["items"], known, f"{before}[]" if before else "", within)
        return
    required = shape.get("required", ())
    for key, inner in shape.get("properties", {}).items():
        dotted = f"{before}.{key}" if before else key
        yield _field(dotted, inner, known, is_required=key in required)
        yield from _fields(inner, known, dotted, within)


def _parameter(told: Schema, known: Schema) -> Field:
    place = "" if told["in"] == "query" else f" ({told['in']})"
    return _field(told["name"] + place, told["schema"], known, is_required=told.get("required", False))


def _field(name: str, shape: Schema, known: Schema, *, is_required: bool) -> Field:
    inner, _name = _resolved(shape, known)
    words = [text for text in (shape.get("description") or inner.get("description"),) if text]
    if options := inner.get("enum"):
        words.append("One of {}.".format(", ".join(f"`{option}`" for option in options)))
    words += [f"{word.capitalize()}: {inner[limit]}." for limit, word in _LIMITS.items() if limit in inner]
    if shape.get("default") not in (None, "", [], {}):
        words.append(f"Default: `{shape['default']}`.")
    examples = shape.get("examples") or inner.get("examples") or ()
    example = json.dumps(examples[0], ensure_ascii=False) if examples else ""
    return Field(name, _kind(shape, known), is_required, prose(" ".join(words)), example)


def _kind(shape: Schema, known: Schema) -> str:
    """What a value is, in a word or two."""
    may_be = shape.get("anyOf") or shape.get("oneOf")
    if may_be:
        return " or ".join(dict.fromkeys(_kind(one, known) for one in may_be))
    shape, _name = _resolved(shape, known)
    if "items" in shape:
        return f"list of {_kind(shape['items'], known)}"
    kind = shape.get("format") or shape.get("type") or "any"
    return str(kind if isinstance(kind, str) else " or ".join(kind))


def _resolved(shape: Schema, known: Schema) -> tuple[Schema, str]:
    """A shape with its reference followed and “or null” left aside, and the name it was referred to by."""
    name = ""
    while True:
        if "$ref" in shape:
            name = shape["$ref"].removeprefix(_REF)
            shape = known[name]
        elif found := [one for key in ("anyOf", "oneOf", "allOf") for one in shape.get(key, ()) if not _is_null(one)]:
            shape = found[0]
        else:
            return shape, name


def _is_null(shape: Schema) -> bool:
    return shape.get("type") == "null"


def example_of(shape: Schema, known: Schema, within: tuple[str, ...] = ()) -> Any:
    """One such value: the examples that are given, else what the kind allows; fields left out that say nothing."""
    if shape.get("examples"):
        return shape["examples"][0]
    inner, name = _resolved(shape, known)
    if inner.get("examples"):
        return inner["examples"][0]
    if name in within:
        return None
    within = (*within, name) if name else within
    if "properties" in inner:
        required, fields = inner.get("required", ()), inner["properties"]
        told = {key: example_of(field, known, within) for key, field in fields.items() if _tells(field, known)}
        needed = {key: example_of(fields[key], known, within) for key in required if key not in told}
        return told | needed
    if "items" in inner:
        return [example_of(inner["items"], known, within)]
    if "default" in shape:
        return shape["default"]
    return inner["enum"][0] if inner.get("enum") else _PLAIN.get(inner.get("format") or inner.get("type") or "")


def _tells(shape: Schema, known: Schema, depth: int = 0) -> bool:
    """Whether a field, or one within it, gives an example."""
    inner, _name = _resolved(shape, known)
    if shape.get("examples") or inner.get("examples"):
        return True
    parts = [*inner.get("properties", {}).values(), *([inner["items"]] if "items" in inner else [])]
    return depth < 4 and any(_tells(part, known, depth + 1) for part in parts)


_PLAIN: Final = {
    "string": "…",
    "integer": 1,
    "number": 1.5,
    "boolean": True,
    "object": {},
    "date": "2026-11-23",
    "date-time": "2026-11-23T08:00:00Z",
}
