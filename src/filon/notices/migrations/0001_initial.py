"""What colleagues are told of, and what they do not want to hear."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("leads", "0011_bulk"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Muted",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=9)),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("user", "kind"), name="notices_muted_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind", "given"),
                            ("kind", "asked"),
                            ("kind", "late"),
                            ("kind", "proposed"),
                            ("kind", "answered"),
                            ("kind", "mentioned"),
                            _connector="OR",
                        ),
                        name="notices_muted_kind_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=9)),
                ("fact_id", models.BigIntegerField()),
                ("count", models.PositiveIntegerField(default=1)),
                ("by_id", models.BigIntegerField(null=True)),
                ("what", models.CharField(blank=True, default="", max_length=40)),
                ("created_at", models.DateTimeField()),
                ("read_at", models.DateTimeField(null=True)),
                (
                    "lead",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="leads.lead"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["user", "-id"], name="notices_newest"),
                    models.Index(condition=models.Q(("read_at__isnull", True)), fields=["user"], name="notices_unread"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("user", "fact_id"), name="notices_once_a_fact"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind", "given"),
                            ("kind", "asked"),
                            ("kind", "late"),
                            ("kind", "proposed"),
                            ("kind", "answered"),
                            ("kind", "mentioned"),
                            _connector="OR",
                        ),
                        name="notices_kind_known",
                    ),
                ],
            },
        ),
    ]
