"""The notices app."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """What colleagues are told of."""

    name = "filon.notices"
    label = "notices"
