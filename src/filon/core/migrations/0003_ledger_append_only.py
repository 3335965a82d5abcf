from __future__ import annotations

from typing import Any

from django.db import migrations

from filon.core import append_only


def protect(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        for statement in append_only.protecting(schema_editor.connection.vendor):
            cursor.execute(statement)


def unprotect(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        for statement in append_only.unprotecting(schema_editor.connection.vendor):
            cursor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("core", "0002_runtime")]
    operations = [migrations.RunPython(protect, unprotect)]
