"""The handoff app."""

from django.apps import AppConfig


class HandoffConfig(AppConfig):
    """Proposals to sales."""

    name = "filon.handoff"
    label = "handoff"
