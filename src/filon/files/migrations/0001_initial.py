"""Files attached to records."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Attachment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("of", models.CharField(max_length=11)),
                ("record_id", models.BigIntegerField()),
                ("name", models.CharField(max_length=200)),
                ("size", models.BigIntegerField()),
                ("digest", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
                ("removed_at", models.DateTimeField(null=True)),
                (
                    "author",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("removed_at__isnull", True)),
                        fields=["of", "record_id", "-id"],
                        name="files_attachment_of_record",
                    ),
                    models.Index(fields=["digest"], name="files_attachment_digest"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("of", "lead"), ("of", "company"), ("of", "opportunity"), _connector="OR"),
                        name="files_attachment_of_known",
                    )
                ],
            },
        ),
    ]
