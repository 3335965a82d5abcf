"""The index of search: full text on SQLite, a vector of words on PostgreSQL. Words come folded and split by us."""

from django.db import migrations

_SQLITE = (
    # Contentless: the words are in the tables already. ascii: whatever is no ASCII sign belongs to a word. What is typed
    # is a beginning: those of up to eight letters are looked up, longer ones are put together from all their words.
    """CREATE VIRTUAL TABLE leads_search USING fts5(
        words, content='', contentless_delete=1, detail=none, prefix='2 3 4 5 6 7 8', tokenize='ascii')""",
)
_POSTGRESQL = (
    "CREATE TABLE leads_search (lead_id bigint PRIMARY KEY, vector tsvector NOT NULL)",
    "CREATE INDEX leads_search_words ON leads_search USING gin (vector) WITH (fastupdate = off)",
    # Names by how they begin, whatever the database's collation.
    "CREATE INDEX leads_company_begins ON leads_company (name_folded text_pattern_ops)",
    "CREATE INDEX leads_person_begins ON leads_person (full_name_folded text_pattern_ops)",
)


def create(_apps, schema_editor):
    for statement in _POSTGRESQL if schema_editor.connection.vendor == "postgresql" else _SQLITE:
        schema_editor.execute(statement)


def drop(_apps, schema_editor):
    schema_editor.execute("DROP TABLE leads_search")
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX leads_company_begins")
        schema_editor.execute("DROP INDEX leads_person_begins")


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0004_segments"),
    ]

    operations = [migrations.RunPython(create, drop)]
