"""A wording in both of the product's languages, without a web framework: the language is a parameter."""

from __future__ import annotations

from typing import Any, NamedTuple


class Words(NamedTuple):
    """The same words in English and in French; `{name}` in them may be filled."""

    en: str
    fr: str

    def in_language(self, language: str) -> str:
        """The wording for a language code such as `fr` or `fr-fr`; English for any but French."""
        return self.fr if language.lower().startswith("fr") else self.en

    def filled(self, **details: Any) -> Words:
        """With its `{name}`s replaced, by wordings in the same language where they are `Words`."""
        if not details:
            return self
        texts = [
            getattr(self, language).format_map({name: _in(value, language) for name, value in details.items()})
            for language in ("en", "fr")
        ]
        return Words(*texts)


def words(label: Words | object) -> Words:
    """A label as `Words`; any other text (a lazily translated one too) stands for itself in both languages."""
    return label if isinstance(label, Words) else Words(str(label), str(label))


def listed(items: list[str]) -> str:
    """Items for a sentence, cut after twelve."""
    return ", ".join(items[:12]) + (", …" if len(items) > 12 else "")


def _in(value: object, language: str) -> str:
    return str(value.in_language(language)) if isinstance(value, Words) else str(value)
