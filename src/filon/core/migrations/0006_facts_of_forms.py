"""What came by forms is counted by an index of its own, however large the ledger is."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0005_import_undone"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="fact",
            index=models.Index(condition=models.Q(("door", "form")), fields=["at"], name="core_fact_of_forms"),
        ),
    ]
