"""What the product itself writes to one person."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0007_facts_of_colleagues"),
    ]

    operations = [
        migrations.CreateModel(
            name="Letter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=120, unique=True)),
                ("to_name", models.CharField(blank=True, default="", max_length=300)),
                ("to_email", models.CharField(max_length=320)),
                ("reply_to", models.CharField(blank=True, default="", max_length=320)),
                ("subject", models.CharField(max_length=300)),
                ("text", models.TextField()),
                ("calendar", models.TextField(blank=True, default="")),
                ("method", models.CharField(blank=True, default="", max_length=8)),
                ("message_id", models.CharField(max_length=200, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("handing_over", "Handing Over"),
                            ("sent", "Sent"),
                            ("uncertain", "Uncertain"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=12,
                    ),
                ),
                ("due_at", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("run", models.CharField(blank=True, default="", max_length=60)),
                ("said", models.CharField(blank=True, default="", max_length=300)),
                ("created_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting")), fields=["due_at", "id"], name="core_letter_due"
                    ),
                    models.Index(
                        condition=models.Q(("state", "handing_over")), fields=["id"], name="core_letter_on_its_way"
                    ),
                ],
            },
        ),
    ]
