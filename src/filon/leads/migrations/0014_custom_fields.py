"""Custom fields made on a screen."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0013_meetings_as_tasks"),
    ]

    operations = [
        migrations.CreateModel(
            name="CustomField",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("of", models.CharField(max_length=7)),
                ("name", models.CharField(max_length=120)),
                ("name_folded", models.CharField(max_length=120)),
                ("kind", models.CharField(max_length=6)),
                ("choices", models.JSONField(blank=True, default=list)),
                ("hint", models.CharField(blank=True, default="", max_length=300)),
                ("is_retired", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("of", "name_folded"), name="leads_customfield_once"),
                    models.CheckConstraint(
                        condition=models.Q(("of", "lead"), ("of", "company"), _connector="OR"),
                        name="leads_customfield_of",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind", "text"),
                            ("kind", "number"),
                            ("kind", "date"),
                            ("kind", "yes_no"),
                            ("kind", "choice"),
                            _connector="OR",
                        ),
                        name="leads_customfield_kind",
                    ),
                ],
            },
        ),
    ]
