"""Colleagues hear of meetings, and may not want the letter of the morning."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0013_meetings_as_tasks"),
        ("notices", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="muted",
            name="notices_muted_kind_known",
        ),
        migrations.RemoveConstraint(
            model_name="notice",
            name="notices_kind_known",
        ),
        migrations.AddConstraint(
            model_name="muted",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind", "given"),
                    ("kind", "asked"),
                    ("kind", "late"),
                    ("kind", "proposed"),
                    ("kind", "answered"),
                    ("kind", "mentioned"),
                    ("kind", "meeting"),
                    ("kind", "digest"),
                    _connector="OR",
                ),
                name="notices_muted_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind", "given"),
                    ("kind", "asked"),
                    ("kind", "late"),
                    ("kind", "proposed"),
                    ("kind", "answered"),
                    ("kind", "mentioned"),
                    ("kind", "meeting"),
                    _connector="OR",
                ),
                name="notices_kind_known",
            ),
        ),
    ]
