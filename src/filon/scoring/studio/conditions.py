"""The condition of a rule in the studio's form: its lines or its text, what it says, and what is wrong with it."""

from __future__ import annotations

from typing import Any, Final

from django.http import QueryDict
from django.urls import reverse

from filon.core.conditions import ConditionError, Node
from filon.leads.editor import form
from filon.leads.editor.form import Editor
from filon.leads.editor.lines import Offer
from filon.leads.fields import REGISTRY
from filon.scoring.judging import language
from filon.scoring.rules import EngagementRule, FitRule
from filon.scoring.studio import wording

FAMILIES: Final = {
    "fit": Offer(REGISTRY, "person.job_title", hidden=language.UNSTABLE),
    "engagement": Offer(REGISTRY, "path", is_act=True),
}
"""What the lines of each family of rules may speak of."""

_TEXT_NAMES: Final = {"fit": "condition", "engagement": "where"}
MOST_TEXT: Final = 2_000


def posted(data: QueryDict, family: str) -> Editor:
    """The condition as the form sent it."""
    return form.of_post(data, FAMILIES[family], text_name=_TEXT_NAMES[family])


def of_rule(rule: FitRule | EngagementRule | None, family: str) -> Editor:
    """The condition of a rule, or the beginning of a new one."""
    text = "" if rule is None else rule.condition if isinstance(rule, FitRule) else rule.where
    kind = rule.kind if isinstance(rule, EngagementRule) else "any"
    try:
        node = _tree(text, family, kind) if text.strip() else None
    except ConditionError:
        node = None
    if rule is None and family == "fit":
        return form.acted(form.of_text("", FAMILIES[family], None), "add", FAMILIES[family], language.fit_condition)
    return form.of_text(text, FAMILIES[family], node)


def acted(editor: Editor, do: str, *, family: str, kind: str) -> Editor:
    """The condition after a button of its lines."""
    return form.acted(editor, do, FAMILIES[family], lambda text: _tree(text, family, kind))


def _tree(text: str, family: str, kind: str) -> Node:
    if family == "fit":
        return language.fit_condition(text)
    where = language.act_condition(kind or "any", text).where
    assert where is not None  # noqa: S101 — asked for a text that is not empty
    return where


def shown(editor: Editor, family: str) -> dict[str, Any]:
    """What `leads/_condition_editor.html` takes."""
    spoken = "fr" if wording.is_french() else "en"
    name = _TEXT_NAMES[family]
    return {
        **form.laid_out(editor, FAMILIES[family], spoken),
        "editor_url": reverse("scoring:editor", args=[family]),
        "text_name": name,
        "text_id": f"id_{name}",
        "label": str(wording.ASPECTS[name]),
    }


def checked(editor: Editor, family: str, kind: str) -> dict[str, Any]:
    """What `scoring/_check.html` takes: the condition in words, or where it is wrong."""
    text = editor.text[:MOST_TEXT]
    if editor.error is not None or (not text.strip() and not kind):
        return {"said": "", "error": None}
    error = _error_in(text, family, kind)
    if error is not None:
        return {"said": "", "error": error}
    return {
        "said": (wording.act_text(kind, text) if family == "engagement" else wording.fit_text(text))[0],
        "error": None,
    }


def _error_in(text: str, family: str, kind: str) -> dict[str, str] | None:
    """Where a condition is wrong: the text before, at and after the place, and the message."""
    if not text.strip():
        return None
    try:
        _tree(text, family, kind)
    except ConditionError as error:
        end = error.position + error.length
        return {
            "before": text[: error.position],
            "at": text[error.position : end],
            "after": text[end:],
            "message": error.words.in_language("fr" if wording.is_french() else "en"),
        }
    return None
