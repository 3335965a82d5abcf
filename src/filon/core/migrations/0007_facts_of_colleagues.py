"""What a colleague logged today is counted by an index of its own, however large the ledger is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0006_facts_of_forms"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="fact",
            index=models.Index(
                condition=models.Q(
                    ("actor_kind", "user"), ("kind__in", ["call_logged", "meeting_held", "message_sent"])
                ),
                fields=["actor_id", "at"],
                name="core_fact_of_colleagues",
            ),
        ),
    ]
