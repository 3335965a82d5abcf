"""Leads remember what waits for an answer of ours; so far, the last act of a lead said it."""

from typing import Any

from django.conf import settings
from django.db import migrations, models
from django.db.models import F


def remember(apps: Any, schema_editor: Any) -> None:
    """Whoever's last act was to write to us waits for us."""
    waiting = apps.get_model("leads", "Lead").objects.filter(is_open=True, last_act__in=["replied", "chat_started"])
    waiting.update(asked=F("last_act"), asked_at=F("last_act_at"))


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0008_suppression"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="lead",
            name="asked",
            field=models.CharField(blank=True, default="", max_length=40),
        ),
        migrations.AddField(
            model_name="lead",
            name="asked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.RunPython(remember, migrations.RunPython.noop, elidable=True),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(
                condition=models.Q(("asked_at__isnull", False), ("is_open", True)),
                fields=["owner", "asked_at"],
                name="leads_lead_asked",
            ),
        ),
    ]
