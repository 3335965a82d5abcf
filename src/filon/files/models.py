"""Which files are attached to which records; their contents lie in the data folder, by their hash."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from filon.kit import sql

OF = ("lead", "company", "opportunity")
"""What a file can be attached to."""


class Attachment(models.Model):
    """A file on a record. digest: SHA-256 of its content, as hex; the same content lies once. size: in bytes.

    One that was taken off can be put back for a while; then it is forgotten.
    """

    of = models.CharField(max_length=11)
    record_id = models.BigIntegerField()
    name = models.CharField(max_length=200)
    size = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=sql.one_of("of", OF), name="files_attachment_of_known")]
        indexes = [
            models.Index(
                fields=["of", "record_id", "-id"],
                name="files_attachment_of_record",
                condition=Q(removed_at__isnull=True),
            ),
            models.Index(fields=["digest"], name="files_attachment_digest"),
        ]

    def __str__(self) -> str:
        return self.name
