"""The qualify app."""

from django.apps import AppConfig


class QualifyConfig(AppConfig):
    """No tables of its own yet: next actions belong to leads."""

    name = "filon.qualify"
    label = "qualify"
