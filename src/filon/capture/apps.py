"""The capture app."""

from django.apps import AppConfig


class CaptureConfig(AppConfig):
    """Tables of capture."""

    name = "filon.capture"
    label = "capture"
