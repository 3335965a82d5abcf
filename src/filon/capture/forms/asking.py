"""What a form may ask. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

OWN: Final = "attributes."
"""How the name of a question of one's own begins: its answer becomes an attribute of the lead."""

STANDARD: Final[Mapping[str, str]] = {
    "first_name": "text",
    "last_name": "text",
    "email": "email",
    "phone": "phone",
    "job_title": "text",
    "company.name": "text",
    "company.employees": "number",
    "city": "text",
    "message": "long",
}
"""The fields of the contract that forms ask for, in their order, and how each is typed in."""

AUTOCOMPLETE: Final[Mapping[str, str]] = {
    "first_name": "given-name",
    "last_name": "family-name",
    "email": "email",
    "phone": "tel",
    "job_title": "organization-title",
    "company.name": "organization",
    "city": "address-level2",
}
"""What browsers fill in by themselves."""

OWN_KINDS: Final = ("text", "long", "choice", "yes_no")
"""How questions of one's own are answered."""

WANTS: Final = ("", "content")
"""What visitors of a form want: us, or a document."""

MOST_OWN: Final = 10
"""Questions of one's own that a form may ask: longer ones are not filled in."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a form. label: empty for the usual words of a standard field."""

    name: str
    kind: str
    label: str = ""
    is_required: bool = False
    choices: tuple[str, ...] = ()

    @property
    def is_own(self) -> bool:
        """Whether it is no standard field."""
        return self.name.startswith(OWN)

    def as_json(self) -> dict[str, Any]:
        """As the form's row keeps it."""
        return {
            "name": self.name,
            "kind": self.kind,
            "label": self.label,
            "is_required": self.is_required,
            "choices": list(self.choices),
        }


def standard(name: str, *, label: str = "", is_required: bool = False) -> Question:
    """The question after a standard field."""
    return Question(name, STANDARD[name], label, is_required)


def own(label: str, kind: str, *, is_required: bool = False, choices: Sequence[str] = ()) -> Question:
    """A question of one's own; its words are the attribute's name."""
    return Question(f"{OWN}{label[:110]}", kind, label, is_required, tuple(choices))


def questions_of(kept: Sequence[Mapping[str, Any]]) -> list[Question]:
    """The questions of a form's row."""
    return [Question(one["name"], one["kind"], one["label"], one["is_required"], tuple(one["choices"])) for one in kept]


def reaches_nobody(questions: Sequence[Question]) -> bool:
    """Whether a visitor could send the form without saying how to be reached."""
    return not any(question.name in {"email", "phone"} and question.is_required for question in questions)
