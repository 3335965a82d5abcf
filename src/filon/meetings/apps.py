"""The meetings app."""

from django.apps import AppConfig


class MeetingsConfig(AppConfig):
    """Tables of meetings."""

    name = "filon.meetings"
    label = "meetings"
