"""The qualify app."""

from django.apps import AppConfig


class QualifyConfig(AppConfig):
    """Who works on which lead; next actions belong to leads."""

    name = "filon.qualify"
    label = "qualify"
