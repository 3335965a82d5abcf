"""The core app."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Tables of core."""

    name = "filon.core"
    label = "core"
