"""The nurture app."""

from django.apps import AppConfig


class NurtureConfig(AppConfig):
    """Templates, sequences, enrollments, deliveries."""

    name = "filon.nurture"
    label = "nurture"
