"""The measure app."""

from django.apps import AppConfig


class MeasureConfig(AppConfig):
    """Tables of measure."""

    name = "filon.measure"
    label = "measure"
