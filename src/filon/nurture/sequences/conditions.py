"""A condition in the forms of sequences and branches: its lines or its text, what it says, what is wrong with it."""

from __future__ import annotations

from typing import Any, Final

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from filon.core.conditions import ConditionError, Node, parse
from filon.leads.editor import form
from filon.leads.editor.form import Editor
from filon.leads.editor.lines import Offer
from filon.leads.fields import REGISTRY
from filon.nurture import words

NAME: Final = "condition"
_OFFER: Final = Offer(REGISTRY, "stage", counts=True)


def posted(data: QueryDict) -> Editor:
    """The condition as the form sent it."""
    return form.of_post(data, _OFFER, text_name=NAME)


def of_text(text: str) -> Editor:
    """A condition as it is kept."""
    try:
        node = _tree(text) if text.strip() else None
    except ConditionError:
        node = None
    return form.of_text(text, _OFFER, node)


def acted(editor: Editor, do: str) -> Editor:
    """The condition after a button of its lines."""
    return form.acted(editor, do, _OFFER, _tree)


def _tree(text: str) -> Node:
    return parse(text, REGISTRY)


def shown(editor: Editor) -> dict[str, Any]:
    """What `leads/_condition_editor.html` and `nurture/_check.html` take."""
    spoken = get_language() or "fr"
    said, error = "", None
    if editor.error is None and editor.text.strip():
        try:
            _tree(editor.text)
            said = words.condition(editor.text)
        except ConditionError as wrong:
            end = wrong.position + wrong.length
            error = {
                "before": editor.text[: wrong.position],
                "at": editor.text[wrong.position : end],
                "after": editor.text[end:],
                "message": wrong.words.in_language(spoken),
            }
    return {
        **form.laid_out(editor, _OFFER, "fr" if spoken.startswith("fr") else "en"),
        "editor_url": reverse("nurture:condition"),
        "text_name": NAME,
        "text_id": f"id_{NAME}",
        "label": _("Condition"),
        "said": said,
        "error": error,
    }
