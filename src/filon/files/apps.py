"""The files app."""

from django.apps import AppConfig


class FilesConfig(AppConfig):
    """Tables of files."""

    name = "filon.files"
    label = "files"
