"""A meeting can be what is next with a lead."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0012_owed_by_owner"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="task",
            name="leads_task_kind_known",
        ),
        migrations.AddConstraint(
            model_name="task",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind", "call"),
                    ("kind", "call_back"),
                    ("kind", "follow_up"),
                    ("kind", "meeting"),
                    ("kind", "todo"),
                    _connector="OR",
                ),
                name="leads_task_kind_known",
            ),
        ),
    ]
