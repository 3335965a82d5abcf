"""The unify app."""

from django.apps import AppConfig


class UnifyConfig(AppConfig):
    """Tables of unify."""

    name = "filon.unify"
    label = "unify"
