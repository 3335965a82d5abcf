"""Booking pages and meetings."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("leads", "0014_custom_fields"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BookingPage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(max_length=60, unique=True)),
                ("is_open", models.BooleanField(default=True)),
                ("introduction", models.TextField(blank=True, default="")),
                ("place", models.CharField(blank=True, default="", max_length=500)),
                ("minutes", models.JSONField(default=dict)),
                ("days", models.JSONField(default=list)),
                ("first", models.TimeField()),
                ("last", models.TimeField()),
                ("buffer", models.PositiveSmallIntegerField(default=0)),
                ("notice", models.PositiveSmallIntegerField(default=4)),
                ("horizon", models.PositiveSmallIntegerField(default=30)),
                ("language", models.CharField(default="fr", max_length=2)),
                ("calendar_url", models.CharField(blank=True, default="", max_length=1000)),
                ("busy", models.JSONField(blank=True, default=list)),
                ("busy_read_at", models.DateTimeField(null=True)),
                ("busy_problem", models.CharField(blank=True, default="", max_length=100)),
                ("updated_at", models.DateTimeField()),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="booking_page",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("first__lt", models.F("last"))), name="meetings_page_hours_in_order"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Meeting",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=9)),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("booked", "Booked"),
                            ("held", "Held"),
                            ("missed", "Missed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="booked",
                        max_length=9,
                    ),
                ),
                ("token", models.CharField(max_length=40, unique=True)),
                ("mark", models.CharField(max_length=40, unique=True)),
                ("first_name", models.CharField(max_length=150)),
                ("last_name", models.CharField(max_length=150)),
                ("email", models.CharField(max_length=320)),
                ("company", models.CharField(blank=True, default="", max_length=200)),
                ("phone", models.CharField(blank=True, default="", max_length=40)),
                ("about", models.TextField(blank=True, default="")),
                ("place", models.CharField(blank=True, default="", max_length=500)),
                ("language", models.CharField(default="fr", max_length=2)),
                ("sequence", models.PositiveSmallIntegerField(default=0)),
                ("created_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "ended_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "host",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="leads.lead",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="leads.person",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["host", "starts_at"], name="meetings_meeting_of_host")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind", "demo"), ("kind", "scoping"), ("kind", "discovery"), _connector="OR"
                        ),
                        name="meetings_meeting_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("starts_at__lt", models.F("ends_at"))), name="meetings_meeting_ends_after"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "booked")),
                        fields=("host", "starts_at"),
                        name="meetings_meeting_one_at_a_time",
                    ),
                ],
            },
        ),
    ]
