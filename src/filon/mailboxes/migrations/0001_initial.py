"""Colleagues' mailboxes."""

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
            name="Account",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email", models.EmailField(max_length=320)),
                ("from_name", models.CharField(max_length=120)),
                ("login", models.CharField(max_length=320)),
                ("password", models.CharField(max_length=800)),
                ("imap_way", models.CharField(max_length=14)),
                ("imap_host", models.CharField(max_length=253)),
                ("imap_port", models.PositiveIntegerField()),
                ("smtp_way", models.CharField(max_length=14)),
                ("smtp_host", models.CharField(max_length=253)),
                ("smtp_port", models.PositiveIntegerField()),
                ("signature", models.TextField(blank=True, default="")),
                ("sent_folder", models.CharField(blank=True, default="", max_length=300)),
                ("is_paused", models.BooleanField(default=False)),
                ("inbox_validity", models.BigIntegerField(default=0)),
                ("inbox_uid", models.BigIntegerField(default=0)),
                ("sent_validity", models.BigIntegerField(default=0)),
                ("sent_uid", models.BigIntegerField(default=0)),
                ("kept", models.PositiveIntegerField(default=0)),
                ("checked_at", models.DateTimeField(null=True)),
                ("error", models.CharField(blank=True, default="", max_length=200)),
                ("connected_at", models.DateTimeField()),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Thread",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("message_id", models.CharField(max_length=320)),
                ("subject", models.CharField(blank=True, default="", max_length=300)),
                ("is_from_them", models.BooleanField()),
                ("at", models.DateTimeField()),
                (
                    "lead",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="leads.lead"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="WrittenMail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("to_name", models.CharField(blank=True, default="", max_length=300)),
                ("to_email", models.CharField(max_length=320)),
                ("subject", models.CharField(max_length=300)),
                ("text", models.TextField()),
                ("answers", models.CharField(blank=True, default="", max_length=320)),
                ("message_id", models.CharField(max_length=320, unique=True)),
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
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("run", models.CharField(blank=True, default="", max_length=60)),
                ("said", models.CharField(blank=True, default="", max_length=300)),
                ("written_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="mailboxes.account",
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="leads.lead"
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("imap_way", "imaps"), ("imap_way", "imap+starttls"), ("imap_way", "imap"), _connector="OR"
                ),
                name="mailboxes_account_imap_way",
            ),
        ),
        migrations.AddConstraint(
            model_name="account",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("smtp_way", "smtps"), ("smtp_way", "smtp+starttls"), ("smtp_way", "smtp"), _connector="OR"
                ),
                name="mailboxes_account_smtp_way",
            ),
        ),
        migrations.AddIndex(
            model_name="thread",
            index=models.Index(fields=["lead", "-at"], name="mailboxes_thread_of_lead"),
        ),
        migrations.AddConstraint(
            model_name="thread",
            constraint=models.UniqueConstraint(fields=("message_id", "lead"), name="mailboxes_thread_once"),
        ),
        migrations.AddIndex(
            model_name="writtenmail",
            index=models.Index(
                condition=models.Q(("state", "waiting")), fields=["due_at", "id"], name="mailboxes_written_due"
            ),
        ),
        migrations.AddIndex(
            model_name="writtenmail",
            index=models.Index(
                condition=models.Q(("state", "handing_over")), fields=["id"], name="mailboxes_written_going"
            ),
        ),
        migrations.AddIndex(
            model_name="writtenmail",
            index=models.Index(fields=["lead", "-id"], name="mailboxes_written_of_lead"),
        ),
        migrations.AddConstraint(
            model_name="writtenmail",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state", "waiting"),
                    ("state", "handing_over"),
                    ("state", "sent"),
                    ("state", "uncertain"),
                    ("state", "failed"),
                    _connector="OR",
                ),
                name="mailboxes_written_state",
            ),
        ),
    ]
