from django.apps.registry import Apps
from django.db import migrations
from django.utils import timezone

from filon.scoring import rules
from filon.scoring.starter import STARTER


def put_starter_into_force(apps: Apps, _schema_editor: object) -> None:
    now = timezone.now()
    apps.get_model("scoring", "RuleSet").objects.create(
        state="published",
        number=1,
        **rules.columns(STARTER),
        created_at=now,
        changed_at=now,
        published_at=now,
    )


class Migration(migrations.Migration):
    dependencies = [("scoring", "0001_rule_sets")]
    operations = [migrations.RunPython(put_starter_into_force, migrations.RunPython.noop)]
