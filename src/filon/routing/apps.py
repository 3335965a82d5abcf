"""The routing app."""

from django.apps import AppConfig


class RoutingConfig(AppConfig):
    """Tables of routing."""

    name = "filon.routing"
    label = "routing"
