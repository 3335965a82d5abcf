"""The scoring app."""

from django.apps import AppConfig


class ScoringConfig(AppConfig):
    """Tables of scoring."""

    name = "filon.scoring"
    label = "scoring"
