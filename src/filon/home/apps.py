"""The home app."""

from django.apps import AppConfig


class HomeConfig(AppConfig):
    """The first page."""

    name = "filon.home"
    label = "home"
