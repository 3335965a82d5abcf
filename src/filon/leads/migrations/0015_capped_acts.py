"""What adding an act to an engagement needs to know of those before."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0014_custom_fields"),
    ]

    operations = [
        migrations.AddField(
            model_name="lead",
            name="capped_acts",
            field=models.JSONField(blank=True, null=True),
        ),
    ]
