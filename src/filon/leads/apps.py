"""The leads app."""

from django.apps import AppConfig


class LeadsConfig(AppConfig):
    """Tables of leads."""

    name = "filon.leads"
    label = "leads"
