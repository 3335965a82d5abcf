"""The deals app."""

from django.apps import AppConfig


class DealsConfig(AppConfig):
    """Tables of deals."""

    name = "filon.deals"
    label = "deals"
