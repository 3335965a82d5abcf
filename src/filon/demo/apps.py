"""The demo app."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """Sample data."""

    name = "filon.demo"
    label = "demo"
