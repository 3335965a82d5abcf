"""Acts on many leads at once, with what each did to every lead, so that it can be taken back."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0010_next_at"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BulkOrder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("token", models.CharField(max_length=36, unique=True)),
                ("act", models.CharField(max_length=6)),
                ("what", models.JSONField(default=dict)),
                ("condition", models.TextField(blank=True, default="")),
                ("lead_ids", models.JSONField(default=None, null=True)),
                ("last_id", models.BigIntegerField(default=0)),
                ("cursor", models.BigIntegerField(default=0)),
                ("expected", models.PositiveIntegerField(default=0)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("done", "Done"),
                            ("cancelled", "Cancelled"),
                            ("undoing", "Undoing"),
                            ("undone", "Undone"),
                        ],
                        default="running",
                        max_length=9,
                    ),
                ),
                ("changed", models.PositiveIntegerField(default=0)),
                ("unchanged", models.PositiveIntegerField(default=0)),
                ("refused", models.PositiveIntegerField(default=0)),
                ("undone", models.PositiveIntegerField(default=0)),
                ("kept", models.PositiveIntegerField(default=0)),
                ("error", models.CharField(blank=True, default="", max_length=500)),
                ("created_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("undo_asked_at", models.DateTimeField(null=True)),
                (
                    "author",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "undone_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="BulkItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("changed", "Changed"),
                            ("refused", "Refused"),
                            ("undone", "Undone"),
                            ("kept", "Kept"),
                        ],
                        max_length=7,
                    ),
                ),
                ("was", models.JSONField(null=True)),
                ("became", models.JSONField(null=True)),
                ("fact_id", models.BigIntegerField(null=True)),
                ("undo_fact_id", models.BigIntegerField(null=True)),
                ("why", models.CharField(blank=True, default="", max_length=300)),
                (
                    "lead",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="leads.lead"),
                ),
                (
                    "order",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="items",
                        to="leads.bulkorder",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="bulkorder",
            index=models.Index(fields=["-created_at"], name="leads_bulk_newest"),
        ),
        migrations.AddConstraint(
            model_name="bulkorder",
            constraint=models.CheckConstraint(
                condition=models.Q(("act", "assign"), ("act", "move"), ("act", "edit"), _connector="OR"),
                name="leads_bulk_act_known",
            ),
        ),
        migrations.AddIndex(
            model_name="bulkitem",
            index=models.Index(fields=["order", "state", "lead"], name="leads_bulk_item_by_state"),
        ),
        migrations.AddConstraint(
            model_name="bulkitem",
            constraint=models.UniqueConstraint(fields=("order", "lead"), name="leads_bulk_item_once"),
        ),
    ]
