"""The ui app."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    """Tables of ui."""

    name = "filon.ui"
    label = "ui"
