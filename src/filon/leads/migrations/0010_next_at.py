"""Leads say when what is planned with them is due, so that lists and the worklist need not look at every task."""

from typing import Any

from django.conf import settings
from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def remember(apps: Any, schema_editor: Any) -> None:
    """What is planned now."""
    lead, task = (apps.get_model("leads", name) for name in ("Lead", "Task"))
    planned = task.objects.filter(closed_at__isnull=True).exclude(kind="todo")
    due_at = Subquery(planned.filter(lead_id=OuterRef("pk")).values("due_at")[:1])
    lead.objects.filter(pk__in=planned.values("lead_id")).update(next_at=due_at)


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0009_asked"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="lead",
            name="leads_lead_worked",
        ),
        migrations.AddField(
            model_name="lead",
            name="next_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.RunPython(remember, migrations.RunPython.noop, elidable=True),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(
                condition=models.Q(
                    ("is_open", True),
                    ("next_at__isnull", True),
                    ("owner__isnull", False),
                    ("stage__in", ("captured", "qualifying", "mql")),
                ),
                fields=["owner", "-captured_at"],
                name="leads_lead_worked",
            ),
        ),
    ]
