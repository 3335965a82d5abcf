"""The clean-up of the pipeline, the people of a deal, targets and what was foreseen."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("deals", "0002_default_pipeline"),
        ("leads", "0011_bulk"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DealPerson",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("role", models.CharField(max_length=16)),
                ("created_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("order", models.CharField(db_index=True, max_length=36)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("new_date", "New Date"),
                            ("next_step", "Next Step"),
                            ("lost", "Lost"),
                            ("nurture", "Nurture"),
                        ],
                        max_length=9,
                    ),
                ),
                ("before", models.JSONField(default=dict)),
                ("seen", models.PositiveIntegerField()),
                ("version", models.PositiveIntegerField()),
                ("amount", models.DecimalField(decimal_places=2, max_digits=18, null=True)),
                ("move_id", models.BigIntegerField(null=True)),
                ("at", models.DateTimeField(db_index=True)),
                ("undone_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Snapshot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", models.DateField()),
                ("on", models.DateField(db_index=True)),
                ("won", models.DecimalField(decimal_places=2, max_digits=18)),
                ("landing", models.DecimalField(decimal_places=2, max_digits=18)),
            ],
        ),
        migrations.CreateModel(
            name="Target",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", models.DateField()),
                ("amount", models.DecimalField(decimal_places=2, max_digits=18)),
            ],
        ),
        migrations.AddField(
            model_name="opportunity",
            name="category",
            field=models.CharField(blank=True, default="", max_length=8),
        ),
        migrations.AddField(
            model_name="opportunity",
            name="next_on",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="opportunity",
            name="next_step",
            field=models.CharField(blank=True, default="", max_length=200),
        ),
        migrations.AddField(
            model_name="opportunity",
            name="proof",
            field=models.CharField(blank=True, default="", max_length=500),
        ),
        migrations.AddConstraint(
            model_name="opportunity",
            constraint=models.CheckConstraint(
                condition=models.Q(("category__in", ("", "engaged", "probable", "possible", "left_out"))),
                name="deals_opportunity_category_known",
            ),
        ),
        migrations.AddField(
            model_name="dealperson",
            name="opportunity",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="people", to="deals.opportunity"
            ),
        ),
        migrations.AddField(
            model_name="dealperson",
            name="person",
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="leads.person"),
        ),
        migrations.AddField(
            model_name="decision",
            name="author",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="opportunity",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="deals.opportunity"
            ),
        ),
        migrations.AddConstraint(
            model_name="snapshot",
            constraint=models.UniqueConstraint(fields=("month", "on"), name="deals_snapshot_once"),
        ),
        migrations.AddField(
            model_name="target",
            name="owner",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="dealperson",
            constraint=models.UniqueConstraint(fields=("opportunity", "person"), name="deals_dealperson_once"),
        ),
        migrations.AddConstraint(
            model_name="dealperson",
            constraint=models.CheckConstraint(
                condition=models.Q(("role__in", ("decision_maker", "influencer", "user", "buyer", "sponsor"))),
                name="deals_dealperson_role_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.UniqueConstraint(fields=("order", "opportunity"), name="deals_decision_once"),
        ),
        migrations.AddConstraint(
            model_name="target",
            constraint=models.UniqueConstraint(fields=("owner", "month"), name="deals_target_of_seller_once"),
        ),
        migrations.AddConstraint(
            model_name="target",
            constraint=models.UniqueConstraint(
                condition=models.Q(("owner", None)), fields=("month",), name="deals_target_of_all_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="target",
            constraint=models.CheckConstraint(condition=models.Q(("amount__gte", 0)), name="deals_target_not_negative"),
        ),
    ]
