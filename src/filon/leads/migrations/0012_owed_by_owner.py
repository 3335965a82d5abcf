"""What one colleague owes is read by an index of its own: it was sorted out of all of their leads."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0011_bulk"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False), ("is_open", True), ("responded_at__isnull", True)),
                fields=["owner", "due_at"],
                name="leads_lead_owed",
            ),
        ),
    ]
